"""Serves `/graphql` by the specification GraphQL over HTTP.

The specification: https://graphql.github.io/graphql-over-http/draft/. In short: `application/json`
is answered with 200 whatever the document was, `application/graphql-response+json` with 400 when
nothing could be executed; a request that is none is a 4xx in either. Subscriptions are streamed:
https://github.com/enisdenjo/graphql-sse (distinct connections) and Apollo's multipart protocol.
So is what a query defers, to clients that ask for it: `gateway.schema.execution.incremental`.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from typing import NamedTuple

from graphql import OperationDefinitionNode, OperationType
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.types import Receive, Scope

from gateway.concurrency.cooperative import next_turn
from gateway.concurrency.deadlines import OneAsker, ask_for
from gateway.concurrency.quotas import Place, QuotaSpent
from gateway.errors import Unauthenticated
from gateway.request_stats import Tally
from gateway.schema.context import Context
from gateway.schema.documents.request import Request
from gateway.schema.execution.answers import Answer
from gateway.schema.results.error_policy import mask
from gateway.server.access.authentication import Admission
from gateway.server.graphql.bodies import BadRequest, body_of, from_body, from_get
from gateway.server.graphql.callbacks import Callbacks
from gateway.server.graphql.cors import check_page
from gateway.server.graphql.cost_debug import explained_if_asked
from gateway.server.graphql.export import Export, Exports
from gateway.server.graphql.http_cache import NO_STORE, VARY, for_caches, unless_cached
from gateway.server.graphql.incremental import Parts
from gateway.server.graphql.negotiation import (
    CSV,
    EVENTS,
    GRAPHQL_RESPONSE,
    JSON,
    PARTS,
    Accepted,
    accepted_of,
)
from gateway.server.graphql.rate_limit_headers import budget_headers
from gateway.server.graphql.responses import (
    CONTENT_TYPES,
    BufferedResponse,
    Statuses,
    in_errors,
    refusal,
    turned_away,
)
from gateway.server.graphql.service import Service
from gateway.server.graphql.streams import Stream
from gateway.server.graphql.subscription_events import Ending, reported
from gateway.server.middleware.disconnect import ClientLeft, Incoming, WhileConnected
from gateway.server.protocols.replay import READ, Asked
from gateway.server.telemetry.clients import client_of
from gateway.server.telemetry.request_log import note
from gateway.subscription_instrumentation import Transport

Page = Callable[[HttpRequest], Awaitable[Response]]

_STATUSES = Statuses()

_TRANSPORTS: Mapping[str, Transport] = {EVENTS: "events", PARTS: "multipart"}

_LARGE = 64 * 1024
"""Bytes of a body that takes a good part of a millisecond to read."""


class GraphQLEndpoint:
    """Responds to GET, HEAD and POST; `page` is shown to browsers that open the address.

    Pages of `origins` may ask by GET too. `statuses` gives responses their status.
    """

    def __init__(
        self,
        service: Service,
        callbacks: Callbacks,
        page: Page | None = None,
        origins: frozenset[str] = frozenset(),
        statuses: Statuses = _STATUSES,
    ) -> None:
        self._callbacks = callbacks
        self._statuses = statuses
        self._service = service
        self._executor = service.executor
        self._page = page
        self._origins = origins
        self._exports = Exports(service)

    async def respond(self, scope: Scope, receive: Receive, place: Place) -> Response:
        """The response to one HTTP request, which has a place. Raises QuotaSpent and ClientLeft."""
        if scope["method"] == "HEAD":  # the server leaves the content out (RFC 9110 §9.3.2)
            response = await self.respond({**scope, "method": "GET"}, receive, place)
            return await response.unsent() if isinstance(response, Stream | Export) else response
        headers, tally = _headers(scope), scope["state"]["tally"]
        accepted = accepted_of(headers.get("accept", ""))
        http = _Http(scope, scope["method"], headers, accepted, tally)
        media_type = accepted.buffered or JSON
        try:
            response = await self._respond(http, receive, place)
        except (QuotaSpent, ClientLeft):
            raise
        except Unauthenticated as problem:
            response = turned_away(media_type, problem)
        except BadRequest as problem:
            status = self._statuses.refused(problem, media_type)
            response = refusal(media_type, problem, status)
        except Exception as fault:  # noqa: BLE001 - all there are become an answer in GraphQL
            errors = [mask(fault, tally.request_id)]
            tally.answered(errors, executed=True, empty=True)
            response = in_errors(JSON, errors, 500)
        if response.__class__ is not BufferedResponse:
            response.headers.setdefault("Vary", VARY)
        if http.method == "GET":
            response.headers.setdefault("Cache-Control", NO_STORE)
        return response

    async def _respond(self, http: "_Http", receive: Receive, place: Place) -> Response:
        """The response, if nothing is wrong. Raises Unauthenticated and BadRequest."""
        method, accepted, tally = http.method, http.accepted, http.tally
        if self._page and method == "GET" and accepted.page:
            return await self._page(HttpRequest(http.scope, receive))
        incoming = Incoming(receive)
        _check_accepted(accepted)
        if method == "GET":
            check_page(http.headers, self._origins)
        admission = await self._admitted(http.headers.get("authorization"), incoming)
        tally.viewer = admission.viewer.name
        place.belong_to(admission.viewer.name)
        ask_for(OneAsker(admission.viewer.name))
        request = await self._request(http, incoming)
        tally.client = client_of(http.headers, request.extensions)
        if accepted.table is not None:
            place.move_to(self._service.quotas.connections)
            with WhileConnected(incoming):
                return await self._exports.respond(http.scope, accepted.table, request, admission)
        request = explained_if_asked(request, http.headers)
        context = self._service.context(tally.request_id, admission.viewer)
        if (answer := self._executor.cached(request, context)) is not None:
            if accepted.events:
                return self._streamed(EVENTS, _alone(answer), tally, admission, Ending())
            return self._whole(http, answer, admission)
        with WhileConnected(incoming):
            return await self._executed(http, request, context, admission, place)

    async def _executed(
        self, http: "_Http", request: Request, context: Context, admission: Admission, place: Place
    ) -> Response:
        """The response to a request that no answer is cached for. Raises BadRequest."""
        accepted, tally = http.accepted, http.tally
        document = await self._executor.read(request)
        operation = document.operation(request.operation_name)
        note(tally, operation)
        kind = _kind(operation, http.method)
        if kind is OperationType.SUBSCRIPTION and accepted.callback:
            answers = self._executor.stream(request, document, context)
            return await self._callbacks.begin(request, answers, admission, tally)
        if (streamed := _streamed(kind, accepted)) is None:
            answer = await self._executor.execute(request, document, context, accepted.parts)
            return self._whole(http, answer, admission)
        answers, ending = self._executor.stream(request, document, context), Ending()
        if kind is OperationType.SUBSCRIPTION:
            place.move_to(self._service.quotas.connections)
            answers = reported(answers, _TRANSPORTS[streamed], ending, self._service.hook)
        return self._streamed(streamed, answers, tally, admission, ending)

    async def _admitted(self, authorization: str | None, incoming: Incoming) -> Admission:
        """Whose request it is. Raises Unauthenticated, and ClientLeft."""
        if (admission := self._service.authenticator.admit_at_once(authorization)) is not None:
            return admission
        with WhileConnected(incoming):
            return await self._service.authenticator.admit(authorization)

    def _streamed(
        self,
        media_type: str,
        answers: AsyncGenerator[Answer, None],
        tally: Tally,
        who: Admission,
        ending: Ending,
    ) -> Response:
        """The response of answers that come one after the other."""
        bodies = _bodies(answers, tally)
        return Stream(media_type, bodies, who.lasting(self._service.clock()), who.withdrawn, ending)

    def _whole(self, http: "_Http", answer: Answer, admission: Admission) -> Response:
        """The response to a query or mutation: in one piece, or in parts if the answer has more."""
        accepted, now = http.accepted, self._service.clock()
        _noted(answer, http.tally)
        budget = budget_headers(answer.allowance, exceeded=answer.exceeded)
        if accepted.parts is not None and answer.rest is not None:
            stream = Stream(accepted.parts, Parts(answer, answer.rest, http.tally))
            stream.raw_headers += budget
            return stream
        media_type = accepted.buffered or JSON
        response = BufferedResponse(
            media_type, answer.body, self._statuses.of(answer, accepted.buffered)
        )
        response.raw_headers += budget
        content_type = CONTENT_TYPES[media_type] if http.method == "GET" else None
        if_none_match = http.headers.get("if-none-match")
        if answer.cached is not None and if_none_match is None:
            until = admission.unquestioned(now)
            question = answer.cached.question
            http.scope["state"]["asked"] = Asked(
                question, admission, until, content_type, http.tally.client
            )
        if content_type is None or answer.errors:
            return response
        response.raw_headers += for_caches(answer.lifetime, answer.digest, content_type, now)
        return unless_cached(response, if_none_match)

    async def _request(self, http: "_Http", incoming: Incoming) -> Request:
        """What the request asks. Raises BadRequest."""
        read: Callable[[bytes], Request]
        match http.method:
            case "POST":
                text, read = await body_of(http.headers, incoming), from_body
            case "GET":
                text, read = http.scope["query_string"], from_get
            case _:
                allowed = {"Allow": "GET, HEAD, POST"}
                raise BadRequest(405, "Use POST, or GET for queries.", allowed)
        if len(text) > _LARGE:
            await next_turn()
        return read(text)


class _Http(NamedTuple):
    """An HTTP request: its scope, and what is read of its headers."""

    scope: Scope
    method: str
    headers: Mapping[str, str]
    accepted: Accepted
    tally: Tally


async def _bodies(
    answers: AsyncGenerator[Answer, None], tally: Tally
) -> AsyncGenerator[bytes, None]:
    """The JSON of answers; to close them closes the answers, at once."""
    async with aclosing(answers):
        async for answer in answers:
            yield _noted(answer, tally).body


async def _alone(answer: Answer) -> AsyncGenerator[Answer, None]:
    yield answer


def _headers(scope: Scope) -> dict[str, str]:
    """The headers that mean something here; one that is there twice is a list (RFC 9110 §5.3)."""
    merged: dict[str, str] = {}
    for name, value in scope["headers"]:
        if (read := READ.get(name)) is not None:
            text = value.decode("latin-1")
            merged[read] = f"{merged[read]}, {text}" if read in merged else text
    return merged


def _noted(answer: Answer, tally: Tally) -> Answer:
    tally.answered(answer.errors, executed=answer.executed, empty=answer.empty)
    return answer


def _check_accepted(accepted: Accepted) -> None:
    """See that there is some way to answer. Raises BadRequest."""
    if accepted.buffered is None and accepted.streamed is None and accepted.table is None:
        raise BadRequest(406, f"Answers are {GRAPHQL_RESPONSE}, {JSON}, {EVENTS} or {CSV}.")


def _kind(operation: OperationDefinitionNode | None, method: str) -> OperationType:
    """What an operation does; a query, if there is none. Raises BadRequest if not this way."""
    kind = OperationType.QUERY if operation is None else operation.operation
    if kind is OperationType.MUTATION and method == "GET":
        raise BadRequest(405, "Use POST for mutations.", {"Allow": "POST"})
    return kind


def _streamed(kind: OperationType, accepted: Accepted) -> str | None:
    """The media type of a streamed answer; None for an answer in one piece. Raises BadRequest."""
    if kind is OperationType.SUBSCRIPTION:
        if accepted.streamed is None:
            raise BadRequest(
                406, f"Subscriptions are answered over WebSocket, as {EVENTS} or as {PARTS}."
            )
        return accepted.streamed
    return EVENTS if accepted.events else None
