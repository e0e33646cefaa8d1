"""Work on documents, aside of the event loop: a large one takes dozens of milliseconds.

One thread does it all, one document after the other, so that the loop has at least half of the
time for those whose documents are known. Viewers take turns; who leaves, leaves the line.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from gateway.concurrency.fair_queue import FairLock
from gateway.concurrency.per_loop import PerLoop

T = TypeVar("T")

_thread = ThreadPoolExecutor(1, "documents")
_turn = PerLoop(FairLock)


async def aside(work: Callable[[], T], known: Callable[[], T | None]) -> T:
    """What the work gives, or raises, while the loop goes on.

    When its turn comes, `known` may give that already: somebody else did the same meanwhile.
    """
    async with _turn():
        done = known()
        if done is not None:
            return done
        return await asyncio.get_running_loop().run_in_executor(_thread, work)
