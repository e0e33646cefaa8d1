from itertools import pairwise

import pytest

from gateway.sandbox import Sandbox
from tests.sandbox.conftest import DAY, HOUR, MINUTE, Clock, Json, Visitor, visitor

EDGES = ("carrier_edge", "client_edge", "sdk_edge", "sip_edge")


async def versions(account: Visitor, clock: Clock, sid: str, step: float) -> list[Json]:
    """Each version of a summary that is seen on the way to the complete one."""
    seen: list[Json] = []
    for _ in range(200):
        answer = await account.summary(sid, ProcessingState="all")
        if answer.status_code == 200 and answer.json() not in seen:
            seen.append(answer.json())
        if seen and seen[-1]["processing_state"] == "complete":
            return seen
        clock.advance(step)
    raise AssertionError("it never became complete")


async def test_a_call_that_just_ended_has_no_summary_at_all(
    account: Visitor, sandbox: Sandbox
) -> None:
    """Complete: ask for the partial one (17001). Partial or all: nothing there yet (20404)."""
    sid = sandbox.examples()["not_ready"]

    answers = [await account.summary(sid), await account.summary(sid, ProcessingState="complete")]
    early = [await account.summary(sid, ProcessingState=state) for state in ("partial", "all")]

    assert [(a.status_code, a.json()["code"]) for a in answers] == [(404, 17001)] * 2
    assert [(a.status_code, a.json()["code"]) for a in early] == [(404, 20404)] * 2


async def test_the_first_partial_is_there_within_ten_minutes(
    account: Visitor, sandbox: Sandbox, clock: Clock
) -> None:
    """Nobody waits longer than that for something to read."""
    sid = sandbox.examples()["not_ready"]
    clock.advance(10 * MINUTE)

    answer = await account.summary(sid, ProcessingState="partial")

    assert answer.json()["processing_state"] == "partial"
    assert (await account.summary(sid)).json()["code"] == 17001


async def test_versions_go_up_until_the_summary_is_complete_and_then_stay(
    account: Visitor, sandbox: Sandbox, clock: Clock
) -> None:
    """Five partial ones, and the sixth is final, about half an hour after the end."""
    sid = sandbox.examples()["not_ready"]
    began = clock.now

    seen = await versions(account, clock, sid, MINUTE)

    assert [summary["processing_version"] for summary in seen] == [1, 2, 3, 4, 5, 6]
    assert [summary["processing_state"] for summary in seen] == ["partial"] * 5 + ["complete"]
    assert 25 * MINUTE < clock.now - began < 35 * MINUTE
    clock.advance(5 * DAY)
    assert (await account.summary(sid)).json() == seen[-1]


async def test_fields_fill_in_and_none_is_taken_back(
    account: Visitor, sandbox: Sandbox, clock: Clock
) -> None:
    """Early versions lack edges, then metrics, then tags; what is there once, stays."""
    seen = await versions(account, clock, sandbox.examples()["partial"], MINUTE)

    assert not any(seen[0][edge] for edge in EDGES)
    assert "metrics" not in seen[2]["client_edge"]
    assert "metrics" in seen[3]["client_edge"]
    for before, after in pairwise(seen):
        kept = {k: v for k, v in before.items() if v and k not in ("from", "to", *EDGES)}
        changing = {"processing_version", "processing_state", "properties"}
        assert {k: after[k] for k in kept.keys() - changing} == {
            k: kept[k] for k in kept.keys() - changing
        }


@pytest.mark.parametrize(("name", "state"), [("running", "answered"), ("ringing", "ringing")])
async def test_a_long_call_has_a_partial_summary_while_it_runs(
    account: Visitor, sandbox: Sandbox, name: str, state: str
) -> None:
    """It says so by its state, and knows of no end."""
    answer = await account.summary(sandbox.examples()[name], ProcessingState="partial")

    summary = answer.json()
    assert (summary["call_state"], summary["processing_version"]) == (state, 1)
    assert summary["end_time"] is summary["duration"] is None


async def test_speed_divides_every_delay(clock: Clock) -> None:
    """Sixty times as fast, a summary is complete half a minute after the end."""
    sandbox = Sandbox(calls=1, clock=clock, arrivals=False, speed=60)
    sid = sandbox.examples()["running"]
    clock.advance(10 * MINUTE)
    began = clock.now

    await versions(visitor(sandbox), clock, sid, 0.5)

    assert 25 < clock.now - began < 35


async def test_the_partial_summary_still_finds_one_that_is_complete(
    account: Visitor, sandbox: Sandbox
) -> None:
    """Twilio does not say; here it is found."""
    answer = await account.summary(sandbox.examples()["client"], ProcessingState="partial")

    assert answer.json()["processing_state"] == "complete"


async def test_or_it_does_not_if_the_sandbox_is_told_so(clock: Clock) -> None:
    """The other reading of the documentation can be had, too."""
    sandbox = Sandbox(calls=1, clock=clock, partial_finds_complete=False)
    sid = sandbox.examples()["client"]

    answer = await visitor(sandbox).summary(sid, ProcessingState="partial")

    assert (answer.status_code, answer.json()["code"]) == (404, 20404)
    assert (await visitor(sandbox).summary(sid, ProcessingState="all")).status_code == 200


async def test_a_summary_is_gone_after_thirty_days(
    account: Visitor, sandbox: Sandbox, clock: Clock
) -> None:
    """17002 for one call, and no trace of it in the list."""
    sid = sandbox.examples()["sip"]
    assert (await account.summary(sid)).status_code == 200
    clock.advance(30 * DAY)

    answer = await account.summary(sid)

    assert (answer.status_code, answer.json()["code"]) == (404, 17002)
    clock.advance(HOUR)
    assert await account.calls(StartTime="90d") == []


async def test_a_summary_of_a_tests_own_is_what_it_says_it_is(
    sandbox: Sandbox, account: Visitor
) -> None:
    """Complete or partial by its own word, at any age, with just the fields it was given."""
    old = {
        "call_type": "carrier",
        "end_time": "2020-02-03T04:05:06Z",
        "tags": [],
        "extra": {"a": 1},
    }
    sid = sandbox.add(old)
    unfinished = sandbox.add({"processing_state": "partial", "processing_version": 3})

    summary = (await account.summary(sid)).json()

    own = f"https://insights.twilio.com/v1/Voice/{sid}/Summary"
    assert summary == {"call_sid": sid, **old, "url": own}
    assert (await account.summary(unfinished)).json()["code"] == 17001
    partial = (await account.summary(unfinished, ProcessingState="partial")).json()
    assert partial["processing_version"] == 3


async def test_a_summary_of_a_tests_own_is_listed_and_can_be_replaced(clock: Clock) -> None:
    """An empty world holds what a test puts into it, once per SID."""
    sandbox = Sandbox(calls=0, clock=clock)
    sandbox.add({"call_sid": f"CA{1:032x}", "call_type": "sip"})
    sandbox.add({"call_sid": f"CA{1:032x}", "call_type": "client"})

    (only,) = await visitor(sandbox).calls()

    assert only["call_type"] == "client"
