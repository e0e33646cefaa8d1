"""Coalesces concurrent calls with the same key into one (single-flight)."""

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from functools import partial
from typing import Any, Generic, TypeVar

from gateway.concurrency.deadlines import Askers, asked_by, asking, in_time

T = TypeVar("T")


class SingleFlight(Generic[T]):
    """Shares the work that is under way in this process, by key.

    The work is done for all who wait, and outlives a caller that gives up or for whom it is too
    late (DeadlineExceeded), as long as another waits; what it raises, all of them see. Nothing is
    remembered once it is done.
    """

    def __init__(self) -> None:
        self._flights: dict[Hashable, _Flight[T]] = {}

    def __contains__(self, key: Hashable) -> bool:
        """Whether work for `key` is under way."""
        return key in self._flights

    async def do(self, key: Hashable, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """The result of `work()`, or of the same work that somebody began before."""
        flight = self._flights.get(key)
        if flight is None:
            flight = self._flights[key] = _Flight(work())
            flight.task.add_done_callback(partial(self._land, key, flight))
        asker = asking()
        flight.waiting += 1
        try:
            with flight.askers.joined_by(asker):
                return await in_time(asker, flight.task)
        finally:
            flight.waiting -= 1
            if flight.waiting == 0:
                self._land(key, flight)
                flight.task.cancel()

    def _land(self, key: Hashable, flight: "_Flight[T]", _: object = None) -> None:
        if self._flights.get(key) is flight:
            del self._flights[key]
        if flight.task.done() and not flight.task.cancelled():
            flight.task.exception()  # who waits has it; if nobody does, nobody need hear of it


class _Flight(Generic[T]):
    def __init__(self, work: Coroutine[Any, Any, T]) -> None:
        self.askers = Askers()
        with asked_by(self.askers):
            self.task = asyncio.create_task(work)
        self.waiting = 0
