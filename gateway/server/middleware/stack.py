"""Assembles the middleware: request log, security, fast route."""

from msgspec import Struct
from starlette.types import ASGIApp

from gateway.server.drain import Drain
from gateway.server.middleware.fast_route import FastRoute
from gateway.server.middleware.request_id import RequestIds
from gateway.server.middleware.security import Security
from gateway.server.protocols.replay import Replay
from gateway.server.telemetry.request_log import RequestLog

GRAPHQL = "/graphql"


class MiddlewareStack(Struct, frozen=True):
    """Serves `/graphql` by what is given for it, and all else by the application.

    `replay` keeps responses, and `local_only` refuses other names than those of this machine.
    """

    over_http: ASGIApp
    over_websocket: ASGIApp
    request_log: RequestLog
    replay: Replay
    drain: Drain
    local_only: bool

    def __call__(self, app: ASGIApp) -> ASGIApp:
        """The application behind all of it."""
        routed = FastRoute(
            app, GRAPHQL, over_http=self.over_http, over_websocket=self.over_websocket
        )
        secured = Security(routed, local_only=self.local_only)
        return RequestIds(secured, self.request_log, self.drain, self.replay)
