"""Closes the coroutines that graphql-core leaves behind when an operation is cancelled.

It collects the coroutines of a list or an object before it awaits them. A cancellation drops those
that were not begun, and Python would warn of each on standard error.
"""

import asyncio
import inspect
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from types import CoroutineType
from typing import Any, TypeGuard

from graphql.pyutils import is_awaitable

_MANY = 1_000
"""Coroutines that are remembered before those that have begun are left out."""


class Awaitables:
    """Tells graphql-core what is awaitable in one operation, and remembers its coroutines."""

    def __init__(self) -> None:
        self._coroutines: list[Coroutine[Any, Any, Any]] = []
        self._most = _MANY

    def __call__(self, value: object) -> TypeGuard[Any]:
        """Whether a value is awaitable: every value of a field comes here, and those of lists."""
        if isinstance(value, CoroutineType):
            self._coroutines.append(value)
            if len(self._coroutines) > self._most:  # a subscription goes on and on
                self._coroutines = [*filter(_waits, self._coroutines)]
                self._most = max(_MANY, 2 * len(self._coroutines))
            return True
        return is_awaitable(value)

    def close(self) -> None:
        """Close the coroutines that were not begun; call it when the operation is over."""
        for coroutine in filter(_waits, self._coroutines):
            coroutine.close()

    @contextmanager
    def closed_if_cancelled(self) -> Iterator[None]:
        """Close them if what is inside the `with` block is cancelled; else it goes on."""
        try:
            yield
        except asyncio.CancelledError:
            self.close()
            raise


def _waits(coroutine: Coroutine[Any, Any, Any]) -> bool:
    return inspect.getcoroutinestate(coroutine) == inspect.CORO_CREATED
