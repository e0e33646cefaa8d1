"""Queries as tables: a row for each call of their one connection, to the last page."""

import asyncio
import csv
import io
import json
import time
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlencode

import httpx
import pandas as pd
import pyarrow as pa
import pytest
import pytest_asyncio
from pyarrow import parquet

from gateway.config.viewers import Scope
from gateway.sandbox import Sandbox
from gateway.server.graphql import tables
from gateway.warehouse.embedded import Embedded
from tests.schema.many_calls.conftest import CALLS, Filled, filled, served
from tests.viewers import ALL, READ, People
from tests.warehouse.conftest import WORLD

pytestmark = pytest.mark.asyncio(loop_scope="session")

CSV, LINES = "text/csv", "application/x-ndjson"
PARQUET = "application/vnd.apache.parquet"
SEARCH = """
query Table($where: CallWhere, $page: Int, $unused: Boolean = true) {
  found: searchCalls(first: $page, where: $where, orderBy: [{field: SID, direction: ASC}]) {
    totalCount @include(if: $unused)
    pageInfo { hasNextPage }
    ...Rows
  }
}
fragment Rows on CallSearchConnection {
  edges { cursor call: node { sid ...Parties type duration endTime tags __typename } }
}
fragment Parties on Call {
  from { caller callerHash }
  to { callee carrier location { lat } }
  carrierEdge { metrics { inbound { jitter { max } packetsLost } } }
}
"""
COLUMNS = [
    *("sid", "from.caller", "from.callerHash", "to.callee", "to.carrier", "to.location.lat"),
    *("carrierEdge.metrics.inbound.jitter.max", "carrierEdge.metrics.inbound.packetsLost"),
    *("type", "duration", "endTime", "tags", "__typename"),
]


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def gateway(engine: Embedded) -> AsyncIterator[Filled]:
    people = People(Sandbox(calls=0))
    people.add("all", None, ALL)
    people.add("masked", frozenset(), READ)
    people.add("blind", None, frozenset({Scope.PII_READ}))
    people.add("poor", None, ALL, budget_per_minute=60)
    async for one in filled(engine, access=people.access):
        yield one


async def export(
    gateway: Filled, query: str, accept: str = CSV, viewer: str = "all", **variables: Any
) -> httpx.Response:
    headers = {"Accept": accept, "Authorization": f"Bearer {viewer}"}
    body = {"query": query, "variables": variables}
    return await gateway.http.post("/graphql", json=body, headers=headers)


def expected() -> list[dict[str, Any]]:
    """The rows, from the summaries themselves."""
    rows = []
    for one in sorted((one.summary for one in WORLD), key=lambda one: one.call_sid):
        edge = one.carrier_edge
        inbound = edge.metrics.inbound if edge and edge.metrics else None
        to, from_ = one.to, one.from_
        rows.append(
            {
                "sid": one.call_sid,
                "from.caller": from_ and from_.caller,
                "to.callee": to and to.callee,
                "to.carrier": to and to.carrier,
                "to.location.lat": to and to.location and to.location.lat,
                "carrierEdge.metrics.inbound.jitter.max": inbound
                and inbound.jitter
                and inbound.jitter.max,
                "carrierEdge.metrics.inbound.packetsLost": inbound and inbound.packets_lost,
                "duration": one.duration,
                "tags": [tag.name for tag in one.tags or ()],
                "__typename": "Call",
            }
        )
    return rows


def shown(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in expected()[0]}


@pytest.mark.parametrize("size", [None, 50])
async def test_csv_has_a_row_for_each_call_and_a_column_for_each_leaf(
    gateway: Filled, size: int | None
) -> None:
    """Columns are response paths below the node, lists JSON, and all pages follow (contract)."""
    response = await export(gateway, SEARCH, page=size)
    rows = list(csv.DictReader(io.StringIO(response.text)))

    assert response.status_code == 200
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    assert 'filename="calls.csv"' in response.headers["content-disposition"]
    assert list(rows[0]) == COLUMNS
    assert [shown(row) for row in rows] == [
        {name: cell(value) for name, value in row.items()} for row in expected()
    ]


def cell(value: Any) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value, separators=(",", ":"))


async def test_lines_of_json_have_the_same_rows(gateway: Filled) -> None:
    """Each line is an object by the names of the columns; lists are lists."""
    response = await export(gateway, SEARCH, LINES, page=77)
    rows = [json.loads(line) for line in response.text.splitlines()]

    assert response.headers["content-type"] == LINES
    assert list(rows[0]) == COLUMNS
    assert [shown(row) for row in rows] == expected()


