"""Stores snapshots of calls, absences and pages in any cache backend.

A summary is stored once, under its call; a page is the list of its calls, so that whatever is
learned of a call later shows on the pages that hold it. The account is the first part of every
key. Of two sightings of one call the higher ranked one stays: a version never goes backwards,
and what is complete never becomes partial again.

A value that cannot be read counts as not there, and is replaced.
"""

import asyncio
import hashlib
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any, TypeVar

import msgspec

from gateway.cache.backends import Backend
from gateway.cache.encoding import (
    DECODED,
    PER_BYTE,
    PageIndex,
    details_of,
    digest_of,
    encoded,
    encoded_details,
    encoded_index,
    index_in,
    index_of,
    read_once,
    seen_in,
    seen_of,
)
from gateway.cache.entry import Derived, Entry
from gateway.cache.policy import (
    Freshness,
    absent_kept_until,
    details_stale_until,
    kept_until,
    page_stale_until,
)
from gateway.concurrency.cooperative import TURN, in_turns, next_turn
from gateway.insights.catalogue import CallSid
from gateway.insights.details import DetailRef, DetailsSeen
from gateway.insights.paging import PageRef, Question
from gateway.insights.rank import Ranked
from gateway.insights.snapshot import Seen, Snapshot, with_newer_annotation

T = TypeVar("T")


