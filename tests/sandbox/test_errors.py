import re

import pytest

from gateway.sandbox import Sandbox
from gateway.sandbox.request_log import Request
from tests.sandbox.conftest import Visitor

EXPECTED = {
    "not_ready": (404, 17001),
    "partial": (404, 17001),
    "expired": (404, 17002),
    "not_enabled": (401, 17007),
    "not_found": (404, 20404),
}


@pytest.mark.parametrize("name", EXPECTED)
async def test_each_reason_for_no_summary_has_its_own_code(
    account: Visitor, sandbox: Sandbox, name: str
) -> None:
    """Status and code say why there is no complete summary; the body repeats both."""
    answer = await account.summary(sandbox.examples()[name])

    body = answer.json()
    assert (answer.status_code, body["code"]) == EXPECTED[name]
    assert body["status"] == answer.status_code
    assert body["more_info"].endswith(f"/{body['code']}")
    assert set(body) == {"code", "message", "more_info", "status"}


@pytest.mark.parametrize("sid", ["CA123", "AC" + "0" * 32, "CA" + "g" * 32, "CA" + "0" * 33])
async def test_what_is_not_a_call_sid_is_not_found(account: Visitor, sid: str) -> None:
    """A malformed SID is a call that does not exist."""
    answer = await account.summary(sid)

    assert (answer.status_code, answer.json()["code"]) == (404, 20404)


@pytest.mark.parametrize(
    "params", [{"ProcessingState": "completed"}, {"processingState": "all"}, {"Detail": "1"}]
)
async def test_a_summary_takes_no_parameter_but_its_own(
    account: Visitor, sandbox: Sandbox, params: dict[str, str]
) -> None:
    """The list's spelling of a state is as wrong here as a parameter that nobody knows."""
    answer = await account.summary(sandbox.examples()["sip"], **params)

    assert (answer.status_code, answer.json()["code"]) == (400, 17400)
    assert next(iter(params)) in answer.json()["message"]


async def test_paths_and_methods_that_do_not_exist_are_refused_in_json(account: Visitor) -> None:
    """Even a typing error in the path gets a body that a client can read."""
    nowhere, unwanted = await account.get("/v1/Voice"), await account.delete("/v1/Voice/Summaries")

    assert (nowhere.status_code, nowhere.json()["code"]) == (404, 20404)
    assert (unwanted.status_code, unwanted.json()["code"]) == (405, 20004)


async def test_every_answer_is_signed_with_a_request_id_of_its_own(
    account: Visitor, sandbox: Sandbox
) -> None:
    """Good or bad, an answer can be told apart from all others."""
    names = ("sip", "not_found", "not_enabled")
    answers = [await account.summary(sandbox.examples()[name]) for name in names]
    answers.append(await account.ask())

    ids = {answer.headers["Twilio-Request-Id"] for answer in answers}
    assert len(ids) == 4
    assert all(re.fullmatch("RQ[0-9a-f]{32}", name) for name in ids)
    assert {answer.headers["Twilio-Concurrent-Requests"] for answer in answers} == {"1"}
    assert {answer.headers["Content-Type"] for answer in answers} == {"application/json"}


async def test_the_oldest_requests_are_forgotten(account: Visitor, sandbox: Sandbox) -> None:
    """However long a sandbox runs, its memory has an end."""
    sandbox.requests.extend([Request("GET", "/v1/long-ago")] * 100_000)

    await account.ask()

    assert len(sandbox.requests) < 100_000
    assert sandbox.requests[-1].path == "/v1/Voice/Summaries"


async def test_the_sandbox_remembers_what_it_was_asked(account: Visitor, sandbox: Sandbox) -> None:
    """Tests count upstream requests, with their parameters and what came of them."""
    sid = sandbox.examples()["sip"]
    await account.summary(sid, ProcessingState="all")
    await account.ask(Colour="red")
    await account.annotate(sid, Comment="a & b")
    await account.get("/sandbox/examples")

    asked = [(r.method, r.path, r.params, r.status) for r in sandbox.requests]

    assert asked == [
        ("GET", f"/v1/Voice/{sid}/Summary", {"ProcessingState": "all"}, 200),
        ("GET", "/v1/Voice/Summaries", {"Colour": "red"}, 400),
        ("POST", f"/v1/Voice/{sid}/Annotation", {"Comment": "a & b"}, 200),
    ]
