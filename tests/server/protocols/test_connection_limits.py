"""How many connections there are, of whom, and what is held for all of them together."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from gateway.config.kinds import Networks
from gateway.config.settings import Settings
from gateway.instrumentation import Shed
from gateway.sandbox import Sandbox
from gateway.server.protocols.connection_limits import STATE, Connections
from tests.conftest import Clock, Gateway
from tests.live import becomes, hear, say
from tests.server.conftest import Address, listening, opened
from tests.server.raw import CHUNKED, GET, POST, TEXT, Stranger, frame, handshake, stranger

ONE, OTHER = "127.0.0.1", "127.0.0.2"
"""Loopback has 16 million addresses on Linux."""


class Fake:
    """What is closed."""

    def __init__(self) -> None:
        self.transport = self
        self.gone = False

    def abort(self) -> None:
        self.gone = True


@asynccontextmanager
async def bounded(
    sandbox: Sandbox, clock: Clock, **said: Any
) -> AsyncIterator[tuple[Gateway, Address]]:
    settings = Settings(**said)
    async with Gateway(sandbox, clock, settings) as gateway, listening(gateway.app) as address:
        yield gateway, address


async def answered(one: Stranger) -> int:
    """The status of what is asked there."""
    await one.send(GET)
    return (await one.response())[0]


async def is_closed(one: Stranger) -> bool:
    """Whether the connection was ended without a word."""
    with suppress(ConnectionError):
        return await one.rest() == b""
    return True


async def test_a_new_connection_takes_the_place_of_the_one_unused_the_longest(
    sandbox: Sandbox, clock: Clock
) -> None:
    """Whoever comes is let in, however many connections somebody holds. Our choice."""
    async with (
        bounded(sandbox, clock, gateway_max_connections=3) as (_, address),
        stranger(address) as first,
        stranger(address) as second,
        stranger(address) as third,
    ):
        for one in (first, second, third, first):
            assert await answered(one) == 200
        async with stranger(address) as another:
            assert await answered(another) == 200
            assert await is_closed(second)
            assert [await answered(one) for one in (first, third)] == [200, 200]


@pytest.mark.parametrize(
    "begun",
    [b"", b"GET / HTTP/1.1\r\n", POST + b"Content-Length: 9\r\n\r\n{", CHUNKED, handshake()],
    ids=["nothing", "a head", "a body", "chunks", "a handshake"],
)
async def test_half_a_request_keeps_no_place(sandbox: Sandbox, clock: Clock, begun: bytes) -> None:
    """Nor does a WebSocket on which nobody was let in."""
    async with (
        bounded(sandbox, clock, gateway_max_connections=2) as (_, address),
        AsyncExitStack() as stack,
    ):
        slow = [await stack.enter_async_context(stranger(address)) for _ in range(2)]
        for one in slow:
            await one.send(begun)
        await asyncio.sleep(0.1)
        for _ in range(3):
            async with stranger(address) as another:
                assert await answered(another) == 200


async def test_who_is_being_answered_keeps_its_place(sandbox: Sandbox, clock: Clock) -> None:
    """A new connection is told that there is no room: 503, and when to come again."""
    async with (
        bounded(sandbox, clock, gateway_max_connections=2) as (gateway, address),
        opened(address) as one,
        opened(address) as other,
    ):
        for connection in (one, other):
            await say(connection, type="connection_init")
            assert await hear(connection) == {"type": "connection_ack"}
        for _ in range(3):
            async with stranger(address) as another:
                status, headers, body = await another.response()
                assert (status, headers["retry-after"]) == (503, "1")
                assert b"too many connections" in body
        for connection in (one, other):
            await say(connection, type="ping")
            assert await hear(connection) == {"type": "pong"}
    assert gateway.happenings.count(Shed("connections")) == 3


async def test_one_address_leaves_room_for_others(sandbox: Sandbox, clock: Clock) -> None:
    """It has its own bound, and takes the places of its own connections beyond it."""
    bounds = {"gateway_max_connections": 10, "gateway_max_connections_per_address": 2}
    async with bounded(sandbox, clock, **bounds) as (_, address), AsyncExitStack() as stack:

        async def come(source: str) -> Stranger:
            one = await stack.enter_async_context(stranger(address, source))
            assert await answered(one) == 200
            return one

        here = [await come(ONE) for _ in range(2)]
        there = [await come(OTHER) for _ in range(2)]
        more = [await come(ONE) for _ in range(2)]
        assert all([await is_closed(one) for one in here])
        assert [await answered(one) for one in (*there, *more)] == [200] * 4


async def test_proxies_that_are_trusted_count_in_all_alone(sandbox: Sandbox, clock: Clock) -> None:
    """Many come by one address."""
    bounds = {
        "gateway_max_connections": 5,
        "gateway_max_connections_per_address": 2,
        "gateway_trusted_proxies": Networks("127.0.0.2/32"),
    }
    async with bounded(sandbox, clock, **bounds) as (_, address), AsyncExitStack() as stack:
        proxied = [await stack.enter_async_context(stranger(address, OTHER)) for _ in range(5)]
        assert [await answered(one) for one in proxied] == [200] * 5
        async with stranger(address, OTHER) as another:
            assert await answered(another) == 200
            assert await is_closed(proxied[0])


async def test_a_place_is_given_back_with_its_connection(sandbox: Sandbox, clock: Clock) -> None:
    """Of whatever kind, and however it ends."""
    async with bounded(sandbox, clock, gateway_max_connections=1) as (_, address):
        for _ in range(3):
            async with stranger(address) as one:
                assert await answered(one) == 200
            async with opened(address) as connection:
                await say(connection, type="connection_init")
                assert await hear(connection) == {"type": "connection_ack"}
            assert await becomes_free(address)


async def becomes_free(address: Address) -> bool:
    """Whether there is room for a connection soon."""
    for _ in range(100):
        async with stranger(address) as one:
            await one.send(GET)
            if (await one.response())[0] == 200:
                return True
        await asyncio.sleep(0.01)
    return False


@pytest.mark.parametrize(
    ("hosts", "counted"),
    [
        (["10.0.0.1", "10.0.0.1"], 1),
        (["10.0.0.1", "10.0.0.2"], 2),
        (["10.0.0.1", "::ffff:10.0.0.1"], 1),
        (["2001:db8::1", "2001:db8::2"], 1),
        (["2001:db8::1", "2001:db8:0:1::1"], 2),
        (["fe80::1%eth0", "fe80::2%eth0"], 1),
        (["192.168.0.1", "192.168.0.1"], 2),
        (["::ffff:192.168.0.1", "192.168.0.1"], 2),
        ([None, None], 2),
        (["", "unix"], 2),
    ],
)
def test_an_address_is_what_one_customer_has(hosts: list[str | None], counted: int) -> None:
    """An IPv4 address, also written as one of IPv6, or a /64 of IPv6 (RFC 6177); not a proxy's."""
    connections = Connections(9, 1, Networks("192.168.0.0/16"))
    fakes = [Fake() for _ in hosts]
    for fake, host in zip(fakes, hosts, strict=True):
        assert connections.enter(fake, host)  # type: ignore[arg-type]
    assert sum(not fake.gone for fake in fakes) == counted


