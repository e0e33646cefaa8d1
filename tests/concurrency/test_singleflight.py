import asyncio
import gc
import json

import pytest

from gateway.concurrency.singleflight import SingleFlight


class Work:
    """Work that ends when it is told to, and counts how often it was begun."""

    def __init__(self) -> None:
        self.begun = 0
        self.cancelled = 0
        self.ending: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def __call__(self) -> str:
        self.begun += 1
        try:
            return await asyncio.shield(self.ending)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise


async def turns(number: int = 10) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


def ask(
    flights: SingleFlight[str], work: Work, number: int, key: str = "x"
) -> list[asyncio.Task[str]]:
    return [asyncio.create_task(flights.do(key, work)) for _ in range(number)]


async def test_whoever_asks_while_it_is_under_way_shares_the_answer() -> None:
    """Five hundred ask, one works."""
    flights, work = SingleFlight[str](), Work()
    asking = ask(flights, work, 500)
    await turns()
    assert "x" in flights
    work.ending.set_result("done")

    assert set(await asyncio.gather(*asking)) == {"done"}
    assert work.begun == 1
    assert "x" not in flights


async def test_different_keys_are_different_work() -> None:
    """An account is part of the key, so nobody shares with a stranger."""
    flights, work = SingleFlight[str](), Work()
    asking = ask(flights, work, 2, "one") + ask(flights, work, 2, "other")
    await turns()
    work.ending.set_result("done")
    await asyncio.gather(*asking)

    assert work.begun == 2


async def test_an_error_is_shared_and_not_remembered() -> None:
    """All who wait see it; whoever asks next begins anew."""
    flights, work = SingleFlight[str](), Work()
    asking = ask(flights, work, 3)
    await turns()
    work.ending.set_exception(LookupError("no harbour"))
    outcomes = await asyncio.gather(*asking, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [LookupError] * 3

    again = Work()
    again.ending.set_result("done")
    assert await flights.do("x", again) == "done"


async def test_an_answer_is_not_remembered_either() -> None:
    """Remembering is for the cache, which knows how long."""
    flights, work = SingleFlight[str](), Work()
    work.ending.set_result("done")
    await flights.do("x", work)
    await flights.do("x", work)

    assert work.begun == 2


async def test_whoever_came_first_may_leave_without_harm_to_the_others() -> None:
    """A client that hangs up does not cost its neighbours their answer."""
    flights, work = SingleFlight[str](), Work()
    first, *others = ask(flights, work, 3)
    await turns()
    first.cancel()
    await turns()
    work.ending.set_result("done")

    assert await asyncio.gather(*others) == ["done", "done"]
    assert (work.begun, work.cancelled) == (1, 0)
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_whoever_comes_while_the_others_leave_is_not_left_alone() -> None:
    """The work goes on as long as anybody waits for it."""
    flights, work = SingleFlight[str](), Work()
    leaving = ask(flights, work, 3)
    await turns()
    (late,) = ask(flights, work, 1)
    for task in leaving:
        task.cancel()
    await asyncio.gather(*leaving, return_exceptions=True)
    await turns()
    work.ending.set_result("done")

    assert await late == "done"
    assert (work.begun, work.cancelled) == (1, 0)


async def test_when_the_last_has_left_the_work_is_given_up() -> None:
    """Nobody would hear the answer; and whoever asks next begins anew, at once."""
    flights, work, again = SingleFlight[str](), Work(), Work()
    (first,) = ask(flights, work, 1)
    await turns()
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert "x" not in flights
    again.ending.set_result("done")

    assert await flights.do("x", again) == "done"
    assert (work.begun, work.cancelled) == (1, 1)


async def test_work_that_fails_while_it_is_given_up_complains_to_nobody() -> None:
    """Nobody waits for it; the event loop need not be told of an error that was not retrieved."""
    complaints: list[str] = []
    asyncio.get_running_loop().set_exception_handler(
        lambda _, context: complaints.append(json.dumps(context, default=str))
    )
    flights = SingleFlight[str]()
    began = asyncio.Event()

    async def work() -> str:
        began.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise LookupError("while cleaning up") from None
        return "never"

    asking = asyncio.create_task(flights.do("x", work))
    await began.wait()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await turns()
    del asking
    gc.collect()

    assert not complaints
