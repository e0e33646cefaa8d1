"""Lists the calls of one account for synchronising, newest first, within a budget of requests."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractContextManager
from typing import Literal, NamedTuple, TypeAlias

from msgspec import Struct

from gateway.calls.request_budget import RequestBudget
from gateway.concurrency.deadlines import OneAsker, Priority, asked_by, now
from gateway.config.accounts import Account
from gateway.insights.catalogue import CallSid
from gateway.insights.paging import MAX_SIZE, PageRef, Question
from gateway.insights.snapshot import Seen, Snapshot
from gateway.insights.windows import KEPT, Window
from gateway.instrumentation import Hook, silent
from gateway.upstream.client import InsightsClient, UpstreamPage
from gateway.warehouse_instrumentation import WarehouseRequested

LONGEST_CALL = 24 * 3600
"""Seconds that a call can last at Twilio: a list is bounded below by when calls started."""

_PATIENCE = 120.0
"""Seconds after which an answer is of no use any more."""

State: TypeAlias = Literal["completed", "partial"]
"""Which calls to list, in Twilio's words."""

Sleep: TypeAlias = Callable[[float], Awaitable[None]]
"""Waits for so many seconds."""


class Target(NamedTuple):
    """Whose calls are kept: those of `sid`, asked for by the credentials of `account`."""

    account: Account
    sid: str

    @property
    def key(self) -> tuple[str, str]:
        """What its coverage is recorded under."""
        return self.account.sid, self.sid

    def question(self, state: State) -> Question:
        """What Twilio is asked for."""
        which = () if self.sid == self.account.sid else (("Subaccount", self.sid),)
        return Question(self.account.sid, (*which, ("ProcessingState", state)), "end_time")


class Listed(NamedTuple):
    """A page: its calls, the oldest end among them, and whether older ones may follow."""

    calls: Sequence[Snapshot]
    oldest: float | None
    more: bool


class TwilioCalls(Struct, eq=False):
    """Twilio, as background work. Raises UpstreamError and BadUserInput."""

    client: InsightsClient
    budget: RequestBudget
    clock: Callable[[], float]
    sleep: Sleep = asyncio.sleep
    largest_page: int = MAX_SIZE
    hook: Hook = silent

    async def ended_between(
        self, target: Target, state: State, start: float, end: float, size: int
    ) -> AsyncIterator[Listed]:
        """Pages of the calls that ended from a moment on, up to another.

        Each page is asked for by the end of the one before, and not by its place in a list that
        moves. Only where a whole page ended in one second, that leads nowhere.
        """
        window = self._window(start, end)
        ref = PageRef(window, min(size, self.largest_page))
        while True:
            page = await self._page(target, state, ref)
            oldest = min(filter(None, map(end_of, page.snapshots)), default=None)
            over = page.next is None or not page.snapshots
            more = not over and (oldest is None or oldest >= start)
            yield Listed(page.snapshots, oldest, more)
            if not more or page.next is None:
                return
            ref = self._following(ref, oldest, page.next)

    async def complete(self, target: Target, sid: CallSid) -> Seen:
        """The complete summary of a call, or why there is none."""
        await self._turn()
        with _in_the_background():
            return await self.client.summary(target.account, sid, "complete")

    def _following(self, ref: PageRef, oldest: float | None, token: PageRef) -> PageRef:
        window = ref.window
        if oldest is None or int(oldest) + 1 >= window.end:
            return token
        return PageRef(Window(window.start, int(oldest) + 1), self.largest_page)

    def _window(self, start: float, end: float) -> Window:
        oldest = int(self.clock() - KEPT.total_seconds())
        last = int(end) + 1
        return Window(min(max(int(start) - LONGEST_CALL, oldest), last - 1), last)

    async def _page(self, target: Target, state: State, ref: PageRef) -> UpstreamPage:
        await self._turn()
        with _in_the_background():
            return await self.client.page(target.account, target.question(state), ref)

    async def _turn(self) -> None:
        while (wait := self.budget.wait) > 0:
            await self.sleep(wait)
        self.budget.take()
        self.hook(WarehouseRequested())


def end_of(snapshot: Snapshot) -> float | None:
    """When a call ended, in seconds since 1970; None if it does not say."""
    ended = snapshot.summary.end_time
    return None if ended is None else ended.timestamp()


def _in_the_background() -> AbstractContextManager[None]:
    return asked_by(OneAsker("", Priority.BACKGROUND, now() + _PATIENCE))
