"""Deletes from the shared cache all entries of a call, or of a party to calls.

Nothing is asked of Twilio, and nothing is kept of what was looked for.
"""

import re
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Any

from msgspec import Struct

from gateway.cache.encoding import seen_of
from gateway.cache.invalidation import CHANNEL, PREFIX
from gateway.cache.redis_cache import RedisCache
from gateway.cache.redis_connection import FAILURES
from gateway.config.settings import Settings
from gateway.encryption import Seal
from gateway.insights.absence import Absent
from gateway.insights.decoding import decode_plain

_BATCH = 500
"""Entries that are looked at in one go."""

_TIMEOUT = 5.0
"""Seconds that the server has for an answer: nobody waits for this one but the operator."""

_KEY = re.compile(r"AC[^:]+:(?P<kind>call|details):(?P<sid>CA[0-9a-fA-F]{32})(?::.*)?", re.ASCII)
"""The key of a call, or of a page of its metrics or events, in whichever realm."""

_SID = re.compile(r"CA[0-9a-f]{32}", re.IGNORECASE | re.ASCII)
_NUMBER = re.compile(r"\+[1-9][0-9]{4,14}", re.ASCII)
_ADDRESS = re.compile(r"[a-z][a-z0-9]{1,19}:\S{1,500}", re.IGNORECASE | re.ASCII)
_SPACING = re.compile(r"[ ().-]")


class NeitherCallNorParty(ValueError):
    """What was looked for is not repeated: it may be somebody's number."""


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
    of_call = _SID.fullmatch(wanted) is not None
    says = None if of_call else _naming(wanted)
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


async def _purge_party(cache: RedisCache, says: re.Pattern[str]) -> Purged:
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
    cache: RedisCache, keys: list[str], says: re.Pattern[str]
) -> tuple[list[str], list[str]]:
    """Of some calls those that name the party, and those of which nobody knows."""
    packed: Any = await cache.client.mget([PREFIX + key for key in keys]) if keys else []
    naming, sealed = [], []
    for key, value in zip(keys, packed, strict=True):
        unpacked = cache.packing.unpack(key, value)
        seen = None if unpacked is None else seen_of(key, unpacked)
        if seen is None:
            sealed += [key] * (value is not None)
        elif not isinstance(seen, Absent):
            said = _texts(decode_plain(seen.raw))
            naming += [key] * any(says.search(text) for text in said)
    return naming, sealed


async def _remove(cache: RedisCache, keys: Iterable[str]) -> int:
    removed = 0
    for key in keys:
        removed += await cache.client.unlink(PREFIX + key)
        await cache.client.publish(CHANNEL, PREFIX + key)
    return removed


def _naming(party: str) -> re.Pattern[str]:
    """What finds a party in a text; a number also as a part of a SIP address.

    Raises NeitherCallNorParty.
    """
    number = _SPACING.sub("", party)
    if _NUMBER.fullmatch(number):
        return re.compile(re.escape(number) + r"(?![0-9])")
    if _ADDRESS.fullmatch(party):
        return re.compile(rf"\A{re.escape(party)}\Z", re.IGNORECASE)
    raise NeitherCallNorParty


def _texts(said: Any) -> Iterator[str]:
    """All texts in a JSON value."""
    if isinstance(said, str):
        yield said
    elif isinstance(said, dict):
        for one in said.values():
            yield from _texts(one)
    elif isinstance(said, list):
        for one in said:
            yield from _texts(one)
