"""`/graphql`: GraphQL over HTTP, to the letter.

The specification: https://graphql.github.io/graphql-over-http/draft/. In short: `application/json`
is answered with 200 whatever the document was, `application/graphql-response+json` with 400 when
nothing could be executed; a request that is none is a 4xx in either. Subscriptions are streamed:
https://github.com/enisdenjo/graphql-sse (distinct connections) and Apollo's multipart protocol.
So is what a query defers, to clients that ask for it: `gateway.schema.execution.incremental`.
"""

from collections.abc import Awaitable, Callable, Mapping

from graphql import OperationDefinitionNode, OperationType
from msgspec import Struct
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.types import Receive, Scope

from gateway.concurrency.cooperative import next_turn
from gateway.concurrency.deadlines import OneAsker, ask_for
from gateway.concurrency.quotas import Place, QuotaSpent
from gateway.errors import Unauthenticated
from gateway.request_stats import Tally
from gateway.schema.documents.document import Document
from gateway.schema.documents.request import Request
from gateway.schema.execution.answers import Answer
from gateway.schema.results.error_policy import mask
from gateway.server.access.authentication import Admission
from gateway.server.graphql.bodies import BadRequest, body_of, from_body, from_get
from gateway.server.graphql.cors import check_page
from gateway.server.graphql.http_cache import NO_STORE, VARY, for_caches, freshness
from gateway.server.graphql.incremental import Parts
from gateway.server.graphql.negotiation import (
    EVENTS,
    GRAPHQL_RESPONSE,
    JSON,
    PARTS,
    Manner,
    manner_of,
)
from gateway.server.graphql.rate_limit_headers import told_of_budget
from gateway.server.graphql.responses import InOnePiece, in_errors, refusal, status_of, turned_away
from gateway.server.graphql.service import Service
from gateway.server.graphql.streams import Stream
from gateway.server.middleware.disconnect import ClientLeft, Incoming, WhileConnected
from gateway.server.protocols.replay import Repeat, Repeated
from gateway.server.telemetry.request_log import note

Page = Callable[[HttpRequest], Awaitable[Response]]

_READ = {
    name.encode(): name
    for name in (
        *("accept", "authorization", "content-encoding", "content-length", "content-type"),
        *("if-none-match", "origin", "sec-fetch-site"),
    )
}
"""The headers that mean something here."""

_LONGEST = 8192
"""Bytes of a body that is remembered with what it says."""

_SIZE_OF_BODY, _SIZE_OF_BYTE = 2000, 50
"""Bytes that a body takes that is remembered: in any case, and for each of its own that is no part
of the document, for each may be a list."""

_LARGE = 64 * 1024
"""Bytes of a body that takes a good part of a millisecond to read."""


