"""Listing calls: Relay's forward and backward steps over the upstream's pages."""

import asyncio
from collections.abc import Hashable, Iterable
from functools import partial
from itertools import islice

from msgspec import Struct, structs

from gateway.cache import policy
from gateway.cache.encoding import PageIndex, index_in
from gateway.cache.entry import Entry, Together
from gateway.cache.store import page_key
from gateway.calls.call import Call, Source, answer, remembered
from gateway.calls.coalescing import Coalescer
from gateway.calls.ground import Ground
from gateway.calls.pages import Page, Stretch, positions, stale
from gateway.errors import BadUserInput, UpstreamError
from gateway.insights.paging import MAX_SIZE, PageRef, Position, Question, page_size_for
from gateway.insights.snapshot import Snapshot
from gateway.insights.windows import Window
from gateway.instrumentation import CacheAsked
from gateway.viewers import Realm

_HIT = CacheAsked("page", "hit")

_GATHERED = "gathered"
_POSITION_SIZE = 150
"""Bytes of a place in a list."""

_LOOKED_AT = 40
"""How many windows of before are looked for at once."""

MAX_PAGES_TO_THE_END = 10
"""How far `last` without a cursor walks to find the end: the upstream has no way to jump there."""


class _Gathered(Struct, frozen=True):
    """A page, and what holds the entries of its calls together."""

    page: Page
    together: Together


