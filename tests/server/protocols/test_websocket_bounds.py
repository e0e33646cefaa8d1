"""A WebSocket of somebody who sends without end, reads nothing, or both."""

import asyncio
import contextlib
import json
import logging
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from gateway.server.protocols.websocket import BoundedWebSocket
from tests.conftest import Gateway
from tests.live import hear, say
from tests.server.conftest import Address, listening, opened
from tests.server.raw import (
    BINARY,
    CONTINUED,
    PING,
    PONG,
    TEXT,
    frame,
    handshake,
    stranger,
    upgraded,
)

ON_THE_WAY = 2**25
"""Bytes that a client may have sent before it learns that the connection has ended."""

UNREAD = 2**16
"""Bytes that wait to be read, from which on nothing more is to be said."""


class Watched(BoundedWebSocket):
    """The same, with more patience for frames and less for readers; it sees what waits."""

    burst = 10**9
    read_within = 1.0
    most = 0

    def handle_ping(self) -> None:
        super().handle_ping()
        self.look()

    async def send(self, message: Any) -> None:
        await super().send(message)
        self.look()

    def look(self) -> None:
        Watched.most = max(Watched.most, self.transport.get_write_buffer_size())


@pytest.fixture
def watched() -> type[Watched]:
    Watched.most = 0
    return Watched


def closing(data: bytes) -> int:
    """The code of the frame that closes a connection, behind whatever came before it."""
    place = data.rindex(b"\x88")
    return int.from_bytes(data[place + 2 : place + 4], "big")


@pytest.mark.parametrize(
    ("first", "more"),
    [
        (b"", frame(PING)),
        (b"", frame(PONG)),
        (b"", frame(PING, b"x" * 125)),
        (frame(TEXT, last=False), frame(CONTINUED, last=False)),
        (frame(TEXT, last=False), frame(CONTINUED, b"x", last=False)),
        (frame(BINARY, last=False), frame(CONTINUED, last=False)),
    ],
    ids=["pings", "pongs", "large pings", "empty fragments", "fragments", "of bytes"],
)
async def test_frames_that_say_nothing_are_bounded(
    address: Address, first: bytes, more: bytes
) -> None:
    """24 MB of them held the event loop for 11 s. Our choice: 1,000 at once, and 100 a second.

    The code is that of a broken policy (RFC 6455 §7.4.1).
    """
    async with upgraded(address) as one:
        await one.send(first, more * (BoundedWebSocket.burst // 2))
        await one.send(more * BoundedWebSocket.burst)
        assert closing(await one.rest()) == 1008
        assert await one.flood(more * 1000)
    assert one.sent < ON_THE_WAY


async def test_frames_behind_the_end_are_bounded_too(address: Address) -> None:
    """Messages among them: the application takes none any more."""
    async with upgraded(address) as one:
        await one.send(frame(TEXT, b"nonsense"))
        assert closing(await one.some()) == 4400
        assert await one.flood(frame(TEXT, b"{}") * 1000)
    assert one.sent < ON_THE_WAY


async def test_frames_ahead_of_the_handshake_wait(caplog: pytest.LogCaptureFixture) -> None:
    """A client has to wait for its answer (RFC 6455 §4.1); what breaks a bound does so after it."""
    accepting = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await receive()
            await accepting.wait()
            await send({"type": "websocket.accept"})
            while (await receive())["type"] != "websocket.disconnect":
                pass

    async with listening(app) as address, stranger(address) as one:
        await one.send(handshake(), frame(PING) * 2 * BoundedWebSocket.burst)
        await asyncio.sleep(0.1)
        accepting.set()
        assert (await one.response())[0] == 101
        assert closing(await one.rest()) == 1008
    assert [record for record in caplog.records if record.exc_info] == []


async def test_pings_now_and_then_are_answered(address: Address) -> None:
    """Clients keep connections alive by them."""
    async with opened(address) as connection:
        for _ in range(200):
            await (await connection.ping())
        await say(connection, type="ping")
        assert await hear(connection) == {"type": "pong"}


async def test_a_message_in_fragments_is_one(address: Address) -> None:
    """Libraries cut large messages into parts (RFC 6455 §5.4)."""
    async with opened(address) as connection:
        await connection.send(["{", '"type"', ":", *(" " * 100), '"ping"', "}"])
        assert await hear(connection) == {"type": "pong"}


async def test_many_messages_in_a_packet_are_answered_in_their_order(address: Address) -> None:
    """What comes behind a message waits until that is taken."""
    async with upgraded(address) as one:
        pings = (json.dumps({"type": "ping", "payload": {"n": n}}).encode() for n in range(500))
        await one.send(b"".join(frame(TEXT, ping) for ping in pings))
        for number in range(500):
            assert json.loads(await one.text())["payload"] == {"n": number}


async def test_who_reads_no_pongs_is_read_no_more(gateway: Gateway, watched: type[Watched]) -> None:
    """Unread pongs took 425 MB in 17 s. They count as what the application says, and end alike."""
    async with listening(gateway.app, ws=watched) as address, upgraded(address) as one:
        one.stop_reading()
        assert await one.flood(frame(PING, b"x" * 125) * 500)
    assert UNREAD < watched.most < 2 * UNREAD


async def test_of_many_answers_one_waits_to_be_read(
    gateway: Gateway, watched: type[Watched]
) -> None:
    """The others are not written until it is."""
    query = "{ calls(first: 100) { nodes { raw } } }"
    async with listening(gateway.app, ws=watched) as address, opened(address) as connection:
        await say(connection, type="connection_init")
        await hear(connection)
        for name in range(20):
            await say(connection, type="subscribe", id=f"{name}", payload={"query": query})
        sizes = [len(json.dumps(await hear(connection))) for _ in range(40)]
    assert max(sizes) > 3 * UNREAD
    assert watched.most < max(sizes) + 2 * UNREAD


async def test_text_that_is_none_is_refused_without_a_word_in_the_log(
    address: Address, caplog: pytest.LogCaptureFixture
) -> None:
    """Each such frame of a stranger was a traceback. The code is 1007 (RFC 6455 §8.1)."""
    caplog.set_level(logging.INFO)
    for data in (b"\xff", b"\xed\xa0\x80", b'{"type": "ping"}\xc3'):
        async with upgraded(address) as one:
            await one.send(frame(TEXT, data))
            assert closing(await one.rest()) == 1007
    assert [record for record in caplog.records if record.exc_info] == []
    assert not any(record.levelno >= logging.WARNING for record in caplog.records)


async def test_nothing_is_answered_behind_what_ended_the_connection(address: Address) -> None:
    """A ping in the same packet would be written to a connection that is closed for writing."""
    faults: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, fault: faults.append(fault))
    async with upgraded(address) as one:
        await one.send(frame(TEXT, b"\xff") + frame(PING) * 3)
        assert closing(await one.rest()) == 1007
    assert not faults


async def test_a_flood_of_messages_leaves_time_for_others(gateway: Gateway) -> None:
    """They are taken in small parts, between which the event loop has time for everybody."""
    async with listening(gateway.app) as address, upgraded(address) as one:
        flooding = asyncio.create_task(one.flood(frame(TEXT, b'{"type":"pong"}') * 5000))
        loop, late = asyncio.get_running_loop(), []
        for _ in range(50):
            began = loop.time()
            await asyncio.sleep(0.01)
            late.append(loop.time() - began - 0.01)
        flooding.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await flooding
    assert sorted(late)[-5] < 0.1
