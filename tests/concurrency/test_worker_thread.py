"""What takes long is done beside the event loop, and what is short does not wait for that."""

import asyncio
import itertools
import threading
import time

import pytest

from gateway.concurrency.worker_thread import aside
from gateway.schema.demand_control.limits import MAX_VALUES
from tests.conftest import Gateway
from tests.schema.growing import VARIABLES


@pytest.mark.parametrize("last", [1, 10**12], ids=["all of them fit", "the last does not"])
async def test_large_variables_are_read_beside_the_loop(gateway: Gateway, last: int) -> None:
    """Ours: 10,000 numbers take the event loop in one piece for less than a third of their CPU."""
    document, variables = VARIABLES["scores"].make(MAX_VALUES - 1)
    variables["v"][-1] = last
    passes = [time.thread_time()]
    began = time.process_time()
    asking = asyncio.create_task(gateway.send(document, **variables))
    while not asking.done():
        await asyncio.sleep(0)
        passes.append(time.thread_time())
    taken = time.process_time() - began
    longest = max(late - early for early, late in itertools.pairwise(passes))
    assert longest < taken / 3


async def test_a_short_document_does_not_wait_for_a_long_one(gateway: Gateway) -> None:
    """Ours: the thread does one thing after the other, so what takes a millisecond goes past it."""
    done = threading.Event()
    long = asyncio.create_task(aside(lambda: done.wait(30), lambda: None))
    await asyncio.sleep(0)
    try:
        async with asyncio.timeout(20):
            assert await gateway.ask("{ viewer { name } }")
        assert not long.done()
    finally:
        done.set()
        await long
