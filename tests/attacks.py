"""Strangers, and a viewer, who do all that they can, at once.

`python -m tests.attacks PORT TOKEN SID [ATTACK…]`: strangers have no token; the viewer has, and a
call that never becomes complete. Each has an address of its own, and comes back when its connection
has ended.
"""

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import Awaitable, Callable

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
    stranger,
)

WITHOUT_END = 2**62

AWAY = 2.0
"""Seconds after which each comes back: 1,600 of them make 800 connections a second at most."""

Attack = Callable[[Stranger], Awaitable[object]]


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
ATTACKS: dict[str, tuple[int, Attack]] = {
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
"""What they do, and how many of them."""


def ask(query: str, **variables: object) -> bytes:
    """A request of the viewer."""
    body = json.dumps({"query": query, "variables": variables}).encode()
    token = f"Authorization: Bearer {TOKEN}".encode()
    head = with_header(POST + b"Content-Length: %d\r\n\r\n" % len(body), token)
    return head + body


def repeat(request: bytes) -> Attack:
    """Ask, and ask again."""

    async def attack(one: Stranger) -> None:
        while True:
            await one.send(request)
            await one.response()

    return attack


def abandon(request: bytes) -> Attack:
    """Ask, and leave."""

    async def attack(one: Stranger) -> None:
        await one.send(request)

    return attack


def follow(count: int) -> Attack:
    """Follow a call, as often as one connection may."""

    async def attack(one: Stranger) -> None:
        await one.send(handshake(f"Authorization: Bearer {TOKEN}".encode()))
        await one.response()
        payload = {"query": UPDATES, "variables": {"sid": SID}}
        said: list[dict[str, object]] = [{"type": "connection_init"}]
        said += [{"type": "subscribe", "id": f"{n}", "payload": payload} for n in range(count)]
        await one.send(b"".join(frame(TEXT, json.dumps(message).encode()) for message in said))
        await one.rest()

    return attack


TOKEN, SID = (*sys.argv[2:4], "", "")[:2]
UPDATES = "subscription($sid: CallSid!) { callUpdates(sid: $sid) { status } }"
WAIT = """
query($sid: CallSid!) { callLookup(sid: $sid, waitFor: COMPLETE, timeoutSeconds: 60) { status } }
"""
NAMES = {f"stat{number}": 1 for number in range(8000)}
FILTER = ", ".join(f"{name}: 1" for name in [*NAMES][:1600])
LIST = "query($filter: CallFilter) { calls(first: 1000, filter: $filter) { nodes { raw } } }"
TYPES = "a{}: __schema {{ types {{ name fields {{ name }} }} }}"
OF_A_VIEWER: dict[str, tuple[int, Attack]] = {
    "waits, abandoned": (20, abandon(ask(WAIT, sid=SID))),
    "waits": (50, repeat(ask(WAIT, sid=SID))),
    "followers": (20, follow(100)),
    "unknown keys": (2, repeat(ask(f"{{ calls(filter: {{{FILTER}}}) {{ nodes {{ sid }} }} }}"))),
    "unknown keys of a variable": (2, repeat(ask(LIST, filter=NAMES))),
    "empty lists": (2, repeat(ask("{__typename}", lists=[[]] * 60_000))),
    "long pages": (2, repeat(ask(LIST))),
    "introspection": (2, repeat(ask(f"{{ {' '.join(TYPES.format(n) for n in range(49))} }}"))),
}
"""What a viewer does."""


async def again_and_again(port: int, source: str, attack: Attack) -> None:
    """Attack, and come back."""
    while True:
        with contextlib.suppress(OSError, EOFError, TimeoutError):
            async with stranger(("127.0.0.1", port), source) as one:
                await attack(one)
        await asyncio.sleep(AWAY)


async def main(port: int, wanted: list[str]) -> None:
    """Go on without end, with all attacks or those that are named."""
    attacks = ATTACKS | OF_A_VIEWER
    async with asyncio.TaskGroup() as group:
        for place, (name, (number, attack)) in enumerate(attacks.items()):
            for _ in range(number if name in (wanted or attacks) else 0):
                group.create_task(again_and_again(port, f"127.0.1.{place + 1}", attack))


if __name__ == "__main__":
    os.nice(10)  # they would be on machines of their own
    asyncio.run(main(int(sys.argv[1]), sys.argv[4:]))
