"""Answers that are given again while nothing that they tell of has changed.

An HTTP cache may give an answer again until it ceases to be fresh. So may the gateway; and it knows
more: as soon as one of the entries of the cache that an answer was made of is replaced or dropped,
the answer is forgotten too. It is for the viewer who asked: what another is told, even in the same
words, is made anew.
"""

from collections.abc import Hashable, Sequence
from typing import NamedTuple

from gateway.cache.entry import Place, Together
from gateway.config.viewers import Viewer
from gateway.instrumentation import CacheAsked
from gateway.schema.results.freshness import Told

_SIZE, _SIZE_OF_ENTRY = 500, 16
"""Bytes that remembering takes, beside the JSON itself: in any case, and for each entry."""

_HITS = {kind: CacheAsked(kind, "hit") for kind in ("summary", "page")}


class Kept(NamedTuple):
    """An answer in pieces of JSON, for as long as its entries are kept `together`.

    `asked` is what the cache was asked when it was made: that counts each time.
    """

    pieces: Sequence[bytes]
    together: Together
    asked: Sequence[CacheAsked]


class Remembered:
    """Where an answer to one viewer is kept: beside the first of its entries, in the cache.

    Whoever holds this holds nothing of the answer.
    """

    __slots__ = ("_how", "_keeper", "_viewer")

    def __init__(self, how: Hashable, keeper: Place, viewer: Viewer) -> None:
        self._how = how
        self._keeper = keeper
        self._viewer = viewer

    def answer(self, viewer: Viewer, now: float) -> Kept | None:
        """The answer, if it still is the one to this viewer."""
        keeper = self._keeper.entry
        if keeper is None or self._viewer is not viewer:
            return None
        kept: Kept | None = keeper.made(self._how, viewer)
        return kept if kept is not None and kept.together.hold(now) else None


def remembered(
    question: Hashable, told: Told, pieces: Sequence[bytes], viewer: Viewer
) -> Remembered | None:
    """An answer that was just made, kept in place of the one to the same question before.

    None if there is more to it than entries of the cache.
    """
    if (entries := told.entries()) is None:
        return None
    how, keeper = ("answer", viewer.name, question), entries[0]
    asked = tuple(_HITS[kind] for kind in told.kinds)
    kept = Kept(pieces, Together(entries, told.fresh_until), asked)
    size = sum(map(len, pieces)) + _SIZE + _SIZE_OF_ENTRY * len(entries)
    keeper.keep(how, viewer, kept, size)
    return Remembered(how, keeper.place, viewer)
