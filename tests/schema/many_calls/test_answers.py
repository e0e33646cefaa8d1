"""How answers of the warehouse are shared, remembered, priced, and refused."""

import asyncio
import json
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from gateway.config.settings import Settings
from gateway.insights.snapshot import snapshot_of
from gateway.sandbox import Sandbox
from gateway.warehouse import embedded
from gateway.warehouse.embedded import Embedded
from gateway.warehouse.slots import Slots
from tests.conftest import NOON, Clock, Gateway
from tests.live import becomes
from tests.node import Json
from tests.schema.many_calls.conftest import Filled, filled, served
from tests.warehouse.conftest import WORLD

pytestmark = pytest.mark.asyncio(loop_scope="session")

COUNT = "{ callStatistics(where: {duration: {gt: %d}}) { total { count } } }"
SEARCH = "{ searchCalls(where: {duration: {gt: %d}}) { totalCount nodes { sid } } }"
FEED = "subscription { completedCalls { cursor } }"


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def gateway(engine: Embedded) -> AsyncIterator[Filled]:
    async for one in filled(engine):
        yield one


def asked(gateway: Filled) -> int:
    """How many statements about calls the engine was asked, since it was last counted."""
    statements = [one for one in gateway.engine.asked if "gateway_filed >=" in one.sql]
    gateway.engine.asked.clear()
    return len(statements)


async def test_an_answer_is_remembered_until_something_is_written(gateway: Filled) -> None:
    """Until the next synchronisation, which writes (the issue)."""
    asked(gateway)
    for query, statements in ((COUNT % 1, 1), (SEARCH % 1, 2)):
        first = await gateway.ask(query)
        assert asked(gateway) == statements
        assert await gateway.ask(query) == first
        assert asked(gateway) == 0
    warehouse = gateway.call_service.warehouse
    assert warehouse is not None
    new = snapshot_of(
        b'{"call_sid":"CA%032d","duration":77,"processing_state":"complete"}' % 7, NOON
    )
    before = (await gateway.ask(COUNT % 1))["callStatistics"]["total"]["count"]
    await warehouse.writer.write(gateway.sandbox.account_sid, [new])
    after = (await gateway.ask(COUNT % 1))["callStatistics"]["total"]["count"]
    await warehouse.forgetting.forget(gateway.sandbox.account_sid, [new.sid])

    assert after == before + 1
    assert (await gateway.ask(COUNT % 1))["callStatistics"]["total"]["count"] == before


async def test_equal_questions_at_the_same_time_are_one(gateway: Filled) -> None:
    """They are coalesced (the issue)."""
    asked(gateway)
    gateway.engine.held = asyncio.Event()
    asking = [asyncio.create_task(gateway.ask(COUNT % 2)) for _ in range(5)]
    await asyncio.sleep(0.1)
    gateway.engine.held.set()
    answers = await asyncio.gather(*asking)
    gateway.engine.held = None

    assert asked(gateway) == 1
    assert all(answer == answers[0] for answer in answers)


async def test_a_question_is_priced_before_and_reported_after(gateway: Filled) -> None:
    """`extensions.cost` says how many rows were read; an answer from memory reads none."""

    async def cost(query: str) -> dict[str, int]:
        body = {"query": query, "extensions": {"cost": True}}
        answer = (await gateway.http.post("/graphql", json=body)).json()
        found: dict[str, int] = answer["extensions"]["cost"]
        return found

    first, again = await cost(COUNT % 3), await cost(COUNT % 3)
    search = await cost(SEARCH % 3)

    assert first["requested"] == first["actual"] == 11
    assert first["rowsRead"] >= len(WORLD)
    assert again["rowsRead"] == 0
    assert again["actual"] == 1
    assert search["requested"] == 21
    assert search["upstreamRequests"] == 0


