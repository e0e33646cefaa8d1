"""Assigns an id and a log line to each HTTP request, and offers its response for replay.

While the process drains, each response closes its connection.
"""

from collections.abc import Sequence

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.request_stats import Tally, current
from gateway.server.drain import Drain
from gateway.server.protocols.replay import Replay
from gateway.server.telemetry.request_log import RequestLog, request_id_of

_REQUEST_ID, _TRACE_PARENT = b"x-request-id", b"traceparent"


class RequestIds:
    """Gives every request an id: the client's own `X-Request-Id` if it is a sane one."""

    def __init__(
        self, app: ASGIApp, request_log: RequestLog, drain: Drain, replay: Replay | None = None
    ) -> None:
        self._app = app
        self._request_log = request_log
        self._drain = drain
        self._replay = replay

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and write down how it went."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = request_id_of(_header(scope, _REQUEST_ID))
        tally = Tally(request_id, _header(scope, _TRACE_PARENT))
        scope.setdefault("state", {}).update(request_id=request_id, tally=tally)
        status = 500  # if nothing is sent, the server will say so
        headers: Sequence[tuple[bytes, bytes]] = ()

        async def send_with_id(message: Message) -> None:
            nonlocal status, headers
            if message["type"] == "http.response.start":
                status, headers = message["status"], message.get("headers", ())
                closing = [(b"connection", b"close")] * self._drain.begun
                message["headers"] = [*headers, *closing, (_REQUEST_ID, request_id.encode("ascii"))]
            await send(message)

        token = current.set(tally)
        try:
            await self._app(scope, receive, send_with_id)
        finally:
            route = scope.get("route")
            path = None if route is None else route.path
            self._request_log.request(scope["method"], scope["path"], path, status, tally)
            current.reset(token)
        if self._replay is not None:
            self._replay.keep(scope, headers)


def _header(scope: Scope, header: bytes) -> str:
    """A header of a request; empty if it is not there."""
    for name, value in scope["headers"]:
        if name == header:
            text: str = value.decode("latin-1").strip(" \t")
            return text
    return ""
