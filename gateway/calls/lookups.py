"""Looking up one call: complete first, then partial, one answer."""

from collections.abc import Callable

from gateway.accounts import Account
from gateway.cache.policy import POLL_INTERVAL, Freshness, fresh_until
from gateway.cache.singleflight import SingleFlight
from gateway.cache.store import Store
from gateway.calls.call import Call, Lookup, LookupStatus, Source, answer
from gateway.insights.catalogue import CallSid
from gateway.insights.snapshot import Snapshot
from gateway.instrumentation import CacheAsked, Coalesced, Hook
from gateway.upstream.client import InsightsClient
from gateway.upstream.failures import Absence

_STATUS = {
    Absence.NOT_COMPLETE: LookupStatus.NOT_READY,
    Absence.NOT_FOUND: LookupStatus.NOT_FOUND,
    Absence.EXPIRED: LookupStatus.EXPIRED,
    Absence.NOT_ENABLED: LookupStatus.INSIGHTS_NOT_ENABLED,
}


class Lookups:
    """Looks calls up, in the cache and upstream; raises UpstreamError when neither can tell."""

    def __init__(
        self,
        client: InsightsClient,
        store: Store,
        freshness: Freshness,
        *,
        hook: Hook,
        clock: Callable[[], float],
    ) -> None:
        self._client = client
        self._store = store
        self._freshness = freshness
        self._hook = hook
        self._clock = clock
        self._flights: SingleFlight[Snapshot | Absence] = SingleFlight()

    async def look_up(self, account: Account, sid: CallSid) -> Lookup:
        """What there is to know of a call now."""
        known = await self._store.snapshot(account.sid, sid)
        if known is not None and self._clock() < fresh_until(known, self._freshness):
            self._hook(CacheAsked("summary", "hit"))
            return self._found(known, Source.CACHE)
        self._hook(CacheAsked("summary", "miss" if known is None else "stale"))
        key = (account.sid, sid)
        if key in self._flights:
            self._hook(Coalesced("summary"))
        seen = await self._flights.do(key, lambda: self._fetch(account, sid))
        if isinstance(seen, Absence):
            return _absent(sid, seen)
        return self._found(seen, Source.UPSTREAM)

    async def _fetch(self, account: Account, sid: CallSid) -> Snapshot | Absence:
        seen = await self._client.summary(account, sid, "complete")
        if seen is Absence.NOT_COMPLETE:
            seen = await self._client.summary(account, sid, "partial")
            if seen is Absence.NOT_FOUND:
                return Absence.NOT_COMPLETE
        if isinstance(seen, Absence):
            return seen
        return (await self._store.keep(account.sid, [seen]))[0]

    def _found(self, snapshot: Snapshot, source: Source) -> Lookup:
        call = answer(snapshot, source, self._freshness)
        status = LookupStatus.COMPLETE if snapshot.is_complete else LookupStatus.PARTIAL
        return Lookup(snapshot.summary.call_sid, status, call, self._wait_for(call))

    def _wait_for(self, call: Call) -> float | None:
        return None if call.refresh_after is None else max(0.0, call.refresh_after - self._clock())


def _absent(sid: CallSid, absence: Absence) -> Lookup:
    status = _STATUS[absence]
    retry_after = POLL_INTERVAL if status is LookupStatus.NOT_READY else None
    return Lookup(sid, status, None, retry_after)
