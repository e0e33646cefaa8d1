"""Queues work fairly: one queue for each viewer, served round-robin.

Who asks for a thousand things waits behind oneself, and not before others. Questions that people
wait for go first; of eight turns, one goes to what nobody waits for, so that it does not starve.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeAlias, TypeVar

from gateway.concurrency.deadlines import Priority, asking

T = TypeVar("T", bound=Hashable)

_Lane: TypeAlias = "OrderedDict[T, None]"
"""The places of one viewer, in their order; each can leave without looking through the others."""

TURNS = 8
"""One of so many is the background's, while both wait."""


class FairQueue(Generic[T]):
    """Places in line by priority and viewer, in memory of their own alone."""

    def __init__(self) -> None:
        self._lanes: dict[Priority, OrderedDict[str, _Lane[T]]] = {
            priority: OrderedDict() for priority in Priority
        }
        self._where: dict[T, tuple[Priority, str]] = {}
        self._turn = 0

    def __len__(self) -> int:
        """How many wait."""
        return len(self._where)

    def join(self, priority: Priority, viewer: str, place: T) -> None:
        """Wait behind what the same viewer waits for already; who waits there stays there."""
        if self._where.get(place) != (priority, viewer):
            self.leave(place)
            self._lanes[priority].setdefault(viewer, OrderedDict())[place] = None
            self._where[place] = priority, viewer

    def next(self) -> T | None:
        """Whose turn it is; None when nobody waits. Viewers that were served go to the end."""
        self._turn = (self._turn + 1) % TURNS
        order = sorted(Priority, reverse=self._turn == 0)
        for lanes in (self._lanes[priority] for priority in order):
            if lanes:
                viewer, places = next(iter(lanes.items()))
                lanes.move_to_end(viewer)
                place = next(iter(places))
                self.leave(place)
                return place
        return None

    def last(self) -> T | None:
        """Who is to leave when the line is too long: of the least pressing, of the longest."""
        for priority in reversed(Priority):
            if lanes := self._lanes[priority]:
                longest = max(lanes.values(), key=len)
                place = next(reversed(longest))
                self.leave(place)
                return place
        return None

    def leave(self, place: T) -> None:
        """Wait no longer, wherever in line that was."""
        where = self._where.pop(place, None)
        if where is not None:
            priority, viewer = where
            lanes = self._lanes[priority]
            del lanes[viewer][place]
            if not lanes[viewer]:
                del lanes[viewer]


def wake_next(line: "FairQueue[asyncio.Future[None]]") -> bool:
    """Tell the next one in line that it is its turn; whether there was one that still waits."""
    while (place := line.next()) is not None:
        if not place.done():
            place.set_result(None)
            return True
    return False


class FairLock:
    """A lock for which those who wait take turns viewer by viewer; `async with` holds it."""

    def __init__(self) -> None:
        self._line: FairQueue[asyncio.Future[None]] = FairQueue()
        self._held = False

    async def __aenter__(self) -> None:
        """Hold it, as soon as it is one's turn."""
        if not self._held:
            self._held = True
            return
        asker, place = asking(), asyncio.get_running_loop().create_future()
        self._line.join(asker.priority, asker.viewer, place)
        try:
            await place
        except asyncio.CancelledError:
            self._line.leave(place)
            if not place.cancelled():  # it was handed over just now
                self._hand_over()
            raise

    async def __aexit__(self, *_: object) -> None:
        """Let the next one have it."""
        self._hand_over()

    def _hand_over(self) -> None:
        self._held = wake_next(self._line)