class Store:
    """Sightings and pages on `backend`; `clock` gives seconds since 1970."""

    def __init__(self, backend: Backend, freshness: Freshness, clock: Callable[[], float]) -> None:
        self._backend = backend
        self._freshness = freshness
        self._clock = clock

    async def _last(self, key: str, read: Callable[[str, bytes], T], *, by_any: bool) -> T | None:
        """What is kept under a key, however old; `by_any` replica, or in this process."""
        if by_any:
            self._backend.drop_copy(key)
        if (entry := self._backend.entry(key)) is not None:
            return read_once(entry, read)
        value = await self._backend.get(key)
        return None if value is None else read(key, value)

    async def seen(self, account: str, sid: CallSid, *, by_any: bool = False) -> Seen | None:
        """What was seen of a call last, however old; with `by_any`, by any replica."""
        return await self._last(call_key(account, sid), seen_of, by_any=by_any)

    def entry(self, account: str, sid: CallSid) -> Entry | None:
        """The entry of a call, if this process has it."""
        return self._backend.entry(call_key(account, sid))

    async def seen_many(self, account: str, sids: Sequence[CallSid]) -> list[Seen | None]:
        """What was seen of several calls, in one question to the backend."""
        found = await self.entries(account, sids)
        await self.read(entry for entry in found if entry is not None)
        return [None if entry is None else seen_in(entry) for entry in found]

    async def entries(self, account: str, sids: Sequence[CallSid]) -> list[Entry | None]:
        """The same, as entries, to keep what is made of it."""
        return await self._backend.entries([call_key(account, sid) for sid in sids])

    async def read(self, entries: Iterable[Entry]) -> None:
        """Read what was seen in entries that keep it, in turns with others."""
        kept = (entry for entry in entries if entry.owner is not None)
        async for entry in in_turns(one for one in kept if one.derived(DECODED, one.value) is None):
            seen_in(entry)

    async def keep(self, account: str, seen: Sequence[Seen]) -> list[Seen]:
        """Store what was seen, unless something of a higher rank is known; give the winners.

        What was made of a summary stays with it when it is seen again (`snapshot_of`), and so does
        an annotation that was learned after it was asked for.
        """
        winners: list[Seen] = []
        for start in range(0, len(seen), TURN):
            if len(seen) > 1:
                await next_turn()
            batch = [self._annotated(account, one) for one in seen[start : start + TURN]]
            ranked = [self._write(account, one) for one in batch]
            derived = [self._derived_from(*one) for one in zip(ranked, batch, strict=True)]
            higher = await self._raise(ranked, seen_of)
            for one, written, winner, values in zip(batch, ranked, higher, derived, strict=True):
                winners.append(winner or one)
                if winner is None:
                    self._keep_decoded(written, one, values)
        return winners

    async def _raise(
        self, entries: Sequence[Ranked], read: Callable[[str, bytes], Any]
    ) -> list[Any]:
        """Store each value unless a higher ranked one is there that can be read; give that."""
        higher = await self._backend.raise_many(entries)
        winners = [
            None if value is None else read(entry.key, value)
            for entry, value in zip(entries, higher, strict=True)
        ]
        for entry, value, winner in zip(entries, higher, winners, strict=True):
            if value is not None and winner is None:
                await self._backend.set(entry.key, entry.value, ttl=entry.ttl)
                await self._backend.announce(entry.key)
        return winners

    def _annotated(self, account: str, seen: Seen) -> Seen:
        if not isinstance(seen, Snapshot):
            return seen
        return with_newer_annotation(seen, self.at_hand(account, seen.sid))

    def _derived_from(self, written: Ranked, seen: Seen) -> Derived:
        """What was made of this very summary when it was seen before."""
        entry = self._backend.at_hand(written.key)
        return () if entry is None else entry.all_derived(_value_of(seen))

    def _keep_decoded(self, written: Ranked, seen: Seen, derived: Derived) -> None:
        """Spare whoever asks next to decode what was just encoded, and to make what was made."""
        entry = self._backend.at_hand(written.key)
        if entry is not None and entry.value is written.value:
            entry.keep(DECODED, entry.value, seen, len(entry.value) * PER_BYTE)
            for how, thing, size in derived:
                entry.keep(how, _value_of(seen), thing, size)

    def at_hand(self, account: str, sid: CallSid) -> Snapshot | None:
        """The summary of a call that this process has read, however old."""
        entry = self._backend.at_hand(call_key(account, sid))
        seen = None if entry is None else entry.derived(DECODED, entry.value)
        return seen if isinstance(seen, Snapshot) else None

    def keeper(self, account: str, seen: Seen) -> Entry | None:
        """The entry that keeps this very thing that was seen, if this process has it."""
        entry = self._backend.at_hand(call_key(account, seen.sid))
        return entry if entry and entry.derived(DECODED, entry.value) is seen else None

    async def announce(self, account: str, sid: CallSid) -> None:
        """Wake whoever watches a call, on every replica: something new is kept of it."""
        await self._backend.announce(call_key(account, sid))

    def watch(self, account: str, sid: CallSid) -> AbstractContextManager[asyncio.Event]:
        """An event that is set when something new is kept of a call; clear it to wait again."""
        return self._backend.changes.watch(call_key(account, sid))

    async def page(
        self, account: str, question: Question, ref: PageRef, *, by_any: bool = False
    ) -> PageIndex | None:
        """A page as it was seen last, however old; with `by_any`, by any replica."""
        return await self._last(page_key(account, question, ref), index_of, by_any=by_any)

    async def pages(
        self, account: str, question: Question, refs: Sequence[PageRef]
    ) -> list[PageIndex | None]:
        """Several pages as they were seen last, in one question to the backend."""
        entries = await self._backend.entries([page_key(account, question, ref) for ref in refs])
        return [None if entry is None else index_in(entry) for entry in entries]

    def page_entry(self, account: str, question: Question, ref: PageRef) -> Entry | None:
        """The entry of a page, if this process has it."""
        return self._backend.entry(page_key(account, question, ref))

    async def keep_page(
        self, account: str, question: Question, ref: PageRef, index: PageIndex
    ) -> None:
        """Store a page; its calls are stored by `keep`."""
        value = encoded_index(index)
        remaining = page_stale_until(index.as_of, self._freshness) - self._clock()
        if self._freshness.page > 0:
            key = page_key(account, question, ref)
            await self._raise([Ranked(key, value, remaining)], index_of)

    def details_entry(self, account: str, sid: CallSid, ref: DetailRef) -> Entry | None:
        """The entry of a page of metrics or events, if this process has it."""
        return self._backend.entry(details_key(account, sid, ref))

    async def details(
        self, account: str, sid: CallSid, ref: DetailRef, *, by_any: bool = False
    ) -> DetailsSeen | None:
        """A page of metrics or events as it was seen last; with `by_any`, by any replica."""
        return await self._last(details_key(account, sid, ref), details_of, by_any=by_any)

    async def keep_details(self, account: str, seen: DetailsSeen) -> None:
        """Store a page of metrics or events."""
        until = details_stale_until(seen, self._freshness)
        value = encoded_details(seen)
        key = details_key(account, seen.sid, seen.ref)
        await self._raise([Ranked(key, value, max(0.001, until - self._clock()))], details_of)

    def _write(self, account: str, seen: Seen) -> Ranked:
        if isinstance(seen, Snapshot):
            until = kept_until(seen, self._freshness)
        else:
            until = absent_kept_until(seen)
        value = encoded(seen)
        return Ranked(call_key(account, seen.sid), value, max(0.001, until - self._clock()))


def _value_of(seen: Seen) -> object:
    """What stays the same value when it is seen again in the same bytes."""
    return seen.summary if isinstance(seen, Snapshot) else seen


def call_key(account: str, sid: CallSid) -> str:
    """The key of what was seen of a call."""
    return f"{account}:call:{sid}"


def details_key(account: str, sid: CallSid, ref: DetailRef) -> str:
    """The key of a page of the metrics or events of a call."""
    return f"{account}:details:{sid}:{digest_of(ref)}"


def page_key(account: str, question: Question, ref: PageRef) -> str:
    """The key of a page: a digest, for the question may hold a phone number."""
    asked = msgspec.msgpack.encode((question.parameters, question.sort, ref))
    return f"{account}:page:{hashlib.blake2b(asked, digest_size=20).hexdigest()}"
