"""The tier that replicas share, and the copies in front of it, on a real server."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import TypeAlias

import pytest

from gateway.cache.leases import HELD_FOR, RedisLeases
from gateway.cache.memory_cache import MemoryCache
from gateway.cache.redis_cache import RedisCache
from gateway.cache.redis_connection import RETRY_AFTER
from gateway.cache.tiered_cache import TieredCache
from gateway.insights.rank import Ranked, head_by_age
from gateway.instrumentation import DependencyChanged, Happening, TierAsked
from tests.cache.held_back import HeldBack
from tests.servers import RedisServer

Cache: TypeAlias = MemoryCache | RedisCache | TieredCache


@pytest.fixture(params=["memory", "redis", "tiered"])
async def cache(request: pytest.FixtureRequest, redis: RedisServer) -> AsyncIterator[Cache]:
    """Each backend in turn: one suite for all."""
    near, far = MemoryCache(max_bytes=10**6), RedisCache(redis.url)
    backends: dict[str, Cache] = {"memory": near, "redis": far, "tiered": TieredCache(near, far)}
    backend = backends[request.param]
    yield backend
    await backend.close()
    await far.close()


async def test_what_is_set_is_read(cache: Cache) -> None:
    """Aiocache's verbs mean the same on every backend."""
    value = head_by_age(1) + b"\x00 any bytes \xff"
    await cache.set("a", value, ttl=60)
    assert await cache.get("a") == value
    assert await cache.multi_get(["a", "b"]) == [value, None]
    assert await cache.delete("a") == 1
    assert await cache.get("a") is None


async def test_an_entry_is_gone_when_its_time_is_over(cache: Cache) -> None:
    """A time to live may be a fraction of a second."""
    await cache.set("a", head_by_age(1) + b"x", ttl=0.05)
    until = time.monotonic() + 2
    while await cache.get("a") is not None:
        assert time.monotonic() < until
        await asyncio.sleep(0.01)


async def test_the_higher_rank_stays(cache: Cache) -> None:
    """`raise_many` gives back what is higher, and None where the new value stands."""
    low, high = head_by_age(1) + b"low", head_by_age(2) + b"high"
    assert await cache.raise_many([Ranked("a", high, 60), Ranked("b", low, 60)]) == [None, None]
    assert await cache.raise_many([Ranked("a", low, 60), Ranked("b", high, 60)]) == [high, None]
    assert await cache.multi_get(["a", "b"]) == [high, high]


async def test_a_verb_that_the_gateway_does_not_need_is_refused(cache: Cache) -> None:
    """Ours: what nobody calls has no code that nobody reads."""
    with pytest.raises(NotImplementedError):
        await cache.increment("n", 2)


async def test_clearing_spares_other_names(cache: Cache) -> None:
    """`clear` takes a prefix, and never the whole server."""
    for key in ("one:a", "one:b", "two:a"):
        await cache.set(key, head_by_age(1) + b"x", ttl=60)
    await cache.clear("one:")
    assert await cache.multi_get(["one:a", "one:b"]) == [None, None]
    assert await cache.get("two:a") is not None


async def test_many_at_once_neither_fail_nor_wait_long(redis: RedisServer) -> None:
    """A thousand operations share twenty connections; none is refused."""
    heard: list[Happening] = []
    cache = RedisCache(redis.url, timeout=5, hook=heard.append)
    await asyncio.gather(*(cache.set(f"k{n}", head_by_age(n) + b"x", ttl=60) for n in range(1000)))
    values = await asyncio.gather(*(cache.get(f"k{n}") for n in range(1000)))
    await cache.close()
    assert None not in values
    assert heard == []


