"""Streamed answers over HTTP, byte by byte."""

import asyncio
import itertools
import json
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

import httpx
import pytest
from starlette.types import Message

from gateway.instrumentation import FollowersChanged
from gateway.server.graphql import streams
from tests.conftest import Gateway
from tests.live import UPDATES, becomes
from tests.server.conftest import Address

EVENTS = "text/event-stream"
PARTS = "multipart/mixed;boundary=graphql;subscriptionSpec=1.0"
APOLLO = f"{PARTS},application/graphql-response+json,application/json;q=0.9"
EVENTS_TYPE = "text/event-stream; charset=utf-8"
PARTS_TYPE = "multipart/mixed; boundary=graphql; subscriptionSpec=1.0"
STATUS = "subscription($sid: CallSid!) { callUpdates(sid: $sid) { status } }"
COMPLETE = b'{"data":{"callUpdates":{"status":"COMPLETE"}}}'


def asked(gateway: Gateway, example: str, query: str = STATUS) -> dict[str, Any]:
    return {"query": query, "variables": {"sid": gateway.sandbox.examples()[example]}}


async def post(gateway: Gateway, body: dict[str, Any], accept: str) -> httpx.Response:
    return await gateway.http.post("/graphql", json=body, headers={"Accept": accept})


async def test_events_are_those_of_graphql_sse(gateway: Gateway) -> None:
    """A comment at once, a `next` for each answer, and a `complete` that browsers hear of too."""
    answer = await post(gateway, asked(gateway, "client"), EVENTS)
    assert answer.content == (
        b":\n\nevent: next\ndata: " + COMPLETE + b"\n\nevent: complete\ndata:\n\n"
    )
    assert answer.status_code == 200
    assert answer.headers["content-type"] == EVENTS_TYPE
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-accel-buffering"] == "no"
    assert "Accept" in answer.headers["vary"].split(", ")
    assert "content-length" not in answer.headers


async def test_parts_are_those_of_apollo(gateway: Gateway) -> None:
    """Each part ends with the boundary of the next one, so that nobody waits to know it whole."""
    answer = await post(gateway, asked(gateway, "client"), APOLLO)
    assert answer.content == (
        b"\r\n--graphql\r\nContent-Type: application/json\r\n\r\n"
        b'{"payload":' + COMPLETE + b"}\r\n--graphql--\r\n"
    )
    assert answer.status_code == 200
    assert answer.headers["content-type"] == PARTS_TYPE
    assert answer.headers["cache-control"] == "no-store"


async def test_a_browsers_event_source_may_subscribe(gateway: Gateway) -> None:
    """It can only GET, and brings everything in the URL."""
    body = asked(gateway, "client")
    answer = await gateway.http.get(
        "/graphql",
        params={"query": body["query"], "variables": json.dumps(body["variables"])},
        headers={"Accept": EVENTS},
    )
    assert answer.headers["content-type"] == EVENTS_TYPE
    assert COMPLETE in answer.content


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("*/*", EVENTS_TYPE),
        (f"application/json, {EVENTS}", EVENTS_TYPE),
        (f"{EVENTS};q=0.5, multipart/mixed", PARTS_TYPE),
        (f"{EVENTS}, multipart/mixed;q=0.5", EVENTS_TYPE),
        (f"multipart/mixed;q=0, {EVENTS}", EVENTS_TYPE),
        ("multipart/*", PARTS_TYPE),
        (APOLLO, PARTS_TYPE),
    ],
)
async def test_the_client_chooses_how_it_is_streamed(
    gateway: Gateway, accept: str, media_type: str
) -> None:
    """Of the ways there are, the one that it likes best."""
    answer = await post(gateway, asked(gateway, "client"), accept)
    assert answer.headers["content-type"] == media_type


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"query": "subscription {"}, "GRAPHQL_PARSE_FAILED"),
        ({"query": "subscription { nope }"}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": STATUS, "variables": {"sid": "CA1"}}, "BAD_USER_INPUT"),
    ],
)
async def test_a_request_that_is_wrong_is_told_in_an_event(
    gateway: Gateway, body: dict[str, Any], code: str
) -> None:
    """A browser's EventSource shows nothing of a 400; so the stream itself says what is wrong."""
    answer = await post(gateway, body, EVENTS)
    assert answer.status_code == 200
    _, told, end = answer.text.removesuffix("\n\n").split("\n\n")
    event, data = told.split("\n")
    assert event == "event: next"
    assert json.loads(data.removeprefix("data: "))["errors"][0]["extensions"]["code"] == code
    assert end == "event: complete\ndata:"


