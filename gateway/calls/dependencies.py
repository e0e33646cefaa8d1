"""Bundles what the operations on calls depend on: client, cache, events, clock."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from gateway.cache.leases import Leases
from gateway.cache.policy import Freshness
from gateway.cache.store import Store
from gateway.calls.served_accounts import ServedAccounts
from gateway.config.viewers import Realm
from gateway.insights.snapshot import Seen, Snapshot
from gateway.instrumentation import Hook
from gateway.upstream.client import InsightsClient

if TYPE_CHECKING:  # it needs the extra `warehouse`
    from gateway.warehouse.warehouse import Warehouse


class Dependencies(Struct, frozen=True):
    """The way to Twilio, what is remembered and for how long, and whose turn it is to ask.

    `hook` hears what happens; `clock` gives seconds since 1970. `warehouse` is None where none is
    kept.
    """

    client: InsightsClient
    store: Store
    freshness: Freshness
    leases: Leases
    hook: Hook
    clock: Callable[[], float]
    accounts: ServedAccounts
    warehouse: "Warehouse | None" = None

    async def keep(self, realm: Realm, seen: Sequence[Seen]) -> list[Seen]:
        """Store what was seen, unless something of a higher rank is known; give the winners.

        The warehouse writes them too, in the background.
        """
        kept = await self.store.keep(realm.key, seen)
        self.offer(realm.account.sid, kept)
        return kept

    def offer(self, account: str, seen: Sequence[Seen]) -> None:
        """Have the warehouse write the summaries among these soon, without waiting for it."""
        if self.warehouse is not None:
            summaries = [one for one in seen if isinstance(one, Snapshot)]
            self.warehouse.offer(account, summaries)


class CallOperations:
    """Operations on calls, with the dependencies at hand."""

    def __init__(self, dependencies: Dependencies) -> None:
        self._client = dependencies.client
        self._store = dependencies.store
        self._freshness = dependencies.freshness
        self._hook = dependencies.hook
        self._clock = dependencies.clock
