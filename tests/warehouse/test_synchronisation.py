"""The laws of synchronising: what is complete at Twilio is there, once, soon, and for little.

The laws are those of the warehouse's promise; figures stand in `docs/warehouse.md`. Pages have 10
calls here instead of 1,000, or 100 where requests are counted: each page begins with the calls that
ended in the last second of the one before.
"""

import asyncio
import math
import random
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.calls import synchronisation
from gateway.calls.synchronisation_live import EVERY_WHEN_BUSY
from gateway.warehouse.coverage import Coverages
from gateway.warehouse.embedded import Embedded
from gateway.warehouse.engine import Statement
from tests.warehouse.twilio import Crash, Ended, Replica, Twilio, replica

pytestmark = pytest.mark.asyncio(loop_scope="session")

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
PAGE = 10
SOON = 2 * MINUTE
"""Within this time of Twilio having it, a complete summary is there."""

PACES = st.floats(0.9, 1.1).map(lambda pace: 30 * MINUTE * pace)
LATE = st.floats(35 * MINUTE, 60 * MINUTE)


@pytest.fixture
def _in_leaps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing comes but what is due, so nobody looks for it in between."""
    monkeypatch.setattr(synchronisation, "IDLE", HOUR)


async def emptied(engine: Embedded) -> None:
    for table in ("calls", "coverage"):
        await engine.command(Statement(f"DROP TABLE IF EXISTS {table}"))


async def kept(engine: Embedded) -> list[str]:
    """The SID of each complete call, as often as it is there."""
    sql = "SELECT sid FROM calls FINAL WHERE gateway_complete"
    return [sid for (sid,) in (await engine.query(Statement(sql))).rows]


def ended(number: int, end: float, takes: float) -> Ended:
    return Ended(f"CA{number:032x}", float(int(end)), int(end) + takes)


def busy(twilio: Twilio, rate: float, spread: float, hours: float = 1.5) -> list[Ended]:
    """So many calls a minute from an hour ago on; complete 34 minutes after their end, at most."""
    rng, start = random.Random(1), twilio.clock() - HOUR  # noqa: S311 - a world by its seed
    return [
        ended(
            number,
            start + rng.random() * hours * HOUR,
            34 * MINUTE - rng.random() * spread,
        )
        for number in range(int(rate * hours * 60))
    ]


async def pass_time(one: Replica, twilio: Twilio, until: float) -> None:
    """Let time go by, as the synchroniser waits."""
    while twilio.clock() < until:
        wait = await one.synchroniser.step()
        twilio.clock.advance(min(max(wait, 0.0), max(0.0, until - twilio.clock())))


async def claims_hold(engine: Embedded, twilio: Twilio) -> None:
    """Each call of a covered time that was complete when Twilio was asked is there."""
    there = set(await kept(engine))
    for covered in (await Coverages(engine, twilio.clock).all()).values():
        for call in twilio.calls:
            inside = any(start <= call.end < end for start, end in covered.spans.spans)
            if inside and call.complete_at <= covered.synced_at:
                assert call.sid in there, covered


async def test_a_quiet_account_costs_a_request_a_minute(engine: Embedded) -> None:
    """At most, whether or not it ever had calls (our promise)."""
    await emptied(engine)
    twilio = Twilio()
    twilio.calls = [ended(number, twilio.clock() - 2 * DAY - number, 1) for number in range(3)]
    async with replica(engine, twilio) as one:
        await pass_time(one, twilio, twilio.clock() + 10 * MINUTE)
        before = twilio.requests
        await pass_time(one, twilio, twilio.clock() + HOUR)
        assert len(await kept(engine)) == 3
    assert twilio.requests - before <= 60


@pytest.mark.usefixtures("_in_leaps")
@pytest.mark.parametrize("spread", [MINUTE, 6 * MINUTE])
async def test_a_busy_account_costs_what_its_summaries_differ_by(
    engine: Embedded, spread: float
) -> None:
    """`1 + spread / (2 * pause)` times the pages of new calls, and 1.75 requests a look (ours).

    Half of the calls in the spread are complete at a look, and listed again at the next one. A look
    lists incomplete calls, too, and its last page is half empty. A million calls a day are 0.7
    pages a minute, as here. `docs/warehouse.md` has the proof that no schedule costs much less.
    """
    await emptied(engine)
    twilio = Twilio()
    twilio.calls = busy(twilio, 70, spread, hours=1.5)
    async with replica(engine, twilio, 100) as one:
        await pass_time(one, twilio, twilio.clock() + 8 * MINUTE)
        before, began = twilio.requests, twilio.clock()
        late: set[str] = set()
        for _ in range(14):
            await pass_time(one, twilio, twilio.clock() + MINUTE)
            late |= twilio.complete(twilio.clock() - SOON) - set(await kept(engine))
    new = len(twilio.complete(twilio.clock()) - twilio.complete(began))
    passes, looks = 1 + spread / (2 * EVERY_WHEN_BUSY), 14 * MINUTE / EVERY_WHEN_BUSY
    assert not late
    assert new > 900
    assert twilio.requests - before <= passes * new / 100 + 1.75 * looks


@pytest.mark.usefixtures("_in_leaps")
async def test_with_event_streams_each_page_is_listed_once(engine: Embedded) -> None:
    """Lists find what events lost, for the pages of new calls and a tenth beside (our promise)."""
    await emptied(engine)
    twilio = Twilio()
    twilio.calls = busy(twilio, 70, 6 * MINUTE, hours=2.1)
    async with replica(engine, twilio, 100, events=True) as one:
        await pass_time(one, twilio, twilio.clock() + 5 * MINUTE)
        before, had = twilio.requests, len(await kept(engine))
        await pass_time(one, twilio, twilio.clock() + HOUR)
        new = len(await kept(engine)) - had
        await claims_hold(engine, twilio)
    assert new > 4000
    assert twilio.requests - before <= 1.1 * math.ceil(new / 100)


@pytest.mark.usefixtures("_in_leaps")
async def test_a_quiet_account_with_event_streams_is_covered_up_to_five_minutes_ago(
    engine: Embedded,
) -> None:
    """For 24 requests an hour, so that nobody reads that figures are an hour old (ours)."""
    await emptied(engine)
    twilio = Twilio()
    twilio.calls = busy(twilio, 0.5, 6 * MINUTE, hours=2.1)
    async with replica(engine, twilio, 1000, events=True) as one:
        await pass_time(one, twilio, twilio.clock() + 6 * MINUTE)
        before = twilio.requests
        for _ in range(12):
            await pass_time(one, twilio, twilio.clock() + 5 * MINUTE)
            await claims_hold(engine, twilio)
            (covered,) = (await one.warehouse.coverages.all(max_age=0)).values()
            assert covered.spans.whole.spans[0][1] >= twilio.clock() - 5 * MINUTE - 1
    assert twilio.requests - before <= 26


@pytest.mark.usefixtures("_in_leaps")
async def test_an_account_that_becomes_busy_claims_no_more_than_was_listed(
    engine: Embedded,
) -> None:
    """Of a busy account with Event Streams on, only what is settled is listed, and claimed."""
    await emptied(engine)
    twilio = Twilio()
    twilio.calls = [*busy(twilio, 0.5, 6 * MINUTE, hours=1.2)]
    later = [ended(10_000 + n, twilio.clock() + n, 32 * MINUTE) for n in range(3600)]
    async with replica(engine, twilio, 100, events=True) as one:
        await pass_time(one, twilio, twilio.clock() + MINUTE)
        twilio.calls = [*twilio.calls, *later]
        for _ in range(15):
            await pass_time(one, twilio, twilio.clock() + 10 * MINUTE)
            await claims_hold(engine, twilio)


async def test_the_window_is_filled_backwards_and_goes_on_where_it_stopped(
    engine: Embedded,
) -> None:
    """Recent questions work first, and no page is asked for twice (our promise)."""
    await emptied(engine)
    twilio = Twilio()
    rng = random.Random(2)  # noqa: S311 - a world by its seed
    twilio.calls = [
        ended(number, twilio.clock() - 2 * HOUR - rng.random() * 29 * DAY, HOUR)
        for number in range(300)
    ]
    newest = sorted(twilio.calls, key=lambda call: -call.end)
    async with replica(engine, twilio, PAGE) as one:
        while len(await kept(engine)) < 100:
            await pass_time(one, twilio, twilio.clock() + 0.1)
        there = await kept(engine)
        assert set(there) == {call.sid for call in newest[: len(there)]}
        await claims_hold(engine, twilio)
    async with replica(engine, twilio, PAGE) as one:
        await pass_time(one, twilio, twilio.clock() + 10 * MINUTE)
        assert sorted(await kept(engine)) == sorted(call.sid for call in twilio.calls)
    looks = 2 * (3 + 10 * MINUTE / 75)
    assert twilio.requests <= 300 / PAGE * 1.2 + looks


async def test_more_calls_than_a_page_may_end_in_one_second(engine: Embedded) -> None:
    """A page that is asked for by the end of the one before would be the same again (ours)."""
    await emptied(engine)
    twilio = Twilio()
    ends = [twilio.clock() - 3 * HOUR - DAY * (number % 2) for number in range(70)]
    twilio.calls = [ended(number, end, HOUR) for number, end in enumerate(ends)]
    async with replica(engine, twilio, PAGE) as one:
        await pass_time(one, twilio, twilio.clock() + 5 * MINUTE)
        assert len(await kept(engine)) == 70


async def test_after_a_pause_nothing_is_claimed_that_may_have_changed(engine: Embedded) -> None:
    """What was incomplete at the last look became complete while nobody looked (ours)."""
    await emptied(engine)
    twilio = Twilio()
    twilio.calls = busy(twilio, 1, 6 * MINUTE, hours=8)
    async with replica(engine, twilio, PAGE) as one:
        await pass_time(one, twilio, twilio.clock() + 20 * MINUTE)
    twilio.clock.advance(5 * HOUR)
    async with replica(engine, twilio, PAGE) as one:
        for _ in range(4):
            await one.synchroniser.step()
            await claims_hold(engine, twilio)
        await pass_time(one, twilio, twilio.clock() + 10 * MINUTE)
        assert twilio.complete(twilio.clock() - SOON) <= set(await kept(engine))


class Wiping(Twilio):
    """When it is asked for the third time, the tables are emptied."""

    engine: Embedded

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.requests == 2:
            for table in ("calls", "coverage"):
                await self.engine.command(Statement(f"TRUNCATE TABLE {table}"))
        return await super().handle_async_request(request)


async def test_what_is_wiped_between_two_pages_is_not_claimed(engine: Embedded) -> None:
    """The first page went to the table that is gone; it is listed again (our promise)."""
    await emptied(engine)
    twilio = Wiping()
    twilio.engine = engine
    start = twilio.clock() - HOUR
    twilio.calls = [ended(number, start + 10 + number, 1) for number in range(45)]
    async with replica(engine, twilio, PAGE) as one:
        for _ in range(3):
            await one.synchroniser.step()
            await claims_hold(engine, twilio)
        await pass_time(one, twilio, twilio.clock() + 3 * MINUTE)
    assert twilio.complete(twilio.clock()) == set(await kept(engine))


@st.composite
def days(draw: st.DrawFn) -> list[tuple[float, float]]:
    """Calls, each by when it ends in a stretch of an hour, and how long its summary takes."""
    ends = draw(st.lists(st.floats(0, HOUR), min_size=1, max_size=40))
    return [(end, draw(PACES | LATE)) for end in ends]


@pytest.mark.asyncio(loop_scope="session")
@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    day=days(),
    lasting=st.floats(0, 5),
    deaths=st.lists(st.integers(0, 40), max_size=4),
    replicas=st.sampled_from([1, 2]),
)
async def test_whatever_happens_each_complete_call_is_there_once(
    engine: Embedded,
    day: Sequence[tuple[float, float]],
    lasting: float,
    deaths: list[int],
    replicas: int,
) -> None:
    """Calls end out of order and complete late, pages move, processes die, two look at once.

    While none dies, each is there within two minutes of Twilio having it.
    """
    await emptied(engine)
    twilio = Twilio(lasting=lasting)
    start = twilio.clock() - HOUR
    twilio.calls = [ended(n, start + end, takes) for n, (end, takes) in enumerate(day)]
    until = start + 1.6 * HOUR
    while twilio.clock() < until:
        twilio.dies_in = deaths.pop() if deaths else None
        with suppress(Crash):
            async with AsyncExitStack() as stack:
                both = [
                    await stack.enter_async_context(replica(engine, twilio, PAGE))
                    for _ in range(replicas)
                ]
                alone = twilio.dies_in is None
                began = twilio.clock() + 5 * MINUTE
                while twilio.clock() < until:
                    await asyncio.gather(
                        *(pass_time(one, twilio, twilio.clock() + 5 * MINUTE) for one in both)
                    )
                    there = await kept(engine)
                    assert len(there) == len(set(there))
                    await claims_hold(engine, twilio)
                    if alone and twilio.clock() > began:
                        assert twilio.complete(twilio.clock() - SOON) <= set(there)
    assert twilio.complete(until - SOON) <= set(await kept(engine))
