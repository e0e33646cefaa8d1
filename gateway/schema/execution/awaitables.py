"""Closes the coroutines that graphql-core leaves behind when an operation is cancelled.

It collects the coroutines of a list or an object before it awaits them. A cancellation drops those
that were not begun, and Python would warn of each on standard error.
"""

import inspect
from types import CoroutineType
from typing import Any, TypeGuard

from graphql.pyutils import is_awaitable


class Awaitables:
    """Tells graphql-core what is awaitable in one operation, and remembers its coroutines."""

    def __init__(self) -> None:
        self._coroutines: list[CoroutineType[Any, Any, Any]] = []

    def __call__(self, value: object) -> TypeGuard[Any]:
        """Whether a value is awaitable: every value of a field comes here, and those of lists."""
        if isinstance(value, CoroutineType):
            self._coroutines.append(value)
            return True
        return is_awaitable(value)

    def close(self) -> None:
        """Close the coroutines that were not begun; call it when the operation is over."""
        for coroutine in self._coroutines:
            if inspect.getcoroutinestate(coroutine) == inspect.CORO_CREATED:
                coroutine.close()
