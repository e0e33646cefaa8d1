import asyncio
import json

import httpx
import pytest

from gateway.sandbox import Fault, Sandbox
from tests.sandbox.conftest import Clock, Visitor


async def test_too_many_requests_with_and_without_retry_after(
    account: Visitor, sandbox: Sandbox
) -> None:
    """429, code 20429; Retry-After may or may not be there."""
    sandbox.inject(Fault(kind="rate_limited", times=1))
    sandbox.inject(Fault(kind="rate_limited_retry_after", times=1, seconds=7))

    bare, timed, well = [await account.ask() for _ in range(3)]

    assert (bare.status_code, bare.json()["code"]) == (429, 20429)
    assert "Retry-After" not in bare.headers
    assert (timed.status_code, timed.headers["Retry-After"]) == (429, "7")
    assert well.status_code == 200


async def test_server_errors_take_turns(account: Visitor, sandbox: Sandbox) -> None:
    """500 and 503, both with code 17009."""
    sandbox.inject(Fault(kind="server_error"))

    answers = [await account.ask() for _ in range(3)]

    assert [answer.status_code for answer in answers] == [500, 503, 500]
    assert {answer.json()["code"] for answer in answers} == {17009}


async def test_right_credentials_can_be_refused(account: Visitor, sandbox: Sandbox) -> None:
    """As if the token had been rotated."""
    sandbox.inject(Fault(kind="refused_credentials", times=1))

    answer = await account.ask()

    assert (answer.status_code, answer.json()["code"]) == (401, 20003)


async def test_a_slow_answer_comes_late_and_whole(account: Visitor, sandbox: Sandbox) -> None:
    """It is still on its way when somebody impatient has given up."""
    sandbox.inject(Fault(kind="slow", seconds=60, times=1))
    sandbox.inject(Fault(kind="slow", seconds=0, times=1))

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await account.ask()

    assert (await account.ask()).json()["call_summaries"]


async def test_an_answer_can_be_cut_off_in_the_middle(account: Visitor, sandbox: Sandbox) -> None:
    """The length that was promised is not what comes, and what comes is no JSON."""
    sandbox.inject(Fault(kind="cut_off", times=1))

    answer = await account.ask()

    assert answer.status_code == 200
    assert len(answer.content) < int(answer.headers["Content-Length"])
    with pytest.raises(json.JSONDecodeError):
        answer.json()


async def test_garbage_is_html_or_json_of_the_wrong_shape(
    account: Visitor, sandbox: Sandbox
) -> None:
    """200 does not mean that the body is worth reading."""
    sandbox.inject(Fault(kind="garbage", times=2))

    page, shapeless = await account.ask(), await account.ask()

    assert page.status_code == shapeless.status_code == 200
    assert page.headers["Content-Type"].startswith("text/html")
    assert not isinstance(shapeless.json()["call_summaries"], list)


async def test_a_fault_strikes_only_where_and_as_often_as_told(
    account: Visitor, sandbox: Sandbox
) -> None:
    """Other paths are well all the time, and this one again after the last time."""
    sandbox.inject(Fault(kind="server_error", times=2, path_contains="/Summary"))
    sid = sandbox.examples()["sip"]

    lists = [(await account.ask()).status_code for _ in range(2)]
    fetches = [(await account.summary(sid)).status_code for _ in range(3)]

    assert lists == [200, 200]
    assert fetches == [500, 503, 200]


async def test_two_equal_faults_strike_one_after_the_other(
    account: Visitor, sandbox: Sandbox
) -> None:
    """Each has its own count; one that is to strike no times never does."""
    for times in (2, 0, 2):
        sandbox.inject(Fault(kind="rate_limited", times=times))

    assert [(await account.ask()).status_code for _ in range(5)] == [429] * 4 + [200]


async def test_faults_can_be_cleared(account: Visitor, sandbox: Sandbox) -> None:
    """Without a count a fault lasts until somebody mends it."""
    sandbox.inject(Fault(kind="rate_limited"))
    assert [(await account.ask()).status_code for _ in range(3)] == [429] * 3

    sandbox.clear_faults()

    assert (await account.ask()).status_code == 200


async def test_faulty_answers_are_signed_and_noted_like_others(
    account: Visitor, sandbox: Sandbox
) -> None:
    """A failure can be looked up by its request id, and tests can count it."""
    sandbox.inject(Fault(kind="rate_limited", times=1))

    answer = await account.ask()

    assert answer.headers["Twilio-Request-Id"].startswith("RQ")
    assert [request.status for request in sandbox.requests] == [429]


async def test_other_processes_can_cause_and_clear_faults(clock: Clock) -> None:
    """POST and DELETE /sandbox/faults do what inject and clear_faults do."""
    sandbox = Sandbox(calls=1, clock=clock)
    account = Visitor(sandbox, (sandbox.account_sid, sandbox.auth_token))
    transport = httpx.ASGITransport(app=sandbox.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox.test") as outside:
        wrong = await outside.post("/sandbox/faults", json={"kind": "plague"})
        made = await outside.post("/sandbox/faults", json={"kind": "rate_limited"})
        assert (wrong.status_code, made.status_code) == (400, 201)
        assert (await account.ask()).status_code == 429

        await outside.delete("/sandbox/faults")

        assert (await account.ask()).status_code == 200
        assert (await outside.get("/sandbox/examples")).json() == sandbox.examples()
