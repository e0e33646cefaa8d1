"""`/graphql`: GraphQL over HTTP, to the letter.

The specification: https://graphql.github.io/graphql-over-http/draft/. In short: `application/json`
is answered with 200 whatever the document was, `application/graphql-response+json` with 400 when
nothing could be executed; a request that is none is a 4xx in either.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import msgspec
from graphql import OperationType
from starlette.datastructures import Headers
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.schema.context import Context
from gateway.schema.execution import Executor, Request
from gateway.server.bodies import BadRequest, from_get, from_post
from gateway.server.negotiation import GRAPHQL_RESPONSE, HTML, JSON, choose

Page = Callable[[HttpRequest], Awaitable[Response]]


class MakeContext(Protocol):
    """Makes the context of one request."""

    def __call__(self, request_id: str) -> Context:
        """A context whose request has this id."""
        ...


class GraphQLEndpoint:
    """Answers GET and POST; `page` is shown to browsers that open the address."""

    def __init__(self, executor: Executor, context: MakeContext, page: Page | None) -> None:
        self._executor = executor
        self._context = context
        self._page = page
        self._encode = msgspec.json.Encoder().encode

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        headers = Headers(scope=scope)
        response = await self._respond(scope, headers, receive)
        response.headers["Vary"] = "Accept"
        await response(scope, receive, send)

    async def _respond(self, scope: Scope, headers: Headers, receive: Receive) -> Response:
        method, accept = scope["method"], headers.get("accept", "")
        if method not in {"GET", "POST"}:
            return self._refuse(JSON, BadRequest(405, "Use POST, or GET for queries."), "GET, POST")
        browses = method == "GET" and choose(accept, (JSON, GRAPHQL_RESPONSE, HTML)) == HTML
        if browses and self._page is not None:
            return await self._page(HttpRequest(scope, receive))
        media_type = choose(accept, (JSON, GRAPHQL_RESPONSE))
        if media_type is None:
            return self._refuse(JSON, BadRequest(406, f"Answers are {GRAPHQL_RESPONSE} or {JSON}."))
        try:
            if method == "POST":
                request = await from_post(headers, receive)
            else:
                request = from_get(scope["query_string"])
        except BadRequest as problem:
            return self._refuse(media_type, problem)
        return await self._execute(scope, media_type, request)

    async def _execute(self, scope: Scope, media_type: str, request: Request) -> Response:
        operation = self._executor.operation_of(request)
        kind = operation.operation if operation else OperationType.QUERY
        if kind is OperationType.SUBSCRIPTION:
            return self._refuse(media_type, BadRequest(400, "Subscriptions are not served here."))
        if scope["method"] == "GET" and kind is not OperationType.QUERY:
            return self._refuse(media_type, BadRequest(405, "Use POST for mutations."), "POST")
        answer = await self._executor.execute(request, self._context(scope["state"]["request_id"]))
        refused = not answer.executed and media_type == GRAPHQL_RESPONSE
        return self._response(media_type, answer.body, 400 if refused else 200)

    def _refuse(self, media_type: str, problem: BadRequest, allow: str | None = None) -> Response:
        error = {"message": str(problem), "extensions": {"code": "BAD_USER_INPUT"}}
        response = self._response(media_type, {"errors": [error]}, problem.status)
        if allow is not None:
            response.headers["Allow"] = allow
        return response

    def _response(self, media_type: str, body: dict[str, Any], status: int) -> Response:
        return Response(
            self._encode(body), status, {"Content-Type": f"{media_type}; charset=utf-8"}
        )
