"""Who sends or reads too slowly, or sends too much, is let go of."""

import asyncio
import base64
import contextlib
import json
import os
import struct
import time
from collections.abc import AsyncIterator

import pytest
from starlette.types import Receive, Scope, Send

from gateway.config.settings import Settings
from gateway.instrumentation import RequestAnswered
from gateway.sandbox import Sandbox
from gateway.server.protocols.http import BoundedProtocol
from gateway.server.protocols.refusals import MAX_HEAD_BYTES
from gateway.server.protocols.websocket import BoundedWebSocket
from tests.conftest import Clock, Gateway
from tests.live import becomes, narrow
from tests.server.conftest import Address, listening, opened

BODY = b'{"query":"{__typename}"}'
HEAD = b"POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
WHOLE = HEAD + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY


class Hasty(BoundedProtocol):
    """The same, with less patience."""

    sent_within = 0.4
    read_within = 0.4


@pytest.fixture
async def hasty(gateway: Gateway) -> AsyncIterator[Address]:
    async with listening(gateway.app, Hasty) as address:
        yield address


async def said(reader: asyncio.StreamReader) -> bytes:
    """All that comes until the connection is closed."""
    async with asyncio.timeout(5):
        return await reader.read()


@pytest.mark.parametrize("sent", [b"", HEAD, WHOLE[:-1]], ids=["nothing", "a head", "a body"])
async def test_who_does_not_finish_a_request_is_told_and_let_go(
    hasty: Address, sent: bytes
) -> None:
    """408, however the bytes trickle."""
    reader, writer = await asyncio.open_connection(*hasty)
    started = time.monotonic()
    answering = asyncio.create_task(said(reader))
    for byte in sent:
        if not answering.done():
            writer.write(bytes([byte]))
        await asyncio.sleep(0.001)
    answer = await answering
    writer.close()
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert 0.3 < time.monotonic() - started < 3


async def test_a_head_whose_body_never_comes_is_told_too(hasty: Address) -> None:
    """It is not read before its body is there; the time is counted from its first byte."""
    reader, writer = await asyncio.open_connection(*hasty)
    writer.write(WHOLE[: -len(BODY)])
    assert (await said(reader)).startswith(b"HTTP/1.1 408 ")
    writer.close()


async def test_a_head_that_is_too_large_is_refused(hasty: Address) -> None:
    """431, before it has come whole."""
    reader, writer = await asyncio.open_connection(*hasty)
    writer.write(HEAD + b"X-Filler: " + b"x" * (MAX_HEAD_BYTES - len(HEAD) - 10))
    await asyncio.sleep(0.1)
    writer.write(b"x")
    assert (await said(reader)).startswith(b"HTTP/1.1 431 ")
    writer.close()


async def test_a_head_without_end_is_cut_off(hasty: Address) -> None:
    """Nothing of it is kept."""
    loop, sent = asyncio.get_running_loop(), 0
    with narrow("http://{}:{}".format(*hasty)) as client, contextlib.suppress(ConnectionError):
        await loop.sock_sendall(client, HEAD)
        while sent < 2**26:
            await loop.sock_sendall(client, b"X-Filler: " + b"x" * MAX_HEAD_BYTES + b"\r\n")
            sent += MAX_HEAD_BYTES
    assert sent < 2**26


async def test_time_is_not_counted_between_requests(hasty: Address) -> None:
    """A connection that is kept alive may be idle for longer than a request may take."""
    reader, writer = await asyncio.open_connection(*hasty)
    for _ in range(3):
        writer.write(WHOLE)
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 ")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        await reader.readexactly(length)
        await asyncio.sleep(0.6)
    writer.close()


async def test_an_answer_may_take_longer_than_its_question(
    sandbox: Sandbox, clock: Clock, settings: Settings
) -> None:
    """Only what the client does is timed, not what the gateway does."""
    gateway = Gateway(sandbox, clock, settings)

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await asyncio.sleep(0.8)
        await gateway.app(scope, receive, send)

    async with listening(slow, Hasty) as address:
        reader, writer = await asyncio.open_connection(*address)
        writer.write(WHOLE)
        async with asyncio.timeout(5):
            assert (await reader.readline()).startswith(b"HTTP/1.1 200 ")
        writer.close()


