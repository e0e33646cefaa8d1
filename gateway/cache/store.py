"""The store: what was seen of calls, and pages, as bytes on any backend.

A summary is stored once, under its call; a page is the list of its calls, so that whatever is
learned of a call later shows on the pages that hold it. The account is the first part of every
key. Of two sightings of one call the higher ranked one stays: a version never goes backwards,
and what is complete never becomes partial again.
"""

import asyncio
import hashlib
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager

import msgspec
from msgspec import Struct

from gateway.cache.backends import Backend
from gateway.cache.entry import Entry, Made
from gateway.cache.policy import Freshness, absent_kept_until, kept_until, page_stale_until
from gateway.cache.ranked import RANK_LENGTH, Ranked, rank_by_age, rank_of
from gateway.insights.absence import Absence, Absent
from gateway.insights.catalogue import CallSid
from gateway.insights.decoding import decode_summary
from gateway.insights.paging import PageRef, Question
from gateway.insights.snapshot import Seen, Snapshot, Via, with_newer_annotation
from gateway.turns import TURN, in_turns


class _SummaryEntry(Struct, frozen=True, array_like=True, tag="s"):
    raw: bytes
    as_of: float
    annotated_at: float
    via: Via
    predicted: bool = False
    doubted: bool = False


class _AbsentEntry(Struct, frozen=True, array_like=True, tag="a"):
    sid: CallSid
    why: Absence
    as_of: float


_DECODED = "decoded"
"""How a value is read: what it says, as the value that everybody is given."""

_PER_BYTE = 5
"""Bytes that a summary takes once it is decoded, for each byte of its value: measured, see
`tests/benchmarks/memory.py`."""

_ENTRY = msgspec.msgpack.Decoder(_SummaryEntry | _AbsentEntry)


class PageIndex(Struct, frozen=True, array_like=True):
    """A page of a list by its calls, with its neighbours, as it was seen at `as_of`."""

    as_of: float
    sids: tuple[CallSid, ...]
    next: PageRef | None
    previous: PageRef | None


