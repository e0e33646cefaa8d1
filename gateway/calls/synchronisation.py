"""Synchronises the warehouse with Twilio: new calls first, then gaps in its window.

One replica at a time does it, as background work and within a budget of requests. It keeps what it
must remember in the warehouse itself, so it goes on where it stopped, on whichever replica.
"""

import asyncio
import logging
import re
from collections.abc import Callable, Collection, Coroutine, Iterable, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

from gateway.cache.leases import Leases
from gateway.calls.served_accounts import ServedAccounts
from gateway.calls.synchronisation_fill import Fill, gap_of
from gateway.calls.synchronisation_live import Live
from gateway.calls.synchronisation_source import Target, TwilioCalls
from gateway.concurrency.deadlines import now
from gateway.config.viewers import Realm
from gateway.errors import GatewayError, WarehouseError
from gateway.warehouse.coverage import Covered

if TYPE_CHECKING:  # it needs the extra `warehouse`
    from gateway.warehouse.warehouse import Warehouse

_log = logging.getLogger("gateway.warehouse")

_LEASE, _LOOK_EVERY, _ROUND = "warehouse", 1.0, 60.0
"""The name of the lease, and seconds: between two tries to take it, and for which it is kept."""

IDLE, _WHILE_AWAY = 15.0, 1.0
"""Seconds until there may be something to do again, and until the engine is asked again."""

_FIRST_PAUSE, _LONGEST_PAUSE = 60.0, 600.0
"""Seconds for which an account is left alone that Twilio refuses."""

_ACCOUNT_SID = re.compile(r"AC[0-9a-fA-F]{32}")


class Trouble(Struct, frozen=True):
    """Why an account cannot be listed, and until when it is left alone (seconds since 1970)."""

    reason: str
    pause: float
    until: float


class Synchroniser:
    """Does one piece of work after the other, the most pressing first.

    `clock` gives seconds since 1970.
    """

    def __init__(
        self,
        source: TwilioCalls,
        warehouse: "Warehouse",
        accounts: ServedAccounts,
        leases: Leases,
        clock: Callable[[], float],
    ) -> None:
        self.troubles: dict[Target, Trouble] = {}
        self._source = source
        self._warehouse = warehouse
        self._accounts = accounts
        self._leases = leases
        self._clock = clock
        self._realms: Collection[Realm] = ()
        self._live = Live(source, warehouse, clock)
        self._fill = Fill(source, warehouse)

    def serve(self, realms: Collection[Realm], *, events_are_on: bool) -> None:
        """Keep the subaccounts that these realms name, too, from now on."""
        self._realms = realms
        self._live.events_are_on = events_are_on

    @property
    def requests_left(self) -> int:
        """How many requests may be sent now."""
        return self._source.budget.left

    @property
    def requests(self) -> int:
        """How many were sent since the start."""
        return self._source.budget.sent

    async def run(self) -> None:
        """Go on until cancelled, while it is the turn of this replica."""
        while True:
            async with self._leases.turn(_LEASE, _LOOK_EVERY) as is_mine:
                if is_mine:
                    await self._round()

    async def step(self) -> float:
        """Do the most pressing piece of work; gives the seconds until there may be more.

        Raises WarehouseError.
        """
        if (wait := self._source.budget.wait) > 0:
            return wait
        coverages = await self._warehouse.coverages.all(max_age=0)
        targets = {one: coverages.get(one.key, Covered()) for one in self.targets(coverages)}
        dues = {target: self._due(target, covered) for target, covered in targets.items()}
        first = min(dues, key=lambda target: dues[target], default=None)
        left = IDLE if first is None else min(IDLE, dues[first] - self._clock())
        if first is not None and left <= 0:
            await self._try(first, self._live.look(first))
            return 0.0
        return await self._fill_one(targets, left)

    def targets(self, coverages: Iterable[tuple[str, str]]) -> list[Target]:
        """Whose calls are kept: Twilio's API lists no subaccounts, so these are those seen."""
        accounts = {account.sid: account for account in self._accounts}
        named = {
            (realm.account.sid, sid) for realm in self._realms for sid in realm.subaccounts or ()
        }
        seen = {
            *coverages,
            *named,
            *self._warehouse.subaccounts,
            *((sid, sid) for sid in accounts),
        }
        return [
            Target(accounts[account], sid)
            for account, sid in sorted(seen)
            if account in accounts and _ACCOUNT_SID.fullmatch(sid)
        ]

    async def _round(self) -> None:
        """Work for as long as the lease is kept: then another replica may have its turn."""
        until = now() + _ROUND
        while (left := until - now()) > 0:
            try:
                wait = await self.step()
            except WarehouseError:
                wait = _WHILE_AWAY
            await asyncio.sleep(min(wait, left))

    async def _fill_one(self, targets: Mapping[Target, Covered], left: float) -> float:
        """Fill a page of the newest gap, if there is one and it may be asked for."""
        since, moment = self._warehouse.since, self._clock()
        gaps = {
            target: gap
            for target, covered in targets.items()
            if self._paused_until(target) <= moment and (gap := gap_of(covered, since)) is not None
        }
        if not gaps:
            return left
        if (wait := self._source.budget.even_wait) > 0:
            return min(wait, left)
        target = max(gaps, key=lambda one: gaps[one][1])
        await self._try(target, self._fill.page(target, gaps[target]))
        return 0.0

    def _due(self, target: Target, covered: Covered) -> float:
        return max(self._live.due(target, covered), self._paused_until(target))

    def _paused_until(self, target: Target) -> float:
        trouble = self.troubles.get(target)
        return 0.0 if trouble is None else trouble.until

    async def _try(self, target: Target, work: Coroutine[None, None, object]) -> None:
        """Work for an account; if Twilio refuses, leave it alone for a while."""
        try:
            await work
        except WarehouseError:
            raise
        except GatewayError as error:
            before = self.troubles.get(target)
            pause = _FIRST_PAUSE if before is None else min(2 * before.pause, _LONGEST_PAUSE)
            self.troubles[target] = Trouble(str(error), pause, self._clock() + pause)
            if before is None:
                _log.warning(
                    "Calls of %s cannot be listed for the warehouse: %s", target.sid, error
                )
        else:
            if self.troubles.pop(target, None) is not None:
                _log.info("Calls of %s are listed for the warehouse again.", target.sid)
