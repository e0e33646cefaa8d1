"""The law of the cache: whatever comes in whatever order, no reader sees a version go backwards."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AsyncExitStack
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import Struct

from gateway.cache.memory_cache import MemoryCache
from gateway.cache.policy import Freshness
from gateway.cache.redis_cache import RedisCache
from gateway.cache.store import Store
from gateway.cache.tiered_cache import TieredCache
from gateway.insights.absence import Absence, Absent
from gateway.insights.catalogue import CallSid
from gateway.insights.snapshot import Seen, Snapshot, snapshot_of
from tests.conftest import NOON
from tests.servers import RedisServer

ACCOUNT = "AC" + "0" * 32
SID = CallSid("CA" + "0" * 32)


class Step(Struct, frozen=True):
    """A replica sees something of the call, or somebody reads it there."""

    replica: int
    seen: Seen | None


def _snapshot(state: str, version: int, second: int) -> Snapshot:
    raw = {"call_sid": SID, "processing_state": state, "processing_version": version}
    return snapshot_of(msgspec.json.encode(raw), NOON + second)


partial = st.builds(_snapshot, st.just("partial"), st.integers(1, 6), st.integers(0, 9))
complete = st.builds(_snapshot, st.just("complete"), st.integers(5, 7), st.integers(0, 9))
absent = st.builds(
    lambda why, second: Absent(SID, why, NOON + second),
    st.sampled_from([Absence.NOT_READY, Absence.NOT_FOUND]),
    st.integers(0, 9),
)
steps = st.lists(
    st.builds(Step, st.integers(0, 1), st.none() | partial | complete | absent), max_size=12
)

Replicas = Callable[[AsyncExitStack], Coroutine[Any, Any, list[Store]]]


def _store(backend: MemoryCache | TieredCache) -> Store:
    return Store(backend, Freshness(), lambda: NOON + 10)


async def _play(story: Sequence[Step], replicas: Replicas) -> None:
    async with AsyncExitStack() as stack:
        stores = await replicas(stack)
        told: list[tuple[bool, int]] = [(False, -1)] * len(stores)
        for step in story:
            number = step.replica % len(stores)
            store = stores[number]
            if step.seen is None:
                answer = await store.seen(ACCOUNT, SID)
            else:
                (answer,) = await store.keep(ACCOUNT, [step.seen])
            if isinstance(answer, Snapshot):
                assert answer.version >= told[number]
                told[number] = answer.version
            elif answer is not None or step.seen is None:
                assert told[number] == (False, -1), "a summary that was told is gone"


@settings(max_examples=150, deadline=None)
@given(steps)
def test_no_version_goes_backwards_in_one_process(story: Sequence[Step]) -> None:
    """Pages, fetches and events interleave as they like: what is told never gets older."""

    async def replicas(_: AsyncExitStack) -> list[Store]:
        return [_store(MemoryCache(max_bytes=10**6))]

    asyncio.run(_play(story, replicas))


@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps)
def test_no_version_goes_backwards_over_replicas(redis: RedisServer, story: Sequence[Step]) -> None:
    """Two processes with copies of their own on one server: the same law for readers of each."""

    async def replicas(stack: AsyncExitStack) -> list[Store]:
        redis.command("FLUSHALL")
        caches = [TieredCache(MemoryCache(max_bytes=10**6), RedisCache(redis.url)) for _ in "ab"]
        for cache in caches:
            stack.push_async_callback(cache.close)
        return [_store(cache) for cache in caches]

    asyncio.run(_play(story, replicas))


@pytest.mark.parametrize(
    ("lower", "higher"),
    [
        (_snapshot("partial", 5, 9), _snapshot("complete", 5, 0)),
        (_snapshot("partial", 1, 9), _snapshot("partial", 2, 0)),
        (_snapshot("partial", 2, 0), _snapshot("partial", 2, 1)),
        (Absent(SID, Absence.NOT_FOUND, NOON + 9), _snapshot("partial", 1, 0)),
    ],
)
async def test_the_server_itself_keeps_the_higher_one(
    redis: RedisServer, lower: Seen, higher: Seen
) -> None:
    """Of two that are written the higher ranked one stays, in either order, on any replica."""
    for first, second in ((lower, higher), (higher, lower)):
        redis.command("FLUSHALL")
        for seen in (first, second):
            cache = TieredCache(MemoryCache(max_bytes=10**6), RedisCache(redis.url))
            winner = (await _store(cache).keep(ACCOUNT, [seen]))[0]
            await cache.close()
        assert winner == higher
