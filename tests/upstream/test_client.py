import asyncio
import base64
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.concurrency.cooperative import TURN
from gateway.insights.absence import Absence, Absent
from gateway.insights.catalogue import CallSid
from gateway.insights.paging import PageRef, Question
from gateway.insights.snapshot import Snapshot
from gateway.insights.windows import Window
from gateway.instrumentation import FieldDropped, Happening, UpstreamAnswered
from gateway.sandbox import Fault, Sandbox
from gateway.upstream.client import InsightsClient
from tests.upstream.conftest import (
    ACCOUNT,
    BASE_URL,
    FIRST_PAGE,
    NOON,
    QUESTION,
    SID,
    account_of,
    answering,
    client_of,
    page_body,
)


async def test_a_summary_is_what_twilio_said_and_when(
    client: InsightsClient, sandbox: Sandbox
) -> None:
    """The value, the bytes it was read from, and the moment at which it was true."""
    sid = CallSid(sandbox.add({"call_type": "sip", "processing_state": "complete"}))
    seen = await client.summary(account_of(sandbox), sid, "complete")

    assert isinstance(seen, Snapshot)
    assert (seen.sid, seen.as_of, seen.via) == (sid, NOON, "upstream")
    assert b'"sip"' in seen.raw
    assert seen.is_complete
    (request,) = sandbox.requests
    assert request.path == f"/v1/Voice/{sid}/Summary"
    assert request.params == {"ProcessingState": "complete"}


@given(
    base=st.sampled_from(
        [BASE_URL, "http://127.0.0.1:8080", "http://twilio/a%20b/ä", "http://ä.de"]
    ),
    parameters=st.dictionaries(st.text(min_size=1), st.text(), max_size=4),
)
async def test_an_address_is_what_it_would_be_read_as(
    base: str, parameters: dict[str, str]
) -> None:
    """Whatever is filtered by reaches Twilio letter by letter, at an address that is one."""
    twilio = answering(200, page_body())
    question = Question(ACCOUNT.sid, tuple(parameters.items()), "end_time")
    await client_of(twilio, base).page(ACCOUNT, question, FIRST_PAGE)
    (request,) = twilio.requests
    read = httpx.URL(str(request.url))
    assert (request.url, request.url.raw_path) == (read, read.raw_path)
    assert read.copy_with(query=None) == httpx.URL(f"{base}/v1/Voice/Summaries")
    said = dict(parse_qsl(read.query.decode(), keep_blank_values=True))
    assert said == {**parameters, "SortBy": "end_time", **FIRST_PAGE.parameters}


@pytest.mark.parametrize(
    ("example", "state", "why"),
    [
        ("partial", "complete", Absence.NOT_READY),
        ("not_ready", "partial", Absence.NOT_FOUND),
        ("not_found", "partial", Absence.NOT_FOUND),
        ("expired", "complete", Absence.EXPIRED),
        ("not_enabled", "complete", Absence.NOT_ENABLED),
    ],
)
async def test_where_there_is_no_summary_the_reason_is_the_answer(
    client: InsightsClient, sandbox: Sandbox, example: str, state: Any, why: Absence
) -> None:
    """Each of the states that Twilio writes as errors."""
    sid = CallSid(sandbox.examples()[example])

    assert await client.summary(account_of(sandbox), sid, state) == Absent(sid, why, NOON)


async def test_a_list_is_walked_by_the_tokens_of_its_pages(
    client: InsightsClient, sandbox: Sandbox
) -> None:
    """Every question carries window, size, order and filter; every call is met once."""
    question = Question(sandbox.account_sid, (("ProcessingState", "all"),), "start_time")
    ref: PageRef | None = PageRef(Window(int(NOON) - 30 * 86_400, int(NOON)), 25)
    met, walked = list[CallSid](), list[PageRef]()
    while ref is not None:
        found = await client.page(account_of(sandbox), question, ref)
        assert (found.previous.number if found.previous else -1) == len(walked) - 1
        walked.append(ref)
        met += [snapshot.sid for snapshot in found.snapshots]
        ref = found.next

    assert len(met) == len(set(met)) > 25
    assert [page.number for page in walked] == list(range(len(walked)))
    for request, page in zip(sandbox.requests, walked, strict=True):
        assert request.path == "/v1/Voice/Summaries"
        assert request.params == {
            "ProcessingState": "all",
            "SortBy": "start_time",
            **page.parameters,
        }


async def test_an_annotation_is_asked_for_on_its_own(
    client: InsightsClient, sandbox: Sandbox
) -> None:
    """It can be newer than the summary that holds it; it is given as the bytes it came in."""
    sid = CallSid(sandbox.add({"annotation": {"spam": True}}))

    written = await client.annotation(account_of(sandbox), sid)

    assert isinstance(written, bytes)
    assert b'"spam":true' in written.replace(b" ", b"")
    assert sandbox.requests[-1].path == f"/v1/Voice/{sid}/Annotation"