async def test_a_server_that_is_gone_counts_as_empty(redis: RedisServer) -> None:
    """No error reaches the caller; the server is left alone for a second, and then asked again."""
    heard: list[Happening] = []
    now = [0.0]
    cache = RedisCache(redis.url, hook=heard.append, clock=lambda: now[0])
    await cache.set("a", head_by_age(1) + b"x", ttl=60)
    redis.stop()
    assert await cache.get("a") is None
    assert await cache.multi_get(["a", "b"]) == [None, None]
    assert await cache.raise_many([Ranked("a", head_by_age(1), 60)]) == [None]
    assert not await cache.set("a", head_by_age(1), ttl=60)
    (failed,) = heard
    assert isinstance(failed, DependencyChanged)
    assert "connecting to 127.0.0.1" in str(failed.reason)
    redis.start()
    assert await cache.get("a") is None, "it is left alone for a while"
    now[0] += RETRY_AFTER
    await cache.set("a", head_by_age(2) + b"y", ttl=60)
    assert await cache.get("a") == head_by_age(2) + b"y"
    assert heard == [failed, DependencyChanged("cache", None)]
    await cache.close()


async def test_a_server_that_hangs_costs_a_quarter_of_a_second_once(redis: RedisServer) -> None:
    """Slow is as good as gone: who waited did so for `timeout`, who comes after does not wait."""
    cache = RedisCache(redis.url)
    await cache.get("a")
    redis.command("CLIENT", "PAUSE", "1500", "ALL")
    started = time.monotonic()
    assert await cache.get("a") is None
    waited = time.monotonic() - started
    assert await cache.get("a") is None
    assert time.monotonic() - started < waited + 0.05
    assert waited < 0.45, "it was tried once"
    await cache.close()


async def test_one_question_for_what_is_asked_together(redis: RedisServer) -> None:
    """Reads of one turn of the event loop go to the shared tier as one, and are copied."""
    heard: list[Happening] = []
    far = RedisCache(redis.url)
    cache = TieredCache(MemoryCache(max_bytes=10**6), far, heard.append)
    for n in range(20):
        await far.set(f"k{n}", head_by_age(n) + b"x", ttl=60)
    await asyncio.gather(*(cache.get(f"k{n}") for n in range(25)))
    (asked,) = [h for h in heard if isinstance(h, TierAsked) and h.tier == "far"]
    assert (asked.hits, asked.misses) == (20, 5)
    assert asked.seconds > 0
    heard.clear()
    await asyncio.gather(*(cache.get(f"k{n}") for n in range(20)))
    assert {h.tier for h in heard} == {"near"}  # type: ignore[attr-defined]
    await cache.close()


async def test_who_leaves_does_not_take_the_others_along(redis: RedisServer) -> None:
    """Of those who share a question, each gets the answer as long as it waits for it."""
    cache = TieredCache(MemoryCache(max_bytes=10**6), RedisCache(redis.url))
    await cache.far.set("a", head_by_age(1) + b"x", ttl=60)
    leaving, staying = (asyncio.create_task(cache.get("a")) for _ in range(2))
    await asyncio.sleep(0)
    leaving.cancel()
    late = asyncio.create_task(cache.get("a"))

    assert await staying == await late == head_by_age(1) + b"x"
    assert leaving.cancelled()
    await cache.close()


async def test_a_copy_is_dropped_when_its_original_is_replaced(redis: RedisServer) -> None:
    """Every replica hears of it, and whoever watches the key is woken."""
    caches = [TieredCache(MemoryCache(max_bytes=10**6), RedisCache(redis.url)) for _ in range(2)]
    for cache in caches:
        await cache.listen()
    one, other = caches
    old, new = head_by_age(1) + b"old", head_by_age(2) + b"new"
    await one.raise_many([Ranked("a", old, 60)])
    until = time.monotonic() + 5
    while redis.command("PUBSUB", "NUMSUB", "insights:replaced")[1] != 2:
        assert time.monotonic() < until
        await asyncio.sleep(0.01)
    assert await other.get("a") == old
    with other.changes.watch("a") as changed:
        await one.raise_many([Ranked("a", new, 60)])
        async with asyncio.timeout(1):
            await changed.wait()
    assert await other.get("a") == new
    for cache in caches:
        await cache.close()


