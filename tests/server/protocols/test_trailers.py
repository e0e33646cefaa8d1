"""What a request has beside its body is bounded with its head; trailers are no headers."""

import json
from collections.abc import AsyncIterator

import pytest

from gateway.sandbox import Sandbox
from gateway.server.protocols.refusals import MAX_BODY_BYTES, MAX_FIELDS, MAX_HEAD_BYTES
from tests.conftest import Clock
from tests.server.conftest import Address, listening
from tests.server.raw import BODY, CHUNKED, GET, IN_CHUNKS, POST, stranger
from tests.viewers import READ, People, open_to

CHUNK = b"%x\r\n%b\r\n" % (len(BODY), BODY)
BESIDE = {
    "trailers": (CHUNK + b"0\r\n", b"a:b\r\n" * 2000),
    "one trailer": (CHUNK + b"0\r\na:", b"b" * 10_000),
    "extensions of a chunk": (b"%x;" % len(BODY), b"a=b;" * 2500),
    "chunks of one byte": (b"", b"1\r\n \r\n" * 1600),
}
ON_THE_WAY = 2**25
"""Bytes that a client may have sent before it learns that the connection has ended."""


@pytest.fixture
async def closed(sandbox: Sandbox, clock: Clock) -> AsyncIterator[Address]:
    """A gateway whose only viewer is ana."""
    people = People(sandbox)
    people.add("ana", None, READ)
    async with open_to(sandbox, clock, people) as gateway, listening(gateway.app) as address:
        yield address


@pytest.mark.parametrize("name", BESIDE)
async def test_what_is_beside_a_body_is_bounded_with_the_head(address: Address, name: str) -> None:
    """60 MB of trailers took 1.4 GB. Our choice: 64 KiB with the head, then 431 and the end."""
    begin, more = BESIDE[name]
    async with stranger(address) as one:
        await one.send(CHUNKED + begin)
        while one.sent <= 1.5 * MAX_HEAD_BYTES:
            await one.send(more)
        assert (await one.response())[0] == 431
        assert await one.flood(more)
    assert one.sent < ON_THE_WAY


@pytest.mark.parametrize("name", BESIDE)
async def test_so_it_is_for_who_was_answered_already(closed: Address, name: str) -> None:
    """A stranger is told so by its head; what it sends then is thrown away, and not for ever."""
    begin, more = BESIDE[name]
    async with stranger(closed) as one:
        await one.send(CHUNKED + begin)
        assert (await one.response())[0] == 401
        assert await one.flood(more)
    assert one.sent < ON_THE_WAY


@pytest.mark.parametrize(
    "head",
    [
        POST + b"Content-Length: %d\r\n\r\n" % (MAX_BODY_BYTES + 1),
        CHUNKED + b"%x\r\n" % (MAX_BODY_BYTES * 100),
    ],
    ids=["said", "sent"],
)
async def test_a_body_without_end_ends_the_connection(closed: Address, head: bytes) -> None:
    """A declared or arrived size that is too large; for strangers, whom the application refuses."""
    async with stranger(closed) as one:
        await one.send(head)
        assert (await one.response())[0] in {401, 413}
        assert await one.flood(b" " * 2**16)
    assert one.sent < ON_THE_WAY


async def test_a_head_of_too_many_fields_is_refused(address: Address) -> None:
    """Each takes memory beside its bytes: 13,000 in 64 KiB took 1.8 MB. Our choice: 128."""
    for fields, status in ((MAX_FIELDS - 2, 200), (MAX_FIELDS + 1, 431)):
        async with stranger(address) as one:
            await one.send(GET.replace(b"\r\n\r\n", b"\r\n" + b"a:b\r\n" * fields + b"\r\n"))
            assert (await one.response())[0] == status


async def test_trailers_within_the_bound_are_taken(address: Address) -> None:
    """And the connection goes on (RFC 9112 §7.1.2)."""
    async with stranger(address) as one:
        for _ in range(2):
            await one.send(CHUNKED + CHUNK + b"0\r\n" + b"a:b\r\n" * 1000 + b"\r\n")
            status, _, body = await one.response()
            assert (status, json.loads(body)) == (200, {"data": {"__typename": "Query"}})


@pytest.mark.parametrize("apart", [True, False])
async def test_a_trailer_is_no_header(closed: Address, *, apart: bool) -> None:
    """A token in a trailer lets nobody in, in one packet with its head or not (RFC 9110 §6.5.1)."""
    token = b"Authorization: Bearer ana\r\n"
    trailing = CHUNK + b"0\r\n" + token + b"\r\n"
    async with stranger(closed) as one:
        await one.send(*([CHUNKED, trailing] if apart else [CHUNKED + trailing]))
        assert (await one.response())[0] == 401
        await one.send(IN_CHUNKS.replace(b"\r\n\r\n", b"\r\n" + token + b"\r\n", 1))
        assert (await one.response())[0] == 200
