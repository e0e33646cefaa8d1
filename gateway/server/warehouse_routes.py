"""Serves `/warehouse` to the command line: the state of the warehouse, and deletion.

A process owns an embedded warehouse, so `gateway warehouse` and `gateway forget` ask it here.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.calls.service import CallService
from gateway.calls.warehouse_status import standing
from gateway.concurrency.deadlines import OneAsker, asked_by
from gateway.config.viewers import Scope
from gateway.errors import WarehouseDisabled
from gateway.server.access.authentication import Authenticator
from gateway.server.operator_routes import answered, as_json, operator

if TYPE_CHECKING:  # it needs the extra `warehouse`
    from gateway.warehouse.warehouse import Warehouse

PATH = "/warehouse"
_LARGEST = 2000
"""Bytes of what is to be forgotten."""


def warehouse_routes(
    call_service: CallService, authenticator: Authenticator, clock: Callable[[], float]
) -> list[Route]:
    """GET says how it stands, POST to `/warehouse/forget` forgets."""

    async def status(request: Request) -> Response:
        viewer = await operator(authenticator, request, Scope.SETTINGS_READ)
        if call_service.synchroniser is None:
            raise WarehouseDisabled
        account = viewer.realm.account.sid
        found = await standing(
            _warehouse(call_service), call_service.synchroniser, clock(), account
        )
        return as_json(found)

    async def forget(request: Request) -> Response:
        viewer = await operator(authenticator, request, Scope.PII_READ)
        wanted = (await request.body())[:_LARGEST].decode("utf-8", "replace")
        with asked_by(OneAsker(viewer.name)):
            count = await _warehouse(call_service).forget(wanted, viewer.realm.account.sid)
        return as_json({"forgotten": count})

    return [
        Route(PATH, answered(status)),
        Route(f"{PATH}/forget", answered(forget), methods=["POST"]),
    ]


def _warehouse(call_service: CallService) -> "Warehouse":
    if call_service.warehouse is None:
        raise WarehouseDisabled
    return call_service.warehouse
