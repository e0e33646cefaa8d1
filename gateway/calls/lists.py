"""Listing calls: Relay's forward and backward steps over the upstream's pages."""

from msgspec import Struct

from gateway.accounts import Account
from gateway.cache.policy import Freshness
from gateway.cache.singleflight import SingleFlight
from gateway.cache.store import PageIndex, Store
from gateway.calls.call import Call, Source, answer
from gateway.errors import BadUserInput
from gateway.insights.paging import MAX_SIZE, PageRef, Position, Question, page_size_for
from gateway.insights.windows import Window
from gateway.instrumentation import CacheAsked, Coalesced, Hook
from gateway.upstream.client import InsightsClient

MAX_PAGES_TO_THE_END = 10
"""How far `last` without a cursor walks to find the end: the upstream has no way to jump there."""


class Page(Struct, frozen=True):
    """One page of the upstream as answers."""

    ref: PageRef
    calls: tuple[Call, ...]
    next: PageRef | None
    previous: PageRef | None


class Stretch(Struct, frozen=True):
    """Some neighbouring calls of a list, each with its position, and whether there are more."""

    calls: tuple[tuple[Position, Call], ...]
    has_next: bool
    has_previous: bool


class Lists:
    """Lists calls, from pages in the cache and upstream; raises UpstreamError.

    A page that cannot be had fails the whole answer: a list is never shorter than it says.
    """

    def __init__(
        self,
        client: InsightsClient,
        store: Store,
        freshness: Freshness,
        *,
        hook: Hook,
    ) -> None:
        self._client = client
        self._store = store
        self._freshness = freshness
        self._hook = hook
        self._flights: SingleFlight[Page] = SingleFlight()

    async def forward(
        self, account: Account, question: Question, start: Window | Position, count: int
    ) -> Stretch:
        """The next `count` calls: from the start of a window, or after a position."""
        if isinstance(start, Window):
            ref, skip = PageRef(start, page_size_for(count)), 0
        elif start.next_page is not None:
            ref, skip = start.next_page, 0
        else:
            ref, skip = start.page, start.index + 1
        taken: list[tuple[Position, Call]] = []
        while True:
            page = await self._page(account, question, ref)
            here = _positions(page)[skip:]
            more_here = len(taken) + len(here) > count
            taken += here[: count - len(taken)]
            if more_here or page.next is None or len(taken) == count:
                has_next = more_here or page.next is not None
                return Stretch(tuple(taken), has_next, isinstance(start, Position))
            ref, skip = page.next, 0

    async def backward(
        self, account: Account, question: Question, before: Window | Position, count: int
    ) -> Stretch:
        """The `count` calls before a position, or the last ones of a window."""
        if isinstance(before, Window):
            page = await self._last_page(account, question, before)
            here = _positions(page)
        elif before.previous_page is not None:
            page = await self._page(account, question, before.previous_page)
            here = _positions(page)
        else:
            page = await self._page(account, question, before.page)
            here = _positions(page)[: before.index]
        taken: list[tuple[Position, Call]] = []
        while True:
            more_here = len(taken) + len(here) > count
            taken[:0] = here[max(0, len(here) - (count - len(taken))) :]
            if more_here or page.previous is None or len(taken) == count:
                has_previous = more_here or page.previous is not None
                return Stretch(tuple(taken), isinstance(before, Position), has_previous)
            page = await self._page(account, question, page.previous)
            here = _positions(page)

    async def _last_page(self, account: Account, question: Question, window: Window) -> Page:
        page = await self._page(account, question, PageRef(window, MAX_SIZE))
        for _ in range(MAX_PAGES_TO_THE_END - 1):
            if page.next is None:
                break
            page = await self._page(account, question, page.next)
        if page.next is not None:
            raise BadUserInput(
                "last",
                f"without `before` would walk through more than "
                f"{MAX_PAGES_TO_THE_END * MAX_SIZE} calls to find the last ones",
                "`last` with a `before`, or a shorter window (`filter.startTime`)",
            )
        return page

    async def _page(self, account: Account, question: Question, ref: PageRef) -> Page:
        if (page := await self._remembered(account, question, ref)) is not None:
            self._hook(CacheAsked("page", "hit"))
            return page
        self._hook(CacheAsked("page", "miss"))
        key = (account.sid, question, ref)
        if key in self._flights:
            self._hook(Coalesced("page"))
        return await self._flights.do(key, lambda: self._fetch(account, question, ref))

    async def _remembered(self, account: Account, question: Question, ref: PageRef) -> Page | None:
        index = await self._store.page(account.sid, question, ref)
        if index is None:
            return None
        known = await self._store.snapshots(account.sid, index.sids)
        there = [snapshot for snapshot in known if snapshot is not None]
        if len(there) < len(known):
            return None
        calls = tuple(answer(snapshot, Source.CACHE, self._freshness) for snapshot in there)
        return Page(ref, calls, index.next, index.previous)

    async def _fetch(self, account: Account, question: Question, ref: PageRef) -> Page:
        seen = await self._client.page(account, question, ref)
        kept = await self._store.keep(account.sid, seen.snapshots)
        sids = tuple(snapshot.summary.call_sid for snapshot in kept)
        index = PageIndex(sids, seen.next, seen.previous)
        await self._store.keep_page(account.sid, question, ref, index)
        calls = tuple(answer(snapshot, Source.UPSTREAM, self._freshness) for snapshot in kept)
        return Page(ref, calls, seen.next, seen.previous)


def _positions(page: Page) -> list[tuple[Position, Call]]:
    next_token = page.next.token if page.next else ""
    previous_token = page.previous.token if page.previous else ""
    last = len(page.calls) - 1
    return [
        (
            Position(
                page.ref,
                index,
                next_token if index == last else "",
                previous_token if index == 0 else "",
            ),
            call,
        )
        for index, call in enumerate(page.calls)
    ]
