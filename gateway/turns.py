"""Long work in turns with others, so that none of it holds the event loop for long."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import TypeVar

T = TypeVar("T")

TURN = 50
"""So many calls are worked on before it is the turn of others: some milliseconds."""


async def in_turns(things: Iterable[T]) -> AsyncIterator[T]:
    """The things, to work on one after the other."""
    for number, thing in enumerate(things, 1):
        yield thing
        if number % TURN == 0:
            await asyncio.sleep(0)
