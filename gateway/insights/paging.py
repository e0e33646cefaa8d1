"""Encodes and decodes Relay's cursors over the page tokens of Twilio.

The upstream is walked in pages of one size, each reached by a token of its neighbour. A cursor
names a call, the page it was on, and the window: all that is needed to go on from there in either
direction, with any `first` or `last`, on any replica. If the page has changed since, the call is
looked for; if it is gone, its sort key tells where it was. A cursor is signed together with the
account, the filter and the order, so it opens that list and no other, and cannot be forged.
"""

from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple, TypeVar
from urllib.parse import parse_qs, urlsplit

import msgspec
from msgspec import Struct

from gateway.errors import InvalidCursor
from gateway.insights.signed_cursors import SignedCursors
from gateway.insights.windows import Window

T = TypeVar("T", bound=Struct)

MAX_SIZE = 1000
_SIZES = (25, 50, 100, 250, 500, MAX_SIZE)


class PageRef(Struct, frozen=True, array_like=True):
    """One page of the upstream: its size, its number and token, and the window it looks through.

    The first page of a list has number 0 and no token. A page begins where the one before it
    ended; one that was reached `back`, from the page behind it, ends where that began.
    """

    window: Window
    size: int
    number: int = 0
    token: str = ""
    back: bool = False

    @property
    def parameters(self) -> dict[str, str]:
        """The page as parameters of the upstream."""
        paging = {"PageSize": str(self.size)}
        if self.token:
            paging |= {"Page": str(self.number), "PageToken": self.token}
        return {**self.window.parameters, **paging}


class Place(NamedTuple):
    """Where a call is on a page: behind so many calls, and before those from an index on.

    Both are the same if the call is not there: then it was, or would be, between the two.
    """

    before: int
    behind: int

    @property
    def is_taken(self) -> bool:
        """Whether the call is there."""
        return self.before < self.behind


class Position(Struct, frozen=True, array_like=True):
    """One call of a list: the page it is on and its place there, counted from 0.

    The last call of a page knows the token of the next page, the first one that of the page
    before, so that going on from there need not ask for its own page again. `key` is what the list
    is sorted by, in seconds since 1970, None if the call has none yet; `ties` are calls before it
    of which their keys do not tell that. What is appended has a default: older cursors have less.
    """

    page: PageRef
    index: int
    next: str = ""
    previous: str = ""
    sid: str = ""
    key: float | None = None
    ties: tuple[str, ...] = ()

    @property
    def next_page(self) -> PageRef | None:
        """The page that begins after this call, if it is the last one of its page."""
        return self._neighbour(self.next, 1)

    @property
    def previous_page(self) -> PageRef | None:
        """The page that ends before this call, if it is the first one of its page."""
        return self._neighbour(self.previous, -1)

    def place_among(self, listed: Sequence[tuple[str, float | None]]) -> Place:
        """Where it is among the calls of its page as they are now, each by its SID and key.

        What may be behind it is taken to be, except for some of the calls that came since.
        """
        if not self.sid:  # of a version of the gateway that did not name it
            return Place(min(self.index, len(listed)), min(self.index + 1, len(listed)))
        if (self.sid, self.key) in listed:
            index = listed.index((self.sid, self.key))
            return Place(index, index + 1)
        start = 0
        for index, (sid, key) in enumerate(listed):
            later = 0.0 if key is None or self.key is None else key - self.key
            if later < 0:
                break
            if later > 0 or (sid in self.ties and key in {None, self.key}):
                start = index + 1
        return Place(start, start)

    def _neighbour(self, token: str, step: int) -> PageRef | None:
        page = self.page
        number = page.number + step
        return PageRef(page.window, page.size, number, token, step < 0) if token else None


class Question(Struct, frozen=True):
    """What is listed: for which account, by which filters, in which order.

    `bounds` are the bounds of the window as they were asked for (`4h`), which the cursors are
    signed with; the window itself is part of each page.
    """

    account: str
    parameters: tuple[tuple[str, str], ...]
    sort: str
    bounds: tuple[str, str] = ("", "")


def page_size_for(wanted: int) -> int:
    """The size of upstream pages for a list that is shown in steps of `wanted` calls.

    Few sizes, so that lists of 20 and of 25 share pages.
    """
    return _SIZES[bisect_left(_SIZES, min(wanted, MAX_SIZE))]


class Cursors:
    """Makes and reads cursors. `key` is secret and the same on every replica."""

    def __init__(self, key: bytes) -> None:
        self._signed = SignedCursors(key, b"gateway cursors")

    def encode(self, position: Struct, question: Struct) -> str:
        """Write `position` as an opaque text of URL-safe characters."""
        payload = msgspec.msgpack.encode(position)
        return self._signed.write(payload, msgspec.msgpack.encode(question))

    def decode(self, cursor: str, question: Question, argument: str) -> Position:
        """Read a cursor; raises InvalidCursor, naming `argument`, if it was not made for this."""
        return self.read(cursor, question, argument, Position)

    def read(self, cursor: str, question: Struct, argument: str, kind: type[T]) -> T:
        """The same, of a cursor of any list."""
        try:
            payload = self._signed.read(cursor, msgspec.msgpack.encode(question))
            return msgspec.msgpack.decode(payload, type=kind)
        except ValueError as error:
            raise InvalidCursor(argument) from error


def page_named_in(url: str) -> tuple[str, int]:
    """The token and number of the page that a link of Twilio's leads to: never its address.

    Raises ValueError if the number is none.
    """
    query = parse_qs(urlsplit(url).query)
    return query.get("PageToken", [""])[0], int(query.get("Page", ["0"])[0])
