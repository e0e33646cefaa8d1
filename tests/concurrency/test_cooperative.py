"""Long work is done in turns: one in each pass of the event loop, viewer by viewer."""

import asyncio
import time

import pytest

from gateway.concurrency.cooperative import LONGEST, in_turns, next_turn
from gateway.concurrency.deadlines import OneAsker, Priority, ask_for
from gateway.concurrency.fair_queue import FairLock


class Passes:
    """Counts the passes of the event loop."""

    def __init__(self) -> None:
        self.count = 0
        self._step()

    def _step(self) -> None:
        self.count += 1
        self._next = asyncio.get_running_loop().call_soon(self._step)

    def stop(self) -> None:
        self._next.cancel()


async def works(log: list[tuple[str, int]], passes: Passes, viewer: str, things: int) -> None:
    """Work on some things, one in each turn."""
    ask_for(OneAsker(viewer))
    async for _ in in_turns(range(things), 1):
        log += [(viewer, passes.count)]


async def test_one_turn_in_each_pass_however_many_have_much_to_do() -> None:
    """So whoever else there is waits for one of them, and not for all (our choice)."""
    passes, log = Passes(), list[tuple[str, int]]()
    await asyncio.gather(*(works(log, passes, "walker", 5) for _ in range(20)))
    passes.stop()
    moments = [moment for _, moment in log]
    assert len(moments) == len(set(moments)) == 100


async def test_a_turn_ends_when_it_took_long() -> None:
    """Ours: fifty calls with all of their fields are not as quick as fifty without."""
    passes, moments = Passes(), list[int]()
    async for _ in in_turns(range(5)):
        moments.append(passes.count)
        began = time.perf_counter()
        while time.perf_counter() <= began + LONGEST:
            pass
    passes.stop()
    assert len(set(moments)) == 5


async def test_viewers_take_turns() -> None:
    """One who has a hundred things to do at once does not hold up another's single one."""
    passes, log = Passes(), list[tuple[str, int]]()
    busy = [asyncio.create_task(works(log, passes, "walker", 5)) for _ in range(20)]
    await asyncio.sleep(0)
    await works(log, passes, "asker", 3)
    so_far = len(log)
    await asyncio.gather(*busy)
    passes.stop()
    assert so_far <= 8


async def test_who_is_alone_does_not_wait() -> None:
    """There is nobody to let go first."""
    passes = Passes()
    await next_turn()
    assert passes.count == 1
    passes.stop()


@pytest.mark.parametrize("granted", [False, True])
async def test_who_leaves_takes_no_turn_of_others(granted: bool) -> None:  # noqa: FBT001 - a case
    """Neither while it waits, nor when its turn has just come."""
    await next_turn()
    leaving, staying = (asyncio.create_task(next_turn()) for _ in range(2))
    for _ in range(1 + granted):
        await asyncio.sleep(0)
    leaving.cancel()
    async with asyncio.timeout(1):
        await staying
        await next_turn()


async def test_a_lock_is_held_by_one_viewer_after_another() -> None:
    """One who wants it a hundred times waits behind oneself; the background yields."""
    lock, order = FairLock(), list[str]()

    async def hold(viewer: str, priority: Priority = Priority.QUESTION) -> None:
        ask_for(OneAsker(viewer, priority))
        async with lock:
            order.append(viewer)
            await asyncio.sleep(0)

    busy = [asyncio.create_task(hold("walker")) for _ in range(10)]
    polls = [asyncio.create_task(hold("poll", Priority.BACKGROUND)) for _ in range(2)]
    await asyncio.gather(*busy, *polls, hold("asker"))
    assert order.index("asker") <= 2
    assert order.index("poll") > 5


@pytest.mark.parametrize("handed_over", [False, True])
async def test_a_lock_is_not_lost_with_who_waited_for_it(handed_over: bool) -> None:  # noqa: FBT001
    """Neither while one waits, nor when one has just got it."""
    lock, order = FairLock(), list[str]()

    async def hold(name: str) -> None:
        async with lock:
            order.append(name)

    async with lock:
        leaving, staying = asyncio.create_task(hold("leaves")), asyncio.create_task(hold("stays"))
        await asyncio.sleep(0)
        if not handed_over:
            leaving.cancel()
    leaving.cancel()
    async with asyncio.timeout(1):
        await staying
        await hold("last")
    assert order == ["stays", "last"]
