"""Combines a small memory cache with a cache that replicas share."""

import asyncio
import contextlib
import time
from collections.abc import Iterator, Sequence
from typing import Any

from gateway.cache.bytes_cache import BytesCache
from gateway.cache.entry import Entry
from gateway.cache.invalidation import UNRANKED
from gateway.cache.memory_cache import MemoryCache
from gateway.cache.redis_cache import RedisCache
from gateway.cache.redis_connection import FAILURES, RETRY_AFTER
from gateway.concurrency.background import keep_running
from gateway.insights.rank import Ranked, rank_in
from gateway.instrumentation import Hook, TierAsked, silent

NEAR_TTL = 300.0
"""Seconds for which a copy of a shared entry stays in this process unless it is replaced."""

_NOTHING = (0, b"")
"""What was heard of a key of which nothing was: when, and the highest rank."""

_MOST_HEARD = 10_000
"""Keys that are remembered as replaced while `far` is asked; of more, all keys are."""


class TieredCache(BytesCache):
    """Reads from `near`, then from `far`; writes to both.

    `far` tells which of its values are replaced, by whichever replica, and near copies that are
    older are dropped; none is made of a value that was replaced since `far` was asked. While it
    cannot tell, near copies are all there is, and they are dropped together when it is back.
    Questions of one turn of the event loop go to `far` as one.
    """

    NAME = "tiered"

    def __init__(self, near: MemoryCache, far: RedisCache, hook: Hook = silent) -> None:
        super().__init__()
        self.near = near
        self.far = far
        self.changes = near.changes
        self._hook = hook
        self._wanted: dict[str, asyncio.Future[bytes | None]] = {}
        self._asking = 0
        self._changes = 0
        self._heard: dict[str, tuple[int, bytes]] = {}
        self._listening: asyncio.Task[None] | None = None

    @property
    def ahead(self) -> float:
        """Seconds that the clock which replicas share is ahead of that of this machine."""
        return self.far.clock.ahead

    async def listen(self) -> None:
        """Learn what time it is for all, and begin to hear of replaced values; call it once."""
        await self.far.clock.adjust()
        self._listening = asyncio.create_task(
            keep_running("cache invalidation", self._listen, self._hook)
        )

    async def _listen(self) -> None:
        while True:
            try:
                async with contextlib.aclosing(self.far.replaced()) as replaced:
                    async for key, rank in replaced:
                        await self._drop(key, rank)
            except FAILURES as error:
                self.far.server.mark_down(error)
            await asyncio.sleep(RETRY_AFTER)

    async def _drop(self, key: str, rank: bytes) -> None:
        self._changes += 1
        if self._asking:
            self._heard[key] = self._changes, max(rank, self._heard.get(key, _NOTHING)[1])
            if len(self._heard) > _MOST_HEARD:
                self._heard = {"": (self._changes, UNRANKED)}
        if not key:  # it listens (again): who knows what was missed
            self.far.server.mark_up()
            await self.near.clear()
            self.changes.tell_all()
            return
        copy = self.near.at_hand(key)
        if copy is not None and rank_in(copy.value) < rank:
            self.near.remove(key)
        self.changes.tell(key)

    @contextlib.contextmanager
    def _hearing(self) -> Iterator[int]:
        """Remember what is told while `far` is asked; gives since when that is."""
        self._asking += 1
        try:
            yield self._changes
        finally:
            self._asking -= 1
            if not self._asking:
                self._heard.clear()

    def _is_replaced(self, key: str, value: bytes, since: int) -> bool:
        """Whether a higher rank of this key, or something of all keys, was told since then."""
        heard = (self._heard.get(key, _NOTHING), self._heard.get("", _NOTHING))
        return any(change > since and rank > rank_in(value) for change, rank in heard)

    async def announce(self, key: str) -> None:
        """Tell `changes`, in this process and in all others, that a value is new."""
        self.changes.tell(key)
        await self.far.announce(key)

    def drop_copy(self, key: str) -> None:
        """Make the next read of a key see what all replicas see, as long as `far` has that."""
        if self.far.server.is_up and self.far.server.takes_writes:
            self.near.remove(key)

    async def count(self, key: str, delta: int, ttl: float) -> int:
        """Count on, for all replicas, in a counter that ends after `ttl` seconds; 0: unknown."""
        return await self.far.count(key, delta, ttl)

    async def raise_many(self, entries: Sequence[Ranked]) -> list[bytes | None]:
        """Store each value unless a higher ranked one is there; then give that one instead."""
        with self._hearing() as since:
            higher = await self.far.raise_many(entries)
            winners = [
                entry if winner is None else Ranked(entry.key, winner, NEAR_TTL)
                for entry, winner in zip(entries, higher, strict=True)
            ]
            nearer = await self.near.raise_many(winners)
            for winner, near in zip(winners, nearer, strict=True):
                if near is None and self._is_replaced(winner.key, winner.value, since):
                    self.near.remove(winner.key)
        return [
            near if near is not None else winner
            for near, winner in zip(nearer, higher, strict=True)
        ]

    def entry(self, key: str) -> Entry | None:
        """An entry of `near`."""
        entry = self.near.entry(key)
        if entry is not None:
            self._hook(TierAsked("near", 1, 0))
        return entry

    def at_hand(self, key: str) -> Entry | None:
        """An entry of `near` that is looked at."""
        return self.near.at_hand(key)

    async def entries(self, keys: Sequence[str]) -> list[Entry | None]:
        """Several entries; those that `near` has no room for are no part of it."""
        found = {key: self.near.entry(key) for key in keys}
        missing = [key for key, entry in found.items() if entry is None]
        self._hook(TierAsked("near", len(found) - len(missing), len(missing)))
        if missing:
            for key, value in zip(missing, await self._read_far(missing), strict=True):
                if value is not None:
                    found[key] = self.near.entry(key) or Entry(key, value)
        return [found[key] for key in keys]

    async def _get(self, key: str, encoding: str = "", _conn: Any = None) -> bytes | None:
        if (value := self.near.peek(key)) is not None:
            self._hook(TierAsked("near", 1, 0))
            return value
        return await self._fetch(key)

    async def read(self, keys: Sequence[str]) -> list[bytes | None]:
        """The values of several keys."""
        return [None if entry is None else entry.value for entry in await self.entries(keys)]

    async def write(self, key: str, value: bytes, ttl: float | None) -> bool:
        """Keep a value in both tiers, for so many seconds, or for good."""
        await self.far.write(key, value, ttl)
        return await self.near.write(key, value, ttl)

    async def _fetch(self, key: str) -> bytes | None:
        """Ask `far`, together with whoever asks it in this turn of the event loop."""
        future = self._wanted.get(key)
        if future is None:
            loop = asyncio.get_running_loop()
            future = self._wanted[key] = loop.create_future()
            if len(self._wanted) == 1:
                loop.call_soon(lambda: loop.create_task(self._fetch_wanted()))
        return await asyncio.shield(future)  # one who is cancelled does not cancel the others

    async def _fetch_wanted(self) -> None:
        wanted, self._wanted = self._wanted, {}
        values: Sequence[bytes | None] = [None] * len(wanted)
        try:
            values = await self._read_far(list(wanted))
        finally:  # whatever happens, nobody waits for ever
            for future, value in zip(wanted.values(), values, strict=True):
                if not future.done():
                    future.set_result(value)

    async def _read_far(self, keys: Sequence[str]) -> list[bytes | None]:
        started = time.perf_counter()
        with self._hearing() as since:
            values = await self.far.read(keys)
            took = time.perf_counter() - started
            pairs = zip(keys, values, strict=True)
            hits = [(key, value) for key, value in pairs if value is not None]
            still_true = [hit for hit in hits if not self._is_replaced(*hit, since)]
            await self.near.multi_set(still_true, ttl=NEAR_TTL)
        self._hook(TierAsked("far", len(hits), len(keys) - len(hits), took))
        return values

    async def _delete(self, key: str, _conn: Any = None) -> int:
        await self.near.delete(key)
        return int(await self.far.delete(key))

    async def _clear(self, namespace: str | None = None, _conn: Any = None) -> bool:
        await self.near.clear(namespace)
        return bool(await self.far.clear(namespace))

    async def _close(self, *_: Any, **__: Any) -> None:
        if self._listening is not None:
            self._listening.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._listening
        await self.near.close()
        await self.far.close()
