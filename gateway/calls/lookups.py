"""Looks up one call at Twilio: the complete summary first, then the partial one."""

import asyncio
from typing import Literal

from gateway.cache import policy
from gateway.cache.encoding import seen_in
from gateway.cache.entry import Entry
from gateway.cache.store import call_key
from gateway.calls.call import Call, Lookup, LookupStatus, Source, answer, remembered
from gateway.calls.coalescing import Coalescer
from gateway.calls.dependencies import CallOperations, Dependencies
from gateway.calls.warehouse_lookups import WarehouseLookups
from gateway.concurrency.background import log_fault
from gateway.concurrency.deadlines import OneAsker, Priority, asked_by, asking
from gateway.config.viewers import Realm
from gateway.errors import UpstreamError
from gateway.insights.absence import Absence, Absent
from gateway.insights.catalogue import CallSid
from gateway.insights.decoding import Undecodable
from gateway.insights.rank import version_of
from gateway.insights.snapshot import Seen, Snapshot, annotate, still_predicted
from gateway.instrumentation import CacheAsked, SummaryProgressed

STATUS = {
    Absence.NOT_READY: LookupStatus.NOT_READY,
    Absence.NOT_FOUND: LookupStatus.NOT_FOUND,
    Absence.EXPIRED: LookupStatus.EXPIRED,
    Absence.NOT_ENABLED: LookupStatus.INSIGHTS_NOT_ENABLED,
}

_HIT = CacheAsked("summary", "hit")

_LATELY = 3600.0
"""Seconds after its end in which a call tells how fast Voice Insights is."""