async def test_a_query_may_be_answered_as_events(gateway: Gateway) -> None:
    """Its one answer, and the end."""
    answer = await post(gateway, {"query": "{ __typename }"}, EVENTS)
    assert answer.text.split("\n\n")[1:] == [
        'event: next\ndata: {"data":{"__typename":"Query"}}',
        "event: complete\ndata:",
        "",
    ]


async def chunks(address: Address, body: dict[str, Any], accept: str) -> AsyncIterator[bytes]:
    """What comes over the wire, as it comes."""
    url = f"http://{address[0]}:{address[1]}/graphql"
    async with (
        httpx.AsyncClient(timeout=10) as client,
        client.stream("POST", url, json=body, headers={"Accept": accept}) as response,
    ):
        async for chunk in response.aiter_bytes():
            yield chunk


@pytest.mark.parametrize(
    ("accept", "beat"),
    [(EVENTS, b":\n\n"), (APOLLO, b"\r\nContent-Type: application/json\r\n\r\n{}\r\n--graphql")],
)
async def test_a_silent_stream_is_kept_alive(
    address: Address, gateway: Gateway, monkeypatch: pytest.MonkeyPatch, accept: str, beat: bytes
) -> None:
    """Proxies cut connections on which nothing happens: comments, or empty parts, are sent."""
    monkeypatch.setattr(streams, "KEEP_ALIVE", 0.02)
    read = b""
    async for chunk in chunks(address, asked(gateway, "partial"), accept):
        read += chunk
        if b'"status":"PARTIAL"' in read and read.endswith(beat * 3):
            return
    pytest.fail(read.decode())


@pytest.mark.parametrize("accept", [EVENTS, APOLLO])
async def test_who_leaves_between_two_beats_is_let_go(
    address: Address,
    gateway: Gateway,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    accept: str,
) -> None:
    """Whenever a client leaves, what it followed is closed, and nothing goes wrong."""
    monkeypatch.setattr(streams, "KEEP_ALIVE", 0.0)
    for _ in range(20):
        reader, writer = await asyncio.open_connection(*address)
        body = json.dumps(asked(gateway, "partial", UPDATES)).encode()
        writer.write(
            b"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            b"Accept: %b\r\nContent-Length: %d\r\n\r\n%b" % (accept.encode(), len(body), body)
        )
        await reader.readuntil(b"PARTIAL")
        writer.transport.abort()
    assert await becomes(lambda: _followers(gateway) == 0)
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


async def test_who_leaves_without_reading_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """A beat that cannot be sent does not hold up the end of what was followed."""
    monkeypatch.setattr(streams, "KEEP_ALIVE", 0.0)
    stuck, closed = asyncio.Event(), asyncio.Event()

    async def bodies() -> AsyncGenerator[bytes, None]:
        try:
            await asyncio.Event().wait()
            yield b"{}"
        finally:
            closed.set()

    async def receive() -> Message:
        await stuck.wait()
        return {"type": "http.disconnect"}

    beats = itertools.count()

    async def send(message: Message) -> None:
        if message.get("body") and next(beats):
            stuck.set()
            await asyncio.Event().wait()

    async with asyncio.timeout(5):
        await streams.Stream(EVENTS, bodies())({"type": "http"}, receive, send)
    assert closed.is_set()


def _followers(gateway: Gateway) -> int:
    changes = (one for one in gateway.happenings if isinstance(one, FollowersChanged))
    return sum(change.by for change in changes)
