"""`/graphql`: GraphQL over HTTP, to the letter.

The specification: https://graphql.github.io/graphql-over-http/draft/. In short: `application/json`
is answered with 200 whatever the document was, `application/graphql-response+json` with 400 when
nothing could be executed; a request that is none is a 4xx in either. Subscriptions are streamed:
https://github.com/enisdenjo/graphql-sse (distinct connections) and Apollo's multipart protocol.
So is what a query defers, to clients that ask for it: `gateway.schema.deferral`.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Protocol

import msgspec
from graphql import OperationDefinitionNode, OperationType
from starlette.datastructures import Headers
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.errors import BadUserInput, Unauthenticated
from gateway.schema.answers import Answer
from gateway.schema.context import Context
from gateway.schema.error_policy import mask
from gateway.schema.execution import Executor, Request
from gateway.server.auth import Doorkeeper
from gateway.server.bodies import BadRequest, from_get, from_post
from gateway.server.budgets import told_of_budget
from gateway.server.http_cache import NO_STORE, VARY, for_caches, freshness
from gateway.server.negotiation import EVENTS, GRAPHQL_RESPONSE, HTML, JSON, PARTS, choose, dialect
from gateway.server.request_log import note
from gateway.server.streams import Stream
from gateway.tally import Tally
from gateway.viewers import Viewer

Page = Callable[[HttpRequest], Awaitable[Response]]

_encode = msgspec.json.Encoder().encode
_OFFERS = (JSON, GRAPHQL_RESPONSE)
_STREAMED_OFFERS = (EVENTS, PARTS)
_ALL_OFFERS = (*_OFFERS, *_STREAMED_OFFERS)
_OFFERS_TO_BROWSERS = (JSON, GRAPHQL_RESPONSE, HTML)


class MakeContext(Protocol):
    """Makes the context of one request."""

    def __call__(self, request_id: str, viewer: Viewer) -> Context:
        """A context whose request has this id, and is this viewer's."""
        ...


