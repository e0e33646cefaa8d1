"""Writes the parts of an incremental response (`@defer`) as multipart."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Self

from gateway.request_stats import Tally
from gateway.schema.execution.answers import Answer


class Parts:
    """The bodies of an answer in parts, of which the first is there and noted.

    The rest has begun, so that to close this ends it, whether or not anybody has asked for it.
    """

    def __init__(self, first: Answer, rest: AsyncGenerator[Answer, None], tally: Tally) -> None:
        self._first: Answer | None = first
        self._rest = rest
        self._tally = tally
        self._errors = [*first.errors]
        self._coming = self._begun()

    def __aiter__(self) -> Self:
        """Themselves."""
        return self

    async def __anext__(self) -> bytes:
        """The next one, when it is there."""
        if (first := self._first) is not None:
            self._first = None
            return first.body
        answer = await self._coming
        if answer is None:
            raise StopAsyncIteration
        self._coming = self._begun()
        self._errors += answer.errors
        self._tally.answered(self._errors, executed=True, empty=False)
        return answer.body

    async def aclose(self) -> None:
        """End what is not there yet."""
        self._coming.cancel()
        await asyncio.wait({self._coming})
        await self._rest.aclose()

    def _begun(self) -> "asyncio.Task[Answer | None]":
        async def coming() -> Answer | None:
            return await anext(self._rest, None)

        return asyncio.create_task(coming())
