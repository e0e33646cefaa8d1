"""Stores summaries that Twilio pushes in the cache and the warehouse, and wakes followers."""

from collections.abc import Collection, Sequence
from itertools import islice

from gateway.calls.dependencies import CallOperations, Dependencies
from gateway.concurrency.cooperative import next_turn
from gateway.config.accounts import Account
from gateway.config.viewers import Realm
from gateway.insights.catalogue import CallSid
from gateway.insights.events import BrokenEvent, Event, SummaryEvent, read_events
from gateway.insights.snapshot import Snapshot, with_newer_annotation
from gateway.instrumentation import EventReceived

_BATCH = 20
"""How many events are read in one go, before others get a turn of the event loop."""


class Events(CallOperations):
    """Takes in events of an account and its subaccounts.

    Twilio is not asked anything. An event that is repeated, or overtaken by a newer one, changes
    nothing and wakes nobody.
    """

    def __init__(self, dependencies: Dependencies, realms: Collection[Realm]) -> None:
        self._realms = realms
        super().__init__(dependencies)
        self._offer = dependencies.offer

    def serve(self, realms: Collection[Realm]) -> None:
        """Take events in for these realms from now on."""
        self._realms = realms

    async def accept(self, account: Account, body: bytes) -> None:
        """Take in the events of one request. Raises Undecodable for what is not JSON."""
        events = read_events(body, self._clock(), self._hook)
        while batch := list(islice(events, _BATCH)):
            summaries = [event for event in batch if isinstance(event, SummaryEvent)]
            newest = _newest(summaries)
            self._offer(account.sid, newest)
            kept: list[Snapshot] = []
            for realm in self._realms:
                if realm.account.sid == account.sid:
                    kept += await self._keep(realm, newest)
            for event in batch:
                self._hook(_report(event, kept))
            await next_turn()

    async def _keep(self, realm: Realm, newest: Sequence[Snapshot]) -> list[Snapshot]:
        """Store what is newer than all that is known in a realm, and tell; give that."""
        pushed = [one for one in newest if realm.has(one.summary.account_sid)]
        seen = await self._store.seen_many(realm.key, [snapshot.sid for snapshot in pushed])
        cached = [one if isinstance(one, Snapshot) else None for one in seen]
        news = [
            (snapshot, with_newer_annotation(snapshot, before))
            for snapshot, before in zip(pushed, cached, strict=True)
            if before is None or snapshot.rank > before.rank
        ]
        winners = await self._store.keep(realm.key, [whole for _, whole in news])
        kept = [
            snapshot
            for (snapshot, whole), winner in zip(news, winners, strict=True)
            if winner is whole
        ]
        for snapshot in kept:
            await self._store.announce(realm.key, snapshot.sid)
        return kept


def _newest(events: Sequence[SummaryEvent]) -> list[Snapshot]:
    """Of each call the newest snapshot: one request may hold several, in any order."""
    newest: dict[CallSid, Snapshot] = {}
    for event in events:
        one = event.snapshot
        newest[one.sid] = max(newest.get(one.sid, one), one, key=lambda snapshot: snapshot.rank)
    return list(newest.values())


def _report(event: Event, kept: Sequence[Snapshot]) -> EventReceived:
    if not isinstance(event, SummaryEvent):
        return EventReceived("other", "broken" if isinstance(event, BrokenEvent) else "ignored")
    snapshot = event.snapshot
    if not any(snapshot is one for one in kept):
        return EventReceived(event.kind, "known", event.schema)
    ended = snapshot.summary.end_time
    after_end = None if ended is None else snapshot.as_of - ended.timestamp()
    return EventReceived(event.kind, "kept", event.schema, after_end)
