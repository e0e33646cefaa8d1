"""The store: snapshots and pages as bytes, on any backend.

A summary is stored once, under its call; a page is the list of its calls, so that whatever is
learned of a call later shows on the pages that hold it. The account is the first part of every
key. Of two snapshots of one call the higher ranked one stays: a version never goes backwards.
"""

import hashlib
from collections.abc import Callable, Sequence

import msgspec
from aiocache.base import BaseCache
from msgspec import Struct

from gateway.cache.policy import Freshness, kept_until
from gateway.insights.catalogue import CallSid
from gateway.insights.decoding import decode_summary
from gateway.insights.paging import PageRef, Question
from gateway.insights.snapshot import Snapshot, Via


class _Entry(Struct, frozen=True, array_like=True):
    raw: bytes
    as_of: float
    via: Via


class PageIndex(Struct, frozen=True, array_like=True):
    """A page of a list by its calls, with its neighbours."""

    sids: tuple[CallSid, ...]
    next: PageRef | None
    previous: PageRef | None


class Store:
    """Snapshots and pages on `backend`; `clock` gives seconds since 1970."""

    def __init__(
        self, backend: BaseCache, freshness: Freshness, clock: Callable[[], float]
    ) -> None:
        self._backend = backend
        self._freshness = freshness
        self._clock = clock
        self._entry = msgspec.msgpack.Decoder(_Entry)
        self._index = msgspec.msgpack.Decoder(PageIndex)

    async def snapshot(self, account: str, sid: CallSid) -> Snapshot | None:
        """What is known of a call, however old."""
        return self._read(await self._backend.get(_call_key(account, sid)))

    async def snapshots(self, account: str, sids: Sequence[CallSid]) -> list[Snapshot | None]:
        """What is known of several calls, in one question to the backend."""
        stored = await self._backend.multi_get([_call_key(account, sid) for sid in sids])
        return [self._read(entry) for entry in stored]

    async def keep(self, account: str, seen: Sequence[Snapshot]) -> list[Snapshot]:
        """Store what was seen, unless something of a higher rank is known; give the winners."""
        known = await self.snapshots(account, [snapshot.summary.call_sid for snapshot in seen])
        winners = []
        for snapshot, before in zip(seen, known, strict=True):
            if before is not None and before.rank > snapshot.rank:
                winners.append(before)
                continue
            winners.append(snapshot)
            remaining = kept_until(snapshot, self._freshness) - self._clock()
            if remaining > 0:
                entry = msgspec.msgpack.encode(_Entry(snapshot.raw, snapshot.as_of, snapshot.via))
                key = _call_key(account, snapshot.summary.call_sid)
                await self._backend.set(key, entry, ttl=remaining)
        return winners

    async def page(self, account: str, question: Question, ref: PageRef) -> PageIndex | None:
        """A page that was seen less than `GATEWAY_PAGE_MAX_AGE` ago."""
        stored = await self._backend.get(_page_key(account, question, ref))
        return None if stored is None else self._index.decode(stored)

    async def keep_page(
        self, account: str, question: Question, ref: PageRef, index: PageIndex
    ) -> None:
        """Store a page; its calls are stored by `keep`."""
        if self._freshness.page > 0:
            key = _page_key(account, question, ref)
            await self._backend.set(key, msgspec.msgpack.encode(index), ttl=self._freshness.page)

    async def aclose(self) -> None:
        """Let go of the backend."""
        await self._backend.close()

    def _read(self, stored: bytes | None) -> Snapshot | None:
        if stored is None:
            return None
        entry = self._entry.decode(stored)
        return Snapshot(decode_summary(entry.raw), entry.raw, entry.as_of, entry.via)


def _call_key(account: str, sid: CallSid) -> str:
    return f"{account}:call:{sid}"


def _page_key(account: str, question: Question, ref: PageRef) -> str:
    """A digest, for the question may hold a phone number."""
    asked = msgspec.msgpack.encode((question.parameters, question.sort, ref))
    return f"{account}:page:{hashlib.blake2b(asked, digest_size=20).hexdigest()}"
