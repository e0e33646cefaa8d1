"""The protocol `graphql-transport-ws`, rule by rule, over real sockets."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from gateway.accounts import Account
from gateway.errors import UpstreamUnavailable
from gateway.instrumentation import FollowersChanged
from gateway.schema.context import Context
from gateway.schema.documents import Document, Documents
from gateway.schema.execution import Executor, Request
from gateway.schema.operations import build_schema
from gateway.server import websocket
from gateway.server.auth import Doorkeeper
from gateway.server.bodies import MAX_BODY_BYTES
from gateway.server.websocket import WebSocketEndpoint
from gateway.settings import Secret
from gateway.viewers import Viewer, everybody
from tests.conftest import NOON, Gateway
from tests.live import UPDATES, becomes, hear, say, subscribe, web_socket
from tests.server.conftest import Address, listening

ASK = {"query": "{ __typename }"}
MUTATION = """
mutation($sid: CallSid!) {
  annotateCall(input: {sid: $sid, callScore: 4}) { call { annotation { callScore } } }
}
"""
DEEP = "[" * 100_000


@asynccontextmanager
async def opened(address: Address, **options: Any) -> AsyncIterator[ClientConnection]:
    """A connection on which nothing was said yet."""
    host, port = address
    async with web_socket(f"http://{host}:{port}", **options) as connection:
        yield connection


@pytest.fixture
async def connection(address: Address) -> AsyncIterator[ClientConnection]:
    """A connection on which both said hello."""
    async with opened(address) as connection:
        await say(connection, type="connection_init")
        assert await hear(connection) == {"type": "connection_ack"}
        yield connection


async def closing(connection: ClientConnection) -> tuple[int, str]:
    """With which code and reason the server ends the connection."""
    async with asyncio.timeout(5):
        with contextlib.suppress(ConnectionClosed):
            while True:
                await connection.recv()
    assert connection.close_code is not None
    return connection.close_code, connection.close_reason or ""


async def test_the_subprotocol_is_spoken_and_no_other(address: Address) -> None:
    """A client of the older protocol, or of none, is told so by the code 4406."""
    async with opened(address) as connection:
        assert connection.subprotocol == "graphql-transport-ws"
    for others in ([Subprotocol("graphql-ws")], None):
        async with opened(address, subprotocols=others) as connection:
            assert await closing(connection) == (4406, "Subprotocol not acceptable")


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1"])
async def test_pages_of_other_origins_are_refused(address: Address, origin: str) -> None:
    """Browsers send cookies and reach private networks: a foreign page must not use them."""
    with pytest.raises(InvalidStatus) as refused:
        async with opened(address, origin=origin):
            pass
    assert refused.value.response.status_code == 403


async def test_pages_of_the_gateway_itself_are_served(address: Address) -> None:
    """GraphiQL is one."""
    async with opened(address, origin=f"http://{address[0]}:{address[1]}") as connection:
        await say(connection, type="connection_init")
        assert await hear(connection) == {"type": "connection_ack"}


async def test_who_does_not_begin_is_sent_away(
    address: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection without `connection_init` ends by the code 4408, whatever else it says."""
    monkeypatch.setattr(websocket, "INIT_WITHIN", 0.1)
    async with opened(address) as connection:
        await say(connection, type="ping")
        assert await closing(connection) == (4408, "Connection initialisation timeout")


async def test_one_begins_once(connection: ClientConnection) -> None:
    """A second `connection_init` ends the connection by the code 4429."""
    await say(connection, type="connection_init")
    assert await closing(connection) == (4429, "Too many initialisation requests")


async def test_nothing_is_executed_before_the_beginning(address: Address, gateway: Gateway) -> None:
    """A `subscribe` without `connection_init` ends the connection by the code 4401."""
    sid = gateway.sandbox.examples()["client"]
    payload = {"query": UPDATES, "variables": {"sid": sid}}
    async with opened(address) as connection:
        await say(connection, type="subscribe", id="1", payload=payload)
        assert await closing(connection) == (4401, "Unauthorized")
    assert not gateway.sandbox.requests


async def test_an_id_means_one_operation(connection: ClientConnection, gateway: Gateway) -> None:
    """A second operation under an id in use ends the connection by the code 4409."""
    payload = {"query": UPDATES, "variables": {"sid": gateway.sandbox.examples()["partial"]}}
    for _ in range(2):
        await say(connection, type="subscribe", id="mine", payload=payload)
    assert await closing(connection) == (4409, "Subscriber for mine already exists")


