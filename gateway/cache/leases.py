"""Leases: of all the replicas, one asks Twilio; the others wait for what it learns."""

import asyncio
import contextlib
import functools
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

from gateway.cache.redis_cache import PREFIX, RedisCache

HELD_FOR = 1.5
"""Seconds after which the lease of a holder that died is free; one that lives renews it."""

_RENEW_EVERY = 0.5
_LOOK_EVERY = 0.03

_RENEW = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
"""
_RELEASE = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
"""


class Leases(Protocol):
    """Who may do a piece of work that many could."""

    def turn(self, key: str) -> contextlib.AbstractAsyncContextManager[bool]:
        """True when it is this replica's turn; False once another has had its turn."""
        ...

    async def claim(self, key: str, seconds: float) -> bool:
        """Whether nobody has claimed `key` in the last so many seconds; then it is claimed."""
        ...


_MINE = contextlib.nullcontext(enter_result=True)


class NoLeases:
    """For a replica that is alone: it is always its turn."""

    def turn(self, _: str) -> contextlib.AbstractAsyncContextManager[bool]:
        """Go ahead."""
        return _MINE

    async def claim(self, _: str, __: float) -> bool:
        """Nobody else claims."""
        return True


class RedisLeases:
    """Leases on a Redis server. While it cannot be asked, every replica takes its turn at once."""

    def __init__(self, cache: RedisCache) -> None:
        self._cache = cache
        self._renew = cache.client.register_script(_RENEW)
        self._release = cache.client.register_script(_RELEASE)

    @asynccontextmanager
    async def turn(self, key: str) -> AsyncIterator[bool]:
        """Take the lease, or wait until its holder is done, or dead."""
        name, token = f"{PREFIX}lease:{key}", secrets.token_bytes(8)
        taking = asyncio.create_task(self._take(name, token, HELD_FOR))
        try:
            taken = await asyncio.shield(taking)
        except asyncio.CancelledError:
            await asyncio.shield(self._leave(taking, name, token))
            raise
        if not taken:
            await self._wait(name)
            yield False
            return
        renewal = asyncio.create_task(self._keep(name, token))
        try:
            yield True
        finally:
            renewal.cancel()
            await asyncio.shield(self._give_back(name, token))

    async def claim(self, key: str, seconds: float) -> bool:
        """Whether no replica has claimed `key` in the last so many seconds."""
        return await self._take(f"{PREFIX}claim:{key}", b"1", seconds)

    async def _take(self, name: str, token: bytes, seconds: float) -> bool:
        milliseconds = max(1, int(seconds * 1000))
        take = functools.partial(self._cache.client.set, name, token, nx=True, px=milliseconds)
        return bool(await self._cache.attempt(take, otherwise=True))

    async def _wait(self, name: str) -> None:
        held = functools.partial(self._cache.client.exists, name)
        while await self._cache.attempt(held, otherwise=0):  # noqa: ASYNC110 - it is elsewhere
            await asyncio.sleep(_LOOK_EVERY)

    async def _keep(self, name: str, token: bytes) -> None:
        renew = functools.partial(self._renew, keys=[name], args=[token, int(HELD_FOR * 1000)])
        while True:
            await asyncio.sleep(_RENEW_EVERY)
            await self._cache.attempt(renew, otherwise=None)

    async def _leave(self, taking: "asyncio.Task[bool]", name: str, token: bytes) -> None:
        """Give back what is being taken for one who does not wait for it any more."""
        if await taking:
            await self._give_back(name, token)

    async def _give_back(self, name: str, token: bytes) -> None:
        await self._cache.attempt(lambda: self._release(keys=[name], args=[token]), otherwise=None)
