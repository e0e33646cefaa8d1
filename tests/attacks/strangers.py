"""Strangers, who do all that they can on sockets: `python -m tests.attacks.strangers PORT [WHAT…]`.

They have no token, and addresses of their own.
"""

import asyncio
import sys

from tests.attacks.going_on import Attack, Attacks, go_on
from tests.server.raw import (
    CHUNKED,
    CONTINUED,
    GET,
    PING,
    PONG,
    POST,
    SIZED,
    TEXT,
    Stranger,
    frame,
    handshake,
)

WITHOUT_END = 2**62


def flood(*first: bytes, then: bytes) -> Attack:
    """Send these, and then this without end."""

    async def attack(one: Stranger) -> None:
        await one.send(*first)
        await one.flood(then, WITHOUT_END)

    return attack


def hold(*pieces: bytes) -> Attack:
    """Send these, and wait."""

    async def attack(one: Stranger) -> None:
        await one.send(*pieces)
        await one.rest()

    return attack


def unread(*first: bytes, then: bytes) -> Attack:
    """Send these, and then this without end, and read nothing."""

    async def attack(one: Stranger) -> None:
        one.stop_reading()
        await one.send(*first)
        await one.flood(then, WITHOUT_END)

    return attack


def with_header(request: bytes, header: bytes) -> bytes:
    """A request with another header."""
    return request.replace(b"\r\n\r\n", b"\r\n" + header + b"\r\n\r\n", 1)


PART, PARTS = frame(TEXT, b"x" * 60_000, last=False), frame(CONTINUED, b"x" * 60_000, last=False)
HEAD = b"GET / HTTP/1.1\r\n"
ATTACKS: Attacks = {
    "trailers": (2, flood(CHUNKED, b"2\r\n{}\r\n0\r\n", then=b"a:b\r\n" * 5000)),
    "extensions of chunks": (2, flood(CHUNKED, b"2;", then=b"a=b;" * 5000)),
    "a body without end": (2, flood(CHUNKED, b"fffffff\r\n", then=b" " * 2**16)),
    "a long body": (2, flood(POST + b"Content-Length: 99999999\r\n\r\n", then=b" " * 2**16)),
    "heads of many fields": (300, hold(HEAD + b"a:b\r\n" * 12_000)),
    "heads of one": (300, hold(HEAD + b"X: " + b"x" * 60_000)),
    "bodies": (100, hold(POST + b"Content-Length: 250000\r\n\r\n" + b" " * 200_000)),
    "nothing": (500, hold()),
    "requests ahead": (100, unread(then=GET * 1500)),
    "long headers": (2, flood(then=with_header(SIZED, b"Accept: " + b"a/b," * 15_000))),
    "long paths": (2, flood(then=b"GET /" + b"x" * 60_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n")),
    "nonsense": (2, flood(then=b"\x16\x03\x01" * 1000)),
    "pings": (5, unread(handshake(), then=frame(PING, b"x" * 125) * 500)),
    "pongs": (5, flood(handshake(), then=frame(PONG) * 5000)),
    "fragments": (5, flood(handshake(), PART, then=frame(CONTINUED, last=False) * 5000)),
    "texts": (5, flood(handshake(), then=frame(TEXT, b'{"type":"pong"}') * 2000)),
    "no texts": (5, hold(handshake(), frame(TEXT, b"\xff"))),
    "parts of messages": (200, hold(handshake(), PART, PARTS, PARTS)),
}


def address_of(name: str) -> str:
    """Each attack has an address of its own."""
    return f"127.0.1.{[*ATTACKS].index(name) + 1}"


if __name__ == "__main__":
    chosen = {name: ATTACKS[name] for name in sys.argv[2:] or ATTACKS}
    asyncio.run(go_on(("127.0.0.1", int(sys.argv[1])), chosen, address_of))
