"""A waiting line that is fair to viewers: each has a line of its own, and they take turns.

Who asks for a thousand things waits behind oneself, and not before others. Questions that people
wait for go first; of eight turns, one goes to what nobody waits for, so that it does not starve.
"""

from collections import OrderedDict, deque
from typing import Generic, TypeVar

from gateway.asking import Priority

T = TypeVar("T")

TURNS = 8
"""One of so many is the background's, while both wait."""


class FairLine(Generic[T]):
    """Places in line by priority and viewer, in memory of their own alone."""

    def __init__(self) -> None:
        self._lanes: dict[Priority, OrderedDict[str, deque[T]]] = {
            priority: OrderedDict() for priority in Priority
        }
        self._turn = 0

    def join(self, priority: Priority, viewer: str, place: T) -> None:
        """Wait behind what the same viewer waits for already."""
        self._lanes[priority].setdefault(viewer, deque()).append(place)

    def next(self) -> T | None:
        """Whose turn it is; None when nobody waits. Viewers that were served go to the end."""
        self._turn = (self._turn + 1) % TURNS
        order = sorted(Priority, reverse=self._turn == 0)
        for lanes in (self._lanes[priority] for priority in order):
            if lanes:
                viewer, places = lanes.popitem(last=False)
                place = places.popleft()
                if places:
                    lanes[viewer] = places
                return place
        return None

    def last(self) -> T | None:
        """Who is to leave when the line is too long: of the least pressing, of the longest."""
        for priority in reversed(Priority):
            if lanes := self._lanes[priority]:
                viewer = max(lanes, key=lambda name: len(lanes[name]))
                place = lanes[viewer].pop()
                if not lanes[viewer]:
                    del lanes[viewer]
                return place
        return None

    def leave(self, place: T) -> None:
        """Wait no longer, wherever in line that was."""
        for lanes in self._lanes.values():
            for viewer, places in lanes.items():
                if place in places:
                    places.remove(place)
                    if not places:
                        del lanes[viewer]
                    return
