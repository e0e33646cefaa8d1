"""Serves `/warehouse` to the command line: the state of the warehouse, and deletion.

A process owns an embedded warehouse, so `gateway warehouse` and `gateway forget` ask it here.
"""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.calls.service import CallService
from gateway.calls.warehouse_standing import standing
from gateway.concurrency.deadlines import OneAsker, asked_by
from gateway.config.viewers import Scope, Viewer
from gateway.errors import Forbidden, GatewayError, Unauthenticated, WarehouseDisabled
from gateway.insights.party_names import NeitherCallNorParty
from gateway.server.access.authentication import Authenticator

if TYPE_CHECKING:  # it needs the extra `warehouse`
    from gateway.warehouse.warehouse import Warehouse

PATH = "/warehouse"
_STATUSES = {Unauthenticated: 401, Forbidden: 403, WarehouseDisabled: 404}
_LARGEST = 2000
"""Bytes of what is to be forgotten."""


def warehouse_routes(
    verbs: CallService, authenticator: Authenticator, clock: Callable[[], float]
) -> list[Route]:
    """GET says how it stands, POST to `/warehouse/forget` forgets."""

    async def status(request: Request) -> Response:
        await _operator(authenticator, request, Scope.SETTINGS_READ)
        if verbs.synchroniser is None:
            raise WarehouseDisabled
        found = await standing(_warehouse(verbs), verbs.synchroniser, clock())
        return Response(msgspec.json.encode(found), media_type="application/json")

    async def forget(request: Request) -> Response:
        viewer = await _operator(authenticator, request, Scope.PII_READ)
        wanted = (await request.body())[:_LARGEST].decode("utf-8", "replace")
        with asked_by(OneAsker(viewer.name)):
            count = await _warehouse(verbs).forget(wanted, viewer.realm.account.sid)
        return Response(msgspec.json.encode({"forgotten": count}), media_type="application/json")

    return [
        Route(PATH, _answered(status)),
        Route(f"{PATH}/forget", _answered(forget), methods=["POST"]),
    ]


def _warehouse(verbs: CallService) -> "Warehouse":
    if verbs.warehouse is None:
        raise WarehouseDisabled
    return verbs.warehouse


async def _operator(authenticator: Authenticator, request: Request, scope: Scope) -> Viewer:
    """Who asks, if that may be: somebody who sees all calls of an account. Raises Forbidden."""
    viewer = (await authenticator.admit(request.headers.get("Authorization"))).viewer
    viewer.must(scope, "`/warehouse`")
    if not viewer.realm.is_whole:
        raise Forbidden("`/warehouse` needs a viewer that sees all subaccounts of its account.")
    return viewer


def _answered(
    answer: Callable[[Request], Awaitable[Response]],
) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint whose errors are answers."""

    async def endpoint(request: Request) -> Response:
        try:
            return await answer(request)
        except NeitherCallNorParty as error:
            return _refusal(400, str(error))
        except GatewayError as error:
            return _refusal(_STATUSES.get(type(error), 503), str(error))

    return endpoint


def _refusal(status: int, message: str) -> Response:
    body = msgspec.json.encode({"errors": [{"message": message}]})
    return Response(body, status, media_type="application/json")
