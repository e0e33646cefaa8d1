"""One line of log per request, and the id that joins it to what the client saw.

A request is one over HTTP, or one operation on a WebSocket. Its line says what the request took;
never a query string, a variable or a body.
"""

import logging
import random
import re
import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from graphql import OperationDefinitionNode
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.instrumentation import Hook, OperationAnswered, RequestAnswered
from gateway.request_stats import Tally, current
from gateway.server.drain import Leaving
from gateway.server.protocols.replay import Again, Named, Repeat, name_of, written
from gateway.server.telemetry.logs import Fields
from gateway.server.telemetry.operation_names import ANONYMOUS, shown_name

logger = logging.getLogger("gateway.requests")

_HEADER, _TRACE_HEADER = b"x-request-id", b"traceparent"
_OF_BUDGET = b"ratelimit-"
_LONGEST_PATH = 256
_SANE = re.compile(r"[A-Za-z0-9_-]{8,64}", re.ASCII)


def note(tally: Tally, operation: OperationDefinitionNode | None) -> None:
    """Note which operation is asked for."""
    if operation is not None:
        tally.kind = operation.operation.value
        if operation.name is not None:
            tally.operation = shown_name(operation.name.value)


class _Line(Fields):
    """What a request took: all of it for machines, what is worth reading for people."""

    def __str__(self) -> str:
        words = []
        for name, value in self.fields.items():
            if name in _PLAIN:
                words.append(str(value))
            else:
                words.append(f"{value} ms" if name == "milliseconds" else f"{name}={value}")
        return " ".join(words)


class _Record(logging.LogRecord):
    """A record of a line, made without looking for where in the program it comes from."""

    def __init__(self, line: _Line, request_id: str) -> None:
        created = time.time()
        self.__dict__ = {
            **_ALWAYS,
            "msg": line,
            "created": created,
            "msecs": created % 1 * 1000,
            "request_id": request_id,
        }


_PLAIN = frozenset({"method", "path", "status"})
_ALWAYS = vars(logging.LogRecord(logger.name, logging.INFO, "", 0, "", (), None))


class Journal:
    """Writes a line for each request that is over, and tells `hook` what metrics count."""

    def __init__(self, hook: Hook) -> None:
        self._hook = hook

    def operation(self, tally: Tally) -> None:
        """An operation on a WebSocket is over."""
        self._over({"method": "WS", "path": "/graphql"}, tally)

    def request(self, scope: Scope, status: int, tally: Tally) -> None:
        """An HTTP request is over."""
        path, route = scope["path"], scope.get("route")
        known = None if route is None else route.path
        self._hook(RequestAnswered(known, status))
        shown = path if path == known else _shown(path)
        self._over({"method": scope["method"], "path": shown, "status": status}, tally)

    def _over(self, said: dict[str, Any], tally: Tally) -> None:
        seconds = time.perf_counter() - tally.started
        if tally.kind is not None or tally.outcome is not None:
            outcome = tally.outcome or "ok"  # of a stream that its client left before an answer
            self._hook(
                OperationAnswered(tally.kind, tally.operation, outcome, tally.codes, seconds)
            )
        if logger.isEnabledFor(logging.INFO):
            said["milliseconds"] = round(seconds * 1000, 1)
            _tell(said, tally)
            logger.handle(_Record(_Line(said), tally.request_id))


def _shown(path: str) -> str:
    """A path that no route has, cut short and without the end of a line: anybody chooses it."""
    return quote(path[:_LONGEST_PATH]) + "..." * (len(path) > _LONGEST_PATH)


def _tell(said: dict[str, Any], tally: Tally) -> None:
    """Add what is known of a GraphQL request; nothing of any other."""
    if tally.viewer is not None:
        said["viewer"] = tally.viewer
    if tally.kind is not None:
        said["kind"] = tally.kind
        said["operation"] = tally.operation or ANONYMOUS
        said["outcome"] = tally.outcome
    if tally.codes:
        said["errors"] = ",".join(tally.codes)
    if tally.cost is not None:
        said["cost"] = tally.cost
        said["upstream_requests"] = tally.upstream_requests
    if tally.twilio_ids:
        said["twilio_request_ids"] = ",".join(tally.twilio_ids)
    if tally.trace_id is not None:
        said["trace_id"] = tally.trace_id


class RequestLog:
    """Gives every request an id: the client's own `X-Request-Id` if it is a sane one."""

    def __init__(
        self,
        app: ASGIApp,
        journal: Journal,
        leaving: Leaving | None = None,
        *,
        traced: bool = False,
    ) -> None:
        self._app = app
        self._journal = journal
        self._traced = traced
        self._leaving = leaving or Leaving(0)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and write down how it went."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = _said(scope, _HEADER)
        request_id = _request_id(given)
        header = (_HEADER, request_id.encode("ascii"))
        tally = Tally(request_id, _said(scope, _TRACE_HEADER) if self._traced else "")
        scope.setdefault("state", {}).update(request_id=request_id, tally=tally)
        status = 500  # if nothing is sent, the server will say so
        headers: list[tuple[bytes, bytes]] = []

        async def send_with_id(message: Message) -> None:
            nonlocal status, headers
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = list(message.get("headers", ()))
                message["headers"] = [*headers, header]
            await send(message)

        token = current.set(tally)
        try:
            await self._app(scope, receive, send_with_id)
        finally:
            self._journal.request(scope, status, tally)
            current.reset(token)
        name = name_of(scope)
        if tally.repeat is not None and name is not None:
            scope["state"]["repeats"].keep(name, self._again(scope, headers, tally.repeat))

    def _again(self, scope: Scope, headers: Sequence[tuple[bytes, bytes]], repeat: Repeat) -> Again:
        """What answers a request again, as it was answered with these headers."""
        asked = {part: scope.get(part) for part in ("method", "path", "route")}
        head = written([header for header in headers if not header[0].startswith(_OF_BUDGET)])
        leaving, journal, traced = self._leaving, self._journal, self._traced

        def again(named: Named) -> Sequence[bytes] | None:
            if leaving.begun:
                return None
            tally = Tally(_request_id(named.request_id), named.trace_parent if traced else "")
            token = current.set(tally)
            try:
                if (repeated := repeat(tally)) is None:
                    return None
                journal.request(asked, 200, tally)
            finally:
                current.reset(token)
            rest = written([*repeated.headers, (_HEADER, tally.request_id.encode("ascii"))])
            return [head, rest, b"\r\n", *repeated.pieces]

        return again


def _request_id(given: str) -> str:
    """The id that a client gave its request, if it is a sane one; or another."""
    return given if _SANE.fullmatch(given) else f"{random.getrandbits(64):016x}"


def _said(scope: Scope, header: bytes) -> str:
    """A header of a request; empty if it is not there."""
    for name, value in scope["headers"]:
        if name == header:
            said: str = value.decode("latin-1").strip(" \t")
            return said
    return ""
