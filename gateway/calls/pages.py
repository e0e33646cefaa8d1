"""Defines a page of a list of calls, and stretches of its calls."""

from bisect import bisect_left
from typing import NamedTuple

from msgspec import Struct, structs

from gateway.cache.entry import Entry
from gateway.calls.call import Call, Source
from gateway.insights.paging import PageRef, Place, Position

_MOST_TIES = 8
"""Calls that are named beside one, for they have the same sort key."""


class Page(Struct, frozen=True):
    """One page of the upstream as answers; `as_of` is when it was seen.

    `entry` is the one of the cache that it was read from, if it and its calls are in this process.
    """

    ref: PageRef
    as_of: float
    calls: tuple[Call, ...]
    next: PageRef | None
    previous: PageRef | None
    entry: Entry | None = None

    def after(self) -> Position:
        """Where to go on behind the page; there must be a next one."""
        token = self.next.token if self.next else ""
        return Position(self.ref, max(0, len(self.calls) - 1), next=token)

    def before(self) -> Position:
        """Where to go on before the page; there must be a previous one."""
        return Position(self.ref, 0, previous=self.previous.token if self.previous else "")


class Listed(NamedTuple):
    """A call, and where it is listed."""

    call: Call
    page: Page
    number: int


class Stretch(Struct, frozen=True):
    """Some neighbouring calls of a list, and whether there are more.

    `as_of` is when the oldest of it was seen, `fresh_until` how long all of it is an answer.
    `entry` is the one of the cache that it was read from, and to which what is made of it goes.
    """

    calls: tuple[Listed, ...]
    has_next: bool
    has_previous: bool
    as_of: float
    fresh_until: float
    entry: Entry | None = None


def stale(page: Page) -> Page:
    """The same page, which is told although it is too old."""
    calls = tuple(structs.replace(call, source=Source.STALE) for call in page.calls)
    return structs.replace(page, calls=calls)


def listed(page: Page) -> list[Listed]:
    """Its calls, each with its place."""
    return [Listed(call, page, index) for index, call in enumerate(page.calls)]


def position_of(one: Listed, sort: str) -> Position:
    """The position of a call in a list that is sorted so."""
    call, page, index = one
    return Position(
        page.ref,
        index,
        page.next.token if page.next and index == len(page.calls) - 1 else "",
        page.previous.token if page.previous and index == 0 else "",
        call.snapshot.sid,
        _key(call, sort),
        _ties(one, sort),
    )


def place_of(position: Position, page: Page, sort: str) -> Place:
    """Where a position is on a page, whatever became of the page since."""
    index, calls = position.index, page.calls
    if index < len(calls) and _named(calls[index], sort) == (position.sid, position.key):
        return Place(index, index + 1)  # nothing became of it, as mostly
    return position.place_among([_named(call, sort) for call in calls])


def _ties(one: Listed, sort: str) -> tuple[str, ...]:
    """Calls of the page that are before this one, though their keys do not tell so.

    Those nearest that have the same key, and the last of those at the top that have none yet.
    """
    calls, key, first = one.page.calls, _key(one.call, sort), one.number
    while first and one.number - first < _MOST_TIES and _key(calls[first - 1], sort) == key:
        first -= 1
    found = calls[first : one.number]
    if key is not None and _key(calls[0], sort) is None:
        end = bisect_left(calls, 1, hi=first, key=lambda other: _key(other, sort) is not None)
        found += calls[max(0, end - _MOST_TIES) : end]
    return tuple(call.snapshot.sid for call in found)


def _named(call: Call, sort: str) -> tuple[str, float | None]:
    return call.snapshot.sid, _key(call, sort)


def _key(call: Call, sort: str) -> float | None:
    """What a call is sorted by, in seconds since 1970."""
    summary = call.snapshot.summary
    moment = summary.start_time if sort == "start_time" else summary.end_time
    return None if moment is None else moment.timestamp()
