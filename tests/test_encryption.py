import asyncio
import time
import zlib
from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.cache.backends import open_cache
from gateway.cache.policy import Freshness
from gateway.cache.redis_cache import RedisCache
from gateway.cache.store import Store
from gateway.cache.tiered_cache import TieredCache
from gateway.config.load import read
from gateway.config.settings import Settings
from gateway.encryption import Seal
from gateway.insights.rank import HEAD_LENGTH, Ranked, head_by_age
from tests.cache.conftest import ACCOUNT, SID, seen
from tests.servers import RedisServer

DAY = 86400
HEAD = head_by_age(1)
OLD, NEW = bytes(range(32)), bytes(range(32, 64))
KEYS = st.binary(min_size=32, max_size=32)
NUMBER = "+14155550142"


def spelled(*keys: bytes) -> str:
    return ",".join(b64encode(key).decode() for key in keys)


def encrypted(redis: RedisServer, *keys: bytes) -> TieredCache:
    """The cache of a replica that was given these keys."""
    said = {"GATEWAY_CACHE_URL": redis.url}
    if keys:
        said["GATEWAY_CACHE_KEY"] = spelled(*keys)
    cache, _ = open_cache(read(said))
    assert isinstance(cache, TieredCache)
    return cache


def raw_values(redis: RedisServer) -> list[bytes]:
    return [redis.command("GET", name.decode()) for name in redis.command("KEYS", "insights:*")]


@given(key=KEYS, name=st.text(), plain=st.binary())
def test_what_was_sealed_opens_with_its_key_and_under_its_name(
    key: bytes, name: str, plain: bytes
) -> None:
    """What comes back is what went in, and the same value never looks the same twice."""
    seal = Seal([key])
    once, again = (seal.close(name, HEAD, plain) for _ in range(2))

    assert once != again
    assert seal.open(name, HEAD, once) == plain == seal.open(name, HEAD, again)


@given(plain=st.binary(), place=st.integers(min_value=0), flip=st.integers(1, 255))
def test_an_altered_byte_opens_nothing(plain: bytes, place: int, flip: int) -> None:
    """Whichever byte it is, of the value or of its rank; and so does one that is cut off."""
    seal = Seal([NEW])
    whole = bytearray(HEAD + seal.close("a", HEAD, plain))
    cut = bytes(whole[: place % len(whole)])
    whole[place % len(whole)] ^= flip

    assert seal.open("a", bytes(whole[:HEAD_LENGTH]), bytes(whole[HEAD_LENGTH:])) is None
    assert seal.open("a", cut[:HEAD_LENGTH], cut[HEAD_LENGTH:]) is None


@given(one=st.text(), other=st.text(), plain=st.binary())
def test_a_value_opens_under_no_other_name(one: str, other: str, plain: bytes) -> None:
    """Nobody who writes to the server passes one call off as another."""
    seal = Seal([NEW])
    opened = seal.open(other, HEAD, seal.close(one, HEAD, plain))

    assert opened == (plain if one == other else None)


@given(plain=st.binary())
def test_keys_are_rotated_without_losing_what_is_there(plain: bytes) -> None:
    """The first key encrypts and all decrypt; a key that is taken away opens nothing more."""
    before = Seal([OLD]).close("a", HEAD, plain)
    after = Seal([NEW, OLD]).close("a", HEAD, plain)

    assert Seal([NEW, OLD]).open("a", HEAD, before) == plain
    assert Seal([NEW]).open("a", HEAD, before) is None
    assert Seal([NEW]).open("a", HEAD, after) == plain
    assert Seal([OLD]).open("a", HEAD, after) is None


@given(plain=st.binary(max_size=100))
def test_what_is_plain_opens_nothing(plain: bytes) -> None:
    """A value from before encryption, or of somebody without the key, counts as not there."""
    assert Seal([NEW, OLD]).open("a", HEAD, plain) is None


async def test_no_number_is_found_on_the_server(redis: RedisServer) -> None:
    """Neither as it is nor once it is decompressed; the same is found by who has the key."""
    marked = seen(time.time(), processing_state="complete", to={"callee": NUMBER})
    one, other, plain = encrypted(redis, NEW), encrypted(redis, NEW), encrypted(redis)
    store = Store(one, Freshness(), time.time)
    await store.keep(ACCOUNT, [marked])
    await one.set("documents:1", HEAD + NUMBER.encode(), ttl=60)
    values = raw_values(redis)

    assert len(values) == 2
    for value in values:
        assert NUMBER.encode() not in value
        with pytest.raises(zlib.error):
            zlib.decompress(value[HEAD_LENGTH:])
    assert await Store(other, Freshness(), time.time).seen(ACCOUNT, SID) == marked
    assert await Store(plain, Freshness(), time.time).seen(ACCOUNT, SID) is None
    for cache in (one, other, plain):
        await cache.close()


@pytest.mark.parametrize("before", [(), (OLD,)], ids=["plain", "of another key"])
async def test_what_cannot_be_read_is_replaced(
    redis: RedisServer, before: tuple[bytes, ...]
) -> None:
    """It counts as not there, however high it ranks: it is in nobody's way."""
    past, now = encrypted(redis, *before), encrypted(redis, NEW)
    await past.raise_many([Ranked("a", head_by_age(9) + b"old", 60)])
    fresh = head_by_age(2) + b"new"

    assert await now.get("a") is None
    assert await now.multi_get(["a", "b"]) == [None, None]
    assert await now.raise_many([Ranked("a", fresh, 60)]) == [None]
    assert await now.far.get("a") == fresh
    assert redis.command("PTTL", "insights:a") > 0
    for cache in (past, now):
        await cache.close()


async def test_a_value_that_was_moved_or_altered_on_the_server_is_not_told(
    redis: RedisServer,
) -> None:
    """Whoever writes to the server can take away, and can make nothing up."""
    cache = RedisCache(redis.url, seal=Seal([NEW]))
    await asyncio.gather(*(cache.set(name, HEAD + name.encode(), ttl=60) for name in "ab"))
    value: bytes = redis.command("GET", "insights:a")
    redis.command("SET", "insights:b", value)
    redis.command("SET", "insights:c", head_by_age(9) + value[HEAD_LENGTH:])
    redis.command("SET", "insights:d", value[:HEAD_LENGTH])

    assert await cache.multi_get(["a", "b", "c", "d"]) == [HEAD + b"a", None, None, None]
    await cache.close()


async def test_counters_and_leases_are_not_encrypted(redis: RedisServer) -> None:
    """The server itself counts and compares them, and they tell nothing of a call."""
    cache = RedisCache(redis.url, seal=Seal([NEW]))

    assert await cache.count("n", 2, 60) == 2
    assert await cache.count("n", 3, 60) == 5
    assert redis.command("GET", "insights:n") == b"5"
    await cache.close()


def test_the_keys_show_as_stars() -> None:
    """In the repr of what holds them as in a mistake of their form."""
    settings = read({"GATEWAY_CACHE_KEY": f" {spelled(NEW, OLD)} "})

    assert settings.gateway_cache_key is not None
    assert settings.gateway_cache_key.keys == (NEW, OLD)
    assert spelled(NEW) not in repr(settings)
    assert Seal.of(Settings()) is None
