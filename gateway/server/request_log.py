"""One line of log per request, and the id that joins it to what the client saw.

A request is one over HTTP, or one operation on a WebSocket. Its line says what the request took;
never a query string, a variable or a body.
"""

import logging
import re
import secrets
import time
from typing import Any
from urllib.parse import quote

from graphql import OperationDefinitionNode
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.instrumentation import Hook, OperationAnswered, RequestAnswered
from gateway.logs import Fields
from gateway.server.operation_names import shown_name
from gateway.tally import Tally, current

logger = logging.getLogger("gateway.requests")

_HEADER = "X-Request-Id"
_TRACE_HEADER = "traceparent"
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
        said = dict(self.fields)
        words = [str(said.pop(name)) for name in ("method", "path", "status") if name in said]
        words.append(f"{said.pop('milliseconds')} ms")
        words += (f"{name}={value}" for name, value in said.items())
        return " ".join(words)


class Journal:
    """Writes a line for each request that is over, and tells `hook` what metrics count."""

    def __init__(self, hook: Hook) -> None:
        self._hook = hook

    def operation(self, tally: Tally) -> None:
        """An operation on a WebSocket is over."""
        self._over({"method": "WS", "path": "/graphql"}, tally)

    def request(self, scope: Scope, status: int, tally: Tally) -> None:
        """An HTTP request is over."""
        route = scope.get("route")
        self._hook(RequestAnswered(None if route is None else route.path, status))
        # A decoded path may hold the end of a line.
        said = {"method": scope["method"], "path": quote(scope["path"]), "status": status}
        self._over(said, tally)

    def _over(self, said: dict[str, Any], tally: Tally) -> None:
        seconds = time.perf_counter() - tally.started
        if tally.kind is not None or tally.outcome is not None:
            outcome = tally.outcome or "ok"  # of a stream that its client left before an answer
            self._hook(
                OperationAnswered(tally.kind, tally.operation, outcome, tally.codes, seconds)
            )
        if logger.isEnabledFor(logging.INFO):
            said["milliseconds"] = round(seconds * 1000, 1)
            line = _Line(said | _told(tally))
            extra = {"request_id": tally.request_id}
            # Not `logger.info`, which would look for its caller on the stack each time.
            logger.handle(
                logger.makeRecord(logger.name, logging.INFO, "", 0, line, (), None, extra=extra)
            )


def _told(tally: Tally) -> dict[str, Any]:
    """What is known of a GraphQL request; nothing of any other."""
    told: dict[str, Any] = {}
    if tally.viewer is not None:
        told["viewer"] = tally.viewer
    if tally.kind is not None:
        told |= {"kind": tally.kind, "operation": tally.operation or "-", "outcome": tally.outcome}
    if tally.codes:
        told["errors"] = ",".join(tally.codes)
    if tally.cost is not None:
        told |= {"cost": tally.cost, "upstream_requests": tally.upstream_requests}
    if tally.twilio_ids:
        told["twilio_request_ids"] = ",".join(tally.twilio_ids)
    if tally.trace_id is not None:
        told["trace_id"] = tally.trace_id
    return told


class RequestLog:
    """Gives every request an id: the client's own `X-Request-Id` if it is a sane one."""

    def __init__(self, app: ASGIApp, journal: Journal, *, traced: bool = False) -> None:
        self._app = app
        self._journal = journal
        self._traced = traced

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and write down how it went."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        given = headers.get(_HEADER, "")
        request_id = given if _SANE.fullmatch(given) else secrets.token_hex(8)
        tally = Tally(request_id, headers.get(_TRACE_HEADER, "") if self._traced else "")
        scope.setdefault("state", {}).update(request_id=request_id, tally=tally)
        status = 500  # if nothing is sent, the server will say so

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[_HEADER] = request_id
            await send(message)

        token = current.set(tally)
        try:
            await self._app(scope, receive, send_with_id)
        finally:
            self._journal.request(scope, status, tally)
            current.reset(token)
