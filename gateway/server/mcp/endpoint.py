"""Serves `/mcp`: the Model Context Protocol over streamable HTTP without sessions, and over a pipe.

The specification: https://modelcontextprotocol.io/specification/2026-07-28/basic/transports.
Clients of earlier revisions are served too. A message is a POST of its own, admitted, counted and
logged like one of GraphQL. There is nothing to GET: the server sends no message of its own.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from mcp.server.lowlevel.server import Server
from mcp.server.stdio import stdio_server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from starlette.datastructures import Headers
from starlette.requests import Request as HttpRequest
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from gateway.concurrency.deadlines import OneAsker, ask_for
from gateway.concurrency.quotas import Place, QuotaSpent
from gateway.errors import Unauthenticated
from gateway.request_stats import current
from gateway.server.graphql.bodies import MAX_BODY_BYTES, BadRequest
from gateway.server.graphql.cors import CrossOriginRequest, across_origins, may_connect
from gateway.server.graphql.load_shedding import turned_away as shed
from gateway.server.graphql.negotiation import JSON
from gateway.server.graphql.responses import refusal, turned_away
from gateway.server.graphql.service import Service
from gateway.server.mcp.caller import Caller, by_pipe
from gateway.server.mcp.server import Callers
from gateway.server.telemetry.request_log import RequestLog

PATH = "/mcp"


class Endpoint:
    """Serves the protocol; `server` makes a server of the SDK's for those that are let in."""

    def __init__(
        self,
        service: Service,
        request_log: RequestLog,
        origins: frozenset[str],
        server: Callable[[Callers], Server[Any]],
    ) -> None:
        self._service = service
        self._request_log = request_log
        self._origins = origins
        self._server = server
        self._manager: StreamableHTTPSessionManager | None = None
        self.routes: Sequence[BaseRoute] = (Route(PATH, across_origins(self, origins)),)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """From the start of the server to its end."""
        self._manager = StreamableHTTPSessionManager(
            self._server(_of_request), stateless=True, max_request_body_size=MAX_BODY_BYTES
        )
        async with self._manager.run():
            yield

    async def over_pipe(self, token: str | None) -> None:
        """Serve one client over standard input and output, until that ends."""

        def callers(_: HttpRequest | None) -> AbstractAsyncContextManager[Caller]:
            return by_pipe(self._service, self._request_log, token)

        server = self._server(callers)
        async with stdio_server() as (messages, answers):
            await server.run(messages, answers, server.create_initialization_options())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond to one HTTP request, or turn it away."""
        try:
            with self._service.quotas.requests.enter() as place:
                self._check(scope)
                scope["state"]["caller"] = await self._caller(scope, place)
                assert self._manager is not None  # noqa: S101 - requests come while it runs
                await self._manager.handle_request(scope, receive, send)
        except QuotaSpent as spent:
            await shed(spent)(scope, receive, send)
        except Unauthenticated as problem:
            await turned_away(JSON, problem)(scope, receive, send)
        except BadRequest as problem:
            await refusal(JSON, problem)(scope, receive, send)

    def _check(self, scope: Scope) -> None:
        """See that it is a POST, and that no page of another origin has sent it.

        Raises BadRequest.
        """
        if not may_connect(Headers(scope=scope), self._origins):
            raise CrossOriginRequest(
                403, "Pages of another origin may ask when GATEWAY_CORS_ORIGINS names their origin."
            )
        if scope["method"] != "POST":
            raise BadRequest(405, "Use POST: this server keeps no sessions.", {"Allow": "POST"})

    async def _caller(self, scope: Scope, place: Place) -> Caller:
        """Whose request it is. Raises Unauthenticated and QuotaSpent."""
        state, service = scope["state"], self._service
        admission = await service.authenticator.admit(Headers(scope=scope).get("authorization"))
        ask_for(OneAsker(admission.viewer.name))
        stopping = state.get("stopping")
        return Caller.of(admission, place, state["tally"], service.clock(), stopping)


@asynccontextmanager
async def _of_request(request: HttpRequest | None) -> AsyncIterator[Caller]:
    """Whoever sent the HTTP request of a message; its notes are current in the SDK's task too."""
    assert request is not None  # noqa: S101 - each message over HTTP has one
    caller: Caller = request.scope["state"]["caller"]
    reset = current.set(caller.tally)
    try:
        yield caller
    finally:
        current.reset(reset)