def test_what_is_held_for_all_together_is_bounded() -> None:
    """Beyond it, the connection goes for which most is held; others do not notice."""
    connections = Connections(9, 9, max_held=1000)
    small, large, other = fakes = [Fake() for _ in range(3)]
    for fake in fakes:
        connections.enter(fake, None)  # type: ignore[arg-type]
    for fake, held in ((small, 300), (large, 500), (other, 200), (small, 0), (small, 300)):
        connections.hold(fake, held)  # type: ignore[arg-type]
    assert [fake.gone for fake in fakes] == [False, False, False]
    connections.hold(other, 201)  # type: ignore[arg-type]
    assert [fake.gone for fake in fakes] == [False, True, False]
    connections.hold(small, 799)  # type: ignore[arg-type]
    assert [fake.gone for fake in fakes] == [False, True, False]


@pytest.mark.parametrize(
    "begun",
    [
        b"GET / HTTP/1.1\r\nX: " + b"x" * 50_000,
        POST + b"Content-Length: 200000\r\n\r\n" + b" " * 100_000,
        CHUNKED + b"%x\r\n" % 200_000 + b" " * 100_000,
        GET + b"x" * 50_000,
        handshake(),
    ],
    ids=["a head", "a body", "chunks", "ahead", "a message"],
)
async def test_parts_of_requests_count(begun: bytes) -> None:
    """100 heads of 64 KiB took 184 MB. What is held for them is their bytes, within a bound."""
    connections = Connections(100, 100, max_held=1_000_000)
    waiting = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            scope["state"][STATE] = connections
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
        elif scope["type"] == "websocket":
            await send({"type": "websocket.accept"})
        await waiting.wait()

    async with listening(app) as address, AsyncExitStack() as stack:
        crowd = [await stack.enter_async_context(stranger(address)) for _ in range(30)]
        for one in crowd:
            await one.send(begun)
            if begun.startswith(b"GET /graphql"):
                await one.response()
                await one.send(frame(TEXT, b"x" * 60_000, last=False))
        gone = [asyncio.create_task(is_closed(one)) for one in crowd]
        assert await becomes(lambda: sum(task.done() for task in gone) >= 10)
        assert sum(task.done() for task in gone) < 25
        waiting.set()


async def test_who_had_to_go_is_told_now_and_then(caplog: pytest.LogCaptureFixture) -> None:
    """One line a minute says how many, why, and which setting to look at; no address."""
    connections = Connections(2, 1)
    for number in range(20):
        connections.enter(Fake(), f"10.0.0.{number}")  # type: ignore[arg-type]
        connections.enter(Fake(), f"10.0.0.{number}")  # type: ignore[arg-type]
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.startswith("1 connections were closed or refused; one address had 1 connections")
    assert "GATEWAY_TRUSTED_PROXIES" in line
    assert "10.0.0" not in line


@pytest.mark.processes
@pytest.mark.parametrize(
    ("limit", "wanted", "given"), [(5000, 2000, 2000), (1024, 2000, 768), (300, 2000, 150)]
)
def test_connections_leave_files_for_all_else(limit: int, wanted: int, given: int) -> None:
    """A process that can open no file any more asks Twilio nothing, whoever asks."""
    program = f"from gateway.server.open_files import at_most; print(at_most({wanted}))"
    command = f'ulimit -n {limit}; exec "{sys.executable}" -c "{program}"'
    told = subprocess.run(["/bin/sh", "-c", command], capture_output=True, check=True, text=True)
    assert int(told.stdout) == given
    assert ("ulimit -n" in told.stderr) == (given < wanted)
