"""Bundles the operations on calls as one object for the resolvers."""

from collections.abc import Collection
from typing import TYPE_CHECKING, Self

from msgspec import Struct

from gateway.calls.account_settings import AccountSettings
from gateway.calls.annotations import Annotations
from gateway.calls.dependencies import Dependencies
from gateway.calls.details import Details
from gateway.calls.events import Events
from gateway.calls.feeds import Feeds
from gateway.calls.followers import Followers
from gateway.calls.lists import Lists
from gateway.calls.lookups import Lookups
from gateway.calls.request_budget import RequestBudget
from gateway.calls.searches import Searches
from gateway.calls.served_accounts import ServedAccounts
from gateway.calls.synchronisation import Synchroniser
from gateway.calls.synchronisation_source import TwilioCalls
from gateway.concurrency.quotas import Quota
from gateway.config.accounts import Account
from gateway.config.viewers import Realm

if TYPE_CHECKING:  # it needs the extra `warehouse`
    from gateway.warehouse.warehouse import Warehouse


class CallService(Struct, frozen=True):
    """All that the product does. `warehouse` is None where none is kept."""

    lookups: Lookups
    lists: Lists
    followers: Followers
    annotations: Annotations
    events: Events
    details: Details
    accounts: ServedAccounts
    searches: Searches
    settings: AccountSettings
    feeds: Feeds
    warehouse: "Warehouse | None" = None
    synchroniser: Synchroniser | None = None

    @classmethod
    def on(
        cls,
        dependencies: Dependencies,
        realms: Collection[Realm],
        followers: Quota,
        *,
        events_are_on: bool,
        requests_per_minute: int = 60,
    ) -> Self:
        """The operations on calls over these dependencies, for all realms that there are.

        `followers` bounds how many follow calls at once, `events_are_on` says that Twilio pushes
        what is new, and `requests_per_minute` is what synchronising may send.
        """
        lookups = Lookups(dependencies)
        synchroniser = _synchroniser(dependencies, requests_per_minute)
        if synchroniser is not None:
            synchroniser.serve(realms, events_are_on=events_are_on)
        return cls(
            lookups=lookups,
            lists=Lists(dependencies),
            followers=Followers(dependencies, lookups, followers, events_are_on=events_are_on),
            annotations=Annotations(dependencies, lookups, realms),
            events=Events(dependencies, realms),
            details=Details(dependencies),
            accounts=dependencies.accounts,
            searches=Searches(dependencies),
            settings=AccountSettings(dependencies),
            feeds=Feeds(dependencies, followers),
            warehouse=dependencies.warehouse,
            synchroniser=synchroniser,
        )

    def serve(
        self, realms: Collection[Realm], accounts: Collection[Account], *, events_are_on: bool
    ) -> None:
        """Go on for other realms and accounts."""
        self.accounts.replace(accounts)
        self.annotations.serve(realms)
        self.events.serve(realms)
        self.followers.expect(events_are_on=events_are_on)
        if self.synchroniser is not None:
            self.synchroniser.serve(realms, events_are_on=events_are_on)


def _synchroniser(dependencies: Dependencies, requests_per_minute: int) -> Synchroniser | None:
    if dependencies.warehouse is None:
        return None
    budget = RequestBudget(requests_per_minute, dependencies.clock)
    source = TwilioCalls(dependencies.client, budget, dependencies.clock, hook=dependencies.hook)
    return Synchroniser(
        source,
        dependencies.warehouse,
        dependencies.accounts,
        dependencies.leases,
        dependencies.clock,
    )
