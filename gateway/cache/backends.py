"""Creates the cache that `GATEWAY_CACHE_URL` names."""

import time
from collections.abc import Callable
from typing import TypeAlias

from gateway.cache.leases import Leases, NoLeases, RedisLeases
from gateway.cache.memory_cache import MemoryCache
from gateway.cache.redis_cache import RedisCache
from gateway.cache.tiered_cache import TieredCache
from gateway.config.settings import Settings
from gateway.encryption import Seal
from gateway.instrumentation import Hook, silent
from gateway.lru import shares

Backend: TypeAlias = MemoryCache | TieredCache
"""What the store keeps its entries in."""


def open_cache(
    settings: Settings, hook: Hook = silent, clock: Callable[[], float] = time.time
) -> tuple[Backend, Leases]:
    """The cache that `GATEWAY_CACHE_URL` names, and the leases of those who share it."""
    near = MemoryCache(max_bytes=shares(settings.gateway_cache_max_bytes).answers, clock=clock)
    if settings.gateway_cache_url == "memory://":
        return near, NoLeases()
    far = RedisCache(
        settings.gateway_cache_url, hook=hook, wall_clock=clock, seal=Seal.of(settings)
    )
    return TieredCache(near, far, hook), RedisLeases(far.server, hook)