class GraphQLEndpoint:
    """Answers GET and POST; `page` is shown to browsers that open the address.

    `clock` gives seconds since 1970.
    """

    def __init__(
        self,
        executor: Executor,
        context: MakeContext,
        doorkeeper: Doorkeeper,
        page: Page | None,
        clock: Callable[[], float],
    ) -> None:
        self._doorkeeper = doorkeeper
        self._executor = executor
        self._context = context
        self._page = page
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request, whatever happens."""
        try:
            response = await self._respond(scope, Headers(scope=scope), receive)
        except Exception as fault:  # noqa: BLE001 - all there are become an answer in GraphQL
            errors = [mask(fault, scope["state"]["request_id"])]
            scope["state"]["tally"].answered(errors, executed=True, empty=True)
            response = self._response(JSON, _encode({"errors": errors}), 500)
        response.headers.setdefault("Vary", VARY)
        if scope["method"] == "GET":
            response.headers.setdefault("Cache-Control", NO_STORE)
        await response(scope, receive, send)

    async def _respond(self, scope: Scope, headers: Headers, receive: Receive) -> Response:
        accept = ",".join(headers.getlist("accept"))
        if self._page and scope["method"] == "GET" and choose(accept, _OFFERS_TO_BROWSERS) == HTML:
            return await self._page(HttpRequest(scope, receive))
        media_type, tally = choose(accept, _OFFERS), scope["state"]["tally"]
        try:
            _check_accept(accept)
            admission = await self._doorkeeper.admit(headers.get("authorization"))
            tally.viewer = admission.viewer.name
            request = await _read(scope, headers, receive)
            document = await self._executor.read(request)
            operation = document.operation(request.operation_name)
            note(tally, operation)
            kind = _kind(operation, scope["method"])
            streamed = _streamed(kind, accept)
        except Unauthenticated as problem:
            return self._turn_away(media_type or JSON, problem)
        except BadRequest as problem:
            return self._refuse(media_type or JSON, problem)
        context = self._context(scope["state"]["request_id"], admission.viewer)
        if streamed is not None:
            answers = self._executor.stream(request, document, context)
            bodies = (_noted(answer, tally).body async for answer in answers)
            return Stream(streamed, bodies, admission.lasting(self._clock()), admission.withdrawn)
        said = dialect(accept)
        answer = _noted(await self._executor.execute(request, document, context, said), tally)
        if said is None or answer.rest is None:
            response = self._response(media_type or JSON, answer.body, _status(answer, media_type))
        else:
            response = Stream(said, _parts(answer, answer.rest, tally))
        response.headers.update(told_of_budget(answer))
        if scope["method"] == "GET" and answer.rest is None and not answer.errors:
            kept = freshness(document.traits, context.told, self._clock())
            return for_caches(response, kept, headers.get("if-none-match"))
        return response

    def _turn_away(self, media_type: str, problem: Unauthenticated) -> Response:
        error = {"message": str(problem), "extensions": problem.extensions}
        response = self._response(media_type, _encode({"errors": [error]}), 401)
        response.headers["WWW-Authenticate"] = "Bearer"
        return response

    def _refuse(self, media_type: str, problem: BadRequest) -> Response:
        error = {"message": str(problem), "extensions": {"code": BadUserInput.code}}
        response = self._response(media_type, _encode({"errors": [error]}), problem.status)
        if problem.allow is not None:
            response.headers["Allow"] = problem.allow
        return response

    def _response(self, media_type: str, body: bytes, status: int) -> Response:
        headers = {"Content-Type": f"{media_type}; charset=utf-8", "Vary": VARY}
        return Response(body, status, headers)


async def _parts(
    first: Answer, rest: AsyncGenerator[Answer, None], tally: Tally
) -> AsyncGenerator[bytes, None]:
    """The bodies of an answer in parts; the first is noted already."""
    yield first.body
    async with aclosing(rest) as answers:
        async for answer in answers:
            yield _noted(answer, tally).body


def _noted(answer: Answer, tally: Tally) -> Answer:
    tally.answered(answer.errors, executed=answer.executed, empty=answer.empty)
    return answer


def _status(answer: Answer, media_type: str | None) -> int:
    if answer.exceeded:
        return 429
    return 400 if not answer.executed and media_type == GRAPHQL_RESPONSE else 200


async def _read(scope: Scope, headers: Headers, receive: Receive) -> Request:
    match scope["method"]:
        case "POST":
            return await from_post(headers, receive)
        case "GET":
            return from_get(scope["query_string"])
        case _:
            raise BadRequest(405, "Use POST, or GET for queries.", "GET, POST")


def _check_accept(accept: str) -> None:
    """See that there is some way to answer. Raises BadRequest."""
    if choose(accept, _ALL_OFFERS) is None:
        raise BadRequest(406, f"Answers are {GRAPHQL_RESPONSE}, {JSON} or {EVENTS}.")


def _kind(operation: OperationDefinitionNode | None, method: str) -> OperationType:
    """What an operation does; a query, if there is none. Raises BadRequest if not this way."""
    kind = OperationType.QUERY if operation is None else operation.operation
    if kind is OperationType.MUTATION and method == "GET":
        raise BadRequest(405, "Use POST for mutations.", "POST")
    return kind


def _streamed(kind: OperationType, accept: str) -> str | None:
    """The media type of a streamed answer; None for an answer in one piece. Raises BadRequest."""
    if kind is OperationType.SUBSCRIPTION:
        if (streamed := choose(accept or JSON, _STREAMED_OFFERS)) is None:
            raise BadRequest(
                406, f"Subscriptions are answered over WebSocket, as {EVENTS} or as {PARTS}."
            )
        return streamed
    return EVENTS if choose(accept, (*_OFFERS, EVENTS)) == EVENTS else None
