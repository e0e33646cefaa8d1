"""Caches bytes in a Redis server that replicas share, compressed.

No error of Redis reaches a request, and no value that somebody else may have put there: whatever
cannot be read counts as "not there", and is replaced.
"""

import time
from collections.abc import AsyncGenerator, Callable, Sequence
from functools import partial
from typing import Any

from redis.exceptions import TimeoutError as RedisTimeout

from gateway.cache.bytes_cache import BytesCache
from gateway.cache.invalidation import CHANNEL, PREFIX, replacements
from gateway.cache.packing import MAX_BYTES, Packing
from gateway.cache.redis_connection import RedisConnection
from gateway.cache.shared_clock import SharedClock
from gateway.encryption import Seal
from gateway.insights.rank import RANK_LENGTH, Ranked, outranks
from gateway.instrumentation import Hook, silent

_LARGEST = 2 * MAX_BYTES
"""Bytes of a packed value, at most; no value of the gateway's has more."""

# Ranks are digits, which every locale of the server orders alike. What is of another type, or far
# too large, is no value of the gateway's.
_RAISE = """
local rank = string.sub(ARGV[1], 1, ARGV[3])
local before = redis.pcall('GETRANGE', KEYS[1], 0, ARGV[3] - 1)
if type(before) ~= 'string' then before = ' ' end
if before > rank and redis.call('STRLEN', KEYS[1]) <= tonumber(ARGV[5]) then
    return redis.call('GET', KEYS[1])
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
if before ~= '' then redis.call('PUBLISH', ARGV[4], KEYS[1] .. '\\n' .. rank) end
return false
"""


