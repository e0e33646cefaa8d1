"""Pages of a list as answers, and stretches of their calls."""

from msgspec import Struct, structs

from gateway.cache.entry import Entry
from gateway.calls.call import Call, Source
from gateway.insights.paging import PageRef, Position


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


class Stretch(Struct, frozen=True):
    """Some neighbouring calls of a list, each with its position, and whether there are more.

    `as_of` is when the oldest of it was seen, `fresh_until` how long all of it is an answer.
    `entry` is the one of the cache that it was read from, and to which what is made of it goes.
    """

    calls: tuple[tuple[Position, Call], ...]
    has_next: bool
    has_previous: bool
    as_of: float
    fresh_until: float
    entry: Entry | None = None


def stale(page: Page) -> Page:
    """The same page, which is told although it is too old."""
    calls = tuple(structs.replace(call, source=Source.STALE) for call in page.calls)
    return structs.replace(page, calls=calls)


def positions(page: Page) -> list[tuple[Position, Call]]:
    """Its calls, each with its position."""
    next_token = page.next.token if page.next else ""
    previous_token = page.previous.token if page.previous else ""
    last = len(page.calls) - 1
    return [
        (
            Position(
                page.ref,
                index,
                next_token if index == last else "",
                previous_token if index == 0 else "",
            ),
            call,
        )
        for index, call in enumerate(page.calls)
    ]