async def test_who_does_not_read_its_answer_is_let_go() -> None:
    """What it does not take in is not kept for it."""
    over = asyncio.Event()

    async def endless(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while (await asyncio.wait_for(receive(), 5))["type"] != "http.disconnect":
            body = {"type": "http.response.body", "body": b"x" * 2**20, "more_body": True}
            for _ in range(64):
                await send(body)
        over.set()

    async with listening(endless, Hasty) as (host, port):
        with narrow(f"http://{host}:{port}") as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert await becomes(over.is_set, within=5)


async def test_a_websocket_outlives_the_patience_for_requests(
    gateway: Gateway, hasty: Address
) -> None:
    """The upgrade is a whole request; what follows has bounds of its own."""
    async with opened(hasty) as connection:
        await asyncio.sleep(0.8)
        await connection.send('{"type":"ping"}')
        assert await connection.recv() == '{"type":"pong"}'
    assert not any(isinstance(one, RequestAnswered) for one in gateway.happenings)


class Patient(BoundedProtocol):
    """The same, with more patience at the end."""

    last_word_within = 10.0


async def test_what_was_on_its_way_when_the_server_stopped_is_answered(gateway: Gateway) -> None:
    """Who had connected already loses nothing, and is told that the connection ends."""

    async def ask_late(address: Address) -> bytes:
        with contextlib.suppress(ConnectionError):
            while True:
                (await asyncio.open_connection(*address))[1].close()
                await asyncio.sleep(0.01)
        writer.write(WHOLE)
        return await said(reader)

    async with listening(gateway.app, Patient) as address:
        reader, writer = await asyncio.open_connection(*address)
        await asyncio.sleep(0.05)  # until it was accepted
        asking = asyncio.create_task(ask_late(address))
    answer = await asking
    writer.close()

    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"connection: close" in answer


async def test_a_second_head_whose_body_never_comes_is_told_too(hasty: Address) -> None:
    """On a connection on which a request was answered before."""
    reader, writer = await asyncio.open_connection(*hasty)
    writer.write(WHOLE)
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    await reader.readexactly(length)
    writer.write(WHOLE[: -len(BODY)])
    assert (await said(reader)).startswith(b"HTTP/1.1 408 ")
    writer.close()


async def test_nothing_is_said_in_the_middle_of_an_answer() -> None:
    """Not to who sends a part of another request meanwhile, and no more of it."""

    async def streaming(scope: Scope, _: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            for _number in range(20):
                body = {"type": "http.response.body", "body": b"x", "more_body": True}
                await send(body)
                await asyncio.sleep(0.05)

    async with listening(streaming, Hasty) as address:
        reader, writer = await asyncio.open_connection(*address)
        writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await asyncio.sleep(0.1)
        writer.write(HEAD)
        answer = await said(reader)
        writer.close()
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b" 408 " not in answer


class HastySocket(BoundedWebSocket):
    """The same, with less patience."""

    read_within = 0.4


async def test_who_does_not_read_its_websocket_is_let_go(gateway: Gateway) -> None:
    """Though it goes on talking; nothing of what it was to be told is kept."""
    over, key = asyncio.Event(), base64.b64encode(os.urandom(16)).decode()

    async def noticed(scope: Scope, receive: Receive, send: Send) -> None:
        await gateway.app(scope, receive, send)
        if scope["type"] == "websocket":
            over.set()

    async with listening(noticed, Hasty, HastySocket) as (host, port):
        with narrow(f"http://{host}:{port}") as client:
            loop = asyncio.get_running_loop()
            head = (
                f"GET /graphql HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\n"
                "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                f"Sec-WebSocket-Protocol: graphql-transport-ws\r\nSec-WebSocket-Key: {key}"
            )
            await loop.sock_sendall(client, f"{head}\r\n\r\n".encode())
            ping = json.dumps({"type": "ping", "payload": {"x": "y" * 60_000}}).encode()
            frame = b"\x81\xfe" + struct.pack(">H", len(ping)) + b"\0\0\0\0" + ping
            async with asyncio.timeout(10):
                with contextlib.suppress(OSError):
                    while not over.is_set():
                        await loop.sock_sendall(client, frame)
                await over.wait()