async def test_parquet_has_the_same_rows_with_their_types(
    gateway: Filled, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read by another program: numbers are numbers, moments are moments, nulls null."""
    monkeypatch.setattr(tables, "_GROUP", 100)
    response = await export(gateway, SEARCH, PARQUET, page=60)
    table = parquet.read_table(io.BytesIO(response.content))
    kinds = {field.name: field.type for field in table.schema}
    rows = [shown(row) | {"tags": json.loads(row["tags"])} for row in table.to_pylist()]

    assert parquet.ParquetFile(io.BytesIO(response.content)).num_row_groups > 1
    assert kinds["endTime"] == pa.timestamp("us", "UTC")
    assert kinds["duration"] == pa.int32()
    assert kinds["carrierEdge.metrics.inbound.packetsLost"] == pa.int64()
    assert rows == expected()


async def test_a_table_of_nothing_has_its_head(gateway: Filled) -> None:
    """In each format, for programs that read it."""
    where = {"sid": {"eq": "CA0"}}
    texts = {one: (await export(gateway, SEARCH, one, where=where)).content for one in FORMATS}

    assert texts[CSV].decode().strip().split(",") == COLUMNS
    assert texts[LINES] == b""
    assert parquet.read_table(io.BytesIO(texts[PARQUET])).column_names == COLUMNS


FORMATS = (CSV, LINES, PARQUET)
LISTED = '{ calls(first: 100, filter: {startTime: "30d"}) { nodes { sid state } } }'


async def test_the_pages_of_twilio_are_a_table_too(gateway: Filled) -> None:
    """`calls`, with one request for each page (contract)."""
    with gateway.upstream() as made:
        response = await export(gateway, LISTED)
    rows = list(csv.DictReader(io.StringIO(response.text)))
    listed = {row["sid"] for row in rows}

    own = {one.sid for one in WORLD if one.summary.account_sid == gateway.sandbox.account_sid}
    assert len(listed) == len(rows)
    assert listed >= own
    assert 3 <= len(made) <= 5


async def test_a_get_is_answered_too(gateway: Filled) -> None:
    """A program that reads addresses gets the table: pandas, or the web query of a spreadsheet."""
    headers = {"Accept": CSV, "Authorization": "Bearer all"}
    query = "{ searchCalls(first: 5) { nodes { sid } } }"
    response = await gateway.http.get("/graphql", params={"query": query}, headers=headers)
    head = await gateway.http.head("/graphql", params={"query": query}, headers=headers)

    assert len(response.text.splitlines()) == CALLS + 1
    assert "no-store" in response.headers["cache-control"]
    assert head.headers["content-type"] == response.headers["content-type"]
    assert not head.content


async def test_personal_data_is_masked_as_anywhere(gateway: Filled) -> None:
    """Phone numbers only for who may see them, and calls of other accounts for nobody else."""
    response = await export(gateway, SEARCH, viewer="masked")
    rows = list(csv.DictReader(io.StringIO(response.text)))
    own = {one.sid for one in WORLD if one.summary.account_sid == gateway.sandbox.account_sid}
    numbers = {row["from.caller"] for row in expected()} - {None}

    assert {row["sid"] for row in rows} == own
    assert numbers.isdisjoint({row["from.caller"] for row in rows})


async def test_who_prefers_to_know_is_told_how_many_rows_there_will_be(gateway: Filled) -> None:
    """`Prefer: count=exact` (RFC 7240), for a progress bar."""
    headers = {"Accept": CSV, "Authorization": "Bearer all", "Prefer": "count=exact"}
    body = {"query": "{ searchCalls(first: 200) { nodes { sid } } }"}
    response = await gateway.http.post("/graphql", json=body, headers=headers)

    assert response.headers["total-count"] == str(CALLS)


NO_TABLES = [
    "{ viewer { name } }",
    "{ a: searchCalls { nodes { sid } } b: searchCalls { nodes { sid } } }",
    "{ searchCalls { totalCount } }",
    "{ searchCalls { nodes { sid } edges { node { sid } } } }",
    "{ searchCalls { edges { cursor } } }",
    "{ searchCalls(last: 5) { nodes { sid } } }",
    "{ ...Root } fragment Root on Query { searchCalls { nodes { sid } } }",
    "{ callStatistics { groups { count } } }",
    f'mutation {{ annotateCall(input: {{sid: "CA{32 * "0"}"}}) {{ call {{ sid }} }} }}',
    f'subscription {{ callUpdates(sid: "CA{32 * "0"}") {{ status }} }}',
]


@pytest.mark.parametrize("query", NO_TABLES)
async def test_what_is_no_table_is_not_acceptable(gateway: Filled, query: str) -> None:
    """406, which says what would do (contract)."""
    response = await export(gateway, query)

    assert response.status_code == 406
    assert response.json()["errors"][0]["message"]


REFUSED = [
    ("{ searchCalls { nodes { nonsense } } }", {}, "all", 400, "GRAPHQL_VALIDATION_FAILED"),
    ("{", {}, "all", 400, "GRAPHQL_PARSE_FAILED"),
    (SEARCH, {"page": "many"}, "all", 400, "BAD_USER_INPUT"),
    (SEARCH, {"page": 0}, "all", 400, "BAD_USER_INPUT"),
    (SEARCH, {"where": {"to": {"callee": {"eq": "x"}}}}, "masked", 403, "FORBIDDEN"),
    (SEARCH, {}, "blind", 403, "FORBIDDEN"),
    (SEARCH, {}, "poor", 400, "COST_ESTIMATED_TOO_EXPENSIVE"),
    (SEARCH, {}, "nobody", 401, "UNAUTHENTICATED"),
]


@pytest.mark.parametrize("case", REFUSED)
async def test_an_error_before_the_first_row_is_one_of_graphql(gateway: Filled, case: Any) -> None:
    """With a status that no reader of tables takes for a table."""
    query, variables, viewer, status, code = case
    response = await export(gateway, query, viewer=viewer, **variables)
    (error,) = response.json()["errors"]

    assert response.status_code == status
    assert error["extensions"]["code"] == code


async def test_a_failure_after_the_first_row_breaks_the_body_off(gateway: Filled) -> None:
    """It ends without its last chunk (RFC 9112 §8): nobody takes a part for the whole (contract).

    Pages are charged one by one: a viewer with little left for this minute gets some.
    """
    body = {"query": "{ searchCalls(first: 50) { nodes { sid } } }"}
    headers = {"Accept": CSV, "Authorization": "Bearer poor"}
    rows: list[str] = []
    async with served(gateway) as address, httpx.AsyncClient(base_url=address) as client:
        with pytest.raises(httpx.RemoteProtocolError):
            await _read(client, rows, body, headers)

    assert 50 < len(rows) < CALLS


async def _read(
    client: httpx.AsyncClient, rows: list[str], body: Any, headers: dict[str, str]
) -> None:
    async with client.stream("POST", "/graphql", json=body, headers=headers) as response:
        assert response.status_code == 200
        async for text in response.aiter_text():
            rows += text.splitlines()


async def test_pandas_reads_an_address(gateway: Filled) -> None:
    """`pandas.read_csv` with `storage_options`, as the documentation has it (the issue)."""
    query = "{ searchCalls(first: 200) { nodes { sid duration endTime } } }"
    options = {"Accept": CSV, "Authorization": "Bearer all"}
    async with served(gateway) as address:
        url = f"{address}/graphql?{urlencode({'query': query})}"
        table = await asyncio.to_thread(
            pd.read_csv, url, storage_options=options, parse_dates=["endTime"]
        )
    durations = [one.summary.duration for one in WORLD if one.summary.duration is not None]

    assert len(table) == CALLS
    assert table["duration"].sum() == sum(durations)
    assert str(table["endTime"].dtype).startswith("datetime64")


async def test_no_export_holds_the_loop(gateway: Filled) -> None:
    """Others are answered within 50 ms while tables are written (the issue)."""
    pauses: list[float] = []

    async def beat() -> None:
        while True:
            began = time.perf_counter()
            await asyncio.sleep(0)
            pauses.append(time.perf_counter() - began)
            await asyncio.sleep(0.001)

    whole = "{ searchCalls { nodes { sid from { caller } to { callee carrier } tags duration } } }"
    await export(gateway, whole)
    beating = asyncio.create_task(beat())
    await asyncio.gather(*(export(gateway, whole, one) for one in FORMATS))
    beating.cancel()

    assert sorted(pauses)[-3] < 0.05  # a busy machine may pause twice