class Store:
    """Sightings and pages on `backend`; `clock` gives seconds since 1970."""

    def __init__(self, backend: Backend, freshness: Freshness, clock: Callable[[], float]) -> None:
        self._backend = backend
        self._freshness = freshness
        self._clock = clock
        self._encode = msgspec.msgpack.Encoder().encode
        self._index = msgspec.msgpack.Decoder(PageIndex)

    async def known(self, account: str, sid: CallSid) -> Seen | None:
        """What was seen of a call last, however old."""
        key = call_key(account, sid)
        if (entry := self._backend.entry(key)) is not None:
            return seen_in(entry)
        return seen_of(await self._backend.get(key))

    def entry(self, account: str, sid: CallSid) -> Entry | None:
        """The entry of a call, if this process has it."""
        return self._backend.entry(call_key(account, sid))

    async def known_by_all(self, account: str, sid: CallSid) -> Seen | None:
        """What any replica saw of a call last."""
        self._backend.drop_copy(call_key(account, sid))
        return await self.known(account, sid)

    async def known_many(self, account: str, sids: Sequence[CallSid]) -> list[Seen | None]:
        """What was seen of several calls, in one question to the backend."""
        found = await self.entries(account, sids)
        await self.read(entry for entry in found if entry is not None)
        return [None if entry is None else seen_in(entry) for entry in found]

    async def entries(self, account: str, sids: Sequence[CallSid]) -> list[Entry | None]:
        """The same, as entries, to keep what is made of it."""
        return await self._backend.entries([call_key(account, sid) for sid in sids])

    async def read(self, entries: Iterable[Entry]) -> None:
        """Read what was seen in entries that keep it, in turns with others."""
        kept = (entry for entry in entries if entry.room is not None)
        async for entry in in_turns(one for one in kept if one.made(_DECODED, one.value) is None):
            seen_in(entry)

    async def keep(self, account: str, seen: Sequence[Seen]) -> list[Seen]:
        """Store what was seen, unless something of a higher rank is known; give the winners.

        What was made of a summary stays with it when it is seen again (`snapshot_of`), and so does
        an annotation that was learned after it was asked for.
        """
        winners: list[Seen] = []
        for start in range(0, len(seen), TURN):
            if start:
                await asyncio.sleep(0)
            batch = [self._annotated(account, one) for one in seen[start : start + TURN]]
            ranked = [self._write(account, one) for one in batch]
            made = [self._made_of(*one) for one in zip(ranked, batch, strict=True)]
            higher = await self._backend.raise_many(ranked)
            for one, written, winner, known in zip(batch, ranked, higher, made, strict=True):
                winners.append(seen_of(winner) or one)
                if winner is None:
                    self._keep_decoded(written, one, known)
        return winners

    def _annotated(self, account: str, seen: Seen) -> Seen:
        if not isinstance(seen, Snapshot):
            return seen
        return with_newer_annotation(seen, self.at_hand(account, seen.sid))

    def _made_of(self, written: Ranked, seen: Seen) -> Made:
        """What was made of this very summary when it was seen before."""
        entry = self._backend.at_hand(written.key)
        return () if entry is None else entry.all_made(_value_of(seen))

    def _keep_decoded(self, written: Ranked, seen: Seen, made: Made) -> None:
        """Spare whoever asks next to decode what was just encoded, and to make what was made."""
        entry = self._backend.at_hand(written.key)
        if entry is not None and entry.value is written.value:
            entry.keep(_DECODED, entry.value, seen, len(entry.value) * _PER_BYTE)
            for how, thing, size in made:
                entry.keep(how, _value_of(seen), thing, size)

    def at_hand(self, account: str, sid: CallSid) -> Snapshot | None:
        """The summary of a call that this process has read, however old."""
        entry = self._backend.at_hand(call_key(account, sid))
        seen = None if entry is None else entry.made(_DECODED, entry.value)
        return seen if isinstance(seen, Snapshot) else None

    def keeper(self, account: str, seen: Seen) -> Entry | None:
        """The entry that keeps this very thing that was seen, if this process has it."""
        entry = self._backend.at_hand(call_key(account, seen.sid))
        return entry if entry and entry.made(_DECODED, entry.value) is seen else None

    async def announce(self, account: str, sid: CallSid) -> None:
        """Wake whoever watches a call, on every replica: something new is kept of it."""
        await self._backend.announce(call_key(account, sid))

    def watch(self, account: str, sid: CallSid) -> AbstractContextManager[asyncio.Event]:
        """An event that is set when something new is kept of a call; clear it to wait again."""
        return self._backend.changes.watch(call_key(account, sid))

    async def page(self, account: str, question: Question, ref: PageRef) -> PageIndex | None:
        """A page as it was seen last, however old."""
        key = page_key(account, question, ref)
        if (entry := self._backend.entry(key)) is not None:
            return self.index_in(entry)
        value = await self._backend.get(key)
        return None if value is None else self._index.decode(value[RANK_LENGTH:])

    async def pages(
        self, account: str, question: Question, refs: Sequence[PageRef]
    ) -> list[PageIndex | None]:
        """Several pages as they were seen last, in one question to the backend."""
        entries = await self._backend.entries([page_key(account, question, ref) for ref in refs])
        return [None if entry is None else self.index_in(entry) for entry in entries]

    def page_entry(self, account: str, question: Question, ref: PageRef) -> Entry | None:
        """The entry of a page, if this process has it."""
        return self._backend.entry(page_key(account, question, ref))

    def index_in(self, entry: Entry) -> PageIndex:
        """The page that an entry holds."""
        value = entry.value

        def decode() -> tuple[PageIndex, int]:
            return self._index.decode(value[RANK_LENGTH:]), len(value) * _PER_BYTE

        return entry.once(_DECODED, value, decode)

    async def page_by_all(self, account: str, question: Question, ref: PageRef) -> PageIndex | None:
        """A page as any replica saw it last."""
        self._backend.drop_copy(page_key(account, question, ref))
        return await self.page(account, question, ref)

    async def keep_page(
        self, account: str, question: Question, ref: PageRef, index: PageIndex
    ) -> None:
        """Store a page; its calls are stored by `keep`."""
        value = rank_by_age(index.as_of) + self._encode(index)
        remaining = page_stale_until(index.as_of, self._freshness) - self._clock()
        if self._freshness.page > 0:
            key = page_key(account, question, ref)
            await self._backend.raise_many([Ranked(key, value, remaining)])

    def _write(self, account: str, seen: Seen) -> Ranked:
        entry: _SummaryEntry | _AbsentEntry
        if isinstance(seen, Snapshot):
            entry = _SummaryEntry(
                seen.raw, seen.as_of, seen.annotated_at, seen.via, seen.predicted, seen.doubted
            )
            until = kept_until(seen, self._freshness)
        else:
            entry = _AbsentEntry(seen.sid, seen.why, seen.as_of)
            until = absent_kept_until(seen)
        value = rank_of(seen) + self._encode(entry)
        return Ranked(call_key(account, seen.sid), value, max(0.001, until - self._clock()))


def _value_of(seen: Seen) -> object:
    """What stays the same value when it is seen again in the same bytes."""
    return seen.summary if isinstance(seen, Snapshot) else seen


def seen_in(entry: Entry) -> Seen:
    """What was seen of a call, from its entry: the same value every time."""
    value = entry.value
    return entry.once(_DECODED, value, lambda: (_seen_of(value), len(value) * _PER_BYTE))


def seen_of(value: bytes | None) -> Seen | None:
    """What was seen of a call, from the value of its key."""
    return None if value is None else _seen_of(value)


def _seen_of(value: bytes) -> Seen:
    entry = _ENTRY.decode(value[RANK_LENGTH:])
    if isinstance(entry, _AbsentEntry):
        return Absent(entry.sid, entry.why, entry.as_of)
    return Snapshot(
        decode_summary(entry.raw),
        entry.raw,
        entry.as_of,
        entry.annotated_at,
        entry.via,
        entry.predicted,
        entry.doubted,
    )


def call_key(account: str, sid: CallSid) -> str:
    """The key of what was seen of a call."""
    return f"{account}:call:{sid}"


def page_key(account: str, question: Question, ref: PageRef) -> str:
    """The key of a page: a digest, for the question may hold a phone number."""
    asked = msgspec.msgpack.encode((question.parameters, question.sort, ref))
    return f"{account}:page:{hashlib.blake2b(asked, digest_size=20).hexdigest()}"
