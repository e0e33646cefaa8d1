"""Writes annotations of the gateway into the warehouse, in the background."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from gateway.concurrency.background import log_fault
from gateway.config.viewers import Realm
from gateway.errors import GatewayError
from gateway.insights.catalogue import CallSid
from gateway.insights.snapshot import Snapshot

if TYPE_CHECKING:  # it needs the extra `warehouse`
    from gateway.warehouse.warehouse import Warehouse

Change: TypeAlias = Callable[[Snapshot], Snapshot]
"""Makes of what is known of a call what is known of it since a write."""

MOST = 1000
"""Changes that wait for the engine at most; further ones are seen when the call is next fetched."""

_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 30.0
"""Seconds until an engine that is away is asked again."""


class WarehouseAnnotations:
    """Changes calls in the warehouse, if there is one; nobody waits for that."""

    def __init__(self, warehouse: "Warehouse | None") -> None:
        self._warehouse = warehouse
        self._tasks: set[asyncio.Task[None]] = set()

    def change(self, realm: Realm, sid: CallSid, change: Change) -> None:
        """Have a call changed soon, if it is there."""
        if self._warehouse is None or len(self._tasks) >= MOST:
            return
        whole = Realm(realm.account)
        task = asyncio.create_task(self._change(self._warehouse, whole, sid, change))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(log_fault)

    @staticmethod
    async def _change(warehouse: "Warehouse", realm: Realm, sid: CallSid, change: Change) -> None:
        pause = _FIRST_PAUSE
        while True:
            try:
                snapshots = await warehouse.search.calls(realm, warehouse.since, [sid])
            except GatewayError:
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
            else:
                warehouse.offer(realm.account.sid, [change(one) for one in snapshots.values()])
                return
