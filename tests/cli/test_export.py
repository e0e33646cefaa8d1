"""`gateway export` against a gateway on a real socket."""

import asyncio
import csv
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from pyarrow import parquet

from gateway.cli import main
from gateway.sandbox import Sandbox
from gateway.warehouse.embedded import Embedded
from tests.schema.many_calls.conftest import CALLS, Filled, filled, served
from tests.viewers import ALL, People

pytestmark = pytest.mark.asyncio(loop_scope="session")

QUERY = """
query ($type: CallType) {
  searchCalls(first: 100, where: {type: {eq: $type}}) { nodes { sid to { carrier } } }
}
"""


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def gateway(engine: Embedded) -> AsyncIterator[Filled]:
    people = People(Sandbox(calls=0))
    people.add("all", None, ALL)
    people.add("poor", None, ALL, budget_per_minute=60)
    async for one in filled(engine, access=people.access):
        yield one


@pytest.fixture
def query(tmp_path: Path) -> Path:
    path = tmp_path / "calls.graphql"
    path.write_text("{ searchCalls(first: 100) { nodes { sid to { carrier } } } }")
    return path


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def run(gateway: Filled, *arguments: object) -> int:
    async with served(gateway) as address:
        given = ["export", *map(str, arguments), "--url", f"{address}/graphql"]
        return await asyncio.to_thread(main, given)


@pytest.mark.parametrize("form", ["csv", "ndjson", "parquet"])
async def test_all_rows_are_written(  # noqa: PLR0913, PLR0917 - fixtures
    gateway: Filled,
    query: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    form: str,
) -> None:
    """In each format, with the token of GATEWAY_TOKEN; the last line says how much (contract)."""
    monkeypatch.setenv("GATEWAY_TOKEN", "all")
    out = tmp_path / "calls.out"
    assert await run(gateway, query, "--format", form, "--out", out) == 0
    rows: list[Any]
    match form:
        case "csv":
            rows = list(csv.DictReader(out.read_text().splitlines()))
        case "ndjson":
            rows = [json.loads(line) for line in out.read_text().splitlines()]
        case _:
            rows = parquet.read_table(out).to_pylist()

    assert len({row["sid"] for row in rows}) == len(rows) == CALLS
    assert f"{CALLS} rows" in (told := capsys.readouterr().err) or "bytes" in told
    assert names_in(tmp_path) == ["calls.graphql", "calls.out"]


async def test_variables_are_those_of_the_query(
    gateway: Filled, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`--variables JSON` (contract)."""
    monkeypatch.setenv("GATEWAY_TOKEN", "all")
    query, out = tmp_path / "typed.graphql", tmp_path / "calls.csv"
    query.write_text(QUERY)
    given = ("--format", "csv", "--out", out, "--variables", '{"type": "SIP"}')
    assert await run(gateway, query, *given) == 0

    assert 0 < len(out.read_text().splitlines()) - 1 < CALLS


@pytest.mark.parametrize(
    ("token", "arguments", "told"),
    [
        ("nobody", (), "token"),
        ("all", ("--variables", '{"type": "NONE"}'), "`$type`"),
        ("poor", (), "broke off"),
    ],
)
async def test_what_fails_leaves_no_file(  # noqa: PLR0913, PLR0917 - fixtures
    gateway: Filled,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    token: str,
    arguments: tuple[str, ...],
    told: str,
) -> None:
    """A file that is there is whole; exit status 1, and one line that says why (ours)."""
    monkeypatch.setenv("GATEWAY_TOKEN", token)
    query, out = tmp_path / "typed.graphql", tmp_path / "calls.csv"
    query.write_text(QUERY if arguments else "{ searchCalls(first: 50) { nodes { sid } } }")
    status = await run(gateway, query, "--format", "csv", "--out", out, *arguments)

    assert status == 1
    assert told in capsys.readouterr().err
    assert names_in(tmp_path) == ["typed.graphql"]


async def test_an_address_that_is_no_graphql_is_told(
    gateway: Filled, query: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--url` names GraphQL, not the gateway: the line says how it ends (ours)."""
    out = str(tmp_path / "calls.csv")
    async with served(gateway) as address:
        given = ["export", str(query), "--format", "csv", "--out", out, "--url", address]
        assert await asyncio.to_thread(main, given) == 1
    assert "which ends in /graphql" in capsys.readouterr().err


async def test_a_gateway_that_is_not_there_is_one_line(
    query: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit status 1, naming the option."""
    given = ["export", str(query), "--format", "csv", "--out", "-", "--url", "http://127.0.0.1:1/"]
    assert main(given) == 1
    assert "--url" in capsys.readouterr().err
    assert main([*given, "--variables", "[]"]) == 2
