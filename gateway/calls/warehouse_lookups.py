"""Looks up calls in the warehouse, before a request is sent to Twilio."""

from typing import TYPE_CHECKING

from gateway.concurrency.singleflight import SingleFlight
from gateway.config.viewers import Realm
from gateway.errors import GatewayError
from gateway.insights.catalogue import CallSid
from gateway.insights.snapshot import Seen, Snapshot
from gateway.warehouse.engine import Limits

if TYPE_CHECKING:  # it needs the extra `warehouse`
    from gateway.warehouse.warehouse import Warehouse

_LIMITS = Limits(seconds=0.5)
"""A warehouse that is slower than this is left out: Twilio is as fast."""


class WarehouseLookups:
    """Gives final summaries, if there is a warehouse, and what it has is newer than is known."""

    def __init__(self, warehouse: "Warehouse | None") -> None:
        self._warehouse = warehouse
        self._flights: SingleFlight[Snapshot | None] = SingleFlight()

    async def final(self, realm: Realm, sid: CallSid, cached: Seen | None) -> Snapshot | None:
        """The summary of a call; None also where the warehouse cannot be asked."""
        if self._warehouse is None:
            return None
        warehouse = self._warehouse
        found = await self._flights.do((realm.key, sid), lambda: _look(warehouse, realm, sid))
        is_news = found and not (isinstance(cached, Snapshot) and cached.rank >= found.rank)
        return found if is_news else None


async def _look(warehouse: "Warehouse", realm: Realm, sid: CallSid) -> Snapshot | None:
    try:
        calls = await warehouse.search.calls(realm, warehouse.since, [sid], _LIMITS)
    except GatewayError:
        return None
    return calls.get(sid)
