import gzip
import json

import httpx
import pytest

from gateway.errors import UpstreamInvalidResponse
from gateway.insights.catalogue import CallSid
from gateway.sandbox import Fault, Sandbox
from gateway.upstream.transport import MAX_BODY_BYTES, Bounded
from tests.upstream.conftest import (
    ACCOUNT,
    FIRST_PAGE,
    QUESTION,
    SID,
    Answering,
    account_of,
    answering,
    client_of,
    connected,
    page_body,
    saying,
)

OTHER = "CA" + "1e" * 16
NO_SUMMARY = (
    *(b"", b"null", b"[]", b"{}", b'"CA"', b'{"call_sid":', b"<!doctype html>", b"\xff\xfe"),
    *(b'{"call_sid":null}', b'{"call_sid":{"not":"text"}}', b'{"x":' + b"[" * 100_000),
)
NO_PAGE = (
    *NO_SUMMARY,
    b'{"call_summaries":[]}',
    b'{"call_summaries":null,"meta":{}}',
    b'{"call_summaries":{},"meta":{}}',
    b'{"call_summaries":[],"meta":[]}',
    b'{"call_summaries":[],"meta":{"next_page_url":7}}',
    b'{"call_summaries":[7],"meta":{}}',
    b'{"call_summaries":[{}],"meta":{}}',
    b'{"call_summaries":[{"call_sid":"CA1"},null],"meta":{}}',
    b'{"call_summaries":[{"x":' + b"[" * 100_000,
)


@pytest.mark.parametrize("body", NO_SUMMARY, ids=lambda body: repr(body[:30]))
async def test_what_is_no_summary_is_an_invalid_response(body: bytes) -> None:
    """Cut off, garbage, a proxy's page or another shape: one error, and it can be tried again."""
    with pytest.raises(UpstreamInvalidResponse) as caught:
        await client_of(answering(200, body, Twilio_Request_Id="RQ1")).summary(
            ACCOUNT, SID, "complete"
        )

    assert caught.value.retryable
    assert caught.value.request_id == "RQ1"


@pytest.mark.parametrize("body", NO_PAGE, ids=lambda body: repr(body[:50]))
async def test_what_is_no_page_is_an_invalid_response(body: bytes) -> None:
    """A page with one call that cannot be read is an error too, and never a shorter list."""
    with pytest.raises(UpstreamInvalidResponse):
        await client_of(answering(200, body)).page(ACCOUNT, QUESTION, FIRST_PAGE)


async def test_the_summary_of_another_call_is_an_invalid_response() -> None:
    """Whatever mixed them up, nobody is told another call's secrets."""
    with pytest.raises(UpstreamInvalidResponse, match="another call"):
        await client_of(answering(200, {"call_sid": OTHER})).summary(ACCOUNT, SID, "complete")


@pytest.mark.parametrize("status", [101, 201, 202, 204, 206, 301, 302, 304, 307, 308])
async def test_an_answer_that_is_no_answer_is_an_invalid_response(status: int) -> None:
    """A redirect is not followed, whatever stands in its body: it would carry credentials."""
    transport = answering(status, {"call_sid": SID}, Location="https://attacker.example/")

    with pytest.raises(UpstreamInvalidResponse, match=str(status)):
        await client_of(transport).summary(ACCOUNT, SID, "complete")

    assert len(transport.requests) == 1


@pytest.mark.parametrize(
    "url",
    [
        "https://insights.twilio.com/?Page=2",
        "https://insights.twilio.com/?Page=two&PageToken=PTx",
        "https://insights.twilio.com/?Page=-1&PageToken=PTx",
        f"https://insights.twilio.com/?Page={'9' * 5000}&PageToken=PTx",
        "https://[::1/?Page=1&PageToken=PTx",
    ],
    ids=lambda url: url[:60],
)
async def test_a_next_page_that_cannot_be_asked_for_is_an_invalid_response(url: str) -> None:
    """The list does not end there as if there were no more."""
    with pytest.raises(UpstreamInvalidResponse, match="page"):
        await client_of(answering(200, page_body(url))).page(ACCOUNT, QUESTION, FIRST_PAGE)


