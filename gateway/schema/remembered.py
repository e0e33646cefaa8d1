"""Answers that are given again while nothing that they tell of has changed.

An HTTP cache may give an answer again until it ceases to be fresh. So may the gateway; and it knows
more: as soon as one of the entries of the cache that an answer was made of is replaced or dropped,
the answer is forgotten too. It is for the viewer who asked: what another is told, even in the same
words, is made anew.
"""

from collections.abc import Hashable, Sequence

from gateway.cache.entry import Entry
from gateway.instrumentation import CacheAsked
from gateway.schema.told import Told
from gateway.viewers import Viewer

_SIZE = 500
"""Bytes that remembering takes, beside the JSON itself."""

_OFTEN = 1.0
"""Seconds after which the entries of an answer are said to be of use again."""


class Remembered:
    """An answer to one viewer, `until` a moment and as long as `entries` are kept.

    The first of these keeps its JSON, in pieces. `asked` is what the cache was asked when it was
    made: that counts each time.
    """

    __slots__ = ("_entries", "_how", "_until", "_used", "_viewer", "asked")

    def __init__(
        self, how: Hashable, told: Told, entries: Sequence[Entry], viewer: Viewer, now: float
    ) -> None:
        self._how = how
        self._entries = entries
        self._viewer = viewer
        self._until = min(told.fresh_until, *(entry.expires for entry in entries))
        self._used = now
        self.asked = tuple(CacheAsked(kind, "hit") for kind in told.kinds)

    def pieces(self, viewer: Viewer, now: float) -> Sequence[bytes] | None:
        """The answer, if it still is the one to this viewer."""
        entries = self._entries
        if self._viewer is not viewer or now >= self._until:
            return None
        if None in [entry.room for entry in entries]:
            return None
        if now >= self._used + _OFTEN:
            self._used = now
            for entry in entries:
                if entry.room is not None:
                    entry.room.use(entry)
        pieces: Sequence[bytes] | None = entries[0].made(self._how, self)
        return pieces


def remembered(
    question: Hashable, told: Told, pieces: Sequence[bytes], viewer: Viewer, now: float
) -> Remembered | None:
    """An answer that was just made, kept in place of the one to the same question before.

    None if there is more to it than entries of the cache.
    """
    if (entries := told.entries()) is None:
        return None
    how = ("answer", viewer.name, question)
    answer = Remembered(how, told, entries, viewer, now)
    entries[0].keep(how, answer, pieces, sum(map(len, pieces)) + _SIZE)
    return answer
