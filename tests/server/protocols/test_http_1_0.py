"""HTTP/1.0, as some proxies and tools speak it: no chunks, and no connection that is kept."""

import json

import pytest

from tests.conftest import Gateway
from tests.live import UPDATES
from tests.server.conftest import Address
from tests.server.raw import BODY, stranger

POST = b"POST /graphql HTTP/1.0\r\nHost: localhost\r\nContent-Type: application/json\r\n"


def asking(body: bytes, accept: bytes = b"*/*", version: bytes = b"1.0") -> bytes:
    head = POST.replace(b"1.0", version) + b"Accept: " + accept + b"\r\n"
    return head + b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


@pytest.mark.parametrize("version", [b"1.0", b"0.9"])
async def test_a_stream_ends_with_its_connection(
    gateway: Gateway, address: Address, version: bytes
) -> None:
    """It has no chunks, for who asks would not know them (RFC 9112 §6.1)."""
    sid = gateway.sandbox.examples()["client"]
    body = json.dumps({"query": UPDATES, "variables": {"sid": sid}}).encode()
    async with stranger(address) as one:
        await one.send(asking(body, b"text/event-stream", version))
        head, _, events = (await one.rest()).lower().partition(b"\r\n\r\n")
    assert b" 200 " in head
    assert b"transfer-encoding" not in head
    assert b"content-length" not in head
    assert b"connection: close" in head
    assert events.startswith(b":\n\nevent: next\ndata: {")
    assert events.endswith(b"event: complete\ndata:\n\n")


async def test_an_answer_in_one_piece_says_its_length(address: Address) -> None:
    """As in HTTP/1.1."""
    async with stranger(address) as one:
        await one.send(asking(BODY))
        status, headers, body = await one.response()
        assert (status, int(headers["content-length"])) == (200, len(body))
        assert headers["connection"] == "close"
        assert await one.rest() == b""


async def test_no_interim_answer_is_sent(address: Address) -> None:
    """`Expect` in such a request must be ignored (RFC 9110 §10.1.1)."""
    async with stranger(address) as one:
        await one.send(asking(BODY).replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n"))
        assert (await one.response())[0] == 200