async def test_a_lease_is_held_by_one(redis: RedisServer) -> None:
    """Others wait until it is given back, and are told that they were not the ones."""
    one, other = RedisCache(redis.url), RedisCache(redis.url)
    order: list[str] = []

    async def take(name: str, cache: RedisCache) -> bool:
        async with RedisLeases(cache.server).turn("work") as mine:
            order.append(name)
            if mine:
                await asyncio.sleep(0.1)
                order.append(f"{name} is done")
            return mine

    turns = await asyncio.gather(take("one", one), take("other", other))
    assert sorted(turns) == [False, True]
    assert order[1].endswith("is done")
    assert await RedisLeases(one.server).claim("minute", 60)
    assert not await RedisLeases(other.server).claim("minute", 60)
    for cache in (one, other):
        await cache.close()


async def test_a_lease_is_left_by_who_is_cancelled_while_taking_it(redis: RedisServer) -> None:
    """The server may have given it already: it is given back, and the next one need not wait."""
    async with HeldBack(redis.url) as proxy:
        cache = RedisCache(proxy.url, timeout=5)

        async def work() -> None:
            async with RedisLeases(cache.server).turn("work"):
                raise AssertionError

        async with RedisLeases(cache.server).turn("other"):
            pass
        proxy.hold(b"lease:work")
        task = asyncio.create_task(work())
        async with asyncio.timeout(5):
            while not redis.command("EXISTS", "insights:lease:work"):
                await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.sleep(0)
        proxy.let_go()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert redis.command("EXISTS", "insights:lease:work") == 0
        await cache.close()


async def test_a_lease_outlives_long_work_and_not_its_holder(redis: RedisServer) -> None:
    """It is renewed while its holder works, and free soon after the holder died."""
    cache = RedisCache(redis.url)
    leases = RedisLeases(cache.server)
    async with leases.turn("long"):
        await asyncio.sleep(1.8)
        assert redis.command("EXISTS", "insights:lease:long") == 1
    assert redis.command("EXISTS", "insights:lease:long") == 0
    redis.command("SET", "insights:lease:dead", "x", "PX", "300")
    async with asyncio.timeout(2), leases.turn("dead") as mine:
        assert not mine
    await cache.close()


@pytest.mark.parametrize("end", [None, "3600000"], ids=["without an end", "for an hour"])
async def test_a_lease_that_nobody_holds_is_in_the_way_for_a_moment(
    redis: RedisServer, end: str | None
) -> None:
    """An operator, or a gateway of another version, may have left it; it is given an end."""
    cache = RedisCache(redis.url)
    leases = RedisLeases(cache.server)
    redis.command("SET", "insights:lease:left", "x", *(["PX", end] if end else []))
    async with asyncio.timeout(HELD_FOR + 1), leases.turn("left") as mine:
        assert not mine
    async with asyncio.timeout(1), leases.turn("left") as mine:
        assert mine
    await cache.close()


async def test_a_claim_without_an_end_is_given_one(redis: RedisServer) -> None:
    """Else no replica would ever ask for the call again that somebody follows."""
    cache = RedisCache(redis.url)
    leases = RedisLeases(cache.server)
    redis.command("SET", "insights:claim:left", "x")
    assert not await leases.claim("left", 0.2)
    async with asyncio.timeout(2):
        while not await leases.claim("left", 0.2):
            await asyncio.sleep(0.05)
    assert await leases.claim("long", 50)
    assert not await leases.claim("long", 10)
    assert redis.command("PTTL", "insights:claim:long") > 40_000, "that of another is let alone"
    await cache.close()


async def test_a_lease_of_another_kind_is_in_the_way_for_a_moment(redis: RedisServer) -> None:
    """A list under its name cannot be compared, and is no fault of the server."""
    cache = RedisCache(redis.url)
    redis.command("LPUSH", "insights:lease:list", "x")
    async with asyncio.timeout(HELD_FOR + 1), RedisLeases(cache.server).turn("list") as mine:
        assert not mine
    assert cache.server.is_up
    await cache.close()


async def test_a_connection_that_is_lost_while_it_is_made_is_no_failure() -> None:
    """Uvloop has a word of its own for it, which is no OSError."""
    cache = RedisCache("redis://127.0.0.1:1")

    async def work() -> int:
        raise RuntimeError("unable to perform operation on <TCPTransport>; the handler is closed")

    assert await cache.server.read(work, otherwise=7) == 7
    assert not cache.server.is_up
    await cache.close()
