"""Lists calls with Relay's forward and backward pagination, over the pages of Twilio."""

from collections.abc import Awaitable, Callable, Hashable, Iterable
from typing import Literal

from gateway.cache import policy
from gateway.calls.dependencies import CallOperations, Dependencies
from gateway.calls.page_source import PageSource
from gateway.calls.page_walk import Charge, Start, Walk
from gateway.calls.pages import Listed, Page, Stretch, listed
from gateway.config.viewers import Realm
from gateway.errors import BadUserInput, DeadlineExceeded, TooExpensive, UpstreamError
from gateway.insights.paging import (
    MAX_SIZE,
    PageRef,
    Place,
    Position,
    Question,
    page_size_for,
)
from gateway.insights.windows import Window

_POSITION_SIZE = 150
"""Bytes of a place in a list."""

_AT_ITS_BEGINNING = Place(0, 0)

MAX_PAGES_TO_THE_END = 10
"""How far `last` without a cursor walks to find the end: the upstream has no way to jump there."""


class Lists(CallOperations):
    """Lists calls, from pages in the cache and upstream; raises UpstreamError and BadUserInput.

    A page that cannot be had fails the whole answer. A list is shorter than was asked for only if
    no further page may be charged; then it says that there are more, and if there are none at all,
    that is TooExpensive.
    """

    def __init__(self, dependencies: Dependencies) -> None:
        self._source = PageSource(dependencies)
        super().__init__(dependencies)

    async def forward(  # noqa: PLR0913, PLR0917 - who asks for what, from where, for how much
        self,
        realm: Realm,
        question: Question,
        start: Window | Position,
        count: int,
        charge: Charge,
        earlier: Iterable[Window] = (),
    ) -> Stretch:
        """The next `count` calls: from the start of a window, or after a position.

        If Twilio cannot be asked, those of an `earlier` window that may still be told.
        """
        walk = Walk(self._source, realm, question, charge)
        try:
            page, place, moved = await self._begin(walk, start, count)
        except UpstreamError:
            before = await self._source.newest_of(realm, question, earlier, count)
            if before is None:
                raise
            page, place, moved = Start(before, _AT_ITS_BEGINNING)
        has_previous = isinstance(start, Position)
        how = None if moved else ("stretch", place.behind, count, has_previous)
        if how and page.entry is not None and (cached := page.entry.derived(how, page)) is not None:
            found: Stretch = cached
            return found
        here = _without(moved, listed(page)[place.behind :])
        pages, taken, more_here = await _collected(page, here, count, walk.following)
        has_next = more_here or pages[-1].next is not None
        return self._stretch(taken, pages, has_next=has_next, has_previous=has_previous, how=how)

    async def backward(
        self,
        realm: Realm,
        question: Question,
        before: Window | Position,
        count: int,
        charge: Charge,
    ) -> Stretch:
        """The `count` calls before a position, or the last ones of a window."""
        walk = Walk(self._source, realm, question, charge)
        page, here = await self._begin_at_the_end(walk, before)
        pages, taken, more_here = await _collected(page, here[::-1], count, walk.preceding, step=-1)
        taken.reverse()
        has_previous = more_here or pages[-1].previous is not None
        has_next = isinstance(before, Position)
        return self._stretch(taken, pages, has_next=has_next, has_previous=has_previous)

    async def _begin(self, walk: Walk, start: Window | Position, count: int) -> Start:
        """Where a walk forward begins."""
        if isinstance(start, Window):
            page = await walk.begin(PageRef(start, page_size_for(count)))
        elif start.next_page is not None:
            page = await walk.begin(start.next_page, start)
        else:
            return await walk.find(start)
        return Start(page, _AT_ITS_BEGINNING)

    async def _begin_at_the_end(
        self, walk: Walk, before: Window | Position
    ) -> tuple[Page, list[Listed]]:
        """Where a walk backward begins: a page, and those of its calls that come next."""
        if isinstance(before, Window):
            page = await self._last_page(walk, before)
        elif before.previous_page is not None:
            page = await walk.begin(before.previous_page, before)
        else:
            page, place, moved = await walk.find(before)
            return page, _without(moved, listed(page)[: place.before])
        return page, listed(page)

    async def _last_page(self, walk: Walk, window: Window) -> Page:
        page = await walk.begin(PageRef(window, MAX_SIZE))
        for _ in range(MAX_PAGES_TO_THE_END - 1):
            if (following := await walk.following(page)) is None:
                break
            page = following
        if page.next is not None:
            raise BadUserInput(
                "last",
                f"without `before` would walk through more than "
                f"{MAX_PAGES_TO_THE_END * MAX_SIZE} calls to find the last ones",
                "`last` with a `before`, or a shorter window (`filter.startTime`)",
            )
        walk.turn(page)
        return page

    def _stretch(
        self,
        taken: list[Listed],
        pages: list[Page],
        *,
        has_next: bool,
        has_previous: bool,
        how: Hashable = None,
    ) -> Stretch:
        """Calls of these pages; of a single one they are kept, to be found by `how`."""
        as_of = min(page.as_of for page in pages)
        fresh_until = policy.page_fresh_until(as_of, self._freshness)
        for one in taken:
            as_of = min(as_of, one.call.snapshot.as_of)
            fresh_until = min(fresh_until, one.call.fresh_until)
        entry = pages[0].entry if len(pages) == 1 and how is not None else None
        stretch = Stretch(tuple(taken), has_next, has_previous, as_of, fresh_until, entry)
        if entry is not None:
            entry.keep(how, pages[0], stretch, _POSITION_SIZE * len(taken))
        return stretch


async def _collected(
    page: Page,
    here: list[Listed],
    count: int,
    further: Callable[[Page], Awaitable[Page | None]],
    step: Literal[1, -1] = 1,
) -> tuple[list[Page], list[Listed], bool]:
    """At most `count` calls from those `here` on, in the order of a walk, and their pages.

    Whether there are more on the last page comes third.
    """
    pages, taken = [page], list[Listed]()
    while True:
        room = count - len(taken)
        taken += here[:room]
        if len(here) >= room:
            return pages, taken, len(here) > room
        following = await _unless_too_expensive(further(pages[-1]), taken)
        if following is None:
            return pages, taken, False
        pages.append(following)
        here = listed(following)[::step]


def _without(moved: str | None, calls: list[Listed]) -> list[Listed]:
    return calls if moved is None else [one for one in calls if one.call.snapshot.sid != moved]


async def _unless_too_expensive(page: Awaitable[Page | None], taken: list[Listed]) -> Page | None:
    """A further page; None if it may not be charged, and there are calls to give without it."""
    try:
        return await page
    except TooExpensive:
        if taken:
            return None
        raise
    except DeadlineExceeded as late:
        if taken:
            late.cursors = None  # they lead past what was taken
        raise
