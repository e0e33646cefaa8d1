"""Offers of other protocols: WebSocket is taken, all others are as if they had not been made."""

import json

import pytest

from tests.server.conftest import Address
from tests.server.raw import GET, IN_CHUNKS, SIZED, handshake, stranger

HTTP_2 = (
    b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
    b"HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n"
)
OFFERS = [
    HTTP_2,
    HTTP_2.replace(b"Upgrade: h2c", b"UPGRADE:h2c"),
    b"Connection: Upgrade\r\nUpgrade: TLS/1.0, h2c\r\n",
    b"Connection: upgrade\r\nUpgrade: websocket\r\n",
    b"Connection: upgrade\r\nUpgrade: websocket\r\nUpgrade: h2c\r\n",
]


def offering(request: bytes, offer: bytes) -> bytes:
    return request.replace(b"\r\n\r\n", b"\r\n" + offer + b"\r\n", 1)


@pytest.mark.parametrize("offer", OFFERS)
@pytest.mark.parametrize("request_", [SIZED, IN_CHUNKS], ids=["sized", "in chunks"])
@pytest.mark.parametrize("apart", [True, False])
async def test_a_post_is_answered_as_if_it_offered_nothing(
    address: Address, request_: bytes, offer: bytes, *, apart: bool
) -> None:
    """A server may ignore `Upgrade` (RFC 9110 §7.8): some clients offer HTTP/2 in each request.

    The body was lost, and the request a 400. The connection goes on.
    """
    asked = offering(request_, offer)
    end = asked.index(b"\r\n\r\n") + 4
    async with stranger(address) as one:
        for _ in range(2):
            await one.send(*([asked[:end], asked[end:]] if apart else [asked]))
            status, headers, body = await one.response()
            assert (status, json.loads(body)) == (200, {"data": {"__typename": "Query"}})
            assert "upgrade" not in headers


@pytest.mark.parametrize("offer", OFFERS[:3])
async def test_so_is_a_get(address: Address, offer: bytes) -> None:
    """Of any protocol but WebSocket."""
    async with stranger(address) as one:
        await one.send(offering(GET, offer))
        assert (await one.response())[0] == 200


async def test_http_1_0_upgrades_to_nothing(address: Address) -> None:
    """`Upgrade` in such a request must be ignored (RFC 9110 §7.8)."""
    async with stranger(address) as one:
        await one.send(handshake(path=b"/healthz").replace(b"HTTP/1.1", b"HTTP/1.0"))
        assert (await one.response())[0] == 200


@pytest.mark.parametrize(
    "headers",
    [
        (b"X: " + b"x" * 10_000,),
        (b"Content-Length: 2", b"", b"{}"),
        (b"Transfer-Encoding: chunked", b"", b"2\r\n{}\r\n0\r\n"),
        (b"X: x",) * 200,
    ],
    ids=["a long line", "a body", "chunks", "many"],
)
async def test_no_handshake_is_left_without_an_answer(
    address: Address, headers: tuple[bytes, ...]
) -> None:
    """One that the library for WebSockets refuses was waited for, for ever."""
    async with stranger(address) as one:
        await one.send(handshake(*headers))
        status, *_ = await one.response()
        assert status in {400, 431}


@pytest.mark.parametrize("target", [b"localhost:443", b"/graphql"])
async def test_a_tunnel_is_for_proxies(address: Address, target: bytes) -> None:
    """CONNECT asks for one; a parser takes what follows for no HTTP any more."""
    async with stranger(address) as one:
        await one.send(b"CONNECT " + target + b" HTTP/1.1\r\nHost: localhost\r\n\r\n" + GET)
        assert (await one.response())[0] == 400
        assert await one.rest() == b""


@pytest.mark.parametrize(
    "beginning", [b"\x16\x03\x01\x02\x00\x01\x00", b"GET / HTTP/1.1\n", b"hello\r\n", b"{}"]
)
async def test_what_begins_as_no_request_is_refused_at_once(
    address: Address, beginning: bytes
) -> None:
    """Such as TLS on a port without it: its client need not wait to be told."""
    async with stranger(address) as one:
        await one.send(beginning)
        assert (await one.response())[0] == 400
