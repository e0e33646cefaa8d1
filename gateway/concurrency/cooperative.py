"""Slices long work, so that no task holds the event loop for long.

There is one turn in each pass of the event loop, however many have much to do: so whoever has
little to do waits for one of them and not for all. Viewers take turns as they do for Twilio.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Iterable
from typing import TypeAlias, TypeVar

from gateway.concurrency.deadlines import asking
from gateway.concurrency.fair_queue import FairQueue, wake_next
from gateway.concurrency.per_loop import PerLoop

T = TypeVar("T")

TURN = 50
"""So many calls are worked on before it is the turn of others: some milliseconds."""

LONGEST = 0.004
"""Seconds after which it is the turn of others, however few calls that were."""

_Place: TypeAlias = "asyncio.Future[None]"


class Turns:
    """Whose turn it is in one event loop."""

    def __init__(self) -> None:
        self._line: FairQueue[_Place] = FairQueue()
        self._taken = False

    async def next(self) -> None:
        """Return when it is the turn of whoever asks, at once if nobody else has much to do."""
        loop = asyncio.get_running_loop()
        if not self._taken:
            self._take(loop)
            return
        asker, place = asking(), loop.create_future()
        self._line.join(asker.priority, asker.viewer, place)
        try:
            await place
        finally:
            self._line.leave(place)

    def _take(self, loop: asyncio.AbstractEventLoop) -> None:
        self._taken = True
        loop.call_soon(self._pass_on, loop)

    def _pass_on(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin another turn, in the next pass of the loop."""
        self._taken = False
        if wake_next(self._line):
            self._take(loop)


_turns = PerLoop(Turns)


async def next_turn() -> None:
    """Return when it is one's turn: before work that takes a millisecond or more."""
    await _turns().next()


async def in_turns(things: Iterable[T], turn: int = TURN) -> AsyncGenerator[T, None]:
    """The things, to work on one after the other, so many in each turn, and none too long."""
    done, until = turn, 0.0
    for thing in things:
        if done == turn or time.perf_counter() > until:
            await next_turn()
            done, until = 0, time.perf_counter() + LONGEST
        yield thing
        done += 1
