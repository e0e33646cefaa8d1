"""Fetches pages of lists of calls, from the cache or from Twilio."""

import asyncio
from collections.abc import Iterable
from functools import partial
from itertools import islice

from msgspec import Struct, structs

from gateway.cache import policy
from gateway.cache.encoding import PageIndex, index_in
from gateway.cache.entry import Entry, EntryGroup
from gateway.cache.store import page_key
from gateway.calls.call import Source, answer, remembered
from gateway.calls.coalescing import Coalescer
from gateway.calls.dependencies import CallOperations, Dependencies
from gateway.calls.pages import Page, stale
from gateway.config.viewers import Realm
from gateway.errors import UpstreamError
from gateway.insights.paging import PageRef, Question, page_size_for
from gateway.insights.snapshot import Snapshot
from gateway.insights.windows import Window
from gateway.instrumentation import CacheAsked

_HIT = CacheAsked("page", "hit")

_GATHERED = "gathered"

_LOOKED_AT = 40
"""How many windows of before are looked for at once."""


class _Gathered(Struct, frozen=True):
    """A page, and what holds the entries of its calls together."""

    page: Page
    group: EntryGroup


class PageSource(CallOperations):
    """Gives pages of lists; raises UpstreamError and BadUserInput when one cannot be had."""

    def __init__(self, dependencies: Dependencies) -> None:
        super().__init__(dependencies)
        self._keep = dependencies.keep
        self._coalescer: Coalescer[Page] = Coalescer("page", dependencies.leases, dependencies.hook)

    async def page(self, realm: Realm, question: Question, ref: PageRef) -> Page:
        """A page, as it is remembered if it is fresh, and else as Twilio has it now."""
        if (gathered := self._gathered(realm, question, ref)) is not None:
            self._hook(_HIT)
            return gathered
        index = await self._store.page(realm.key, question, ref)
        cached = None if index is None else await self._page_of(realm, question, ref, index)
        now = self._clock()
        if cached is not None and now < policy.page_fresh_until(cached.as_of, self._freshness):
            self._hook(_HIT)
            return cached
        self._hook(CacheAsked("page", "miss" if cached is None else "stale"))
        try:
            return await self._coalescer.fetch(
                page_key(realm.key, question, ref),
                lambda: self._ask(realm, question, ref),
                lambda: self._learned(realm, question, ref, index),
            )
        except UpstreamError:
            if cached and now < policy.page_stale_until(cached.as_of, self._freshness):
                return stale(cached)
            raise

    async def newest_of(
        self, realm: Realm, question: Question, windows: Iterable[Window], count: int
    ) -> Page | None:
        """The first page of the newest of these windows that is remembered, if it may be told."""
        refs = iter([PageRef(window, page_size_for(count)) for window in windows])
        while some := list(islice(refs, _LOOKED_AT)):
            indexes = await self._store.pages(realm.key, question, some)
            for ref, index in zip(some, indexes, strict=True):
                page = index and await self._page_of(realm, question, ref, index)
                if page and self._clock() < policy.page_stale_until(page.as_of, self._freshness):
                    return stale(structs.replace(page, entry=None))
        return None

    async def _ask(self, realm: Realm, question: Question, ref: PageRef) -> Page:
        cached = partial(self._store.at_hand, realm.key)
        seen = await self._client.page(realm.account, question, ref, cached)
        visible = [one for one in seen.snapshots if realm.has(one.summary.account_sid)]
        kept = await self._keep(realm, visible)
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
        index = await self._store.page(realm.key, question, ref, by_any=True)
        if index is None or (before is not None and index.as_of == before.as_of):
            return None
        return await self._page_of(realm, question, ref, index)

    def _gathered(self, realm: Realm, question: Question, ref: PageRef) -> Page | None:
        """The page as it was gathered before, if it is an answer and its calls are as they were."""
        entry = self._store.page_entry(realm.key, question, ref)
        gathered: _Gathered | None = (
            None if entry is None else entry.derived(_GATHERED, entry.value)
        )
        if gathered is None or not gathered.group.hold(self._clock()):
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
        group = EntryGroup(entries, policy.page_fresh_until(index.as_of, self._freshness))
        size = sum(one.size_of_derived for one in entries)  # they may go, and leave it here
        entry.keep(_GATHERED, entry.value, _Gathered(page, group), size)
        left = max(0.0, group.until - self._clock())
        asyncio.get_running_loop().call_later(left, _let_go, entry)
        return page


def _let_go(entry: Entry) -> None:
    """Hold the calls of a page no longer than it is fresh: they may have been replaced since."""
    if entry.owner is not None:
        entry.owner.forget_derived(entry)
