"""Routes `/graphql` without a router, and all other paths by Starlette.

Starlette looks for a route among all, and has layers of its own around each, for exceptions that
GraphQL never lets out: for a request that takes a few dozen microseconds, that is a large part.
"""

from collections.abc import Callable
from typing import Any

from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send


class FastRoute:
    """Passes on what is for `path`, with a slash at its end or without, and the rest to `app`.

    HTTP requests go to `over_http`, WebSockets to `over_websocket`.
    """

    def __init__(
        self, app: ASGIApp, path: str, *, over_http: ASGIApp, over_websocket: ASGIApp
    ) -> None:
        self._app = app
        self._there = {"http": over_http, "websocket": over_websocket}
        self.path = path
        self._paths = frozenset((path, f"{path}/"))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on a request."""
        if scope.get("path") in self._paths:
            scope["route"] = self
            await self._there[scope["type"]](scope, receive, send)
        else:
            await self._app(scope, receive, send)


class Application(Starlette):
    """Starlette behind what `front` puts before it."""

    def __init__(self, front: Callable[[ASGIApp], ASGIApp], **options: Any) -> None:
        super().__init__(**options)
        self._front = front(super().__call__)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        await self._front(scope, receive, send)
