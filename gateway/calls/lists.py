"""Listing calls: Relay's forward and backward steps over the upstream's pages."""

import math

from msgspec import Struct, structs

from gateway.cache import policy
from gateway.cache.store import PageIndex, page_key
from gateway.calls.call import Call, Source, answer
from gateway.calls.coalescing import Coalescer
from gateway.calls.ground import Ground
from gateway.errors import BadUserInput, UpstreamError
from gateway.insights.paging import MAX_SIZE, PageRef, Position, Question, page_size_for
from gateway.insights.snapshot import Snapshot
from gateway.insights.windows import Window
from gateway.instrumentation import CacheAsked
from gateway.viewers import Realm

MAX_PAGES_TO_THE_END = 10
"""How far `last` without a cursor walks to find the end: the upstream has no way to jump there."""


class Page(Struct, frozen=True):
    """One page of the upstream as answers; `as_of` is when it was seen."""

    ref: PageRef
    as_of: float
    calls: tuple[Call, ...]
    next: PageRef | None
    previous: PageRef | None


class Stretch(Struct, frozen=True):
    """Some neighbouring calls of a list, each with its position, and whether there are more.

    `as_of` is when the oldest of their pages was seen, `fresh_until` how long it is an answer.
    """

    calls: tuple[tuple[Position, Call], ...]
    has_next: bool
    has_previous: bool
    as_of: float
    fresh_until: float


class Lists:
    """Lists calls, from pages in the cache and upstream; raises UpstreamError.

    A page that cannot be had fails the whole answer: a list is never shorter than it says.
    """

    def __init__(self, ground: Ground) -> None:
        self._client = ground.client
        self._store = ground.store
        self._freshness = ground.freshness
        self._hook = ground.hook
        self._clock = ground.clock
        self._coalescer: Coalescer[Page] = Coalescer("page", ground.leases, ground.hook)

    async def forward(
        self, realm: Realm, question: Question, start: Window | Position, count: int
    ) -> Stretch:
        """The next `count` calls: from the start of a window, or after a position."""
        if isinstance(start, Window):
            ref, skip = PageRef(start, page_size_for(count)), 0
        elif start.next_page is not None:
            ref, skip = start.next_page, 0
        else:
            ref, skip = start.page, start.index + 1
        taken: list[tuple[Position, Call]] = []
        as_of = math.inf
        while True:
            page = await self._page(realm, question, ref)
            as_of = min(as_of, page.as_of)
            here = _positions(page)[skip:]
            more_here = len(taken) + len(here) > count
            taken += here[: count - len(taken)]
            if more_here or page.next is None or len(taken) == count:
                has_next = more_here or page.next is not None
                return self._stretch(
                    taken, as_of, has_next=has_next, has_previous=isinstance(start, Position)
                )
            ref, skip = page.next, 0

    async def backward(
        self, realm: Realm, question: Question, before: Window | Position, count: int
    ) -> Stretch:
        """The `count` calls before a position, or the last ones of a window."""
        if isinstance(before, Window):
            page = await self._last_page(realm, question, before)
            here = _positions(page)
        elif before.previous_page is not None:
            page = await self._page(realm, question, before.previous_page)
            here = _positions(page)
        else:
            page = await self._page(realm, question, before.page)
            here = _positions(page)[: before.index]
        taken: list[tuple[Position, Call]] = []
        as_of = page.as_of
        while True:
            more_here = len(taken) + len(here) > count
            taken[:0] = here[max(0, len(here) - (count - len(taken))) :]
            if more_here or page.previous is None or len(taken) == count:
                has_previous = more_here or page.previous is not None
                return self._stretch(
                    taken, as_of, has_next=isinstance(before, Position), has_previous=has_previous
                )
            page = await self._page(realm, question, page.previous)
            as_of = min(as_of, page.as_of)
            here = _positions(page)

    def _stretch(
        self,
        taken: list[tuple[Position, Call]],
        as_of: float,
        *,
        has_next: bool,
        has_previous: bool,
    ) -> Stretch:
        fresh_until = policy.page_fresh_until(as_of, self._freshness)
        return Stretch(tuple(taken), has_next, has_previous, as_of, fresh_until)

    async def _last_page(self, realm: Realm, question: Question, window: Window) -> Page:
        page = await self._page(realm, question, PageRef(window, MAX_SIZE))
        for _ in range(MAX_PAGES_TO_THE_END - 1):
            if page.next is None:
                break
            page = await self._page(realm, question, page.next)
        if page.next is not None:
            raise BadUserInput(
                "last",
                f"without `before` would walk through more than "
                f"{MAX_PAGES_TO_THE_END * MAX_SIZE} calls to find the last ones",
                "`last` with a `before`, or a shorter window (`filter.startTime`)",
            )
        return page

    async def _page(self, realm: Realm, question: Question, ref: PageRef) -> Page:
        index = await self._store.page(realm.key, question, ref)
        known = None if index is None else await self._page_of(realm, ref, index, Source.CACHE)
        now = self._clock()
        if known is not None and now < policy.page_fresh_until(known.as_of, self._freshness):
            self._hook(CacheAsked("page", "hit"))
            return known
        self._hook(CacheAsked("page", "miss" if known is None else "stale"))
        try:
            return await self._coalescer.fetch(
                page_key(realm.key, question, ref),
                lambda: self._ask(realm, question, ref),
                lambda: self._learned(realm, question, ref, index),
            )
        except UpstreamError:
            if known and now < policy.page_stale_until(known.as_of, self._freshness):
                return _stale(known)
            raise

    async def _ask(self, realm: Realm, question: Question, ref: PageRef) -> Page:
        seen = await self._client.page(realm.account, question, ref)
        visible = [one for one in seen.snapshots if realm.has(one.summary.account_sid)]
        kept = await self._store.keep(realm.key, visible)
        sids = tuple(snapshot.sid for snapshot in visible)
        index = PageIndex(self._clock(), sids, seen.next, seen.previous)
        await self._store.keep_page(realm.key, question, ref, index)
        calls = tuple(
            answer(snapshot, Source.UPSTREAM, self._freshness)
            for snapshot in kept
            if isinstance(snapshot, Snapshot)
        )
        return Page(ref, index.as_of, calls, seen.next, seen.previous)

    async def _learned(
        self, realm: Realm, question: Question, ref: PageRef, before: PageIndex | None
    ) -> Page | None:
        """The page as another replica saw it since `before`, if it did."""
        index = await self._store.page_by_all(realm.key, question, ref)
        if index is None or (before is not None and index.as_of == before.as_of):
            return None
        return await self._page_of(realm, ref, index, Source.CACHE)

    async def _page_of(
        self, realm: Realm, ref: PageRef, index: PageIndex, source: Source
    ) -> Page | None:
        """A page by its index; None when one of its calls is not remembered any more."""
        known = await self._store.known_many(realm.key, index.sids)
        there = [seen for seen in known if isinstance(seen, Snapshot)]
        if len(there) < len(known):
            return None
        calls = tuple(answer(snapshot, source, self._freshness) for snapshot in there)
        return Page(ref, index.as_of, calls, index.next, index.previous)


def _stale(page: Page) -> Page:
    calls = tuple(structs.replace(call, source=Source.STALE) for call in page.calls)
    return structs.replace(page, calls=calls)


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
