"""Caches responses by viewer and question, until a part is stale, replaced or dropped.

An answer is in the cache once, whichever transport it was made for. It is kept beside the first of
the cache entries that it was made of, and ends with that one at the latest.
"""

import hashlib
from collections.abc import Sequence
from functools import cached_property
from typing import Any, TypeAlias

from msgspec import Struct

from gateway.cache.entry import EntryGroup, Place
from gateway.config.viewers import Viewer
from gateway.instrumentation import CacheAsked, Hook, OperationExecuted, silent
from gateway.lru import LruCache
from gateway.request_stats import Tally
from gateway.schema.demand_control.budgets import Allowance, Budgets
from gateway.schema.results.freshness import Freshness, Lifetime
from gateway.schema.types.field_traits import Trait

Question: TypeAlias = bytes
"""A digest of what is asked, whoever asks."""

_SIZE, _SIZE_OF_ENTRY, _SIZE_OF_PLACE = 700, 16, 500
"""Bytes of a cached answer beside its JSON, for each of its entries, and of where it is kept."""

_EXECUTED = OperationExecuted("remembered")
_HITS = {kind: CacheAsked(kind, "hit") for kind in ("summary", "page")}


class CachedAnswer(Struct, frozen=True, eq=False, dict=True):
    """An answer to a query, without errors; it holds while its entries are kept `group`.

    `pieces` are its JSON, of `length` bytes. `operation` is the name of the operation in the log,
    and `usage` what it uses of the schema. `cost` is what its viewer is charged each time, and
    `hits` are the lookups that each such answer counts as.
    """

    question: Question
    pieces: Sequence[bytes]
    length: int
    lifetime: Lifetime
    operation: str | None
    usage: Any
    cost: int
    hits: Sequence[CacheAsked]
    group: EntryGroup

    @cached_property
    def digest(self) -> bytes:
        """A digest of its JSON."""
        return digest_of(self.pieces)


class AnswerCache(Struct, eq=False):
    """Answers to the queries that `memory` has room for, charged to `budgets`."""

    memory: LruCache
    budgets: Budgets
    hook: Hook = silent

    def answer(
        self, question: Question, viewer: Viewer, now: float, tally: Tally
    ) -> tuple[CachedAnswer, Allowance | None] | None:
        """The answer, which is charged, counted and noted in `tally`; and what the viewer has left.

        None if it has to be made, or if the viewer's budget does not cover it in this process.
        """
        cached = self._cached(question, viewer, now)
        if cached is None or not self.budgets.cover(cached.cost, viewer, now):
            return None
        self.hook(_EXECUTED)
        for hit in cached.hits:
            self.hook(hit)
        tally.viewer, tally.kind, tally.operation = viewer.name, "query", cached.operation
        tally.cost, tally.outcome, tally.usage = cached.cost, "ok", cached.usage
        return cached, self.budgets.pay(cached.cost, viewer, now)

    def has(self, question: Question | None, viewer: Viewer, now: float) -> bool:
        """Whether there is an answer to a question; None is one that is not cached."""
        return question is not None and self._cached(question, viewer, now) is not None

    def _cached(self, question: Question, viewer: Viewer, now: float) -> CachedAnswer | None:
        key = "answer", viewer.name, question
        place: Place | None = self.memory.get(key)
        if place is None or place.entry is None:
            return None
        cached: CachedAnswer | None = place.entry.derived(key, viewer)
        return cached if cached is not None and cached.group.hold(now) else None

    def keep(  # noqa: PLR0913, PLR0917 - what there is to know of an answer
        self,
        question: Question,
        viewer: Viewer,
        pieces: Sequence[bytes],
        freshness: Freshness,
        tally: Tally,
        lifetime: Lifetime,
    ) -> CachedAnswer | None:
        """Cache an answer that was just made, in place of the one before.

        None if there is more to it than entries of the cache.
        """
        entries = freshness.entries()
        if entries is None or tally.cost is None:
            return None
        hits = tuple(_HITS[kind] for kind in freshness.kinds)
        group = EntryGroup(entries, freshness.fresh_until)
        length = sum(map(len, pieces))
        cached = CachedAnswer(
            question,
            pieces,
            length,
            lifetime,
            tally.operation,
            tally.usage,
            tally.cost,
            hits,
            group,
        )
        key = "answer", viewer.name, question
        entries[0].keep(key, viewer, cached, length + _SIZE + _SIZE_OF_ENTRY * len(entries))
        self.memory.keep(key, entries[0].place, _SIZE_OF_PLACE)
        return cached


def lifetime_of(freshness: Freshness, traits: Trait) -> Lifetime:
    """For how long an answer may be cached by its client, to a document with these traits."""
    if freshness.personal or Trait.PERSONAL in traits:
        return Lifetime(storable=False)
    if Trait.UNDATED in traits:
        return Lifetime()
    immutable = freshness.complete and Trait.CHANGING not in traits
    return Lifetime(freshness.as_of, freshness.fresh_until, immutable=immutable)


def digest_of(pieces: Sequence[bytes]) -> bytes:
    """A digest of the JSON of an answer."""
    digest = hashlib.blake2b(digest_size=16)
    for piece in pieces:
        digest.update(piece)
    return digest.digest()
