"""Turns requests away while the process has as many as it can bear.

Early, before anything of them is read: whoever is turned away can ask another replica, or again in
a moment, while those that were let in are answered. An answer that is streamed does not count
once it has begun: what it follows is bounded elsewhere.
"""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

import msgspec
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.errors import UpstreamRateLimited
from gateway.instrumentation import Shed
from gateway.server.streams import Stream

MOST = 2000
"""GraphQL requests under way at once in one process."""

RETRY_AFTER = 1
"""Seconds."""

Respond: TypeAlias = Callable[[Scope, Receive], Awaitable[Response]]


class Shedding:
    """Sends what `respond` gives, for at most `most` requests at once."""

    def __init__(self, respond: Respond, hook: Callable[[Shed], None], most: int = MOST) -> None:
        self._respond = respond
        self._hook = hook
        self._most = most
        self._inside = 0
        problem = UpstreamRateLimited(
            "This gateway has too many requests; ask again later.", retry_after=RETRY_AFTER
        )
        error = {"message": str(problem), "extensions": problem.extensions}
        self._body = msgspec.json.encode({"errors": [error]})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one request in, or turn it away."""
        if self._inside >= self._most:
            self._hook(Shed("server"))
            await self._turned_away()(scope, receive, send)
            return
        self._inside += 1
        try:
            response = await self._respond(scope, receive)
            if response.__class__ is not Stream:
                await response(scope, receive, send)
                return
        finally:
            self._inside -= 1
        await response(scope, receive, send)

    def _turned_away(self) -> Response:
        headers = {"Retry-After": str(RETRY_AFTER), "Cache-Control": "no-store"}
        media_type = "application/json; charset=utf-8"
        return Response(self._body, 503, headers, media_type)
