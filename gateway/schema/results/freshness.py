"""Computes how long a response is fresh, from the calls and pages in it."""

import math
from typing import Literal, NamedTuple

from msgspec import Struct, field

from gateway.cache.entry import Entry
from gateway.calls.call import Call, FinalReason, Lookup, Source
from gateway.calls.pages import Stretch
from gateway.insights.catalogue import CallSid


class Lifetime(NamedTuple):
    """For how long a client may cache an answer; moments are seconds since 1970.

    `as_of` is when the oldest of it was seen, infinite if there is nothing to date; `until` is when
    the first of it becomes stale. What is not `storable` is personal data. `tags` is the header by
    which a CDN drops the answer, where it has one.
    """

    as_of: float = math.inf
    until: float = math.inf
    storable: bool = True
    immutable: bool = False
    tags: tuple[bytes, bytes] | None = None


class Freshness(Struct, eq=False):
    """What one answer tells; moments are seconds since 1970.

    `as_of` is when the oldest of it was seen, `fresh_until` the moment at which the first of it
    ceases to be an answer, `complete` whether all of it are calls whose summary is complete, and
    `personal` whether it answers a question that names somebody. `kinds` are the kinds of entries
    that the cache was asked for.
    """

    as_of: float = math.inf
    fresh_until: float = math.inf
    complete: bool = True
    personal: bool = False
    kinds: list[Literal["summary", "page"]] = field(default_factory=list)
    _things: list[Call | Stretch] = field(default_factory=list)
    _absent: list[CallSid] = field(default_factory=list)
    _passing: bool = False

    def saw(self, as_of: float, fresh_until: float, *, complete: bool = False) -> None:
        """Add something that was seen at `as_of`, and is an answer until `fresh_until`."""
        self.as_of = min(self.as_of, as_of)
        self.fresh_until = min(self.fresh_until, fresh_until)
        self.complete = self.complete and complete

    def call(self, call: Call) -> None:
        """Add a call."""
        complete = call.final_reason is FinalReason.COMPLETE
        self.saw(call.snapshot.as_of, call.fresh_until, complete=complete)
        self._things.append(call)
        self.kinds.append("summary")

    def passing(self) -> None:
        """Add something that is asked for each time, and is an answer for no time."""
        self._passing = True
        self.complete = False

    def lookup(self, found: Lookup) -> None:
        """Add a call, or that there is no summary of it."""
        if found.call is None:
            self.saw(found.as_of, found.fresh_until)
            self._absent.append(found.sid)
        else:
            self.call(found.call)

    def stretch(self, stretch: Stretch) -> None:
        """Add some calls of a list, and which calls these are."""
        self.saw(stretch.as_of, stretch.fresh_until)
        self._things.append(stretch)
        self.kinds.append("page")

    def calls(self) -> set[CallSid] | None:
        """The calls that it tells of, also that there is no summary; None if it lists calls."""
        if self._passing or any(isinstance(thing, Stretch) for thing in self._things):
            return None
        named = (thing.snapshot.sid for thing in self._things if isinstance(thing, Call))
        return {*self._absent, *named}

    def entries(self) -> tuple[Entry, ...] | None:
        """The entries of the cache that it was all read from; None if it was not.

        What tells how long to wait, as of a call that is not final, is another thing each time.
        """
        if self._passing or self._absent:
            return None
        kept = []
        for thing in self._things:
            calls = () if isinstance(thing, Call) else (one.call for one in thing.calls)
            for one in (thing, *calls):
                changes = isinstance(one, Call) and (
                    one.refresh_after is not None or one.source is Source.UPSTREAM
                )
                if changes or one.entry is None or one.entry.owner is None:
                    return None
                kept.append(one.entry)
        return tuple(kept) or None
