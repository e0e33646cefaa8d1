"""Walks through the pages of a list, forwards or backwards.

Whatever Twilio's pages lead to, a walk ends: it never comes back to a page, each page of it is
charged, and it asks for no more once it is too late for whoever waits for it.
"""

from collections.abc import Awaitable
from typing import NamedTuple, Protocol

from msgspec import Struct, field, structs

from gateway.calls.page_source import PageSource
from gateway.calls.pages import Page, place_of
from gateway.concurrency.cooperative import next_turn
from gateway.concurrency.deadlines import asking, now
from gateway.config.viewers import Realm
from gateway.errors import DeadlineExceeded, UpstreamInvalidResponse
from gateway.insights.paging import PageRef, Place, Position, Question


class Charge(Protocol):
    """Charges whoever asks for one more page of a walk."""

    def __call__(self, position: Position) -> Awaitable[None]:
        """Raises TooExpensive if that may not be; the walk can go on from `position`."""
        ...

    def cursors(self, position: Position) -> dict[str, str]:
        """What a client goes on from `position` with."""
        ...


class Start(NamedTuple):
    """Where a walk begins: on which page, and beside which place on it.

    `moved` is the SID of the call there, if that is elsewhere now, or nowhere.
    """

    page: Page
    place: Place
    moved: str | None = None


class Walk(Struct, eq=False):
    """One walk through the pages of a list."""

    source: PageSource
    realm: Realm
    question: Question
    charge: Charge
    met: set[str] = field(default_factory=set)

    async def begin(self, ref: PageRef, position: Position | None = None) -> Page:
        """The first page; if it is beside that of a position, that one was met before."""
        self.met = set() if position is None else {position.page.token}
        return await self._page(ref, position or Position(ref, 0))

    async def following(self, page: Page) -> Page | None:
        """The next page, if there is one."""
        return None if page.next is None else await self._further(page.next, page.after())

    async def preceding(self, page: Page) -> Page | None:
        """The page before, if there is one."""
        return None if page.previous is None else await self._further(page.previous, page.before())

    async def find(self, position: Position) -> Start:
        """Where a list goes on behind a call, or before it, whatever became of its page since.

        The call may be pushed off its page: a page that begins at a fixed place loses calls at its
        end, and one that ends at a fixed place loses calls at its beginning.
        """
        sort = self.question.sort
        page = await self.begin(position.page)
        place = place_of(position, page, sort)
        if not position.sid:
            return Start(page, place)
        while page.ref.back and place == (0, 0) and page.previous is not None:
            page = await self._further(page.previous, _elsewhere(position, page.previous))
            place = place_of(position, page, sort)
        self.turn(page)
        while place == (len(page.calls), len(page.calls)) and page.next is not None:
            page = await self._further(page.next, _elsewhere(position, page.next))
            place = place_of(position, page, sort)
        self.turn(page)
        return Start(page, place, None if place.is_taken else position.sid)

    def turn(self, page: Page) -> None:
        """Go on from a page, perhaps the other way."""
        self.met = {page.ref.token}

    async def _further(self, ref: PageRef, position: Position) -> Page:
        await next_turn()  # of others, too; who has left is gone from here
        try:
            _be_in_time()
            return await self._page(ref, position)
        except DeadlineExceeded as late:  # others may wait for the same page
            ended = DeadlineExceeded(retry_after=late.retry_after)
            ended.cursors = self.charge.cursors(position)
            raise ended from late

    async def _page(self, ref: PageRef, position: Position) -> Page:
        if ref.token in self.met:
            raise UpstreamInvalidResponse("Twilio's list leads back to a page that it came from.")
        self.met.add(ref.token)
        await self.charge(position)
        return await self.source.page(self.realm, self.question, ref)


def _be_in_time() -> None:
    if now() >= asking().until:
        raise DeadlineExceeded


def _elsewhere(position: Position, ref: PageRef) -> Position:
    """The same call, to be looked for from another page on."""
    return structs.replace(position, page=ref, index=0, next="", previous="")
