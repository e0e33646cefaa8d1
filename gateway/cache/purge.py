"""Deletes from the shared cache all entries of a call, or of a party to calls.

Nothing is asked of Twilio, and nothing is kept of what was looked for.
"""

import re
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any

from msgspec import Struct

from gateway.cache.encoding import seen_of
from gateway.cache.invalidation import CHANNEL, PREFIX
from gateway.cache.redis_cache import RedisCache
from gateway.cache.redis_connection import FAILURES
from gateway.config.settings import Settings
from gateway.encryption import Seal
from gateway.insights.absence import Absent
from gateway.insights.party_names import call_named, naming

_BATCH = 500
"""Entries that are looked at in one go."""

_TIMEOUT = 5.0
"""Seconds that the server has for an answer: nobody waits for this one but the operator."""

_KEY = re.compile(r"AC[^:]+:(?P<kind>call|details):(?P<sid>CA[0-9a-fA-F]{32})(?::.*)?", re.ASCII)
"""The key of a call, or of a page of its metrics or events, in whichever realm."""


class Purged(Struct, frozen=True):
    """How many entries were removed; of these, `unreadable` are those that no key opened."""

    removed: int
    unreadable: int = 0


async def purge(settings: Settings, wanted: str) -> Purged:
    """Remove all that the shared tier keeps of a call (its SID) or a party (its address).

    What no key opens cannot be told apart, and goes along with the calls of a party; so do metrics
    and events, unless their call is known not to name it. Replicas are told of every entry, and at
    the end to drop all their copies: the server may have lost the original of some. Raises
    NeitherCallNorParty, and ConnectionError when the server cannot be asked.
    """
    sid = call_named(wanted)
    says = None if sid else naming(wanted)
    cache = RedisCache(settings.gateway_cache_url, timeout=_TIMEOUT, seal=Seal.of(settings))
    try:
        if says is None:
            purged = await _purge_call(cache, wanted.lower())
        else:
            purged = await _purge_party(cache, says)
        await cache.client.publish(CHANNEL, PREFIX)
    except FAILURES as error:
        raise ConnectionError(type(error).__name__) from error
    finally:
        await cache.close()
    return purged


async def _purge_call(cache: RedisCache, wanted: str) -> Purged:
    removed = 0
    for kind in ("call", "details"):
        async for sids in _keys(cache, kind):
            removed += await _remove(cache, [key for key, sid in sids.items() if sid == wanted])
    return Purged(removed)


async def _purge_party(cache: RedisCache, says: Callable[[bytes], bool]) -> Purged:
    removed = unreadable = 0
    others = set[str]()
    async for sids in _keys(cache, "call"):
        mine, sealed = await _naming_calls(cache, list(sids), says)
        unreadable += await _remove(cache, sealed)
        removed += await _remove(cache, mine)
        others |= {sids[key] for key in sids.keys() - {*mine, *sealed}}
    async for sids in _keys(cache, "details"):
        removed += await _remove(cache, [key for key, sid in sids.items() if sid not in others])
    return Purged(removed + unreadable, unreadable)


async def _keys(cache: RedisCache, kind: str) -> AsyncIterator[dict[str, str]]:
    """The keys of one kind in batches, each with the SID of its call in lower case."""
    cursor: Any = None
    while cursor != 0:
        page: Any = await cache.client.scan(cursor or 0, f"{PREFIX}AC*:{kind}:*", _BATCH)
        cursor, names = page
        keys = (name.decode("utf-8", "replace").removeprefix(PREFIX) for name in names)
        yield {key: found["sid"].lower() for key in keys if (found := _KEY.fullmatch(key))}


async def _naming_calls(
    cache: RedisCache, keys: list[str], says: Callable[[bytes], bool]
) -> tuple[list[str], list[str]]:
    """Of some calls those that name the party, and those of which nobody knows."""
    packed: Any = await cache.client.mget([PREFIX + key for key in keys]) if keys else []
    mine, sealed = [], []
    for key, value in zip(keys, packed, strict=True):
        unpacked = cache.packing.unpack(key, value)
        seen = None if unpacked is None else seen_of(key, unpacked)
        if seen is None:
            sealed += [key] * (value is not None)
        elif not isinstance(seen, Absent):
            mine += [key] * says(seen.raw)
    return mine, sealed


async def _remove(cache: RedisCache, keys: Iterable[str]) -> int:
    removed = 0
    for key in keys:
        removed += await cache.client.unlink(PREFIX + key)
        await cache.client.publish(CHANNEL, PREFIX + key)
    return removed
