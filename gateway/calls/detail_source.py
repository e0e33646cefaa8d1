"""Fetches pages of metrics and events of a call, from the cache or from Twilio."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from gateway.cache import policy
from gateway.cache.encoding import details_in
from gateway.cache.store import details_key
from gateway.calls.coalescing import Coalescer
from gateway.calls.dependencies import CallOperations, Dependencies
from gateway.concurrency.cooperative import in_turns
from gateway.config.viewers import Realm
from gateway.errors import UpstreamError
from gateway.insights.absence import Absence, Absent
from gateway.insights.decoding import Undecodable
from gateway.insights.detail_paging import Detail
from gateway.insights.details import DetailRef, DetailsSeen, decode_event, decode_sample
from gateway.insights.snapshot import Snapshot
from gateway.instrumentation import CacheAsked, FieldDropped

_HIT = CacheAsked("details", "hit")

_READ = "read"
_PER_BYTE, _EACH = 3, 300
"""Bytes that samples and events take once they are decoded: for each byte of JSON, and for each."""

_FIRST = datetime.min.replace(tzinfo=UTC)


class ReadDetail(NamedTuple):
    """A sample or event, and the JSON that it was read from."""

    value: Detail
    raw: bytes


class DetailSource(CallOperations):
    """Gives pages of metrics and events; raises UpstreamError when one cannot be had."""

    def __init__(self, dependencies: Dependencies) -> None:
        super().__init__(dependencies)
        self._coalescer: Coalescer[DetailsSeen] = Coalescer(
            "details", dependencies.leases, dependencies.hook
        )

    async def page(self, realm: Realm, snapshot: Snapshot, ref: DetailRef) -> DetailsSeen:
        """A page of a call, as it is cached if it is fresh, and else as Twilio has it now."""
        cached = await self._store.details(realm.key, snapshot.sid, ref)
        now = self._clock()
        if cached is not None and now < policy.details_fresh_until(cached, self._freshness):
            self._hook(_HIT)
            return cached
        self._hook(CacheAsked("details", "miss" if cached is None else "stale"))
        try:
            return await self._coalescer.fetch(
                details_key(realm.key, snapshot.sid, ref),
                lambda: self._ask(realm, snapshot, ref),
                lambda: self._learned(realm, snapshot, ref, cached),
            )
        except UpstreamError:
            if cached is not None and now < policy.details_stale_until(cached, self._freshness):
                return cached
            raise

    async def items(self, realm: Realm, seen: DetailsSeen) -> Sequence[ReadDetail]:
        """What a page holds, by time; decoded once for as long as it is cached."""
        entry = self._store.details_entry(realm.key, seen.sid, seen.ref)
        if entry is None or details_in(entry) is not seen:
            return await self._read(seen)
        details: Sequence[ReadDetail] | None = entry.derived(_READ, seen)
        if details is None:
            details = await self._read(seen)
            size = sum(_PER_BYTE * len(one.raw) + _EACH for one in details)
            entry.keep(_READ, seen, details, size)
        return details

    def fresh_until(self, seen: DetailsSeen) -> float:
        """The moment up to which a page is an answer."""
        return policy.details_fresh_until(seen, self._freshness)

    async def _ask(self, realm: Realm, snapshot: Snapshot, ref: DetailRef) -> DetailsSeen:
        asked_at = self._clock()
        answered = await self._client.details(realm.account, snapshot.sid, ref)
        content = answered.why if isinstance(answered, Absent) else answered
        whole, forgotten = snapshot.is_complete, policy.forgotten_at(snapshot)
        seen = DetailsSeen(snapshot.sid, ref, content, asked_at, whole, forgotten)
        await self._store.keep_details(realm.key, seen)
        return seen

    async def _learned(
        self, realm: Realm, snapshot: Snapshot, ref: DetailRef, before: DetailsSeen | None
    ) -> DetailsSeen | None:
        """The page as another replica saw it since `before`, if it did."""
        seen = await self._store.details(realm.key, snapshot.sid, ref, by_any=True)
        return None if seen is None or (before and seen.as_of == before.as_of) else seen

    async def _read(self, seen: DetailsSeen) -> Sequence[ReadDetail]:
        if isinstance(seen.content, Absence):
            return ()
        found = [one async for raw in in_turns(seen.content.items) if (one := self._one(seen, raw))]
        return sorted(found, key=lambda one: one.value.timestamp or _FIRST)

    def _one(self, seen: DetailsSeen, raw: bytes) -> ReadDetail | None:
        """An item; None for what is none, or of another edge than was asked for."""
        ref, decode = seen.ref, decode_sample if seen.ref.resource == "Metrics" else decode_event
        try:
            value: Detail = decode(raw, self._hook)
        except Undecodable:
            self._hook(FieldDropped(ref.resource.lower()))
            return None
        strange = ref.edge is not None and value.edge not in {None, ref.edge}
        return None if strange else ReadDetail(value, raw)
