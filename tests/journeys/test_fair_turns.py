"""One who walks through a month of calls does not slow down another's single lookup."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from gateway.sandbox import Fault, Sandbox
from tests.conftest import Clock
from tests.viewers import READ, Asker, People, open_to

CALL = "query($sid: CallSid!) { call(sid: $sid) { sid } }"
LIST = """
query($first: Int, $after: String) {
  calls(first: $first, after: $after, filter: {startTime: "30d"}) {
    nodes { sid }
    pageInfo { hasNextPage endCursor }
  }
}
"""
AT_ONCE, WALKS, ROUNDS, LOOKUPS = 4, 12, 4, 5
LATENCY = 0.1
"""Seconds that Twilio takes."""


async def walk(asker: Asker, first: int) -> None:
    """Walk through the month again and again; no two walks ask for the same pages."""
    after = None
    while True:
        calls = (await asker.ask(LIST, first=first, after=after))["calls"]
        after = calls["pageInfo"]["endCursor"] if calls["pageInfo"]["hasNextPage"] else None


@asynccontextmanager
async def walking(asker: Asker) -> AsyncIterator[None]:
    """More walks at once than there may be requests to Twilio, while the block lasts."""
    walks = [asyncio.create_task(walk(asker, 5 + number)) for number in range(WALKS)]
    await asyncio.sleep(LATENCY / 2)
    try:
        yield
    finally:
        for one in walks:
            one.cancel()
        await asyncio.gather(*walks, return_exceptions=True)


async def looked_up(asker: Asker, sid: str) -> float:
    """Seconds that it takes."""
    began = time.monotonic()
    await asker.ask(CALL, sid=sid)
    return time.monotonic() - began


def p95(seconds: list[float]) -> float:
    """The time that one in twenty takes longer than."""
    return sorted(seconds)[len(seconds) * 95 // 100 - 1]


async def test_a_single_lookup_takes_at_most_twice_as_long(sandbox: Sandbox, clock: Clock) -> None:
    """Beside one who asks for all that Twilio bears, measured in turns with nobody beside.

    A machine that is busy with other things takes its time from one more than from the other, so
    one measurement of six will do: a gateway that is not fair fails in all of them.
    """
    measured = []
    for _ in range(6):
        alone, beside = await _measured(sandbox, clock)
        measured.append((p95(beside) / p95(alone), sorted(alone), sorted(beside)))
        if measured[-1][0] <= 2:
            return
    pytest.fail(str(measured))


async def _measured(sandbox: Sandbox, clock: Clock) -> tuple[list[float], list[float]]:
    people = People(sandbox)
    for name in ("walker", "single"):
        people.add(name, None, READ)
    always = {"gateway_page_max_age": 0.0, "gateway_complete_max_age": 0.0}
    sid = sandbox.examples()["sip"]
    alone, beside = list[float](), list[float]()
    async with open_to(
        sandbox, clock, people, gateway_upstream_concurrency=AT_ONCE, **always
    ) as gateway:
        single, walker = Asker(gateway, "single"), Asker(gateway, "walker")
        sandbox.inject(Fault(kind="slow", seconds=LATENCY))
        for _ in range(ROUNDS):
            alone += [await looked_up(single, sid) for _ in range(LOOKUPS)]
            before = len(sandbox.requests)
            async with walking(walker):
                beside += [await looked_up(single, sid) for _ in range(LOOKUPS)]
            assert len(sandbox.requests) - before > 2 * LOOKUPS  # there was much beside it
        sandbox.clear_faults()
    return alone, beside
