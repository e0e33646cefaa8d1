"""A request has its time and no more: what is there is told, and the rest is an error in time."""

import asyncio
import time
from typing import Any

import pytest

from gateway.config.settings import Settings
from gateway.instrumentation import DeadlineMissed
from gateway.sandbox import Fault, Sandbox
from tests.calls.annotating import ANNOTATE, read
from tests.conftest import Clock, Gateway

CALL = "query($sid: CallSid!) { call(sid: $sid) { sid processing { source } } }"
TWO = """
query($known: CallSid!, $slow: CallSid!) {
  known: call(sid: $known) { sid }
  slow: call(sid: $slow) { sid }
}
"""
WAIT = """
query($sid: CallSid!) {
  callLookup(sid: $sid, waitFor: COMPLETE, timeoutSeconds: 1) {
    status
    call { sid parentCall { sid } }
  }
}
"""
HURRIED = Settings(gateway_deadline=0.25)


async def test_fields_that_are_there_are_told_and_others_are_late(
    sandbox: Sandbox, clock: Clock
) -> None:
    """Nobody waits longer than the deadline, and nothing is lost that was known before it."""
    examples = sandbox.examples()
    async with Gateway(sandbox, clock, HURRIED) as gateway:
        await gateway.ask(CALL, sid=examples["sip"])
        sandbox.inject(Fault(kind="slow", seconds=5))
        began = time.monotonic()
        body = await gateway.send(TWO, known=examples["sip"], slow=examples["client"])
        lasted = time.monotonic() - began

    (error,) = body["errors"]
    assert error["path"] == ["slow"]
    assert error["extensions"] == {
        "code": "DEADLINE_EXCEEDED",
        "twilioCode": None,
        "requestId": None,
        "retryable": True,
        "retryAfterSeconds": None,
    }
    assert body["data"] == {"known": {"sid": examples["sip"]}, "slow": None}
    assert 0.25 <= lasted < 2
    assert DeadlineMissed("summary") in gateway.happenings


async def test_an_older_answer_is_better_than_a_late_one(sandbox: Sandbox, clock: Clock) -> None:
    """What is remembered is told when there is no time for a newer one, as STALE."""
    async with Gateway(sandbox, clock, HURRIED) as gateway:
        sid = sandbox.examples()["partial"]
        await gateway.ask(CALL, sid=sid)
        sandbox.inject(Fault(kind="slow", seconds=5))
        clock.advance(600)
        told = await gateway.ask(CALL, sid=sid)

    assert told["call"]["processing"]["source"] == "STALE"


async def test_what_nobody_waits_for_any_more_is_cancelled(sandbox: Sandbox, clock: Clock) -> None:
    """Nothing stays behind of a question that was given up."""
    async with Gateway(sandbox, clock, HURRIED) as gateway:
        before = len(asyncio.all_tasks())
        sandbox.inject(Fault(kind="slow", seconds=5))
        sids = [sandbox.examples()[name] for name in ("sip", "client", "bad_carrier")]
        await asyncio.gather(*(gateway.fail(CALL, sid=sid) for sid in sids))
        await asyncio.sleep(0.01)
        assert len(asyncio.all_tasks()) == before


async def test_a_write_that_is_late_is_finished_all_the_same(
    sandbox: Sandbox, clock: Clock
) -> None:
    """Who wrote is told in time that nobody knows yet; then it is done, and known to all."""
    async with Gateway(sandbox, clock, HURRIED) as gateway:
        sid = sandbox.examples()["sip"]
        await gateway.ask(CALL, sid=sid)
        sandbox.inject(Fault(kind="slow", seconds=0.4, times=1, path_contains="Annotation"))
        error = await gateway.fail(ANNOTATE, input={"sid": sid, "callScore": 2})
        await asyncio.sleep(0.3)
        assert (await read(gateway, sid))["callScore"] == 2

    assert error["extensions"]["code"] == "DEADLINE_EXCEEDED"
    assert error["extensions"]["retryable"] is False
    assert "It is not known whether" in error["message"]


@pytest.mark.usefixtures("impatient")
async def test_waiting_is_no_delay(sandbox: Sandbox, clock: Clock) -> None:
    """`waitFor` takes the time that it was given, and what is asked after it has its own."""
    async with Gateway(sandbox, clock, HURRIED) as gateway:
        sid = sandbox.examples()["partial"]
        waiting = asyncio.create_task(gateway.ask(WAIT, sid=sid))
        await asyncio.sleep(0.5)
        assert not waiting.done()
        for _ in range(40):
            clock.advance(60)
        looked_up: dict[str, Any] = (await waiting)["callLookup"]

    assert looked_up["status"] == "COMPLETE"
    assert looked_up["call"]["sid"] == sid