async def test_an_explanation_has_queries_rows_and_conditions(gateway: Filled) -> None:
    """Each field its own; of personal data that is compared, the value is left out."""
    number = "+14155550142"
    query = f"""{{
      calls: searchCalls(where: {{
        duration: {{ gt: 7 }}, not: {{ to: {{ callee: {{ in: ["{number}"] }} }} }}
      }}) {{ totalCount nodes {{ sid }} }}
      {COUNT.strip("{}") % 8}
    }}"""

    async def fields() -> list[Json]:
        headers = {"GraphQL-Cost-Debug": "1"}
        answer = await gateway.http.post("/graphql", json={"query": query}, headers=headers)
        cost = answer.json()["extensions"]["cost"]
        assert number not in json.dumps(cost)
        found: list[Json] = cost["fields"]
        return found

    statistics, search = await fields()
    again = await fields()

    assert search["path"] == ["calls"]
    assert search["filters"] == [
        {"argument": "where.not.to.callee.in", "appliedBy": "WAREHOUSE", "value": None},
        {"argument": "where.duration.gt", "appliedBy": "WAREHOUSE", "value": 7},
    ]
    assert statistics["path"] == ["callStatistics"]
    assert statistics["filters"][0]["value"] == 8
    assert search["warehouse"]["queries"] >= 2, "the page, and how many there are"
    assert search["warehouse"]["rowsRead"] >= len(WORLD)
    assert statistics["warehouse"]["queries"] >= 1
    assert all("warehouse" not in field for field in again), "the gateway remembered both"
    assert all("requests" not in field for field in [*again, statistics, search])


async def test_who_leaves_ends_the_query(gateway: Filled) -> None:
    """Within a second, unless somebody else waits for it (the issue)."""
    gateway.engine.held, before = asyncio.Event(), gateway.engine.left
    async with served(gateway) as address, httpx.AsyncClient(base_url=address) as client:
        with pytest.raises(httpx.ReadTimeout):
            await client.post("/graphql", json={"query": COUNT % 4}, timeout=0.3)
        assert await becomes(lambda: gateway.engine.left > before, within=1)
    gateway.engine.held = None


@pytest.mark.parametrize("query", [COUNT % 5, SEARCH % 5])
async def test_while_the_warehouse_is_away_everything_else_goes_on(
    gateway: Filled, query: str
) -> None:
    """`WAREHOUSE_UNAVAILABLE` for what needs it, and calls as ever (the issue)."""
    gateway.engine.is_away = True
    error = await gateway.fail(query)
    found = await gateway.ask("query ($s: CallSid!) { call(sid: $s) { sid } }", s=WORLD[0].sid)
    gateway.engine.is_away = False

    assert error["extensions"]["code"] == "WAREHOUSE_UNAVAILABLE"
    assert found["call"] == {"sid": WORLD[0].sid}
    warehouse = gateway.call_service.warehouse
    assert warehouse is not None
    assert await becomes(lambda: warehouse.connection.problem is None, within=20)
    assert await gateway.ask(query)


async def test_a_warehouse_with_too_many_questions_says_when_to_ask_again(
    gateway: Filled, engine: Embedded, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`WAREHOUSE_BUSY`, with `retryAfterSeconds` (contract)."""
    monkeypatch.setattr(engine, "_slots", Slots(embedded.HANDLES, 0))
    error = await gateway.fail(COUNT % 6)

    assert error["extensions"] == {"code": "WAREHOUSE_BUSY", "retryAfterSeconds": 1}


@pytest.mark.parametrize("query", [COUNT % 7, SEARCH % 7, FEED])
async def test_without_a_warehouse_the_setting_is_named(query: str) -> None:
    """`WAREHOUSE_DISABLED`, naming GATEWAY_WAREHOUSE_URL (contract)."""
    clock = Clock()
    sandbox = Sandbox(calls=5, clock=clock, arrivals=False)
    headers = {"Accept": "text/event-stream"} if query is FEED else {}
    async with Gateway(sandbox, clock, Settings()) as gateway:
        answer = await gateway.http.post("/graphql", json={"query": query}, headers=headers)

    assert '"code":"WAREHOUSE_DISABLED"' in answer.text
    assert "`GATEWAY_WAREHOUSE_URL`" in answer.text
