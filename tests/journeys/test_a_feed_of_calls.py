"""`completedCalls`: each call once when it becomes complete, and none missed between."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from typing import Any, TypeAlias

import httpx
import pytest
import pytest_asyncio

from gateway.calls import feeds
from gateway.insights.snapshot import Snapshot, snapshot_of
from gateway.sandbox import Sandbox
from gateway.warehouse.embedded import Embedded
from gateway.warehouse.engine import Statement
from tests.conftest import NOON
from tests.live import hear, subscribe, web_socket
from tests.schema.many_calls.conftest import Filled, filled, served
from tests.viewers import ALL, READ, People

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.usefixtures("_hurried")]

FEED = """
subscription ($where: CallWhere, $after: String) {
  completedCalls(where: $where, after: $after) {
    cursor call { sid processing { source isFinal } to { callee } }
  }
}
"""
Events: TypeAlias = AsyncGenerator[Any, None]
Follow: TypeAlias = Callable[..., Events]
SUBACCOUNT = "AC" + "5" * 32


@pytest.fixture
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "OFTEN", 0.02)


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def gateway(engine: Embedded) -> AsyncIterator[Filled]:
    people = People(Sandbox(calls=0))
    people.add("all", None, ALL)
    people.add("own", frozenset(), READ)
    async for one in filled(engine, access=people.access):
        yield one


async def over_websocket(address: str, token: str, **variables: Any) -> Events:
    headers = {"Authorization": f"Bearer {token}"}
    async with web_socket(address, additional_headers=headers) as connection:
        await subscribe(connection, FEED, **variables)
        while True:
            message = await hear(connection)
            if message["type"] == "next":
                yield message["payload"]


async def as_events(address: str, token: str, **variables: Any) -> Events:
    async for line in _lines(address, token, "text/event-stream", variables):
        if line.startswith("data: "):
            yield json.loads(line.removeprefix("data: "))


async def in_parts(address: str, token: str, **variables: Any) -> Events:
    async for line in _lines(address, token, "multipart/mixed", variables):
        if line.startswith("{") and (told := json.loads(line)):
            yield told["payload"]


async def _lines(
    address: str, token: str, accept: str, variables: Any
) -> AsyncGenerator[str, None]:
    headers = {"Accept": accept, "Authorization": f"Bearer {token}"}
    body = {"query": FEED, "variables": variables}
    url = f"{address}/graphql"
    async with (
        httpx.AsyncClient(timeout=120) as client,
        client.stream("POST", url, json=body, headers=headers) as response,
    ):
        async for line in response.aiter_lines():
            yield line


def call(number: int, *, state: str = "complete", account: str | None = None) -> Snapshot:
    """A call that ended just now."""
    body = {
        "call_sid": f"CA{number:032x}",
        "account_sid": account,
        "processing_state": state,
        "processing_version": 4 if state == "complete" else 1,
        "call_type": "carrier" if number % 2 else "sip",
        "end_time": "2026-05-28T20:00:00Z",
    }
    return snapshot_of(json.dumps(body).encode(), NOON + number)


class Telling:
    """A gateway to whose warehouse calls come."""

    def __init__(self, gateway: Filled) -> None:
        self._gateway = gateway
        self._sid = gateway.sandbox.account_sid

    async def add(self, *calls: Snapshot) -> None:
        """Have them written, and let a second pass."""
        warehouse = self._gateway.call_service.warehouse
        assert warehouse is not None
        self._gateway.clock.advance(1)
        await warehouse.writer.write(self._sid, calls)
        self._gateway.clock.advance(1)

    def one(self, number: int, **options: Any) -> Snapshot:
        return call(number, account=options.pop("account", self._sid), **options)


@pytest_asyncio.fixture(loop_scope="session")
async def telling(gateway: Filled) -> Telling:
    await gateway.engine.command(Statement("TRUNCATE TABLE calls"))
    return Telling(gateway)


async def take(events: Events, number: int, within: float = 20) -> list[Any]:
    """So many events; what each tells."""
    async with asyncio.timeout(within):
        return [(await anext(events))["data"]["completedCalls"] for _ in range(number)]


def sids(told: list[Any]) -> list[str]:
    return [one["call"]["sid"] for one in told]


async def begun(events: Events, telling: Telling, number: int) -> str:
    """The cursor of the last of some calls, of which the first came when the feed had begun."""
    first = asyncio.ensure_future(take(events, 1))
    while not first.done():
        number += 2
        await telling.add(telling.one(number))
        await asyncio.sleep(0.1)
    (told,) = await first
    while told["call"]["sid"] != call(number).sid:
        (told,) = await take(events, 1)
    assert told["call"]["processing"] == {"source": "WAREHOUSE", "isFinal": True}
    cursor: str = told["cursor"]
    return cursor


@pytest.mark.parametrize("follow", [over_websocket, as_events, in_parts])
async def test_each_call_comes_once_and_none_is_missed(
    gateway: Filled, telling: Telling, follow: Follow
) -> None:
    """Over all three transports; after a reconnection from a cursor nothing is missed (the issue).

    A summary that is not complete does not come, nor a newer version of one that came.
    """
    async with served(gateway) as address:
        async with aclosing(follow(address, "all")) as events:
            cursor = await begun(events, telling, 0x1000)
        await telling.add(telling.one(1), telling.one(2), telling.one(3, state="partial"))
        async with aclosing(follow(address, "all", after=cursor)) as events:
            caught_up = await take(events, 2)
            await telling.add(telling.one(3), telling.one(4))
            live = await take(events, 2)
        await telling.add(telling.one(5))
        async with aclosing(follow(address, "all", after=live[0]["cursor"])) as events:
            again = await take(events, 2)

    assert sids(caught_up + live) == [call(number).sid for number in (1, 2, 3, 4)]
    assert sids(again) == [call(4).sid, call(5).sid]


async def test_a_feed_has_a_condition_and_whose_calls_it_is(
    gateway: Filled, telling: Telling
) -> None:
    """`where` as anywhere, and account and subaccounts from the viewer alone."""
    where = {"type": {"eq": "CARRIER"}}
    async with served(gateway) as address:
        async with aclosing(as_events(address, "own", where=where)) as events:
            cursor = await begun(events, telling, 0x1001)
        theirs = telling.one(7, account=SUBACCOUNT)
        await telling.add(theirs, telling.one(8), telling.one(9))
        async with aclosing(as_events(address, "own", where=where, after=cursor)) as events:
            (told,) = await take(events, 1)
            assert told["call"]["sid"] == call(9).sid
        async with aclosing(as_events(address, "all", where=where, after=cursor)) as events:
            (refused,) = [await anext(events)]
        (again,) = [await anext(as_events(address, "own", after=cursor))]

    for answer in (refused, again):
        assert answer["errors"][0]["extensions"]["code"] == "INVALID_CURSOR"


async def test_a_feed_goes_on_when_the_warehouse_comes_back(
    gateway: Filled, telling: Telling
) -> None:
    """It waits while the warehouse is away, and misses nothing."""
    async with served(gateway) as address, aclosing(as_events(address, "all")) as events:
        await begun(events, telling, 0x1002)
        gateway.engine.is_away = True
        await asyncio.sleep(0.2)
        gateway.engine.is_away = False
        await telling.add(telling.one(11))
        told = await take(events, 1)
        while not sids(told)[0].endswith(f"{11:x}"):
            told = await take(events, 1)

    assert sids(told) == [call(11).sid]
