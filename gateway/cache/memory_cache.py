"""Caches bytes in this process, bounded in size, with the interface of aiocache.

aiocache's own memory cache has no bound, keeps one timer of the event loop per key, and lets
`clear()` leave timers that delete later values; this one has none of that.
"""

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

from gateway.cache.bytes_cache import BytesCache
from gateway.cache.entry import Entry
from gateway.cache.notifications import Changes
from gateway.insights.rank import Ranked, outranks

_OVERHEAD = 500
"""Bytes that an entry costs beside its key and value: the slots, the entry, the headers."""

_SHARE_OF_DERIVED = 0.25
"""So much of the room is for what was made of values, even if values have to make way for it."""


class MemoryCache(BytesCache):
    """A least-recently-used cache of bytes in this process, bounded by their size.

    `clock` gives seconds; entries are thrown away when they are found to be too old, or when room
    is needed. What was made of values counts, and goes first. A value of more than `max_bytes` is
    not kept at all.
    """

    NAME = "memory"

    def __init__(self, *, max_bytes: int, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._entries: OrderedDict[str, Entry] = OrderedDict()
        self._with_derived: OrderedDict[Entry, None] = OrderedDict()
        self._max_bytes = max_bytes
        self._clock = clock
        self.changes = Changes()
        self.size = 0
        self.size_of_derived = 0
        self.evictions = 0

    def __len__(self) -> int:
        """How many entries there are, those included that are too old and not yet found so."""
        return len(self._entries)

    def all_keys(self) -> list[str]:
        """The keys of all entries."""
        return list(self._entries)

    def entry(self, key: str) -> Entry | None:
        """An entry, without a turn of the event loop."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        if entry.expires <= self._clock():
            self.remove(key)
            return None
        self.use(entry)
        return entry

    def at_hand(self, key: str) -> Entry | None:
        """An entry that is looked at, and not of use by that; it may be too old."""
        return self._entries.get(key)

    def use(self, entry: Entry) -> None:
        """Let an entry be the last one to make room."""
        self._entries.move_to_end(entry.key)
        if entry.size_of_derived:
            self._with_derived.move_to_end(entry)

    async def entries(self, keys: Sequence[str]) -> list[Entry | None]:
        """Several entries."""
        return [self.entry(key) for key in keys]

    def peek(self, key: str) -> bytes | None:
        """The value, without a turn of the event loop."""
        entry = self.entry(key)
        return None if entry is None else entry.value

    def grown(self, entry: Entry, size: int) -> None:
        """Count what was made of an entry."""
        entry.size_of_derived += size
        self.size_of_derived += size
        self.size += size
        self._with_derived[entry] = None
        self._make_room()

    def forget_derived(self, entry: Entry) -> None:
        """Keep of an entry its value alone."""
        self._with_derived.pop(entry, None)
        self.size -= entry.size_of_derived
        self.size_of_derived -= entry.size_of_derived
        entry.forget_derived()

    async def listen(self) -> None:
        """Nobody else writes here."""

    def drop_copy(self, key: str) -> None:
        """Nothing here is a copy."""

    async def raise_many(self, entries: Sequence[Ranked]) -> list[bytes | None]:
        """Store each value unless a higher ranked one is there; then give that one instead."""
        return [self._raise(entry) for entry in entries]

    def _raise(self, entry: Ranked) -> bytes | None:
        before = self.peek(entry.key)
        if before is not None and outranks(before, entry.value):
            return before
        self._write(entry.key, entry.value, entry.ttl)
        self.changes.tell(entry.key)
        return None

    async def announce(self, key: str) -> None:
        """Tell `changes` that a value is new."""
        self.changes.tell(key)

    async def read(self, keys: Sequence[str]) -> list[bytes | None]:
        """The values of several keys."""
        return [self.peek(key) for key in keys]

    async def write(self, key: str, value: bytes, ttl: float | None) -> bool:
        """Keep a value for so many seconds, or for good, unless it is larger than the cache."""
        self._write(key, value, ttl)
        return True

    async def _delete(self, key: str, _conn: Any = None) -> int:
        return self.remove(key)

    async def _clear(self, namespace: str | None = None, _conn: Any = None) -> bool:
        for key in [key for key in self._entries if key.startswith(namespace or "")]:
            self.remove(key)
        return True

    async def _close(self, *_: Any, **__: Any) -> None:
        await self._clear()

    def _write(self, key: str, value: bytes, ttl: float | None) -> None:
        self.remove(key)
        if _cost(key, value) > self._max_bytes:
            return  # making room for it would cost all the others, and be of no use
        expires = math.inf if ttl is None else self._clock() + ttl
        self._entries[key] = Entry(key, value, expires, self)
        self.size += _cost(key, value)
        self._make_room()

    def _make_room(self) -> None:
        while self.size > self._max_bytes:
            if self.size_of_derived > self._max_bytes * _SHARE_OF_DERIVED:
                self.forget_derived(next(iter(self._with_derived)))
            else:
                self.remove(next(iter(self._entries)))
                self.evictions += 1

    def remove(self, key: str) -> int:
        """Forget a key; how many entries that were."""
        entry = self._entries.pop(key, None)
        if entry is None:
            return 0
        self.forget_derived(entry)
        entry.leave()
        self.size -= _cost(key, entry.value)
        return 1


def _cost(key: str, value: bytes) -> int:
    return len(key) + len(value) + _OVERHEAD
