"""Who needs a state of a call waits for it, within bounds, and shares the questions of all."""

import asyncio

import pytest

from gateway.config.settings import Settings
from gateway.sandbox import Fault, Sandbox
from tests.conftest import Clock, Gateway
from tests.live import life

WAIT = """
query($sid: CallSid!, $for: ProcessingState, $seconds: Int) {
  callLookup(sid: $sid, waitFor: $for, timeoutSeconds: $seconds) {
    status retryAfterSeconds call { processing { version } }
  }
}
"""


@pytest.mark.usefixtures("impatient")
async def test_a_hundred_followers_cost_as_much_as_one(sandbox: Sandbox, clock: Clock) -> None:
    """One question per interval, however many follow; each of them gets every version."""
    async with Gateway(sandbox, clock, Settings()) as gateway:
        sid = sandbox.examples()["partial"]
        with gateway.upstream() as requests:
            answers = await asyncio.gather(
                *(gateway.ask(WAIT, sid=sid, seconds=1, **{"for": "COMPLETE"}) for _ in range(100))
            )
    assert {answer["callLookup"]["status"] for answer in answers} == {"PARTIAL"}
    # About one question each 0.05 seconds, of two requests each: not a hundred times that.
    assert len(requests) < 100


@pytest.mark.usefixtures("impatient")
async def test_waiting_ends_as_soon_as_the_state_is_there(sandbox: Sandbox, clock: Clock) -> None:
    """`waitFor: PARTIAL` answers with the first version, `COMPLETE` with the last."""
    async with Gateway(sandbox, clock, Settings()) as gateway:
        passing = asyncio.create_task(life(clock))
        sid = sandbox.examples()["not_ready"]
        waited = await gateway.ask(WAIT, sid=sid, seconds=20, **{"for": "PARTIAL"})
        assert waited["callLookup"]["status"] == "PARTIAL"
        waited = await gateway.ask(WAIT, sid=sid, seconds=20, **{"for": "COMPLETE"})
        assert waited["callLookup"]["status"] == "COMPLETE"
        passing.cancel()


async def test_waiting_in_vain_ends_with_what_there_is(gateway: Gateway) -> None:
    """At the timeout the answer is the state now, and when to ask again."""
    sid = gateway.sandbox.examples()["partial"]
    lookup = (await gateway.ask(WAIT, sid=sid, seconds=1, **{"for": "COMPLETE"}))["callLookup"]
    assert lookup["status"] == "PARTIAL"
    assert lookup["retryAfterSeconds"] == 30


async def test_nobody_is_told_to_wait_longer_than_a_day(sandbox: Sandbox, clock: Clock) -> None:
    """Ours: however long a partial summary is kept. Timers of JavaScript end at 2³¹ ms, 25 days."""
    settings = Settings(gateway_partial_max_age=366 * 86400.0)
    async with Gateway(sandbox, clock, settings) as gateway:
        sid = sandbox.examples()["partial"]
        lookup = (await gateway.ask(WAIT, sid=sid, seconds=1, **{"for": "PARTIAL"}))["callLookup"]
    assert lookup["retryAfterSeconds"] == 86400


@pytest.mark.parametrize("example", ["expired", "not_enabled", "client"])
async def test_waiting_for_what_will_not_change_ends_at_once(
    gateway: Gateway, example: str
) -> None:
    """A state that is the last one is told without waiting."""
    sid = gateway.sandbox.examples()[example]
    async with asyncio.timeout(1):
        lookup = (await gateway.ask(WAIT, sid=sid, seconds=60, **{"for": "COMPLETE"}))["callLookup"]
    assert lookup["status"] in {"EXPIRED", "INSIGHTS_NOT_ENABLED", "COMPLETE"}


@pytest.mark.parametrize(
    ("seconds", "state"), [(0, "COMPLETE"), (61, "COMPLETE"), (5, "UNRECOGNIZED")]
)
async def test_waiting_has_bounds(gateway: Gateway, seconds: int, state: str) -> None:
    """1 to 60 seconds, for a state that there is."""
    sid = gateway.sandbox.examples()["partial"]
    error = await gateway.fail(WAIT, sid=sid, seconds=seconds, **{"for": state})
    assert error["extensions"]["code"] == "BAD_USER_INPUT"


async def test_the_time_limit_leaves_twilio_time_to_answer(gateway: Gateway) -> None:
    """A first answer that takes longer than the wait is told, and not asked for again."""
    sid = gateway.sandbox.examples()["partial"]
    gateway.sandbox.inject(Fault(kind="slow", seconds=1.2, times=1))
    with gateway.upstream() as requests:
        waited = await gateway.ask(WAIT, sid=sid, seconds=1, **{"for": "COMPLETE"})
    assert waited["callLookup"]["status"] == "PARTIAL"
    assert len(requests) == 2


async def test_too_many_followers_are_an_error_and_no_hang(sandbox: Sandbox, clock: Clock) -> None:
    """Who waits follows: beyond the limit of a process one is told so at once."""
    sid = sandbox.examples()["partial"]
    async with Gateway(sandbox, clock, Settings(gateway_max_followers=0)) as gateway:
        error = await gateway.fail(WAIT, sid=sid, seconds=60, **{"for": "COMPLETE"})
    assert error["extensions"]["code"] == "QUERY_TOO_COMPLEX"
