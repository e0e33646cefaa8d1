"""Requests that are sent ahead of their answers: one is read at a time (RFC 9112 §9.3.2)."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from gateway.server.protocols.http import MAX_AHEAD
from tests.conftest import Gateway
from tests.live import becomes
from tests.server.conftest import Address, listening
from tests.server.raw import GET, IN_CHUNKS, SIZED, Stranger, stranger


def asking(number: int, *, chunks: bool = False) -> bytes:
    """A request whose answer tells its number."""
    body = json.dumps({"query": f"{{ n{number}: __typename }}"}).encode()
    head = b"POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    if chunks:
        return head + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    return head + b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


async def told(one: Stranger) -> list[str]:
    """What the next answer tells."""
    status, _, body = await one.response()
    assert status == 200
    return [*json.loads(body)["data"]]


class Counted:
    """An application that answers when it is let, and how often it is asked and left."""

    def __init__(self) -> None:
        self.asked = self.answering = self.most = self.left = 0
        self.let = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        self.asked += 1
        self.answering += 1
        self.most = max(self.most, self.answering)
        try:
            await receive()
            waiting = asyncio.create_task(self.let.wait())
            leaving = asyncio.create_task(left(receive))
            await asyncio.wait({waiting, leaving}, return_when=asyncio.FIRST_COMPLETED)
            self.left += leaving.done()
            waiting.cancel()
            leaving.cancel()
            length = (b"content-length", b"%d" % len(ANSWER))
            await send({"type": "http.response.start", "status": 200, "headers": [length]})
            await send({"type": "http.response.body", "body": ANSWER})
        finally:
            self.answering -= 1


ANSWER = b"x" * 2**12


async def left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


@pytest.fixture
async def counted() -> AsyncIterator[tuple[Counted, Address]]:
    app = Counted()
    async with listening(app) as address:
        yield app, address


@pytest.mark.parametrize("size", [1, 7, 100, 10_000])
async def test_requests_are_answered_in_their_order(gateway: Gateway, size: int) -> None:
    """However the bytes are cut into packets; those that came before among them."""
    numbers = [1, 2, 1, 3, 3, 4, 1]
    sent = b"\r\n".join(asking(number) for number in numbers)
    async with listening(gateway.app) as address, stranger(address) as one:
        await one.send(*(sent[at : at + size] for at in range(0, len(sent), size)))
        assert [await told(one) for _ in numbers] == [[f"n{number}"] for number in numbers]


async def test_one_request_of_a_connection_is_answered_at_a_time(
    counted: tuple[Counted, Address],
) -> None:
    """A connection with 1,000 requests ahead holds its bytes, and one request."""
    app, address = counted
    async with stranger(address) as one:
        await one.send(SIZED + GET * 1000)
        assert await becomes(lambda: app.asked == 1)
        app.let.set()
        for _ in range(1001):
            await one.response()
    assert (app.asked, app.most) == (1001, 1)


async def test_no_request_is_read_while_its_client_reads_no_answers(
    counted: tuple[Counted, Address],
) -> None:
    """100 connections with 64 KiB of requests each took 850 MB."""
    app, address = counted
    app.let.set()
    many = MAX_AHEAD // len(GET)
    async with stranger(address) as one:
        one.stop_reading()
        await one.send(GET * many)
        before = -1
        while before < app.asked:
            before = app.asked
            await asyncio.sleep(0.3)
    assert app.most == 1
    assert app.asked < many


async def test_who_sends_too_far_ahead_is_answered_and_asks_again(
    counted: tuple[Counted, Address],
) -> None:
    """Beyond 64 KiB, our choice: the answer says that it is the last one of this connection."""
    app, address = counted
    async with stranger(address) as one:
        await one.send(SIZED)
        await one.send(GET * (MAX_AHEAD // len(GET) + 1))
        assert await becomes(lambda: app.asked == 1)
        app.let.set()
        status, headers, _ = await one.response()
        assert (status, headers["connection"]) == (200, "close")
        assert await one.rest() == b""
    assert app.asked == 1


async def test_who_sends_without_end_while_it_waits_is_cut_off(
    counted: tuple[Counted, Address],
) -> None:
    """What is thrown away takes time too."""
    app, address = counted
    async with stranger(address) as one:
        await one.send(SIZED)
        assert await one.flood(GET * 1000)
        assert await becomes(lambda: app.left == 1)
    assert one.sent < 2**25


@pytest.mark.parametrize("ahead", [b"", GET, GET * 100, SIZED[:-9]])
async def test_who_leaves_is_noticed_whatever_came_ahead(
    counted: tuple[Counted, Address], ahead: bytes
) -> None:
    """Reading goes on while an answer is made, so that the end of the connection is seen."""
    app, address = counted
    async with stranger(address) as one:
        await one.send(SIZED, ahead)
        assert await becomes(lambda: app.asked == 1)
        one.leave()
        assert await becomes(lambda: app.left == 1, within=1)


@pytest.mark.parametrize("together", [True, False])
async def test_what_comes_behind_chunks_is_asked_again(address: Address, *, together: bool) -> None:
    """Where their end is, the parser alone knows. Our choice: the answer is the last one."""
    async with stranger(address) as one:
        await one.send(*([IN_CHUNKS + GET] if together else [IN_CHUNKS, GET]))
        status, headers, _ = await one.response()
        assert status == 200
        if together:
            assert headers["connection"] == "close"
            assert await one.rest() == b""
        else:
            assert (await one.response())[0] == 200


async def test_blank_lines_between_requests_are_none(address: Address) -> None:
    """RFC 9112 §2.2: a server ignores them; alone on a new connection they were a traceback."""
    faults: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, fault: faults.append(fault))
    async with stranger(address) as one:
        for before in (b"\r\n", b"\r\n\r\n", b""):
            await one.send(before, b"\r\n", b"\r\n" + GET)
            status, _, _ = await one.response()
            assert status == 200
    assert not faults
