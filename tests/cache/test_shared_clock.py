"""Replicas whose clocks differ agree on how old something is."""

import asyncio
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.cache.encoding import PageIndex, encoded, seen_of
from gateway.cache.memory_cache import MemoryCache
from gateway.cache.policy import Freshness, absent_until
from gateway.cache.redis_cache import RedisCache
from gateway.cache.shared_clock import MAX_FUTURE, TOLERANCE
from gateway.cache.store import Store, call_key
from gateway.cache.tiered_cache import TieredCache
from gateway.insights.absence import Absence, Absent
from gateway.insights.paging import PageRef, Question
from gateway.insights.snapshot import Snapshot
from gateway.insights.windows import Window
from tests.cache.conftest import ACCOUNT, SID, seen
from tests.servers import RedisServer

HOUR = 3600.0
SKEWS = st.floats(-2 * HOUR, 2 * HOUR)
KEPT = 3000.0
"""Seconds for which a page is kept, with some to spare for a busy machine."""

QUESTION = Question(ACCOUNT, (), "end_time")
PAGE = PageRef(Window(0, 3600), 25)


class Replica:
    """A store whose clock is `skew` seconds ahead of the right one."""

    def __init__(self, url: str, skew: float) -> None:
        self.skew = skew
        self.far = RedisCache(url, timeout=5, wall_clock=self.now)
        self.cache = TieredCache(MemoryCache(max_bytes=10**6, clock=self.now), self.far)
        self.store = Store(self.cache, Freshness(), self.now)

    def now(self) -> float:
        return time.time() + self.skew


@pytest.mark.parametrize("skew", [30.0, HOUR, -30.0, -HOUR])
async def test_a_clock_that_is_ahead_makes_nothing_fresh_for_longer(
    redis: RedisServer, skew: float
) -> None:
    """Else "not found" would be an answer for `skew` seconds more at all other replicas."""
    ahead, right = Replica(redis.url, skew), Replica(redis.url, 0)
    for one in (ahead, right):
        await one.cache.listen()
    await ahead.store.keep(ACCOUNT, [Absent(SID, Absence.NOT_FOUND, ahead.now())])
    told = await right.store.seen(ACCOUNT, SID)

    assert isinstance(told, Absent)
    assert time.time() - 2 < told.as_of <= time.time()
    assert absent_until(told) < time.time() + 6
    for one in (ahead, right):
        await one.cache.close()


@settings(max_examples=25)
@given(SKEWS, SKEWS, st.floats(0, KEPT))
def test_what_one_replica_saw_is_as_old_for_another(
    redis_of_the_session: RedisServer, one: float, other: float, age: float
) -> None:
    """Whatever their clocks show, to within what counts as the same, and never of the future."""
    redis_of_the_session.start()
    redis_of_the_session.command("FLUSHALL")
    url = redis_of_the_session.url

    async def tell() -> None:
        writer, reader = Replica(url, one), Replica(url, other)
        for replica in (writer, reader):
            await replica.far.clock.adjust()
        complete = seen(writer.now() - age, processing_state="complete")
        index = PageIndex(complete.as_of, (SID,), None, None)
        await writer.store.keep(ACCOUNT, [complete])
        await writer.store.keep_page(ACCOUNT, QUESTION, PAGE, index)
        told = await reader.store.seen(ACCOUNT, SID)
        page = await reader.store.page(ACCOUNT, QUESTION, PAGE)
        assert isinstance(told, Snapshot)
        assert page is not None
        for moment in (told.as_of, told.annotated_at, page.as_of):
            assert abs(reader.now() - moment - age) < 2 * TOLERANCE + 1
            assert moment <= reader.now()
        for replica in (writer, reader):
            await replica.cache.close()

    asyncio.run(tell())


@given(st.floats(1e9, 2e9), st.floats(0, 1e6), st.sampled_from(["complete", "partial"]))
def test_with_clocks_that_agree_no_moment_is_rounded(
    as_of: float, later: float, state: str
) -> None:
    """What is read is what was kept, to the last bit: it is compared to tell whether it is new."""
    whole = seen(as_of, processing_state=state)
    told = Snapshot(whole.summary, whole.raw, as_of, as_of + later)

    assert seen_of(call_key(ACCOUNT, SID), encoded(told)) == told


@pytest.mark.redis
async def test_without_a_clock_of_the_server_nothing_of_the_future_is_believed() -> None:
    """Then a replica whose clock is ahead shares nothing, and misleads none."""
    with RedisServer("--rename-command", "TIME", "") as server:
        ahead, right = Replica(server.url, 30), Replica(server.url, 0)
        for one in (ahead, right):
            await one.cache.listen()
        await ahead.store.keep(ACCOUNT, [Absent(SID, Absence.NOT_FOUND, ahead.now())])
        assert await right.store.seen(ACCOUNT, SID) is None
        fresh = Absent(SID, Absence.NOT_FOUND, right.now())
        assert await right.store.keep(ACCOUNT, [fresh]) == [fresh]
        behind = Replica(server.url, -MAX_FUTURE / 2)
        assert await behind.store.seen(ACCOUNT, SID) is not None
        assert right.far.server.is_up
        for one in (ahead, right, behind):
            await one.cache.close()


async def test_a_clock_that_is_set_is_noticed(
    redis: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    """What is remembered with moments of before is forgotten, and the log names the difference."""
    replica = Replica(redis.url, 0)
    assert not await replica.far.clock.adjust()
    replica.skew = -HOUR
    assert await replica.far.clock.adjust()
    assert not await replica.far.clock.adjust()
    assert abs(replica.cache.ahead - HOUR) < TOLERANCE
    assert "+3600.0 s" in caplog.text
    await replica.cache.close()