class GraphQLEndpoint:
    """Responds to GET, HEAD and POST; `page` is shown to browsers that open the address.

    Pages of `origins` may ask by GET too.
    """

    def __init__(
        self, service: Service, page: Page | None = None, origins: frozenset[str] = frozenset()
    ) -> None:
        self._doorkeeper = service.doorkeeper
        self._executor = service.executor
        self._context = service.context
        self._connections = service.quotas.connections
        self._clock = service.clock
        self._page = page
        self._origins = origins
        self._memory = service.memory

    async def respond(self, scope: Scope, receive: Receive, place: Place) -> Response:
        """The response to one HTTP request, which has a place. Raises QuotaSpent and ClientLeft."""
        if scope["method"] == "HEAD":  # the server leaves the content out (RFC 9110 §9.3.2)
            response = await self.respond({**scope, "method": "GET"}, receive, place)
            return await response.unsent() if isinstance(response, Stream) else response
        headers, tally = _headers(scope), scope["state"]["tally"]
        try:
            response = await self._respond(scope, headers, receive, place)
        except (QuotaSpent, ClientLeft):
            raise
        except Exception as fault:  # noqa: BLE001 - all there are become an answer in GraphQL
            errors = [mask(fault, tally.request_id)]
            tally.answered(errors, executed=True, empty=True)
            response = in_errors(JSON, errors, 500)
        if response.__class__ is not InOnePiece:
            response.headers.setdefault("Vary", VARY)
        if scope["method"] == "GET":
            response.headers.setdefault("Cache-Control", NO_STORE)
        return response

    async def _respond(
        self, scope: Scope, headers: Mapping[str, str], receive: Receive, place: Place
    ) -> Response:
        method, manner = scope["method"], manner_of(headers.get("accept", ""))
        if self._page and method == "GET" and manner.page:
            return await self._page(HttpRequest(scope, receive))
        tally, incoming = scope["state"]["tally"], Incoming(receive)
        media_type = manner.in_one_piece or JSON
        try:
            _check_manner(manner)
            if method == "GET":
                check_page(headers, self._origins)
            admission = await self._admitted(headers.get("authorization"), incoming)
            tally.viewer = admission.viewer.name
            place.belong_to(admission.viewer.name)
            ask_for(OneAsker(admission.viewer.name))
            request = await self._request(scope, headers, incoming)
            with WhileConnected(incoming):
                document = await self._executor.read(request)
                asked = _Asked(request, document, document.operation(request.operation_name))
                note(tally, asked.operation)
                streamed = _streamed(_kind(asked.operation, method), manner)
                if streamed is None:
                    return await self._answer(scope, headers, manner, asked, admission)
        except Unauthenticated as problem:
            return turned_away(media_type, problem)
        except BadRequest as problem:
            return refusal(media_type, problem)
        if asked.is_subscription:
            place.move_to(self._connections)
        context = self._context(tally.request_id, admission.viewer)
        answers = self._executor.stream(asked.request, asked.document, context)
        bodies = (_noted(answer, tally).body async for answer in answers)
        return Stream(streamed, bodies, admission.lasting(self._clock()), admission.withdrawn)

    async def _admitted(self, authorization: str | None, incoming: Incoming) -> Admission:
        """Whose request it is. Raises Unauthenticated, and ClientLeft."""
        if (admission := self._doorkeeper.known(authorization)) is not None:
            return admission
        with WhileConnected(incoming):
            return await self._doorkeeper.admit(authorization)

    async def _answer(
        self,
        scope: Scope,
        headers: Mapping[str, str],
        manner: Manner,
        asked: "_Asked",
        admission: Admission,
    ) -> Response:
        """The response to a query or mutation, in one piece or in parts."""
        method, tally = scope["method"], scope["state"]["tally"]
        context = self._context(tally.request_id, admission.viewer)
        answer = _noted(
            await self._executor.execute(asked.request, asked.document, context, manner.parts),
            tally,
        )
        response: Response
        if manner.parts is None or answer.rest is None:
            media_type = manner.in_one_piece or JSON
            response = InOnePiece(media_type, answer.body, status_of(answer, manner.in_one_piece))
        else:
            response = Stream(manner.parts, Parts(answer, answer.rest, tally))
        response.raw_headers += told_of_budget(answer.allowance, exceeded=answer.exceeded)
        if method == "POST" and response.__class__ is InOnePiece and not answer.errors:
            tally.repeat = self._repeat(asked.request, admission, tally)
        if method == "GET" and answer.rest is None and not answer.errors:
            kept = freshness(asked.document.traits, context.told, self._clock())
            return for_caches(response, kept, headers.get("if-none-match"))
        return response

    def _repeat(self, request: Request, admission: Admission, tally: Tally) -> Repeat | None:
        """What gives the answer that a request was given just now again."""
        known, viewer = request.remembered, admission.viewer
        kind, operation, cost = tally.kind, tally.operation, tally.cost
        if known is None or cost is None or request.registers or request.wants_cost:
            return None
        until, version = admission.unquestioned(self._clock()), admission.version

        def repeat(later: Tally) -> Repeated | None:
            now = self._clock()
            if now >= until or self._doorkeeper.version != version:
                return None
            answer = self._executor.again(known, cost, viewer, now)
            if answer is None:
                return None
            later.viewer, later.kind, later.operation = viewer.name, kind, operation
            later.cost, later.outcome = cost, "ok"
            pieces, allowance = answer
            return Repeated(pieces, told_of_budget(allowance))

        return repeat

    async def _request(
        self, scope: Scope, headers: Mapping[str, str], incoming: Incoming
    ) -> Request:
        """What the request says. Raises BadRequest."""
        match scope["method"]:
            case "POST":
                body = await body_of(headers, incoming)
                known: Request | None = self._memory.get(("body", body))
                if known is not None:
                    return known
                if len(body) > _LARGE:
                    await next_turn()
                return self._remember(body, from_body(body))
            case "GET":
                return from_get(scope["query_string"])
            case _:
                allowed = {"Allow": "GET, HEAD, POST"}
                raise BadRequest(405, "Use POST, or GET for queries.", allowed)

    def _remember(self, body: bytes, request: Request) -> Request:
        """Keep what a body says, for pages ask the same again and again."""
        if len(body) <= _LONGEST:
            besides = len(body) - len(request.query or "")
            size = _SIZE_OF_BODY + 2 * len(body) + _SIZE_OF_BYTE * max(0, besides)
            self._memory.keep(("body", body), request, size)
        return request


class _Asked(Struct, frozen=True):
    """A request, its document, and which operation of it is asked for, if it can be told."""

    request: Request
    document: Document
    operation: OperationDefinitionNode | None

    @property
    def is_subscription(self) -> bool:
        """Whether what is asked goes on, once it has begun."""
        operation = self.operation
        return operation is not None and operation.operation is OperationType.SUBSCRIPTION


def _headers(scope: Scope) -> dict[str, str]:
    """The headers that mean something here; one that is there twice is a list (RFC 9110 §5.3)."""
    said: dict[str, str] = {}
    for name, value in scope["headers"]:
        if (read := _READ.get(name)) is not None:
            text = value.decode("latin-1")
            said[read] = f"{said[read]}, {text}" if read in said else text
    return said


def _noted(answer: Answer, tally: Tally) -> Answer:
    tally.answered(answer.errors, executed=answer.executed, empty=answer.empty)
    return answer


def _check_manner(manner: Manner) -> None:
    """See that there is some way to answer. Raises BadRequest."""
    if manner.in_one_piece is None and manner.streamed is None:
        raise BadRequest(406, f"Answers are {GRAPHQL_RESPONSE}, {JSON} or {EVENTS}.")


def _kind(operation: OperationDefinitionNode | None, method: str) -> OperationType:
    """What an operation does; a query, if there is none. Raises BadRequest if not this way."""
    kind = OperationType.QUERY if operation is None else operation.operation
    if kind is OperationType.MUTATION and method == "GET":
        raise BadRequest(405, "Use POST for mutations.", {"Allow": "POST"})
    return kind


def _streamed(kind: OperationType, manner: Manner) -> str | None:
    """The media type of a streamed answer; None for an answer in one piece. Raises BadRequest."""
    if kind is OperationType.SUBSCRIPTION:
        if manner.streamed is None:
            raise BadRequest(
                406, f"Subscriptions are answered over WebSocket, as {EVENTS} or as {PARTS}."
            )
        return manner.streamed
    return EVENTS if manner.events else None
