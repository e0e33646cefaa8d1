"""Whether what some work takes grows with its size, and no faster."""

import gc
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial

FOURFOLD = 8
"""What is four times as large may take up to eight times as long: what is quadratic takes 16."""

OVERHEAD = 0.004
"""Seconds that are lost in any measurement."""

ROUNDS = 4
"""A busy machine makes some rounds slow, and none fast."""


@contextmanager
def no_collector() -> Iterator[None]:
    """The collector of garbage comes when it likes, and takes what others left."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


async def cpu(work: Callable[[], Awaitable[object]]) -> float:
    """Seconds of CPU that it takes."""
    began = time.process_time()
    await work()
    return time.process_time() - began


async def grows_no_faster(work: Callable[[int], Awaitable[object]], size: int) -> bool:
    """Whether the least that it takes at four times the size is little more than four times that.

    A quadratic computation fails every round; the others may be slow in one by chance.
    """
    small = large = float("inf")
    for _ in range(ROUNDS):
        small = min(small, await cpu(partial(work, size)))
        large = min(large, await cpu(partial(work, 4 * size)))
        if large < FOURFOLD * small + OVERHEAD:
            return True
    return False
