"""A Redis server as a tier that replicas share: bytes, compressed, and never in the way.

No error of Redis reaches a request. Whatever fails or is too slow counts as "not there", and the
server is left alone for a second before it is tried again; `is_up` and the hook say so.
"""

import time
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from functools import partial
from typing import Any, TypeVar

import redis.asyncio as redis
from aiocache.base import BaseCache
from aiocache.serializers import NullSerializer
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeout

from gateway.cache.ranked import RANK_LENGTH, Ranked
from gateway.cache.sealing import Seal
from gateway.instrumentation import CacheServerChanged, Hook, silent

T = TypeVar("T")

PREFIX = "insights:"
"""Of every key, so that a Redis can be shared with other programs."""

CHANNEL = f"{PREFIX}replaced"
"""Where the keys of replaced values are told, so that replicas drop their own copies.

A key comes alone, or with a line break and the rank of the value that is there now."""

UNRANKED = b"\xff"
"""Above all ranks: that of what was told without one, since no copy of it is worth keeping."""

_ONCE_MORE = Retry(NoBackoff(), 1, (RedisConnectionError,))
"""A pooled connection may have died unnoticed, so a second one is tried; nobody waits. What took
too long is not tried again: it would take as long once more."""

_NEVER = Retry(NoBackoff(), 0)
"""Who listens must know when the connection broke: messages may have been missed."""

FAILURES = (RedisError, OSError, TimeoutError, RuntimeError)
"""All that says that the server cannot be asked; RuntimeError is what uvloop calls a connection
that was lost while it was made."""

RETRY_AFTER = 1.0
"""Seconds for which a server that failed is left alone."""

_SILENT_TURNS = 5
"""So often who listens may ask in vain whether the connection lives, before it is given up."""

# Ranks are digits, which every locale of the server orders alike.
_RAISE = """
local rank = string.sub(ARGV[1], 1, ARGV[3])
local before = redis.call('GETRANGE', KEYS[1], 0, ARGV[3] - 1)
if before > rank then return redis.call('GET', KEYS[1]) end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
if before ~= '' then redis.call('PUBLISH', ARGV[4], KEYS[1] .. '\\n' .. rank) end
return false
"""


