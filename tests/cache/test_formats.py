"""Gateways of different versions may share a server: what one cannot read is a miss for it."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.cache.encoding import encoded
from gateway.cache.leases import RedisLeases
from gateway.cache.memory_cache import MemoryCache
from gateway.cache.packing import FORMAT, Packing
from gateway.cache.policy import Freshness
from gateway.cache.redis_cache import RedisCache
from gateway.cache.redis_connection import RedisConnection
from gateway.cache.shared_clock import SharedClock
from gateway.cache.store import Store, call_key
from gateway.cache.tiered_cache import TieredCache
from tests.cache.conftest import ACCOUNT, SID, seen
from tests.servers import RedisServer

OTHER_FORMAT = b"\x02"


def replica(redis: RedisServer, version: bytes) -> TieredCache:
    """The cache of a gateway that writes entries of one version."""
    far = RedisCache(redis.url, timeout=5)
    far.packing = Packing(far.clock, version=version)
    return TieredCache(MemoryCache(max_bytes=10**6), far)


@pytest.fixture
async def replicas(redis: RedisServer) -> AsyncIterator[list[TieredCache]]:
    """One of this version and one of another, which hear of each other's writes."""
    caches = [replica(redis, version) for version in (FORMAT, OTHER_FORMAT)]
    async with AsyncExitStack() as stack:
        for cache in caches:
            await cache.listen()
            stack.push_async_callback(cache.close)
        while redis.command("PUBSUB", "NUMSUB", "insights:replaced")[1] < len(caches):
            await asyncio.sleep(0.01)
        yield caches


async def test_what_another_version_wrote_is_a_miss_and_replaced(
    replicas: list[TieredCache],
) -> None:
    """However high it ranks: it is in the way of none."""
    mine, others = (Store(cache, Freshness(), time.time) for cache in replicas)
    now = time.time()
    complete = seen(now - 1, processing_state="complete")
    partial = seen(now, processing_state="partial")

    await others.keep(ACCOUNT, [complete])
    assert await mine.seen(ACCOUNT, SID) is None
    assert await mine.keep(ACCOUNT, [partial]) == [partial]
    assert await replicas[0].far.get(call_key(ACCOUNT, SID)) is not None
    assert await replicas[1].far.get(call_key(ACCOUNT, SID)) is None
    assert await mine.seen(ACCOUNT, SID) == partial


async def test_versions_share_leases_counters_and_word_of_changes(
    replicas: list[TieredCache],
) -> None:
    """One asks Twilio for both, a budget is one, and who follows a call is woken by either."""
    one, other = replicas
    assert await RedisLeases(one.far.server).claim("poll", 60)
    assert not await RedisLeases(other.far.server).claim("poll", 60)
    assert [await one.count("n", 1, 60), await other.count("n", 1, 60)] == [1, 2]
    with one.changes.watch("a") as changed:
        await other.announce("a")
        async with asyncio.timeout(5):
            await changed.wait()


@settings(max_examples=50)
@given(st.lists(st.tuples(st.booleans(), st.sampled_from([None, "partial", "complete"]))))
def test_two_versions_never_read_each_other(steps: list[tuple[bool, str | None]]) -> None:
    """However they take turns to write and read: each reads nothing, or what it wrote itself."""
    clock = SharedClock(RedisConnection("redis://127.0.0.1:1", 1))
    mine, others = Packing(clock, version=FORMAT), Packing(clock, version=OTHER_FORMAT)
    kept: bytes | None = None
    writer, written = mine, b""
    for is_mine, state in steps:
        packing = mine if is_mine else others
        if state is not None:
            writer, written = packing, encoded(seen(time.time(), processing_state=state))
            kept = packing.pack("key", written)
        known = kept is not None and writer is packing
        assert packing.unpack("key", kept) == (written if known else None)
