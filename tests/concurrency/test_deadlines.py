import asyncio

import pytest

from gateway.concurrency.deadlines import (
    Askers,
    OneAsker,
    Priority,
    ask_for,
    asked_by,
    asking,
    in_time,
    now,
    unhurried,
)
from gateway.concurrency.singleflight import SingleFlight
from gateway.errors import DeadlineExceeded


async def sleep(seconds: float) -> str:
    await asyncio.sleep(seconds)
    return "done"


async def test_work_that_is_in_time_is_given() -> None:
    """And work that is not is a DeadlineExceeded, while it goes on."""
    work = asyncio.create_task(sleep(0.05))

    with pytest.raises(DeadlineExceeded):
        await in_time(OneAsker(until=now() + 0.01), work)

    assert await in_time(OneAsker(until=now() + 10), work) == "done"


async def test_an_error_of_the_work_is_no_deadline() -> None:
    """A TimeoutError of Twilio's is one of Twilio's."""

    async def fail() -> None:
        raise TimeoutError("Twilio")

    with pytest.raises(TimeoutError, match="Twilio"):
        await in_time(OneAsker(until=now() + 10), asyncio.create_task(fail()))


async def test_several_are_as_patient_as_the_most_patient_and_as_pressed_as_the_most_pressed() -> (
    None
):
    """They may be groups themselves, and whoever watches hears of each who joins or leaves."""
    inner, outer, changes = Askers(), Askers(), list[None]()
    outer.watch(lambda: changes.append(None))
    poll = OneAsker("poll", Priority.BACKGROUND, until=5)
    with inner.joined_by(poll), outer.joined_by(inner):
        assert (outer.viewer, outer.priority, outer.until) == ("poll", Priority.BACKGROUND, 5)
        before = len(changes)
        with inner.joined_by(OneAsker("asker", until=9)):
            assert (outer.viewer, outer.priority, outer.until) == ("asker", Priority.QUESTION, 9)
            assert len(changes) == before + 1
        assert len(changes) == before + 2
        assert (outer.viewer, outer.priority, outer.until) == ("poll", Priority.BACKGROUND, 5)


async def test_shared_work_lives_as_long_as_its_longest_waiter() -> None:
    """Who has less time is told so in time; who has more gets the answer of the same work."""
    flights, begun = SingleFlight[str](), list[float]()

    async def work() -> str:
        begun.append(now())
        return await sleep(0.1)

    async def ask(seconds: float) -> str:
        ask_for(OneAsker(until=now() + seconds))
        return await flights.do("x", work)

    hurried, patient = asyncio.create_task(ask(0.02)), asyncio.create_task(ask(10))
    with pytest.raises(DeadlineExceeded):
        await hurried

    assert not patient.done()
    assert await patient == "done"
    assert len(begun) == 1


async def test_work_within_work_knows_of_those_who_join_later() -> None:
    """A fetch may be part of another; the time of whoever joins the outer one counts for both."""
    outer, inner = SingleFlight[str](), SingleFlight[str]()

    async def ask(seconds: float) -> str:
        ask_for(OneAsker(until=now() + seconds))
        return await outer.do("x", lambda: inner.do("y", lambda: sleep(0.1)))

    hurried = asyncio.create_task(ask(0.03))
    await asyncio.sleep(0.01)
    patient = asyncio.create_task(ask(10))

    with pytest.raises(DeadlineExceeded):
        await hurried
    assert await patient == "done"


async def test_work_that_is_too_late_for_all_is_cancelled() -> None:
    """Nobody waits for it any more."""
    flights, ended = SingleFlight[None](), list[str]()

    async def work() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise

    async def ask() -> None:
        ask_for(OneAsker(until=now() + 0.02))
        await flights.do("x", work)

    results = await asyncio.gather(ask(), ask(), return_exceptions=True)
    await asyncio.sleep(0)

    assert [type(result) for result in results] == [DeadlineExceeded] * 2
    assert ended == ["cancelled"]
    assert "x" not in flights


async def test_time_that_the_asker_wishes_to_wait_does_not_count() -> None:
    """What was left before is left after it."""
    asker = OneAsker(until=now() + 0.05)
    with asked_by(asker):
        with unhurried():
            await asyncio.sleep(0.1)
        assert asking() is asker
        assert 0.03 < asker.until - now() <= 0.05


async def test_what_nobody_asks_has_all_the_time() -> None:
    """Such as `gateway check`."""
    assert asking().until == float("inf")
    assert asking().priority is Priority.QUESTION
