"""The verbs together."""

from collections.abc import Collection
from typing import Self

from msgspec import Struct

from gateway.calls.annotations import Annotations
from gateway.calls.dependencies import Ground
from gateway.calls.events import Events
from gateway.calls.followers import Followers
from gateway.calls.lists import Lists
from gateway.calls.lookups import Lookups
from gateway.concurrency.quotas import Quota
from gateway.config.viewers import Realm


class Verbs(Struct, frozen=True):
    """All that the product does."""

    lookups: Lookups
    lists: Lists
    followers: Followers
    annotations: Annotations
    events: Events

    @classmethod
    def on(
        cls, ground: Ground, realms: Collection[Realm], followers: Quota, *, events_are_on: bool
    ) -> Self:
        """The verbs on common ground, for all realms that there are.

        `followers` bounds how many follow calls at once, `events_are_on` says that Twilio pushes
        what is new.
        """
        lookups = Lookups(ground)
        return cls(
            lookups=lookups,
            lists=Lists(ground),
            followers=Followers(ground, lookups, followers, events_are_on=events_are_on),
            annotations=Annotations(ground, lookups, realms),
            events=Events(ground, realms),
        )

    def serve(self, realms: Collection[Realm], *, events_are_on: bool) -> None:
        """Go on for other realms."""
        self.annotations.serve(realms)
        self.events.serve(realms)
        self.followers.expect(events_are_on=events_are_on)
