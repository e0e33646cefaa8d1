"""Pages and cursors: Relay's cursors over Twilio's page tokens.

The upstream is walked in pages of one size, each reached by a token of its neighbour. A cursor
says which call of which page it points at, and in which window: all that is needed to go on from
there in either direction, with any `first` or `last`, on any replica. It is signed together with
the account, the filter and the order, so it opens that list and no other, and cannot be forged.
"""

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from bisect import bisect_left

import msgspec
from msgspec import Struct

from gateway.errors import InvalidCursor
from gateway.insights.windows import Window

MAX_SIZE = 1000
_SIZES = (25, 50, 100, 250, 500, MAX_SIZE)
_SIGNATURE_BYTES = 12


class PageRef(Struct, frozen=True, array_like=True):
    """One page of the upstream: its size, its number and token, and the window it looks through.

    The first page of a list has number 0 and no token.
    """

    window: Window
    size: int
    number: int = 0
    token: str = ""

    @property
    def parameters(self) -> dict[str, str]:
        """The page as parameters of the upstream."""
        paging = {"PageSize": str(self.size)}
        if self.token:
            paging |= {"Page": str(self.number), "PageToken": self.token}
        return {**self.window.parameters, **paging}


class Position(Struct, frozen=True, array_like=True):
    """One call of a list: the page it is on and its place there, counted from 0.

    The last call of a page knows the token of the next page, the first one that of the page
    before, so that going on from there need not ask for its own page again.
    """

    page: PageRef
    index: int
    next: str = ""
    previous: str = ""

    @property
    def next_page(self) -> PageRef | None:
        """The page that begins after this call, if it is the last one of its page."""
        return self._neighbour(self.next, 1)

    @property
    def previous_page(self) -> PageRef | None:
        """The page that ends before this call, if it is the first one of its page."""
        return self._neighbour(self.previous, -1)

    def _neighbour(self, token: str, step: int) -> PageRef | None:
        page = self.page
        return PageRef(page.window, page.size, page.number + step, token) if token else None


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
        self._key = hashlib.blake2b(key, person=b"gateway cursors").digest()

    def encode(self, position: Position, question: Question) -> str:
        """Write `position` as an opaque text of URL-safe characters."""
        payload = msgspec.msgpack.encode(position)
        return _text(self._sign(payload, question) + payload)

    def decode(self, cursor: str, question: Question, argument: str) -> Position:
        """Read a cursor; raises InvalidCursor, naming `argument`, if it was not made for this."""
        try:
            signed = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
            signature, payload = signed[:_SIGNATURE_BYTES], signed[_SIGNATURE_BYTES:]
            genuine = hmac.compare_digest(signature, self._sign(payload, question))
            if not genuine or _text(signed) != cursor:
                raise InvalidCursor(argument)
            return msgspec.msgpack.decode(payload, type=Position)
        except ValueError as error:
            raise InvalidCursor(argument) from error

    def _sign(self, payload: bytes, question: Question) -> bytes:
        scope = msgspec.msgpack.encode(question)
        signed = len(scope).to_bytes(4, "big") + scope + payload
        return hashlib.blake2b(signed, key=self._key, digest_size=_SIGNATURE_BYTES).digest()


def _text(signed: bytes) -> str:
    return urlsafe_b64encode(signed).rstrip(b"=").decode("ascii")
