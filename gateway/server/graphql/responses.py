"""Writes results as HTTP responses, with the status that GraphQL over HTTP requires."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
from starlette.responses import Response

from gateway.config.settings import Settings
from gateway.errors import Unauthenticated
from gateway.schema.execution.answers import Answer
from gateway.schema.results.error_policy import Shown
from gateway.server.graphql.bodies import BadRequest
from gateway.server.graphql.http_cache import VARY
from gateway.server.graphql.negotiation import GRAPHQL_RESPONSE, JSON

PARTIAL_SUCCESS = 294
"""Data beside errors; the code is GraphQL over HTTP's own (2026-09)."""

_encode = msgspec.json.Encoder().encode

CONTENT_TYPES = {one: f"{one}; charset=utf-8".encode() for one in (JSON, GRAPHQL_RESPONSE)}
"""`Content-Type` by media type."""

_VARY = (b"vary", VARY.encode())


class BufferedResponse(Response):
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
    return BufferedResponse(media_type, _encode({"errors": errors}), status)


def turned_away(media_type: str, problem: Unauthenticated) -> Response:
    """The response to somebody whom the gateway does not know."""
    error = {"message": str(problem), "extensions": problem.extensions}
    response = in_errors(media_type, [error], 401)
    response.headers["WWW-Authenticate"] = "Bearer"
    return response


def refusal(media_type: str, problem: BadRequest, status: int | None = None) -> Response:
    """The response to a request that is none, with its status or this one."""
    error = {"message": str(problem), "extensions": {"code": problem.code}}
    response = in_errors(media_type, [error], status or problem.status)
    response.headers.update(problem.headers)
    return response


class Statuses(NamedTuple):
    """Gives responses their status.

    By GraphQL over HTTP as of 2025, which public audits ask for; or, where `newest`, by its text of
    2026-09, in `application/graphql-response+json` alone. Then a request that can be read and not
    be executed has 422, and data beside errors 294.
    """

    newest: bool = False

    def of(self, answer: Answer, media_type: str | None) -> int:
        """The status of an answer in a media type."""
        if answer.exceeded:
            return 429
        if media_type != GRAPHQL_RESPONSE:
            return 200
        if not self.newest:
            return 200 if answer.executed else 400
        if answer.executed:
            return PARTIAL_SUCCESS if answer.errors else 200
        codes = {error["extensions"]["code"] for error in answer.errors}
        return 400 if "GRAPHQL_PARSE_FAILED" in codes else 422

    def refused(self, problem: BadRequest, media_type: str) -> int:
        """The status of the response to a request that is none."""
        newer = self.newest and media_type == GRAPHQL_RESPONSE and problem.is_readable
        return 422 if newer else problem.status


def statuses_of(settings: Settings) -> Statuses:
    """As the settings say."""
    return Statuses(newest=settings.gateway_http_statuses == "2026")
