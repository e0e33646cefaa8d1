"""Keeps one account of the warehouse up to date, with as few requests as possible.

Twilio has no filter by when a summary became complete. So complete calls are listed again from the
moment before which all are settled, and incomplete ones are listed to move that moment on. A call
that stays incomplete for longer than all others is remembered by its SID, and asked for once it is
not among the incomplete ones any more.

With Event Streams on, complete summaries come by themselves. Then accounts are looked at less
often, and of a busy one only what should be settled is listed, once.
"""

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from gateway.calls.synchronisation_source import Target, TwilioCalls, end_of
from gateway.insights.absence import Absence, Absent
from gateway.insights.catalogue import CallSid
from gateway.insights.paging import page_size_for
from gateway.insights.snapshot import Snapshot
from gateway.warehouse.coverage import Covered, Settled
from gateway.warehouse.spans import Spans

if TYPE_CHECKING:  # it needs the extra `warehouse`
    from gateway.warehouse.warehouse import Warehouse

MINUTE = 60.0

EVERY, EVERY_WHEN_BUSY = 75.0, 105.0
"""Seconds between two looks at an account; busy is one whose complete calls fill several pages."""

EVERY_WITH_EVENTS, EVERY_WHEN_BUSY_WITH_EVENTS = 5 * MINUTE, 30 * MINUTE
"""The same with Event Streams on; busy is one whose last look listed half a page or more."""

SETTLING = 35 * MINUTE
"""Seconds after its end in which a summary becomes complete, until more is known of an account.

Twilio says about 30 minutes.
"""

LATE = 45 * MINUTE
"""Seconds after its end from which on a call that is not complete is late."""

LOOK_BACK = 60 * MINUTE
"""Seconds from which on calls are listed at first, and after a long pause."""

LONG_PAUSE = 60 * MINUTE
"""Seconds without a look, after which what came complete meanwhile is filled in from behind."""

LOOK_FOR_LATE = 5 * MINUTE
"""Seconds between two looks for incomplete calls of an account that is not busy."""

STEP = 15.0
"""Seconds by which the time for settling is made longer or shorter."""

_MOST_LATE = 50
"""Late calls that are remembered; beyond, the moment before which all is settled waits."""

_FETCHED_AT_ONCE = 20


class _Before(Struct):
    """What this process knows of an account from its last look: digests of what it listed."""

    settling: float
    version: int = -1
    digests: Mapping[str, bytes] = {}
    listed: int = 0
    pages: int = 1
    looked_for_late: float = float("-inf")