class Lists:
    """Lists calls, from pages in the cache and upstream; raises UpstreamError and BadUserInput.

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
        self,
        realm: Realm,
        question: Question,
        start: Window | Position,
        count: int,
        earlier: Iterable[Window] = (),
    ) -> Stretch:
        """The next `count` calls: from the start of a window, or after a position.

        If Twilio cannot be asked, those of an `earlier` window that may still be told.
        """
        if isinstance(start, Window):
            ref, skip = PageRef(start, page_size_for(count)), 0
        elif start.next_page is not None:
            ref, skip = start.next_page, 0
        else:
            ref, skip = start.page, start.index + 1
        try:
            page = await self._page(realm, question, ref)
        except UpstreamError:
            if (before := await self._before(realm, question, earlier, count)) is None:
                raise
            page = before
        has_previous = isinstance(start, Position)
        how = ("stretch", skip, count, has_previous)
        if page.entry is not None and (known := page.entry.made(how, page)) is not None:
            found: Stretch = known
            return found
        pages, taken = [page], list[tuple[Position, Call]]()
        while True:
            here = positions(page)[skip:]
            more_here = len(taken) + len(here) > count
            taken += here[: count - len(taken)]
            if more_here or page.next is None or len(taken) == count:
                has_next = more_here or page.next is not None
                return self._stretch(
                    taken, pages, has_next=has_next, has_previous=has_previous, how=how
                )
            page, skip = await self._page(realm, question, page.next), 0
            pages.append(page)

    async def backward(
        self, realm: Realm, question: Question, before: Window | Position, count: int
    ) -> Stretch:
        """The `count` calls before a position, or the last ones of a window."""
        if isinstance(before, Window):
            page = await self._last_page(realm, question, before)
            here = positions(page)
        elif before.previous_page is not None:
            page = await self._page(realm, question, before.previous_page)
            here = positions(page)
        else:
            page = await self._page(realm, question, before.page)
            here = positions(page)[: before.index]
        pages, taken = [page], list[tuple[Position, Call]]()
        while True:
            more_here = len(taken) + len(here) > count
            taken[:0] = here[max(0, len(here) - (count - len(taken))) :]
            if more_here or page.previous is None or len(taken) == count:
                has_previous = more_here or page.previous is not None
                has_next = isinstance(before, Position)
                return self._stretch(taken, pages, has_next=has_next, has_previous=has_previous)
            page = await self._page(realm, question, page.previous)
            pages.append(page)
            here = positions(page)

    def _stretch(
        self,
        taken: list[tuple[Position, Call]],
        pages: list[Page],
        *,
        has_next: bool,
        has_previous: bool,
        how: Hashable = None,
    ) -> Stretch:
        """Calls of these pages; of a single one they are kept, to be found by `how`."""
        as_of = min(page.as_of for page in pages)
        fresh_until = policy.page_fresh_until(as_of, self._freshness)
        for _, call in taken:
            as_of = min(as_of, call.snapshot.as_of)
            fresh_until = min(fresh_until, call.fresh_until)
        entry = pages[0].entry if len(pages) == 1 and how is not None else None
        stretch = Stretch(tuple(taken), has_next, has_previous, as_of, fresh_until, entry)
        if entry is not None:
            entry.keep(how, pages[0], stretch, _POSITION_SIZE * len(taken))
        return stretch

    async def _before(
        self, realm: Realm, question: Question, windows: Iterable[Window], count: int
    ) -> Page | None:
        """The first page of the newest of these windows that is remembered, if it may be told."""
        refs = iter([PageRef(window, page_size_for(count)) for window in windows])
        while some := list(islice(refs, _LOOKED_AT)):
            known = await self._store.pages(realm.key, question, some)
            for ref, index in zip(some, known, strict=True):
                page = index and await self._page_of(realm, question, ref, index)
                if page and self._clock() < policy.page_stale_until(page.as_of, self._freshness):
                    return stale(structs.replace(page, entry=None))
        return None

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
        if (gathered := self._gathered(realm, question, ref)) is not None:
            self._hook(_HIT)
            return gathered
        index = await self._store.page(realm.key, question, ref)
        known = None if index is None else await self._page_of(realm, question, ref, index)
        now = self._clock()
        if known is not None and now < policy.page_fresh_until(known.as_of, self._freshness):
            self._hook(_HIT)
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
                return stale(known)
            raise

    async def _ask(self, realm: Realm, question: Question, ref: PageRef) -> Page:
        known = partial(self._store.at_hand, realm.key)
        seen = await self._client.page(realm.account, question, ref, known)
        visible = [one for one in seen.snapshots if realm.has(one.summary.account_sid)]
        kept = await self._store.keep(realm.key, visible)
        sids = tuple(snapshot.sid for snapshot in visible)
        index = PageIndex(self._clock(), sids, seen.next, seen.previous)
        await self._store.keep_page(realm.key, question, ref, index)
        calls = tuple(
            answer(
                snapshot,
                Source.UPSTREAM,
                self._freshness,
                self._store.keeper(realm.key, snapshot),
            )
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
        return await self._page_of(realm, question, ref, index)

    def _gathered(self, realm: Realm, question: Question, ref: PageRef) -> Page | None:
        """The page as it was gathered before, if it is an answer and its calls are as they were."""
        entry = self._store.page_entry(realm.key, question, ref)
        gathered: _Gathered | None = None if entry is None else entry.made(_GATHERED, entry.value)
        if gathered is None or not gathered.together.hold(self._clock()):
            return None
        return gathered.page

    async def _page_of(
        self, realm: Realm, question: Question, ref: PageRef, index: PageIndex
    ) -> Page | None:
        """A page by its index; None when one of its calls is not remembered any more."""
        found = await self._store.entries(realm.key, index.sids)
        entries = tuple(entry for entry in found if entry is not None)
        if len(entries) < len(index.sids):
            return None
        await self._store.read(entries)
        there = (remembered(entry, self._freshness) for entry in entries)
        calls = tuple(call for call in there if call is not None)
        if len(calls) < len(index.sids):
            return None
        entry = self._store.page_entry(realm.key, question, ref)
        if entry is None or index_in(entry) is not index:
            return Page(ref, index.as_of, calls, index.next, index.previous)
        page = Page(ref, index.as_of, calls, index.next, index.previous, entry)
        together = Together(entries, policy.page_fresh_until(index.as_of, self._freshness))
        size = sum(one.size_of_made for one in entries)  # they may go, and leave it here
        entry.keep(_GATHERED, entry.value, _Gathered(page, together), size)
        left = max(0.0, together.until - self._clock())
        asyncio.get_running_loop().call_later(left, _let_go, entry)
        return page


def _let_go(entry: Entry) -> None:
    """Hold the calls of a page no longer than it is fresh: they may have been replaced since."""
    if entry.room is not None:
        entry.room.forget_made(entry)
