"""One line of log per HTTP request, and the id that joins it to what the client saw."""

import logging
import re
import secrets
import time
from urllib.parse import quote

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

logger = logging.getLogger("gateway.requests")

_HEADER = "X-Request-Id"
_SANE = re.compile(r"[A-Za-z0-9_-]{8,64}", re.ASCII)


class RequestLog:
    """Gives every request an id: the client's own `X-Request-Id` if it is a sane one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and log how it went: never its query string or body."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(_HEADER, "")
        request_id = given if _SANE.fullmatch(given) else secrets.token_hex(8)
        scope.setdefault("state", {})["request_id"] = request_id
        started, status = time.perf_counter(), 500  # if nothing is sent, the server will say so

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[_HEADER] = request_id
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        finally:
            logger.info(
                "%s %s %d %.1f ms",
                scope["method"],
                quote(scope["path"]),  # a decoded path may hold the end of a line
                status,
                (time.perf_counter() - started) * 1000,
                extra={"request_id": request_id},
            )
