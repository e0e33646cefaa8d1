"""Work on documents, aside of the event loop: a large one takes dozens of milliseconds.

One thread does it all, one document after the other, so that the loop has at least half of the
time for those whose documents are known.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")

_thread = ThreadPoolExecutor(1, "documents")


async def aside(work: Callable[[], T]) -> T:
    """What the work gives, or raises; the loop goes on meanwhile."""
    return await asyncio.get_running_loop().run_in_executor(_thread, work)
