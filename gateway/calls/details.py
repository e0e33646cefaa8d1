"""Lists the metrics and events of a call, edge by edge, over Twilio's pages."""

from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple, TypeAlias

from msgspec import Struct

from gateway.calls.call import Call, LookupStatus
from gateway.calls.dependencies import Dependencies
from gateway.calls.detail_source import DetailSource
from gateway.concurrency.deadlines import asking, now
from gateway.config.viewers import Realm
from gateway.errors import DeadlineExceeded, TooExpensive
from gateway.insights.absence import Absence
from gateway.insights.detail_paging import Detail, DetailPosition, DetailQuestion, mark_of
from gateway.insights.details import DetailRef, DetailsSeen

_OF_ALL_EDGES = {
    Absence.NOT_ENABLED: LookupStatus.INSIGHTS_NOT_ENABLED,
    Absence.EXPIRED: LookupStatus.EXPIRED,
}
"""What Twilio says of one edge and holds for the whole call."""


DetailCharge: TypeAlias = Callable[[DetailPosition], Awaitable[None]]
"""Charges for one more page. Raises TooExpensive; the list can go on from the position."""


class ListedDetail(NamedTuple):
    """A sample or event, and where it is listed."""

    value: Detail
    ref: DetailRef
    place: int
    raw: bytes

    @property
    def position(self) -> DetailPosition:
        """For a cursor."""
        return DetailPosition(self.ref, self.place, mark_of(self.raw))


class DetailStretch(Struct, frozen=True):
    """Some neighbouring samples or events, and whether there are more.

    `as_of` is when the oldest of it was seen, `fresh_until` how long it is an answer. `whole` says
    that nothing is added any more.
    """

    items: Sequence[ListedDetail]
    status: LookupStatus
    has_next: bool
    has_previous: bool
    as_of: float
    fresh_until: float
    whole: bool


class Details:
    """Lists metrics and events; raises UpstreamError when a page cannot be had, and TooExpensive.

    Without Advanced Features there are none: that is a status, and no error.
    """

    def __init__(self, dependencies: Dependencies) -> None:
        self._source = DetailSource(dependencies)

    async def forward(  # noqa: PLR0913, PLR0917 - who asks for what, from where, for how much
        self,
        realm: Realm,
        call: Call,
        question: DetailQuestion,
        start: DetailPosition | None,
        count: int,
        charge: DetailCharge,
    ) -> DetailStretch:
        """The next `count` of a call: from the beginning, or after a position."""
        waiting = _pages(call, question, start)
        taken, pages, more_here = list[ListedDetail](), list[DetailsSeen](), False
        while waiting and len(taken) < count:
            ref = waiting.popleft()
            try:
                seen = await self._page(realm, call, ref, start, charge)
            except TooExpensive:
                if not taken:
                    raise
                waiting.appendleft(ref)
                break
            pages.append(seen)
            if isinstance(seen.content, Absence):
                waiting = deque() if seen.content in _OF_ALL_EDGES else waiting
                continue
            waiting.extendleft([] if seen.content.next is None else [seen.content.next])
            here = await self._wanted(realm, seen, question, start)
            more_here = len(taken) + len(here) > count
            taken += here[: count - len(taken)]
        return DetailStretch(
            taken,
            _status(call, pages),
            has_next=more_here or bool(waiting),
            has_previous=start is not None,
            as_of=min((one.as_of for one in pages), default=call.snapshot.as_of),
            fresh_until=min(map(self._source.fresh_until, pages), default=call.fresh_until),
            whole=call.snapshot.is_complete and all(one.whole for one in pages),
        )

    async def _page(
        self,
        realm: Realm,
        call: Call,
        ref: DetailRef,
        start: DetailPosition | None,
        charge: DetailCharge,
    ) -> DetailsSeen:
        if now() >= asking().until:
            raise DeadlineExceeded
        await charge(start if start is not None and start.ref == ref else DetailPosition(ref))
        return await self._source.page(realm, call.snapshot, ref)

    async def _wanted(
        self,
        realm: Realm,
        seen: DetailsSeen,
        question: DetailQuestion,
        start: DetailPosition | None,
    ) -> list[ListedDetail]:
        """Of a page, those that were asked for and are not listed before."""
        items = await self._source.items(realm, seen)
        begins_here = start is not None and start.ref == seen.ref
        first = start.behind([one.raw for one in items]) if start and begins_here else 0
        return [
            ListedDetail(one.value, seen.ref, place, one.raw)
            for place, one in enumerate(items)
            if place >= first and question.wants(one.value)
        ]


def _pages(call: Call, question: DetailQuestion, start: DetailPosition | None) -> deque[DetailRef]:
    """The pages to begin with, one for each edge that is left."""
    refs = deque(question.first_pages(call.summary))
    if start is not None:
        while refs and refs[0].edge is not start.ref.edge:
            refs.popleft()
        if refs:
            refs[0] = start.ref
    return refs


def _status(call: Call, pages: Sequence[DetailsSeen]) -> LookupStatus:
    """Whether all is there; of an edge of which there is nothing at the end, all is."""
    absences = [one.content for one in pages if isinstance(one.content, Absence)]
    for why in absences:
        if why in _OF_ALL_EDGES:
            return _OF_ALL_EDGES[why]
    if call.snapshot.is_complete:
        return LookupStatus.COMPLETE
    return LookupStatus.NOT_READY if absences else LookupStatus.PARTIAL