class Live:
    """Looks at accounts. `clock` gives seconds since 1970."""

    def __init__(
        self, source: TwilioCalls, warehouse: "Warehouse", clock: Callable[[], float]
    ) -> None:
        self.events_are_on = False
        self._source = source
        self._warehouse = warehouse
        self._clock = clock
        self._before: dict[Target, _Before] = {}

    def due(self, target: Target, covered: Covered) -> float:
        """When to look at an account again."""
        before = self._before.get(target)
        if self.events_are_on:
            rarely = before is None or self._lists_much(before)
            return covered.synced_at + (
                EVERY_WHEN_BUSY_WITH_EVENTS if rarely else EVERY_WITH_EVENTS
            )
        busy = before is not None and before.pages > 1
        return covered.synced_at + (EVERY_WHEN_BUSY if busy or covered.settled.pending else EVERY)

    async def look(self, target: Target) -> None:
        """Write what is new of an account, and record that."""
        now = self._clock()
        covered = await self._warehouse.coverages.begin(*target.key)
        before = self._last_look(target, covered)
        settled = await self._resume(target, covered, now)
        is_first = before.version < 0
        settles_only = self.events_are_on and (is_first or self._lists_much(before))
        start, end = settled.at, now - before.settling if settles_only else now
        if settles_only:  # what was claimed beyond is not listed now
            await self._warehouse.coverages.forget_since(*target.key, end)
        if self._is_due(settled, before, now):
            before.looked_for_late = now
            settled = await self._settle(target, settled, before, now)
        before.digests = await self._write(target, before, start, end)
        before.listed = len(before.digests)
        spans, since = Spans.of([(start, end)]), self._warehouse.since
        await self._warehouse.coverages.record(
            *target.key, spans, since, settled, now, begun_at=covered.version
        )
        recorded = (await self._warehouse.coverages.all()).get(target.key, Covered())
        before.version = recorded.version

    def _last_look(self, target: Target, covered: Covered) -> _Before:
        """What is known from the last look; nothing, if the table was wiped, or another looked."""
        before = self._before.setdefault(target, _Before(SETTLING))
        if before.version != covered.version:
            before.digests = {}
        return before

    async def _resume(self, target: Target, covered: Covered, now: float) -> Settled:
        """From where to go on."""
        if now - covered.synced_at <= LONG_PAUSE:
            return covered.settled
        if covered.synced_at:
            await self._warehouse.coverages.forget_since(*target.key, covered.settled.at)
        return Settled(now - LOOK_BACK, covered.settled.pending)

    def _is_due(self, settled: Settled, before: _Before, now: float) -> bool:
        is_pressing = settled.pending or before.pages > 1 or self.events_are_on
        return bool(is_pressing) or now - before.looked_for_late >= LOOK_FOR_LATE

    async def _settle(
        self, target: Target, settled: Settled, before: _Before, now: float
    ) -> Settled:
        """Find out which calls are late, and have those written that are so no more."""
        until = now - before.settling
        incomplete = await self._incomplete(target, until)
        done = [sid for sid in settled.pending if sid not in incomplete]
        waiting = [*await self._fetch(target, done[:_FETCHED_AT_ONCE]), *done[_FETCHED_AT_ONCE:]]
        at = self._all_settled_before(incomplete.values(), settled.at, until, before)
        if at < until - 2 * STEP:
            before.settling += STEP
        elif not self.events_are_on:
            before.settling -= STEP
        late = [sid for sid, end in incomplete.items() if end < at]
        return Settled(at, tuple({*late, *waiting}))

    def _all_settled_before(
        self, ends: Collection[float], start: float, until: float, before: _Before
    ) -> float:
        """The moment before which all calls are complete, but for some late ones.

        Where few calls are listed, listing them again costs less than to remember late ones.
        """
        open_ends = sorted(end for end in ends if end >= start)
        late = sum(1 for end in open_ends if end < self._clock() - LATE)
        bound = min(late, _MOST_LATE) if self._lists_much(before) else 0
        return max(start, open_ends[bound] if len(open_ends) > bound else until)

    def _lists_much(self, before: _Before) -> bool:
        """Whether the last look at an account listed half a page or more."""
        return before.listed >= self._source.largest_page // 2

    async def _incomplete(self, target: Target, until: float) -> Mapping[str, float]:
        """The calls that ended before a moment and are not complete, with their ends."""
        found: dict[str, float] = {}
        size = self._source.largest_page
        async for page in self._source.ended_between(target, "partial", 0, until, size):
            ends = {str(one.sid): end_of(one) for one in page.calls}
            found |= {sid: end for sid, end in ends.items() if end is not None and end < until}
        return found

    async def _fetch(self, target: Target, sids: Sequence[str]) -> list[str]:
        """Have calls written that should be complete now; gives those that are not yet."""
        waiting, found = list[str](), list[Snapshot]()
        for sid in sids:
            seen = await self._source.complete(target, CallSid(sid))
            if isinstance(seen, Snapshot):
                found.append(seen)
            elif isinstance(seen, Absent) and seen.why is Absence.NOT_READY:
                waiting.append(sid)
        await self._warehouse.writer.write(target.account.sid, found)
        return waiting

    async def _write(
        self, target: Target, before: _Before, start: float, end: float
    ) -> Mapping[str, bytes]:
        """Have the complete calls of a time written that are new since the last look."""
        digests: dict[str, bytes] = {}
        size = page_size_for(len(before.digests) * 5 // 4 + 10)
        before.pages = 0
        async for page in self._source.ended_between(target, "completed", start, end, size):
            before.pages += 1
            listed = [one for one in page.calls if (end_of(one) or end) >= start]
            current = {
                str(one.sid): hashlib.blake2b(one.raw, digest_size=8).digest() for one in listed
            }
            news = [one for one in listed if before.digests.get(one.sid) != current[one.sid]]
            await self._warehouse.writer.write(target.account.sid, news)
            digests |= current
        return digests
