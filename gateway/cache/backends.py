"""Which cache the settings name."""

import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from gateway.cache.entry import Entry
from gateway.cache.leases import Leases, NoLeases, RedisLeases
from gateway.cache.memory_cache import MemoryCache
from gateway.cache.notifications import Changes
from gateway.cache.redis_cache import RedisCache
from gateway.cache.tiered_cache import TieredCache
from gateway.config.settings import Settings
from gateway.encryption import Seal
from gateway.insights.rank import Ranked
from gateway.instrumentation import Hook, silent
from gateway.lru import shares


class Backend(Protocol):
    """What the store needs of a cache: aiocache's verbs, and one that keeps the newest."""

    async def get(self, key: str) -> bytes | None:
        """The value of a key."""
        ...

    def entry(self, key: str) -> Entry | None:
        """The entry of a key, if this process has it."""
        ...

    def at_hand(self, key: str) -> Entry | None:
        """The same, if not to answer with it: it does not count as being of use."""
        ...

    async def entries(self, keys: Sequence[str]) -> list[Entry | None]:
        """The entries of several keys, wherever they are."""
        ...

    async def raise_many(self, entries: Sequence[Ranked]) -> list[bytes | None]:
        """Store each value unless a higher ranked one is there; then give that one instead."""
        ...

    async def set(self, key: str, value: bytes, *, ttl: float) -> Any:
        """Store a value whatever is there."""
        ...

    changes: Changes

    async def announce(self, key: str) -> None:
        """Tell `changes`, in this process and in all others, that a value is new."""
        ...

    def drop_copy(self, key: str) -> None:
        """Make the next read of a key see what all replicas see."""
        ...


def open_cache(
    settings: Settings, hook: Hook = silent, clock: Callable[[], float] = time.time
) -> tuple[MemoryCache | TieredCache, Leases]:
    """The cache that `GATEWAY_CACHE_URL` names, and the leases of those who share it."""
    near = MemoryCache(max_bytes=shares(settings.gateway_cache_max_bytes).answers, clock=clock)
    if settings.gateway_cache_url == "memory://":
        return near, NoLeases()
    far = RedisCache(
        settings.gateway_cache_url, hook=hook, wall_clock=clock, seal=Seal.of(settings)
    )
    return TieredCache(near, far, hook), RedisLeases(far.server, hook)