class Lookups(CallOperations):
    """Looks calls up, in the cache and upstream; raises UpstreamError when neither can tell."""

    def __init__(self, dependencies: Dependencies) -> None:
        super().__init__(dependencies)
        self._keep = dependencies.keep
        self._coalescer: Coalescer[Seen] = Coalescer(
            "summary", dependencies.leases, dependencies.hook
        )
        self._warehouse = WarehouseLookups(dependencies.warehouse)
        self._revalidations: set[asyncio.Task[Seen]] = set()

    async def look_up(self, realm: Realm, sid: CallSid) -> Lookup:
        """What there is to know of a call now."""
        entry = self._store.entry(realm.key, sid)
        cached = await self._store.seen(realm.key, sid) if entry is None else seen_in(entry)
        if cached is not None and self._clock() < self._answer_until(realm, cached):
            self._hook(_HIT)
            return self._lookup(cached, Source.CACHE, entry)
        self._hook(CacheAsked("summary", "miss" if cached is None else "stale"))
        if (final := await self._warehouse.final(realm, sid, cached)) is not None:
            await self._store.keep(realm.key, [final])
            return self._lookup(final, Source.WAREHOUSE)
        began = self._clock()
        try:
            seen = await self._fetch(realm, sid, cached)
        except UpstreamError:
            if isinstance(cached, Snapshot) and self._clock() < policy.stale_until(
                cached, self._freshness
            ):
                return self._lookup(cached, Source.STALE)
            raise
        if isinstance(cached, Snapshot) and cached.as_of < began and seen == cached:
            return self._lookup(cached, Source.CACHE)  # Twilio knows less than it did
        return self._lookup(seen, Source.UPSTREAM, self._store.keeper(realm.key, seen))

    async def cached(self, realm: Realm, sid: CallSid) -> Lookup | None:
        """What is known of a call, however old, without asking Twilio."""
        seen = await self._store.seen(realm.key, sid)
        return None if seen is None else self._lookup(seen, Source.CACHE)

    async def refresh(self, realm: Realm, sid: CallSid) -> None:
        """Ask Twilio whatever is known, and wake who watches the call if there is news."""
        cached = await self._store.seen(realm.key, sid)
        seen = await self._fetch(realm, sid, cached)
        if cached is None or version_of(seen) != version_of(cached):
            await self._store.announce(realm.key, sid)

    async def annotated(self, realm: Realm, snapshot: Snapshot) -> Snapshot | None:
        """A summary whose annotation is asked for again; None when there is no summary any more.

        When Twilio cannot be asked, it is the one that is known, for as long as that will do.
        """
        try:
            seen = await self._coalescer.fetch(
                f"{call_key(realm.key, snapshot.sid)}:annotation",
                lambda: self._ask_annotation(realm, snapshot),
                lambda: self._learned(realm, snapshot.sid, snapshot),
            )
        except UpstreamError:
            if self._clock() < policy.annotation_stale_until(snapshot, self._freshness):
                return snapshot
            raise
        return seen if isinstance(seen, Snapshot) else None

    def annotation_is_fresh(self, call: Call) -> bool:
        """Whether the annotation that came with a call may be told as it is."""
        if call.snapshot.doubted:
            return False
        if call.source is Source.STALE:  # Twilio cannot be asked: it was tried
            return True
        if self._clock() < self.annotation_fresh_until(call.snapshot):
            return True
        return not call.is_final and call.snapshot.annotated_at >= call.snapshot.as_of

    def annotation_fresh_until(self, snapshot: Snapshot) -> float:
        """The moment up to which an annotation need not be asked for; one in doubt has none."""
        if snapshot.doubted:
            return snapshot.annotated_at
        return policy.annotation_fresh_until(snapshot, self._freshness)

    def _answer_until(self, realm: Realm, cached: Seen) -> float:
        """Up to when `cached` is an answer; in the last part of it, a new one is fetched aside."""
        if isinstance(cached, Absent):
            return policy.absent_until(cached)
        fresh_until = policy.fresh_until(cached, self._freshness)
        if fresh_until <= self._clock() < policy.revalidated_until(cached, self._freshness):
            self._revalidate(realm, cached)
            return policy.revalidated_until(cached, self._freshness)
        return fresh_until

    def _revalidate(self, realm: Realm, cached: Snapshot) -> None:
        with asked_by(OneAsker(asking().viewer, Priority.BACKGROUND)):
            task = asyncio.create_task(self._fetch(realm, cached.sid, cached))
        self._revalidations.add(task)
        task.add_done_callback(self._revalidations.discard)
        task.add_done_callback(log_fault)

    async def _fetch(self, realm: Realm, sid: CallSid, cached: Seen | None) -> Seen:
        return await self._coalescer.fetch(
            call_key(realm.key, sid),
            lambda: self._ask(realm, sid, cached),
            lambda: self._learned(realm, sid, cached),
        )

    async def _ask(self, realm: Realm, sid: CallSid, cached: Seen | None) -> Seen:
        ask = self._ask_whole if realm.is_whole else self._ask_in_part
        seen = await ask(realm, sid, cached if isinstance(cached, Snapshot) else None)
        self._note_progress(cached, seen)
        return (await self._keep(realm, [still_predicted(seen, cached)]))[0]

    async def _ask_whole(self, realm: Realm, sid: CallSid, cached: Snapshot | None) -> Seen:
        seen = await self._client.summary(realm.account, sid, "complete", cached)
        if isinstance(seen, Absent) and seen.why is Absence.NOT_READY:
            seen = await self._client.summary(realm.account, sid, "partial", cached)
            if isinstance(seen, Absent) and seen.why is Absence.NOT_FOUND:
                return Absent(sid, Absence.NOT_READY, seen.as_of)
        return seen

    async def _ask_in_part(self, realm: Realm, sid: CallSid, cached: Snapshot | None) -> Seen:
        """Ask for whom not all calls are there.

        Only a summary says whose call it is: without one, and for a call of somebody else, there
        is no such call, whatever Twilio says, and it takes as many questions.
        """
        complete = await self._client.summary(realm.account, sid, "complete", cached)
        if isinstance(complete, Snapshot) and realm.has(complete.summary.account_sid):
            return complete
        partial = await self._client.summary(realm.account, sid, "partial", cached)
        if isinstance(partial, Snapshot) and realm.has(partial.summary.account_sid):
            return partial
        return Absent(sid, Absence.NOT_FOUND, partial.as_of)

    def _note_progress(self, before: Seen | None, seen: Seen) -> None:
        """Tell how long a call that ended lately took to get this far."""
        if not isinstance(seen, Snapshot) or seen.summary.end_time is None:
            return
        after_end = seen.as_of - seen.summary.end_time.timestamp()
        got_further = not isinstance(before, Snapshot) or seen.is_complete > before.is_complete
        if got_further and after_end < _LATELY:
            state: Literal["complete", "partial"] = "complete" if seen.is_complete else "partial"
            self._hook(SummaryProgressed(state, after_end, isinstance(before, Snapshot)))

    async def _ask_annotation(self, realm: Realm, snapshot: Snapshot) -> Seen:
        asked_at = self._clock()
        answered = await self._client.annotation(realm.account, snapshot.sid)
        if isinstance(answered, Absent):
            return snapshot
        try:
            newer = annotate(snapshot, answered, asked_at)
        except Undecodable:
            return snapshot
        return (await self._keep(realm, [newer]))[0]

    async def _learned(self, realm: Realm, sid: CallSid, before: Seen | None) -> Seen | None:
        """What another replica saw since `before`, if it did."""
        now = await self._store.seen(realm.key, sid, by_any=True)
        return None if now is None or _moment(now) == _moment(before) else now

    def _lookup(self, seen: Seen, source: Source, entry: Entry | None = None) -> Lookup:
        """The answer; `entry` is the one that keeps what was seen, if there is one.

        Whoever is told to wait has a day to wait at most, and an interval if Twilio was asked in
        vain just now.
        """
        if isinstance(seen, Absent):
            status = STATUS[seen.why]
            wait = policy.POLL_INTERVAL if status is LookupStatus.NOT_READY else None
            return Lookup(seen.sid, status, None, wait, policy.absent_until(seen), seen.as_of)
        origin = entry if source is Source.CACHE else None
        cached = None if origin is None else remembered(origin, self._freshness)
        call = cached or answer(seen, source, self._freshness, entry)
        status = LookupStatus.COMPLETE if seen.is_complete else LookupStatus.PARTIAL
        if call.refresh_after is not None:
            left = call.refresh_after - self._clock()
            wait = policy.POLL_INTERVAL if left <= 0 else min(left, policy.DAY)
            return Lookup(seen.sid, status, call, wait, call.fresh_until)
        return Lookup(seen.sid, status, call, None, call.fresh_until)


def _moment(seen: Seen | None) -> tuple[float, float] | None:
    if isinstance(seen, Snapshot):
        return seen.as_of, seen.annotated_at
    return None if seen is None else (seen.as_of, 0.0)