class RedisCache(BaseCache):  # type: ignore[misc]  # aiocache has no type hints
    """aiocache's interface on one Redis or Valkey server (or one that speaks for a cluster).

    `url` is `redis://` or `rediss://`, with user, password and database. `timeout` is the longest
    wait, in seconds, for a connection or an answer. `clock` gives seconds. With a `seal`, values
    are encrypted; what it does not open counts as not there. Counters and leases are never.
    """

    NAME = "redis"

    def __init__(
        self,
        url: str,
        *,
        timeout: float = 0.25,
        hook: Hook = silent,
        clock: Callable[[], float] = time.monotonic,
        seal: Seal | None = None,
    ) -> None:
        super().__init__(serializer=NullSerializer(), timeout=0)
        pool = redis.BlockingConnectionPool.from_url(
            url,
            max_connections=20,
            timeout=timeout,
            socket_timeout=timeout,
            socket_connect_timeout=timeout,
            retry=_ONCE_MORE,
        )
        self.client = redis.Redis(connection_pool=pool)
        self._url = url
        self._hook = hook
        self._clock = clock
        self._seal = seal
        self._down_until = 0.0
        self._raise = self.client.register_script(_RAISE)
        self.is_up = True

    async def attempt(self, work: Callable[[], Awaitable[Any]], otherwise: T) -> T:
        """What Redis answers, or `otherwise` when it cannot be asked."""
        if self._clock() < self._down_until:
            return otherwise
        try:
            result: T = await work()
        except FAILURES:
            self.mark_down()
            return otherwise
        self.mark_up()
        return result

    def mark_up(self) -> None:
        """Ask the server again."""
        self._down_until = 0.0
        self._turn(up=True)

    def mark_down(self) -> None:
        """Leave the server alone for a while."""
        self._down_until = self._clock() + RETRY_AFTER
        self._turn(up=False)

    async def raise_many(self, entries: Sequence[Ranked]) -> list[bytes | None]:
        """Store each value unless a higher ranked one is there; then give that one instead."""

        async def work() -> list[Any]:
            # Left by whichever way: a failure may come before `execute` gives its connection back.
            async with self.client.pipeline(transaction=False) as pipeline:
                for entry in entries:
                    packed = self._pack(entry.key, entry.value)
                    await self._raise(
                        keys=[PREFIX + entry.key],
                        args=[packed, _milliseconds(entry.ttl), RANK_LENGTH, CHANNEL],
                        client=pipeline,
                    )
                return await pipeline.execute()

        nothing: list[Any] = [None] * len(entries)
        higher = await self.attempt(work, nothing)
        winners = [self.unpack(one.key, value) for one, value in zip(entries, higher, strict=True)]
        for entry, packed, winner in zip(entries, higher, winners, strict=True):
            if packed is not None and winner is None:  # nobody can read what is in the way
                await self._write(entry.key, entry.value, entry.ttl, only_new=False)
        return winners

    async def announce(self, key: str) -> None:
        """Tell all replicas that the value of a key is new."""
        await self.attempt(lambda: self.client.publish(CHANNEL, PREFIX + key), 0)

    async def replaced(self) -> AsyncIterator[tuple[str, bytes]]:
        """The keys whose values are replaced, by whichever replica, as it happens.

        Each comes with the rank of its new value, or UNRANKED. Yields `""` once it listens, which
        stands for all keys. Raises RedisError or OSError when the connection is lost.
        """
        async with (
            redis.Redis.from_url(self._url, retry=_NEVER) as client,
            client.pubsub(ignore_subscribe_messages=True) as listener,
        ):
            await listener.subscribe(CHANNEL)
            yield "", UNRANKED
            silent = 0
            while silent <= _SILENT_TURNS:
                message = await listener.get_message(timeout=RETRY_AFTER)
                if message is None:
                    silent += 1
                    await listener.ping()
                    await self.attempt(self.client.ping, otherwise=False)
                    continue
                silent = 0
                if message["type"] == "message":
                    key, _, rank = message["data"].partition(b"\n")
                    yield key.decode().removeprefix(PREFIX), rank or UNRANKED
            raise RedisTimeout("nothing is heard on the connection that listens")

    def _pack(self, key: str, value: bytes) -> bytes:
        """The rank as it is, for the server to compare; what follows, compressed and sealed."""
        rank, body = value[:RANK_LENGTH], zlib.compress(value[RANK_LENGTH:], 1)
        return rank + (self._seal.close(key, rank, body) if self._seal else body)

    def unpack(self, key: str, packed: bytes | None) -> bytes | None:
        """The value of a key as it was given; None for what does not open."""
        if packed is None:
            return None
        rank, body = packed[:RANK_LENGTH], packed[RANK_LENGTH:]
        opened = self._seal.open(key, rank, body) if self._seal else body
        try:
            return None if opened is None else rank + zlib.decompress(opened)
        except zlib.error:
            return None

    def _turn(self, *, up: bool) -> None:
        if up != self.is_up:
            self.is_up = up
            self._hook(CacheServerChanged(up))

    async def _get(self, key: str, encoding: str = "", _conn: Any = None) -> bytes | None:
        return self.unpack(key, await self.attempt(lambda: self.client.get(PREFIX + key), None))

    async def _gets(self, key: str, encoding: str = "", _conn: Any = None) -> bytes | None:
        return await self._get(key)

    async def _multi_get(
        self, keys: Sequence[str], encoding: str = "", _conn: Any = None
    ) -> list[bytes | None]:
        names = [PREFIX + key for key in keys]
        nothing: list[Any] = [None] * len(names)
        values = await self.attempt(lambda: self.client.mget(names), nothing) if names else []
        return [self.unpack(key, value) for key, value in zip(keys, values, strict=True)]

    async def _set(
        self,
        key: str,
        value: bytes,
        ttl: float | None = None,
        _cas_token: bytes | None = None,
        _conn: Any = None,
    ) -> bool:
        if _cas_token is not None and await self._get(key) != _cas_token:
            return False
        return await self._write(key, value, ttl, only_new=False)

    async def _multi_set(
        self, pairs: Iterable[tuple[str, bytes]], ttl: float | None = None, _conn: Any = None
    ) -> bool:
        written = [await self._write(key, value, ttl, only_new=False) for key, value in pairs]
        return all(written)

    async def _add(
        self, key: str, value: bytes, ttl: float | None = None, _conn: Any = None
    ) -> bool:
        if not await self._write(key, value, ttl, only_new=True):
            raise ValueError(f"Key {key} already exists, use .set to update the value")
        return True

    async def _write(self, key: str, value: bytes, ttl: float | None, *, only_new: bool) -> bool:
        expiry = None if ttl is None else _milliseconds(ttl)
        packed = self._pack(key, value)
        write = partial(self.client.set, PREFIX + key, packed, px=expiry, nx=only_new)
        return bool(await self.attempt(write, otherwise=False))

    async def _exists(self, key: str, _conn: Any = None) -> bool:
        return bool(await self.attempt(lambda: self.client.exists(PREFIX + key), 0))

    async def _increment(self, key: str, delta: int, _conn: Any = None) -> int:
        return await self.attempt(lambda: self.client.incrby(PREFIX + key, delta), 0)

    async def _expire(self, key: str, ttl: float | None, _conn: Any = None) -> bool:
        if ttl is None:
            return bool(await self.attempt(lambda: self.client.persist(PREFIX + key), 0))
        expiry = _milliseconds(ttl)
        return bool(await self.attempt(lambda: self.client.pexpire(PREFIX + key, expiry), 0))

    async def _delete(self, key: str, _conn: Any = None) -> int:
        async def work() -> int:
            removed = await self.client.unlink(PREFIX + key)
            await self.client.publish(CHANNEL, PREFIX + key)
            return int(removed)

        return await self.attempt(work, 0)

    async def _clear(self, namespace: str | None = None, _conn: Any = None) -> bool:
        async def work() -> bool:
            async for key in self.client.scan_iter(match=f"{PREFIX}{namespace or ''}*", count=500):
                await self.client.unlink(key)
            return True

        return await self.attempt(work, otherwise=False)

    async def _raw(self, command: str, *args: Any, **kwargs: Any) -> Any:
        return await getattr(self.client, command)(*args, **kwargs)

    async def _redlock_release(self, key: str, value: bytes) -> int:
        return await self._delete(key) if await self._get(key) == value else 0

    async def _close(self, *_: Any, **__: Any) -> None:
        await self.client.aclose(close_connection_pool=True)


def _milliseconds(seconds: float) -> int:
    return max(1, int(seconds * 1000))
