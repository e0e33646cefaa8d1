"""Copies of what replicas share: none stays that is older than what a replica was told of."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack

import pytest
from redis.exceptions import RedisError

from gateway.cache import invalidation
from gateway.cache.memory_cache import MemoryCache
from gateway.cache.redis_cache import RedisCache
from gateway.cache.tiered_cache import TieredCache
from gateway.insights.rank import RANK_LENGTH, Ranked, head_by_age
from tests.cache.held_back import HeldBack
from tests.servers import RedisServer

OLD, NEW = head_by_age(2) + b"old", head_by_age(3) + b"new"


@pytest.fixture
async def proxy(redis: RedisServer) -> AsyncIterator[HeldBack]:
    async with HeldBack(redis.url) as proxy:
        yield proxy


@pytest.fixture
async def replicas(
    redis: RedisServer, proxy: HeldBack
) -> AsyncIterator[tuple[TieredCache, TieredCache]]:
    """Two that listen; the first is held back at will."""
    async with AsyncExitStack() as stack:
        caches = []
        for url in (proxy.url, redis.url):
            cache = TieredCache(MemoryCache(max_bytes=10**6), RedisCache(url, timeout=5))
            stack.push_async_callback(cache.close)
            await cache.listen()
            caches.append(cache)
        await until(lambda: redis.command("PUBSUB", "NUMSUB", "insights:replaced")[1] == 2)
        stack.callback(proxy.let_go)
        yield caches[0], caches[1]


async def all_is_heard(cache: TieredCache, redis: RedisServer) -> None:
    """Wait until a replica has heard all that was told so far: messages come in order."""
    async with asyncio.timeout(5):
        with cache.changes.watch("last") as told:
            redis.command("PUBLISH", "insights:replaced", "insights:last")
            await told.wait()


def reads(redis: RedisServer) -> int:
    """How often the server was asked for values."""
    calls: int = redis.command("INFO", "commandstats").get("cmdstat_mget", {"calls": 0})["calls"]
    return calls


async def until(happened: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not happened():
            await asyncio.sleep(0.01)


async def test_what_a_replica_wrote_itself_stays_in_its_memory(
    redis: RedisServer, proxy: HeldBack, replicas: tuple[TieredCache, TieredCache]
) -> None:
    """It is told of its own writes too, and knows by the rank that its copy is not older."""
    one, other = replicas
    await one.raise_many([Ranked("a", OLD, 60)])
    assert await other.get("a") == OLD
    proxy.hold(b"SUBSCRIBE")
    await one.raise_many([Ranked("a", NEW, 60)])
    proxy.let_go()
    await all_is_heard(one, redis)
    await all_is_heard(other, redis)
    assert one.near.peek("a") == NEW
    assert other.near.peek("a") is None


@pytest.mark.parametrize("how", ["written", "read"])
async def test_no_copy_is_made_of_what_was_replaced_meanwhile(
    redis: RedisServer, proxy: HeldBack, replicas: tuple[TieredCache, TieredCache], how: str
) -> None:
    """The answer to a write or read may come after the message that tells of a newer value."""
    one, other = replicas
    await one.raise_many([Ranked("b", NEW, 60)])  # the server knows the script
    await other.raise_many([Ranked("a", head_by_age(1) + b"first", 60)])
    if how == "written":
        proxy.hold(OLD[:RANK_LENGTH])
        work = asyncio.create_task(one.raise_many([Ranked("a", OLD, 60)]))
        await until(lambda: redis.command("GET", "insights:a").startswith(OLD[:RANK_LENGTH]))
    else:
        await other.raise_many([Ranked("a", OLD, 60)])
        proxy.hold(b"MGET")
        before = reads(redis)
        work = asyncio.create_task(one.multi_get(["a"]))
        await until(lambda: reads(redis) > before)
    await other.raise_many([Ranked("a", NEW, 60)])
    await all_is_heard(one, redis)
    assert not work.done()
    proxy.let_go()
    await work
    assert one.near.peek("a") is None
    assert await one.get("a") == NEW


@pytest.mark.parametrize("spoil", ["garbage", "a list"])
async def test_a_copy_is_dropped_when_its_spoiled_original_is_replaced(
    redis: RedisServer, replicas: tuple[TieredCache, TieredCache], spoil: str
) -> None:
    """What is in the way of the new value cannot be read; the copies of before it can."""
    one, other = replicas
    await other.raise_many([Ranked("a", OLD, 60)])
    assert await one.get("a") == OLD
    if spoil == "garbage":
        redis.command("SET", "insights:a", b"\xff" * 100)
    else:
        redis.command("DEL", "insights:a")
        redis.command("LPUSH", "insights:a", "x")
    with one.changes.watch("a") as told:
        await other.raise_many([Ranked("a", NEW, 60)])
        async with asyncio.timeout(5):
            await told.wait()
    assert one.near.peek("a") is None
    assert await one.get("a") == NEW


async def test_of_many_messages_no_more_is_remembered_than_there_is_room_for(
    redis: RedisServer, proxy: HeldBack, replicas: tuple[TieredCache, TieredCache]
) -> None:
    """While the server is asked, others may tell of keys without end: then all are replaced."""
    one, other = replicas
    await other.raise_many([Ranked("a", OLD, 60)])
    proxy.hold(b"MGET")
    before = reads(redis)
    work = asyncio.create_task(one.multi_get(["a"]))
    await until(lambda: reads(redis) > before)
    script = "for n = 1, 30000 do redis.call('PUBLISH', KEYS[1], 'insights:k' .. n) end"
    redis.command("EVAL", script, "1", "insights:replaced")
    await all_is_heard(one, redis)
    assert len(one._heard) <= 10_000  # noqa: SLF001 - nothing else shows it
    proxy.let_go()
    assert await work == [OLD]
    assert one.near.peek("a") is None
    assert await one.get("a") == OLD


async def test_who_listens_notices_that_nothing_can_come(
    redis: RedisServer, proxy: HeldBack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A quiet connection is asked whether it lives, and is given up after a few vain questions."""
    monkeypatch.setattr(invalidation, "RETRY_AFTER", 0.05)
    cache = RedisCache(proxy.url)
    told = cache.replaced()
    assert (await anext(told))[0] == ""
    coming = asyncio.ensure_future(anext(told))
    await asyncio.sleep(0.6)
    redis.command("PUBLISH", "insights:replaced", "insights:a")
    assert await coming == ("a", invalidation.UNRANKED), "it lives, and answers are no keys"
    proxy.hold(b"SUBSCRIBE")
    with pytest.raises(RedisError):
        async with asyncio.timeout(5):
            await anext(told)
    assert cache.server.is_up, "other connections are fine"
    await cache.close()
