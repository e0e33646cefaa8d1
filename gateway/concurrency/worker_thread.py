"""Runs work on large documents and variables in a thread, off the event loop.

One thread does it all, one thing after the other, so that the loop has at least half of the
time for those whose documents are known. Viewers take turns; who leaves, leaves the line.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from gateway.concurrency.cooperative import next_turn
from gateway.concurrency.fair_queue import FairLock
from gateway.concurrency.per_loop import PerLoop

T = TypeVar("T")

_thread = ThreadPoolExecutor(1, "documents")
_turn = PerLoop(FairLock)


async def aside(
    work: Callable[[], T], cached: Callable[[], T | None] = lambda: None, *, long: bool = True
) -> T:
    """What the work gives, or raises, while the loop goes on; what is not long is done in a turn.

    When its turn comes, `cached` may give that already: somebody else did the same meanwhile.
    """
    if not long:
        await next_turn()
        return cached() or work()
    async with _turn():
        done = cached()
        if done is not None:
            return done
        return await asyncio.get_running_loop().run_in_executor(_thread, work)
