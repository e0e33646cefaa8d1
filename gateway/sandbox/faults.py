"""Injects faults into responses: errors, delays and broken bodies, as often as a test sets."""

import asyncio
import contextlib
from dataclasses import dataclass
from typing import Literal

import msgspec
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.sandbox.errors import ApiError, broken, rate_limited, unauthenticated

Kind = Literal[
    "rate_limited",
    "rate_limited_retry_after",
    "server_error",
    "slow",
    "cut_off",
    "garbage",
    "refused_credentials",
]
API = "/v1/"
GARBAGE = (
    ("text/html; charset=utf-8", b"<!doctype html><title>502</title><h1>Bad Gateway</h1>"),
    ("application/json", b'{"call_summaries":{"0":"what"},"meta":[],"call_sid":{"not":"text"}}'),
)
SERVER_ERRORS = (500, 503)


class Fault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to go wrong, how many times (None: until cleared), and on which paths.

    `seconds` is how long a slow answer takes, or what `Retry-After` says. `server_error` and
    `garbage` take turns: 500 and 503; a page of HTML, and JSON of the wrong shape.
    """

    kind: Kind
    times: int | None = None
    seconds: float = 1.0
    path_contains: str = ""


@dataclass(slots=True, eq=False)
class _InForce:
    """A fault, and how often it struck so far."""

    fault: Fault
    struck: int = 0


class Faults:
    """The faults in force, oldest first; each request suffers from at most one."""

    def __init__(self, app: ASGIApp) -> None:
        """Stand in front of `app`, and spoil nothing until told to."""
        self._app = app
        self._in_force: list[_InForce] = []

    def inject(self, fault: Fault) -> None:
        """Put a fault in force, after those that already are; no times at all is no fault."""
        if fault.times != 0:
            self._in_force.append(_InForce(fault))

    def clear(self) -> None:
        """All is well again."""
        self._in_force.clear()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Spoil the answer if it is this request's turn."""
        if scope["type"] != "http" or not scope["path"].startswith(API):
            await self._app(scope, receive, send)
            return
        fault, turn = self._next(scope["path"])
        match fault.kind if fault else None:
            case "slow" if fault:
                await asyncio.sleep(fault.seconds)
                await self._app(scope, receive, send)
            case "cut_off":
                await self._cut_off(scope, receive, send)
            case "garbage":
                content_type, body = GARBAGE[turn % len(GARBAGE)]
                await _answer(send, 200, body, {"Content-Type": content_type})
            case _ if fault:
                error = _error(fault, turn)
                await _answer(send, error.status, error.body, error.headers)
            case _:
                await self._app(scope, receive, send)

    def _next(self, path: str) -> tuple[Fault | None, int]:
        """The fault whose turn it is, and how often it struck before."""
        for trouble in self._in_force:
            if trouble.fault.path_contains in path:
                trouble.struck += 1
                if trouble.struck == trouble.fault.times:
                    self._in_force.remove(trouble)
                return trouble.fault, trouble.struck - 1
        return None, 0

    async def _cut_off(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Promise the whole answer, send half of it, and hang up."""
        parts: list[Message] = []

        async def keep(message: Message) -> None:
            parts.append(message)

        await self._app(scope, receive, keep)
        body = b"".join(part.get("body", b"") for part in parts)
        await send(parts[0])
        await _hang_up(send, body[: len(body) // 2])


async def _hang_up(send: Send, half: bytes) -> None:
    """End a body too early; a real server notices, and drops the connection."""
    with contextlib.suppress(Exception):  # each server complains in its own way
        await send({"type": "http.response.body", "body": half})


def _error(fault: Fault, turn: int) -> ApiError:
    if fault.kind == "refused_credentials":
        return unauthenticated()
    if fault.kind == "server_error":
        return broken(SERVER_ERRORS[turn % len(SERVER_ERRORS)])
    named = fault.kind == "rate_limited_retry_after"
    return rate_limited(round(fault.seconds) if named else None)


async def _answer(send: Send, status: int, body: bytes, headers: dict[str, str]) -> None:
    """A whole answer that the application never sees."""
    fields = {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}
    encoded = [(name.lower().encode(), value.encode()) for name, value in fields.items()]
    await send({"type": "http.response.start", "status": status, "headers": encoded})
    await send({"type": "http.response.body", "body": body})