@pytest.mark.parametrize(
    "sid",
    ["", "..", f"{SID}/..", f"../{SID}", f"{SID}\n", f"{SID}?x=1", "CA%2e%2e", SID.lower()],
)
async def test_what_is_no_call_sid_is_refused_before_anything_is_asked(sid: str) -> None:
    """It would become part of a path, and with it the credentials would go astray."""
    transport = answering(200, {"call_sid": sid})
    client = client_of(transport)

    with pytest.raises(ValueError, match="call SID"):
        await client.summary(ACCOUNT, CallSid(sid), "complete")
    with pytest.raises(ValueError, match="call SID"):
        await client.annotation(ACCOUNT, CallSid(sid))

    assert not transport.requests


async def test_credentials_go_to_the_base_address_and_nowhere_else() -> None:
    """As HTTP Basic, with the key where there is one; cookies and the environment add nothing."""
    transport = answering(200, page_body(), Set_Cookie="session=stolen")
    client = client_of(transport)
    await client.page(ACCOUNT, QUESTION, FIRST_PAGE)
    await client.page(ACCOUNT, QUESTION, FIRST_PAGE)

    for request in transport.requests:
        assert request.url.host == "insights.twilio.com"
        assert request.url.scheme == "https"
        scheme, _, secret = request.headers["Authorization"].partition(" ")
        assert scheme == "Basic"
        assert base64.b64decode(secret).decode() == f"{ACCOUNT.username}:a harbour at night"
        assert "Cookie" not in request.headers


@pytest.mark.parametrize(
    "url",
    [
        "https://attacker.example/v1/Voice/Summaries?Page=1&PageToken=PTx",
        "//attacker.example/?Page=1&PageToken=PTx",
        "http://insights.twilio.com@attacker.example/?Page=1&PageToken=PTx",
        "?Page=1&PageToken=PTx&PageSize=1000&StartTime=30d&Subaccount=AC1",
    ],
)
async def test_of_the_next_page_only_its_token_and_number_are_taken(url: str) -> None:
    """An address that an answer names would be sent credentials wherever it leads."""
    transport = answering(200, page_body(url))
    client = client_of(transport)
    page = await client.page(ACCOUNT, QUESTION, FIRST_PAGE)

    assert page.next == PageRef(FIRST_PAGE.window, FIRST_PAGE.size, 1, "PTx")
    await client.page(ACCOUNT, QUESTION, page.next)
    asked = transport.requests[-1].url
    assert str(asked).startswith(f"{BASE_URL}/v1/Voice/Summaries?")
    assert dict(asked.params) == {
        "HasTag": "true",
        "SortBy": "end_time",
        **FIRST_PAGE.parameters,
        "Page": "1",
        "PageToken": "PTx",
    }


async def test_the_hook_hears_of_every_question_and_its_outcome(sandbox: Sandbox) -> None:
    """Its resource, status, duration and Twilio's id of it; nothing of what was said."""
    heard: list[Happening] = []
    client = client_of(httpx.ASGITransport(app=sandbox.app), hook=heard.append)
    sid = CallSid(sandbox.add({"duration": "long"}))
    sandbox.inject(Fault(kind="server_error", times=1))

    with pytest.raises(Exception, match="HTTP 500"):
        await client.page(account_of(sandbox), QUESTION, FIRST_PAGE)
    await client.summary(account_of(sandbox), sid, "complete")

    failed, answered, dropped = heard
    assert isinstance(failed, UpstreamAnswered)
    assert isinstance(answered, UpstreamAnswered)
    assert (failed.resource, failed.status) == ("Summaries", 500)
    assert (answered.resource, answered.status) == ("Summary", 200)
    assert answered.request_id is not None
    assert answered.request_id.startswith("RQ")
    assert 0 <= answered.seconds < 60
    assert dropped == FieldDropped("duration")


async def turns_of_others(summaries: int) -> int:
    """How often others get a turn while a page of so many summaries is asked for and read."""
    page = {"call_summaries": [{"call_sid": SID}] * summaries, "meta": {}}
    client = client_of(answering(body=page))
    asking = asyncio.create_task(client.page(ACCOUNT, QUESTION, FIRST_PAGE))
    turns = 0
    while not asking.done():
        await asyncio.sleep(0)
        turns += 1
    assert len(asking.result().snapshots) == summaries
    return turns


async def test_a_long_page_is_read_in_turns_with_others() -> None:
    """However long it is, nobody waits for more than a few of its summaries."""
    assert await turns_of_others(20 * TURN) - await turns_of_others(1) >= 20
