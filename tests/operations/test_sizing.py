"""The page on sizing: how much Twilio is asked, counted over fleets of gateways."""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import NamedTuple, TypeAlias

import pytest

from gateway.config.settings import Settings
from gateway.sandbox import Sandbox
from tests.conftest import Clock, Gateway
from tests.operations.files import OPERATIONS
from tests.servers import RedisServer

CALL = "query($sid: CallSid!) { call(sid: $sid) { sid duration } }"
PAGE = "{ calls(first: 25) { nodes { sid } } }"
SIZES = (1, 2, 4)

Ask: TypeAlias = Callable[[Gateway], Awaitable[object]]


class Row(NamedTuple):
    """What each gateway is asked, and how it is set."""

    ask: Ask
    partial_max_age: float = 0.0


def a_call(kind: str) -> Ask:
    """Ask for one call of the sandbox's examples."""

    async def ask(gateway: Gateway) -> object:
        return await gateway.ask(CALL, sid=gateway.sandbox.examples()[kind])

    return ask


async def a_page(gateway: Gateway) -> object:
    """Ask for the first page of the list."""
    return await gateway.ask(PAGE)


ROWS = {
    "a complete call": Row(a_call("client")),
    "a call that is not complete": Row(a_call("partial")),
    "the same, with `GATEWAY_PARTIAL_MAX_AGE=60`": Row(a_call("partial"), 60),
    "a page of a list": Row(a_page),
}


async def requests_of(size: int, cache_url: str, row: Row) -> int:
    """How often Twilio is asked if each gateway of a fleet is asked three times."""
    clock = Clock()
    sandbox = Sandbox(calls=300, clock=clock, arrivals=False)
    settings = Settings(gateway_cache_url=cache_url, gateway_partial_max_age=row.partial_max_age)
    async with AsyncExitStack() as stack:
        fleet = [
            await stack.enter_async_context(Gateway(sandbox, clock, settings)) for _ in range(size)
        ]
        before = len(sandbox.requests)
        for gateway in fleet * 3:
            await row.ask(gateway)
        return len(sandbox.requests) - before


def written() -> dict[str, list[int]]:
    """The table of the page: its numbers by the words of the first column."""
    text = (OPERATIONS / "sizing.md").read_text("utf-8")
    lines = (
        text.split("| Each gateway receives three requests for |")[1]
        .split("\n\n")[0]
        .splitlines()[2:]
    )
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]
    return {first: [int(number) for number in numbers] for first, *numbers in cells}


def test_the_table_has_these_rows() -> None:
    """What is told is what is counted below."""
    assert written().keys() == ROWS.keys()


@pytest.mark.parametrize("row", ROWS)
async def test_a_fleet_asks_as_often_as_the_page_says(row: str, redis: RedisServer) -> None:
    """Without a shared cache each gateway asks for itself; with one, the fleet asks as one."""
    alone = [await requests_of(size, "memory://", ROWS[row]) for size in SIZES]
    shared = []
    for size in SIZES:
        redis.command("FLUSHALL")
        shared.append(await requests_of(size, redis.url, ROWS[row]))
    assert written()[row] == [*alone, *shared]