@pytest.mark.parametrize(
    "message",
    [
        "",
        "{",
        "null",
        "[]",
        "{}",
        '{"type": "start"}',
        '{"type": "subscribe", "payload": {"query": "{ __typename }"}}',
        '{"type": "subscribe", "id": "", "payload": {"query": "{ __typename }"}}',
        '{"type": "subscribe", "id": 1, "payload": {"query": "{ __typename }"}}',
        '{"type": "subscribe", "id": "1"}',
        '{"type": "subscribe", "id": "1", "payload": "{ __typename }"}',
        '{"type": "complete"}',
        '{"type": "ping", "payload": 1}',
        '{"type": "connection_init", "payload": []}',
        b'{"type": "ping"}',
        pytest.param(DEEP, id="deeply nested"),
    ],
)
async def test_what_is_no_message_ends_the_connection(
    connection: ClientConnection, message: str | bytes
) -> None:
    """By the code 4400, whatever it is."""
    await connection.send(message)
    assert await closing(connection) == (4400, "Invalid message received")


async def test_messages_have_a_largest_size(connection: ClientConnection) -> None:
    """One that is larger than the body of a request may be ends the connection, unread."""
    await say(connection, type="ping", payload={"much": "x" * MAX_BODY_BYTES})
    assert (await closing(connection))[0] == 1009


async def test_a_ping_is_answered_with_what_it_brought(address: Address) -> None:
    """At any time, the beginning included; a pong that nobody asked for is fine."""
    async with opened(address) as connection:
        await say(connection, type="ping", payload={"at": 7})
        assert await hear(connection) == {"type": "pong", "payload": {"at": 7}}
        await say(connection, type="pong", payload={"beat": 1})
        await say(connection, type="ping")
        assert await hear(connection) == {"type": "pong"}