@pytest.mark.parametrize("url", [None, ""])
async def test_a_list_ends_where_no_next_page_is_named(url: str | None) -> None:
    """Null or empty: there is no more."""
    page = await client_of(answering(200, page_body(url))).page(ACCOUNT, QUESTION, FIRST_PAGE)

    assert page.next is None


def endless(body_of_a_megabyte: bytes, **headers: str) -> Answering:
    """A Twilio that does not stop."""

    async def pour() -> object:
        while True:
            yield body_of_a_megabyte

    return Answering(lambda: httpx.Response(200, headers=headers, content=pour()))  # type: ignore[arg-type]


async def test_an_answer_without_end_is_an_invalid_response() -> None:
    """It is not read beyond what the largest page needs."""
    client = client_of(Bounded(endless(b" " * 2**20), 60))

    with pytest.raises(UpstreamInvalidResponse, match="too large"):
        await client.summary(ACCOUNT, SID, "complete")


def packed(body: bytes) -> bytes:
    """An answer as Twilio packs it."""
    inside = gzip.compress(body, 1)
    headers = f"Content-Encoding: gzip\r\nContent-Length: {len(inside)}"
    return f"HTTP/1.1 200 OK\r\n{headers}\r\n\r\n".encode() + inside


async def test_it_is_the_unpacked_size_that_is_bounded() -> None:
    """A thousandfold of what comes over the wire is as much as a thousandfold on the wire."""
    bomb = packed(b" " * (MAX_BODY_BYTES + 1))

    async with saying(bomb) as address, connected(address) as client:
        with pytest.raises(UpstreamInvalidResponse, match="too large"):
            await client.summary(ACCOUNT, SID, "complete")


async def test_a_packed_answer_is_unpacked_once() -> None:
    """What is bounded on the way reads as if it had not been."""
    body = json.dumps({"call_sid": SID}).encode()

    async with saying(packed(body)) as address, connected(address) as client:
        seen = await client.summary(ACCOUNT, SID, "complete")

    assert getattr(seen, "raw", b"") == body


async def test_an_answer_that_cannot_be_unpacked_is_an_invalid_response() -> None:
    """As any other garbage."""
    garbage = packed(b"oops").replace(gzip.compress(b"oops", 1), b"oops" * 6)

    async with saying(garbage) as address, connected(address) as client:
        with pytest.raises(UpstreamInvalidResponse):
            await client.summary(ACCOUNT, SID, "complete")


@pytest.mark.parametrize("kind", ["cut_off", "garbage"])
async def test_trouble_of_the_sandbox_is_an_invalid_response(kind: str, sandbox: Sandbox) -> None:
    """Half an answer, a page of HTML, JSON of another shape."""
    client = client_of(httpx.ASGITransport(app=sandbox.app))
    sid = CallSid(sandbox.add({"call_type": "sip"}))
    sandbox.inject(Fault(kind=kind, times=2))  # type: ignore[arg-type]

    for _ in range(2):
        with pytest.raises(UpstreamInvalidResponse):
            await client.summary(account_of(sandbox), sid, "complete")


@pytest.mark.parametrize("bad", [b"NaN", b"-Infinity", b'"\\ud83d"', b"1" + b"0" * 400])
async def test_a_value_that_is_no_json_costs_itself_and_no_page(bad: bytes) -> None:
    """Neither the call that it is a value of, nor those beside it."""
    calls = b'{"call_sid":"CA%032x","duration":%b},{"call_sid":"CA%032x","duration":7}'
    body = b'{"call_summaries":[%b],"meta":{}}' % (calls % (1, bad, 2))
    page = await client_of(answering(200, body)).page(ACCOUNT, QUESTION, FIRST_PAGE)
    assert [one.summary.duration for one in page.snapshots] == [None, 7]
