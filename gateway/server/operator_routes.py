"""Admits operators to routes beside GraphQL, and turns errors of these routes to responses."""

from collections.abc import Awaitable, Callable

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from gateway.config.viewers import Scope, Viewer
from gateway.errors import (
    BadUserInput,
    Forbidden,
    GatewayError,
    Unauthenticated,
    WarehouseDisabled,
)
from gateway.insights.party_names import NeitherCallNorParty
from gateway.server.access.authentication import Authenticator
from gateway.server.graphql.bodies import BadRequest
from gateway.server.graphql.cors import check_page

Endpoint = Callable[[Request], Awaitable[Response]]

_STATUSES: dict[type[Exception], int] = {
    Unauthenticated: 401,
    Forbidden: 403,
    WarehouseDisabled: 404,
    BadUserInput: 400,
    NeitherCallNorParty: 400,
}


async def operator(authenticator: Authenticator, request: Request, scope: Scope) -> Viewer:
    """The viewer of a request, if it sees all calls of an account and has the scope.

    A page of another origin is refused: a browser sends a POST of plain text unasked. Raises
    Unauthenticated, Forbidden and BadRequest.
    """
    path = request.url.path
    check_page(request.headers, frozenset())
    viewer = (await authenticator.admit(request.headers.get("Authorization"))).viewer
    viewer.must(scope, f"`{path}`")
    if not viewer.realm.is_whole:
        raise Forbidden(f"`{path}` needs a viewer that sees all subaccounts of its account.")
    return viewer


def answered(answer: Endpoint) -> Endpoint:
    """An endpoint whose errors are answers."""

    async def endpoint(request: Request) -> Response:
        try:
            return await answer(request)
        except BadRequest as problem:
            return _refusal(problem.status, str(problem))
        except (GatewayError, NeitherCallNorParty) as error:
            return _refusal(_STATUSES.get(type(error), 503), str(error))

    return endpoint


def as_json(value: object) -> Response:
    """A response of JSON."""
    return Response(msgspec.json.encode(value), media_type="application/json")


def _refusal(status: int, message: str) -> Response:
    response = as_json({"errors": [{"message": message}]})
    response.status_code = status
    return response