class RedisCache(BytesCache):
    """aiocache's interface on one Redis or Valkey server (or one that speaks for a cluster).

    `url` and `timeout` are those of a RedisConnection. `clock` gives seconds, `wall_clock` those
    since 1970. With a `seal`, values are encrypted; what it does not open counts as not there.
    Counters and leases are never.
    """

    NAME = "redis"

    def __init__(  # noqa: PLR0913 - all but the first are for tests
        self,
        url: str,
        *,
        timeout: float = 0.25,
        hook: Hook = silent,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
        seal: Seal | None = None,
    ) -> None:
        super().__init__()
        self.server = RedisConnection(url, timeout, hook, clock)
        self.client = self.server.client
        self.clock = SharedClock(self.server, wall_clock)
        self.packing = Packing(self.clock, seal)
        self._raise = self.client.register_script(_RAISE)
        self._suspects: Sequence[str] = ()

    async def raise_many(self, entries: Sequence[Ranked]) -> list[bytes | None]:
        """Store each value unless a higher ranked one is there; then give that one instead."""
        higher: list[bytes | None] | None
        if (higher := await self.server.write(lambda: self._raise_all(entries), None)) is None:
            higher = await self._higher(entries)
        winners = [
            self.packing.unpack(one.key, value) for one, value in zip(entries, higher, strict=True)
        ]
        for entry, packed, winner in zip(entries, higher, winners, strict=True):
            if packed is not None and winner is None:  # nobody can read what is in the way
                await self.write(entry.key, entry.value, entry.ttl)
                await self.announce(entry.key)
        return winners

    async def _raise_all(self, entries: Sequence[Ranked]) -> list[bytes | None]:
        packed = [self.packing.pack(entry.key, entry.value) for entry in entries]
        # Left by whichever way: a failure may come before `execute` gives its connection back.
        async with self.client.pipeline(transaction=False) as pipeline:
            for entry, value in zip(entries, packed, strict=True):
                if value is not None:
                    await self._raise(
                        keys=[PREFIX + entry.key],
                        args=[value, _milliseconds(entry.ttl), RANK_LENGTH, CHANNEL, _LARGEST],
                        client=pipeline,
                    )
            answers = iter(await pipeline.execute())
        return [None if value is None else next(answers) for value in packed]

    async def _higher(self, entries: Sequence[Ranked]) -> list[bytes | None]:
        """What is there of a higher rank, where nothing can be written."""
        packed = await self._packed([entry.key for entry in entries])
        return [
            value if self._ranks_higher(entry, value) else None
            for entry, value in zip(entries, packed, strict=True)
        ]

    def _ranks_higher(self, entry: Ranked, packed: bytes | None) -> bool:
        found = self.packing.unpack(entry.key, packed)
        return found is not None and outranks(found, entry.value)

    async def announce(self, key: str) -> None:
        """Tell all replicas that the value of a key is new."""
        await self.server.write(lambda: self.client.publish(CHANNEL, PREFIX + key), 0)

    def replaced(self) -> AsyncGenerator[tuple[str, bytes], None]:
        """The keys whose values are replaced, as `invalidation.replacements` tells them."""
        return replacements(self.server, self.clock)

    async def read(self, keys: Sequence[str]) -> list[bytes | None]:
        """The values of several keys, in one question."""
        packed = await self._packed(keys)
        return [self.packing.unpack(key, value) for key, value in zip(keys, packed, strict=True)]

    async def _packed(self, keys: Sequence[str]) -> list[bytes | None]:
        names = [PREFIX + key for key in keys]
        nothing: list[bytes | None] = [None] * len(names)
        return await self.server.read(lambda: self._ask(names), nothing) if names else nothing

    async def _ask(self, names: Sequence[str]) -> Any:
        """The values of some keys. What took too long is looked at before anything is asked."""
        if self._suspects:
            await self._remove_oversized(self._suspects)
            self._suspects = ()
        try:
            return await self.client.mget(names)
        except RedisTimeout:
            self._suspects = names
            raise

    async def _remove_oversized(self, names: Sequence[str]) -> None:
        """Remove what is too large to be read in time: it would make the server count as down."""
        async with self.client.pipeline(transaction=False) as pipeline:
            for name in names:
                pipeline.strlen(name)
            sizes = await pipeline.execute(raise_on_error=False)
        pairs = zip(names, sizes, strict=True)
        if large := [name for name, size in pairs if isinstance(size, int) and size > _LARGEST]:
            await self.client.unlink(*large)

    async def write(self, key: str, value: bytes, ttl: float | None) -> bool:
        """Keep a value for so many seconds, or for good; whether the server took it."""
        if (packed := self.packing.pack(key, value)) is None:
            return False
        expiry = None if ttl is None else _milliseconds(ttl)
        write = partial(self.client.set, PREFIX + key, packed, px=expiry)
        return bool(await self.server.write(write, otherwise=False))

    async def count(self, key: str, delta: int, ttl: float) -> int:
        """Count on, in a counter that ends after `ttl` seconds; 0 when nobody knows."""

        async def work() -> int:
            async with self.client.pipeline(transaction=False) as pipeline:
                pipeline.incrby(PREFIX + key, delta)
                pipeline.pexpire(PREFIX + key, _milliseconds(ttl))
                total, _ = await pipeline.execute()
            return int(total)

        return await self.server.write(work, 0)

    async def _delete(self, key: str, _conn: Any = None) -> int:
        async def work() -> int:
            removed = await self.client.unlink(PREFIX + key)
            await self.client.publish(CHANNEL, PREFIX + key)
            return int(removed)

        return await self.server.write(work, 0)

    async def _clear(self, namespace: str | None = None, _conn: Any = None) -> bool:
        async def work() -> bool:
            async for key in self.client.scan_iter(match=f"{PREFIX}{namespace or ''}*", count=500):
                await self.client.unlink(key)
            return True

        return await self.server.write(work, otherwise=False)

    async def _close(self, *_: Any, **__: Any) -> None:
        await self.server.aclose()


def _milliseconds(seconds: float) -> int:
    return max(1, int(seconds * 1000))
