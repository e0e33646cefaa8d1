"""Deletes cached entries of an account by their tags, in this process and on the cache server.

What derives from an entry ends with it: decoded summaries, their JSON, whole answers.
"""

from collections.abc import AsyncIterator, Collection
from typing import Any

from gateway.cache.backends import Backend
from gateway.cache.invalidation import CHANNEL, PREFIX
from gateway.cache.memory_cache import MemoryCache
from gateway.cache.redis_cache import RedisCache
from gateway.cache.redis_connection import FAILURES
from gateway.cache.tags import tags_of_key
from gateway.concurrency.cooperative import in_turns

_BATCH = 500
"""Names that the cache server returns in one go."""


async def purge_tags(cache: Backend, account: str, tags: Collection[str]) -> int:
    """Remove the entries of an account that have one of these tags; gives how many there were.

    At the end all replicas drop their copies: the server may have lost the original of some.
    Raises ConnectionError when the cache server cannot be asked.
    """
    wanted = frozenset(tags)
    if isinstance(cache, MemoryCache):
        return await _purge_memory(cache, account, wanted)
    try:
        removed = await _purge_server(cache.far, account, wanted)
    except FAILURES as error:
        raise ConnectionError(type(error).__name__) from error
    await _purge_memory(cache.near, account, wanted)
    return removed


async def _purge_memory(cache: MemoryCache, account: str, wanted: frozenset[str]) -> int:
    keys = [key for key in cache.all_keys() if key.startswith(account)]
    return sum([cache.remove(key) async for key in in_turns(keys) if _has(key, wanted)])


async def _purge_server(cache: RedisCache, account: str, wanted: frozenset[str]) -> int:
    removed = 0
    async for names in _names(cache, account):
        mine = [name for name in names if _has(name.removeprefix(PREFIX), wanted)]
        if mine:
            removed += await cache.client.unlink(*mine)
        for name in mine:
            await cache.client.publish(CHANNEL, name)
    await cache.client.publish(CHANNEL, PREFIX)
    return removed


async def _names(cache: RedisCache, account: str) -> AsyncIterator[list[str]]:
    """The names of the entries of an account on the server, in batches."""
    cursor: Any = None
    while cursor != 0:
        page: Any = await cache.client.scan(cursor or 0, f"{PREFIX}{account}*", _BATCH)
        cursor, names = page
        yield [name.decode("utf-8", "replace") for name in names]


def _has(key: str, wanted: frozenset[str]) -> bool:
    return not wanted.isdisjoint(tags_of_key(key))
