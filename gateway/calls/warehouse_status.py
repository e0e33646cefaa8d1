"""Reports the state of the warehouse: what it holds, lacks, and what fails."""

from typing import TYPE_CHECKING

from msgspec import Struct

from gateway.calls.synchronisation import Synchroniser
from gateway.calls.synchronisation_source import Target
from gateway.warehouse.coverage import Covered
from gateway.warehouse.spans import Span, Spans

if TYPE_CHECKING:  # it needs the extra `warehouse`
    from gateway.warehouse.warehouse import Warehouse


class AccountStatus(Struct, frozen=True):
    """What is there of an account: spans of time, and why it fails. Seconds since 1970."""

    account: str
    sid: str
    spans: tuple[Span, ...]
    synced_at: float
    settled_at: float
    problem: str | None


class WarehouseStatus(Struct, frozen=True):
    """Calls, bytes on disk, calls that wait, the window, and the requests that may be sent now."""

    calls: int
    size: int
    waiting: int
    since: float
    now: float
    requests_left: int
    requests: int
    accounts: tuple[AccountStatus, ...]

    def missing(self, days: float) -> float:
        """How many seconds are missing of the last so many days, of all accounts."""
        since = max(self.since, self.now - days * 86400)
        return sum(_length(_gaps(one, since, self.now)) for one in self.accounts)


async def standing(
    warehouse: "Warehouse", synchroniser: Synchroniser, now: float, only: str = ""
) -> WarehouseStatus:
    """How it stands now: for all accounts, or `only` for one and its subaccounts.

    Raises WarehouseError.
    """
    held = await warehouse.status(only)
    coverages = await warehouse.coverages.all(max_age=0)
    targets = synchroniser.targets(coverages)
    return WarehouseStatus(
        held.calls,
        held.size,
        held.waiting,
        warehouse.since,
        now,
        synchroniser.requests_left,
        synchroniser.requests,
        tuple(
            _account(one, coverages.get(one.key, Covered()), synchroniser)
            for one in targets
            if only in {"", one.account.sid}
        ),
    )


def _account(target: Target, covered: Covered, synchroniser: Synchroniser) -> AccountStatus:
    trouble = synchroniser.troubles.get(target)
    return AccountStatus(
        target.account.sid,
        target.sid,
        covered.spans.spans,
        covered.synced_at,
        covered.settled.at,
        None if trouble is None else trouble.reason,
    )


def _gaps(one: AccountStatus, since: float, now: float) -> Spans:
    """What is missing before what is settled; all, before it was looked at for the first time."""
    return Spans.of([(since, one.settled_at or now)]) - Spans(one.spans)


def _length(spans: Spans) -> float:
    return sum(end - start for start, end in spans.spans if end - start >= _SLIVER)


_SLIVER = 60.0
"""Seconds that are no gap: the beginning of the window moves on."""
