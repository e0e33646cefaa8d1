"""Leases a key to one replica, which fetches from Twilio while the other replicas wait."""

import asyncio
import contextlib
import functools
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeAlias

from gateway.cache.invalidation import PREFIX
from gateway.cache.redis_connection import RedisConnection
from gateway.concurrency.background import keep_running
from gateway.instrumentation import Hook, silent

HELD_FOR = 1.5
"""Seconds after which the lease of a holder that died is free; one that lives renews it."""

LONGEST_CLAIM = 3600.0
"""Seconds after which every claim ends: the longest of the gateway's own is 45 minutes."""

_RENEW_EVERY = 0.5
LOOK_EVERY = 0.03
"""Seconds in which somebody who waits for an answer sees that there may be one."""

_RENEW = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
"""
_RELEASE = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
"""


_MINE = contextlib.nullcontext(enter_result=True)


class NoLeases:
    """For a replica that is alone: it is always its turn."""

    def turn(self, _: str, __: float = 0.0) -> contextlib.AbstractAsyncContextManager[bool]:
        """Go ahead."""
        return _MINE

    async def claim(self, _: str, __: float) -> bool:
        """Nobody else claims."""
        return True


class RedisLeases:
    """Leases on a Redis server. While it cannot be asked, every replica takes its turn at once."""

    def __init__(self, server: RedisConnection, hook: Hook = silent) -> None:
        self._server = server
        self._hook = hook
        self._renew = server.client.register_script(_RENEW)
        self._release = server.client.register_script(_RELEASE)

    @asynccontextmanager
    async def turn(self, key: str, look_every: float = LOOK_EVERY) -> AsyncIterator[bool]:
        """Take the lease, or wait until its holder is done, or dead."""
        name, token = f"{PREFIX}lease:{key}", secrets.token_bytes(8)
        taking = asyncio.create_task(self._take(name, token, HELD_FOR, HELD_FOR))
        try:
            taken = await asyncio.shield(taking)
        except asyncio.CancelledError:
            await asyncio.shield(self._leave(taking, name, token))
            raise
        if not taken:
            await self._wait(name, look_every)
            yield False
            return
        renewal = asyncio.create_task(
            keep_running("lease renewal", lambda: self._keep(name, token), self._hook)
        )
        try:
            yield True
        finally:
            renewal.cancel()
            await asyncio.shield(self._give_back(name, token))

    async def claim(self, key: str, seconds: float) -> bool:
        """Whether no replica has claimed `key` in the last so many seconds."""
        return await self._take(f"{PREFIX}claim:{key}", b"1", seconds, LONGEST_CLAIM)

    async def _take(self, name: str, token: bytes, seconds: float, longest: float) -> bool:
        """Whether nobody has the key; who has it without an end, or for too long, is given one."""

        async def work() -> bool:
            async with self._server.client.pipeline(transaction=False) as pipeline:
                pipeline.set(name, token, nx=True, px=_milliseconds(seconds))
                pipeline.pttl(name)
                taken, left = await pipeline.execute()
            if not 0 <= left <= _milliseconds(longest):
                await self._server.client.pexpire(name, _milliseconds(seconds))
            return bool(taken)

        return await self._server.write(work, otherwise=True)

    async def _wait(self, name: str, look_every: float) -> None:
        held = functools.partial(self._server.client.exists, name)
        while await self._server.read(held, otherwise=0):  # noqa: ASYNC110 - it is elsewhere
            await asyncio.sleep(look_every)

    async def _keep(self, name: str, token: bytes) -> None:
        until = _milliseconds(HELD_FOR)
        renew = functools.partial(self._renew, keys=[name], args=[token, until])
        while True:
            await asyncio.sleep(_RENEW_EVERY)
            await self._server.write(renew, otherwise=None)

    async def _leave(self, taking: "asyncio.Task[bool]", name: str, token: bytes) -> None:
        """Give back what is being taken for one who does not wait for it any more."""
        if await taking:
            await self._give_back(name, token)

    async def _give_back(self, name: str, token: bytes) -> None:
        release = functools.partial(self._release, keys=[name], args=[token])
        await self._server.write(release, otherwise=None)


Leases: TypeAlias = RedisLeases | NoLeases
"""Who may do a piece of work that many could."""


def _milliseconds(seconds: float) -> int:
    return max(1, int(seconds * 1000))
