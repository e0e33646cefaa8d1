"""Turns requests away while the process has as many as it can bear.

Early, before anything of them is read: whoever is turned away can ask another replica, or again in
a moment, while those that were let in are answered. An answer that is streamed does not count
once it has begun: what it follows is bounded elsewhere.
"""

from collections.abc import Callable

import msgspec
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.errors import UpstreamRateLimited
from gateway.instrumentation import Shed

MOST = 2000
"""GraphQL requests under way at once in one process."""

RETRY_AFTER = 1
"""Seconds."""


class Shedding:
    """Wraps the GraphQL endpoint; at most `most` requests are inside."""

    def __init__(self, app: ASGIApp, hook: Callable[[Shed], None], most: int = MOST) -> None:
        self._app = app
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
            await self._turn_away(send)
            return
        self._inside += 1
        inside = True

        def leave() -> None:
            nonlocal inside
            self._inside -= inside
            inside = False

        async def send_on(message: Message) -> None:
            if message["type"] == "http.response.start" and _is_endless(message):
                leave()
            await send(message)

        try:
            await self._app(scope, receive, send_on)
        finally:
            leave()

    async def _turn_away(self, send: Send) -> None:
        headers = [
            (b"content-type", b"application/json; charset=utf-8"),
            (b"content-length", str(len(self._body)).encode()),
            (b"retry-after", str(RETRY_AFTER).encode()),
            (b"cache-control", b"no-store"),
        ]
        await send({"type": "http.response.start", "status": 503, "headers": headers})
        await send({"type": "http.response.body", "body": self._body})


def _is_endless(start: Message) -> bool:
    return not any(name.lower() == b"content-length" for name, _ in start.get("headers", ()))
