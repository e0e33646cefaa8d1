"""Answers in one piece as HTTP responses, with the status that GraphQL over HTTP gives them."""

from collections.abc import Sequence

import msgspec
from starlette.responses import Response

from gateway.errors import Unauthenticated
from gateway.schema.execution.answers import Answer
from gateway.schema.results.error_policy import Shown
from gateway.server.graphql.bodies import BadRequest
from gateway.server.graphql.http_cache import VARY
from gateway.server.graphql.negotiation import GRAPHQL_RESPONSE, JSON

_encode = msgspec.json.Encoder().encode

CONTENT_TYPES = {one: f"{one}; charset=utf-8".encode() for one in (JSON, GRAPHQL_RESPONSE)}
"""`Content-Type` by media type."""

_VARY = (b"vary", VARY.encode())


class InOnePiece(Response):
    """An answer in one piece; its headers are known before, and need no looking through."""

    def __init__(self, media_type: str, body: bytes, status: int) -> None:
        self.status_code = status
        self.body = body
        self.background = None
        self.raw_headers = [
            (b"content-length", b"%d" % len(body)),
            (b"content-type", CONTENT_TYPES[media_type]),
            _VARY,
        ]


def in_errors(media_type: str, errors: Sequence[Shown], status: int) -> Response:
    """An answer of errors alone."""
    return InOnePiece(media_type, _encode({"errors": errors}), status)


def turned_away(media_type: str, problem: Unauthenticated) -> Response:
    """The response to somebody whom the gateway does not know."""
    error = {"message": str(problem), "extensions": problem.extensions}
    response = in_errors(media_type, [error], 401)
    response.headers["WWW-Authenticate"] = "Bearer"
    return response


def refusal(media_type: str, problem: BadRequest) -> Response:
    """The response to a request that is none."""
    error = {"message": str(problem), "extensions": {"code": problem.code}}
    response = in_errors(media_type, [error], problem.status)
    response.headers.update(problem.headers)
    return response


def status_of(answer: Answer, media_type: str | None) -> int:
    """The status of an answer in a media type."""
    if answer.exceeded:
        return 429
    return 400 if not answer.executed and media_type == GRAPHQL_RESPONSE else 200