async def test_who_answers_pings_stays(
    address: Address, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server asks whether a silent client still lives; who does not answer is let go."""
    monkeypatch.setattr(websocket, "PING_EVERY", 0.05)
    monkeypatch.setattr(websocket, "SILENT_FOR", 0.3)
    sid = gateway.sandbox.examples()["partial"]
    async with opened(address) as connection:
        await subscribe(connection, UPDATES, sid=sid)
        pings = 0
        while pings < 12:
            if await hear(connection) == {"type": "ping"}:
                pings += 1
                await say(connection, type="pong")
        assert (await closing(connection))[0] == 1001  # after which clients come back
    assert await becomes(lambda: _followers(gateway) == 0)


@pytest.mark.parametrize("extra", [{}, {"payload": None}, {"payload": {"token": "t"}}])
async def test_the_beginning_may_bring_something(address: Address, extra: dict[str, Any]) -> None:
    """The payload is optional."""
    async with opened(address) as connection:
        await say(connection, type="connection_init", **extra)
        assert await hear(connection) == {"type": "connection_ack"}


async def test_queries_and_mutations_are_answered_too(
    connection: ClientConnection, gateway: Gateway
) -> None:
    """Once, and then they are complete."""
    await say(connection, type="subscribe", id="q", payload=ASK)
    assert await hear(connection) == {
        "id": "q",
        "type": "next",
        "payload": {"data": {"__typename": "Query"}},
    }
    assert await hear(connection) == {"id": "q", "type": "complete"}
    payload = {"query": MUTATION, "variables": {"sid": gateway.sandbox.examples()["client"]}}
    await say(connection, type="subscribe", id="m", payload=payload)
    answer = (await hear(connection))["payload"]
    assert answer["data"]["annotateCall"]["call"]["annotation"] == {"callScore": 4}
    assert await hear(connection) == {"id": "m", "type": "complete"}


async def test_operations_of_one_connection_do_not_wait_for_each_other(
    connection: ClientConnection, gateway: Gateway
) -> None:
    """A query is answered while a call is followed."""
    payload = {"query": UPDATES, "variables": {"sid": gateway.sandbox.examples()["partial"]}}
    await say(connection, type="subscribe", id="long", payload=payload)
    assert (await hear(connection))["id"] == "long"
    await say(connection, type="subscribe", id="short", payload=ASK)
    assert [(await hear(connection))["type"] for _ in range(2)] == ["next", "complete"]


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ({"query": "{"}, "GRAPHQL_PARSE_FAILED"),
        ({"query": "{ nope }"}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": UPDATES}, "BAD_USER_INPUT"),
        ({"query": UPDATES, "variables": {"sid": "CA1"}}, "BAD_USER_INPUT"),
        ({"query": "{ __typename }", "operationName": "Other"}, "BAD_USER_INPUT"),
        ({"query": 1}, "BAD_USER_INPUT"),
        ({}, "BAD_USER_INPUT"),
    ],
)
async def test_a_request_that_is_wrong_ends_in_an_error(
    connection: ClientConnection, payload: dict[str, Any], code: str
) -> None:
    """Of that operation alone: the `error` is its last message, and its id is free again."""
    for _ in range(2):
        await say(connection, type="subscribe", id="1", payload=payload)
        message = await hear(connection)
        assert (message["id"], message["type"]) == ("1", "error")
        assert message["payload"][0]["extensions"]["code"] == code


async def test_who_completes_an_operation_hears_no_more_of_it(
    connection: ClientConnection, gateway: Gateway
) -> None:
    """It ends within a second, and its id can be used again; unknown ids are ignored."""
    await say(connection, type="complete", id="unknown")
    payload = {"query": UPDATES, "variables": {"sid": gateway.sandbox.examples()["partial"]}}
    for _ in range(3):
        await say(connection, type="subscribe", id="1", payload=payload)
        assert (await hear(connection))["type"] == "next"
        await say(connection, type="complete", id="1")
    assert await becomes(lambda: _followers(gateway) == 0, within=1)
    await say(connection, type="ping")
    assert await hear(connection) == {"type": "pong"}


async def test_a_connection_has_so_many_operations(
    connection: ClientConnection, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One more is refused, and the others go on."""
    monkeypatch.setattr(websocket, "MAX_OPERATIONS", 1)
    payload = {"query": UPDATES, "variables": {"sid": gateway.sandbox.examples()["partial"]}}
    await say(connection, type="subscribe", id="1", payload=payload)
    assert (await hear(connection))["id"] == "1"
    await say(connection, type="subscribe", id="2", payload=payload)
    message = await hear(connection)
    assert (message["id"], message["type"]) == ("2", "error")
    assert message["payload"][0]["extensions"]["code"] == "QUERY_TOO_COMPLEX"
    assert _followers(gateway) == 1


class Plainly:
    """Reads documents as they come."""

    def __init__(self) -> None:
        self._documents = Documents(build_schema(), introspection=True)

    async def read(self, request: Request) -> Document:
        return self._documents.read(request.query or "")


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (ZeroDivisionError("a secret"), "INTERNAL_SERVER_ERROR"),
        (UpstreamUnavailable("Twilio cannot be asked."), "UPSTREAM_UNAVAILABLE"),
    ],
)
async def test_what_goes_wrong_around_an_operation_is_told(
    fault: Exception, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    """As an error, of which only our own kind is told as it is; and the connection goes on.

    Who makes the context is told who it is for.
    """
    heard: list[Viewer] = []

    def context(request_id: str, viewer: Viewer) -> Context:
        assert request_id
        heard.append(viewer)
        raise fault

    executor = Executor(build_schema(), Plainly(), introspection=True)
    stranger = everybody(Account("AC" + "1" * 32, "AC" + "1" * 32, Secret("secret")))
    endpoint = WebSocketEndpoint(executor, context, Doorkeeper([], stranger), lambda: NOON)
    app = Starlette(routes=[WebSocketRoute("/graphql", endpoint)])
    async with listening(app) as address, opened(address) as connection:
        await say(connection, type="connection_init", payload={"token": "t"})
        await hear(connection)
        for name in ("1", "2"):
            await say(connection, type="subscribe", id=name, payload=ASK)
            message = await hear(connection)
            assert (message["id"], message["type"]) == (name, "error")
            assert message["payload"][0]["extensions"]["code"] == code
            assert "a secret" not in json.dumps(message)
    assert heard == [stranger] * 2
    assert ("a secret" in caplog.text) is (code == "INTERNAL_SERVER_ERROR")


def _followers(gateway: Gateway) -> int:
    changes = (one for one in gateway.happenings if isinstance(one, FollowersChanged))
    return sum(change.by for change in changes)
