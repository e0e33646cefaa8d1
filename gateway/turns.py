"""Long work in turns with others, so that none of it holds the event loop for long."""

import asyncio
from collections.abc import AsyncGenerator, Iterable
from typing import TypeVar

T = TypeVar("T")

TURN = 50
"""So many calls are worked on before it is the turn of others: some milliseconds."""


async def in_turns(things: Iterable[T], turn: int = TURN) -> AsyncGenerator[T, None]:
    """The things, to work on one after the other, so many before it is the turn of others."""
    for number, thing in enumerate(things, 1):
        yield thing
        if number % turn == 0:
            await asyncio.sleep(0)
