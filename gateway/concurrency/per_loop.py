"""Keeps one value for each event loop: a process has one loop, tests have many."""

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

T = TypeVar("T")


class PerLoop(Generic[T]):
    """Gives the one of the running loop, which is made when it is first asked for."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._known: WeakKeyDictionary[asyncio.AbstractEventLoop, T] = WeakKeyDictionary()

    def __call__(self) -> T:
        """The one of the running loop."""
        loop = asyncio.get_running_loop()
        known = self._known.get(loop)
        if known is None:
            known = self._known[loop] = self._make()
        return known
