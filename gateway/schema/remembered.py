"""Answers that are given again while nothing that they tell of has changed.

An HTTP cache may give an answer again until it ceases to be fresh. So may the gateway; and it knows
more: as soon as one of the entries of the cache that an answer was made of is replaced or dropped,
the answer is forgotten too. It is for the viewer who asked: what another is told, even in the same
words, is made anew.
"""

from collections.abc import Hashable, Sequence

from gateway.cache.entry import Entry, Together
from gateway.instrumentation import CacheAsked
from gateway.schema.told import Told
from gateway.viewers import Viewer

_SIZE = 500
"""Bytes that remembering takes, beside the JSON itself."""


class Remembered:
    """An answer to one viewer, `until` a moment and as long as `entries` are kept by the cache.

    The first of these keeps its JSON, in pieces: whoever holds this holds nothing of the cache.
    `asked` is what the cache was asked when it was made: that counts each time.
    """

    __slots__ = ("_how", "_keeper", "_together", "_viewer", "asked")

    def __init__(self, how: Hashable, told: Told, entries: Sequence[Entry], viewer: Viewer) -> None:
        self._how = how
        self._keeper = entries[0].place
        self._together = Together(entries, told.fresh_until)
        self._viewer = viewer
        self.asked = tuple(CacheAsked(kind, "hit") for kind in told.kinds)

    def pieces(self, viewer: Viewer, now: float) -> Sequence[bytes] | None:
        """The answer, if it still is the one to this viewer."""
        if self._viewer is not viewer or not self._together.hold(now):
            return None
        keeper = self._keeper.entry
        pieces: Sequence[bytes] | None = None if keeper is None else keeper.made(self._how, self)
        return pieces


def remembered(
    question: Hashable, told: Told, pieces: Sequence[bytes], viewer: Viewer
) -> Remembered | None:
    """An answer that was just made, kept in place of the one to the same question before.

    None if there is more to it than entries of the cache.
    """
    if (entries := told.entries()) is None:
        return None
    how = ("answer", viewer.name, question)
    answer = Remembered(how, told, entries, viewer)
    entries[0].keep(how, answer, pieces, sum(map(len, pieces)) + _SIZE)
    return answer
