"""The protocol `graphql-transport-ws`, rule by rule, over real sockets."""

import asyncio
import contextlib
import logging
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from gateway.server.graphql import websocket
from gateway.server.graphql.bodies import MAX_BODY_BYTES
from tests.conftest import Gateway
from tests.live import UPDATES, becomes, followers, hear, say, subscribe
from tests.server.conftest import Address, opened

DEEP = "[" * 100_000


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


async def test_a_slash_at_the_end_of_the_path_leads_to_the_same(address: Address) -> None:
    """As it does for POST: clients write it either way. Our choice."""
    async with opened(address, path="/graphql/") as connection:
        await say(connection, type="connection_init")
        assert await hear(connection) == {"type": "connection_ack"}


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1"])
async def test_pages_of_other_origins_are_refused(address: Address, origin: str) -> None:
    """Browsers reach private networks: a foreign page must not use that.

    Nothing it says is read. By the code 1008 (RFC 6455, 7.4.1), after which graphql-ws ends and has
    the reason; of a handshake that is refused a page sees 1006, and graphql-ws comes back for ever.
    """
    for protocol in ("graphql-transport-ws", "another"):
        async with opened(address, origin=origin, subprotocols=[Subprotocol(protocol)]) as one:
            code, reason = await closing(one)
            assert code == 1008
            assert "GATEWAY_CORS_ORIGINS" in reason


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
    assert await becomes(lambda: followers(gateway.happenings) == 0)


@pytest.mark.parametrize("extra", [{}, {"payload": None}, {"payload": {"token": "t"}}])
async def test_the_beginning_may_bring_something(address: Address, extra: dict[str, Any]) -> None:
    """The payload is optional."""
    async with opened(address) as connection:
        await say(connection, type="connection_init", **extra)
        assert await hear(connection) == {"type": "connection_ack"}


@pytest.mark.parametrize("said", ["connection_init", "ping"])
async def test_who_says_something_and_leaves_at_once_is_no_fault_of_ours(
    address: Address, caplog: pytest.LogCaptureFixture, said: str
) -> None:
    """What it was to be told meets nobody: that is not worth a line of log."""
    for _ in range(5):
        async with opened(address) as connection:
            await say(connection, type=said)
            await connection.close()
        await asyncio.sleep(0.02)
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
