"""The questions about many calls in the documentation, and in the tabs of GraphiQL."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

import gateway as package
from gateway.instrumentation import OperationExecuted
from gateway.schema.execution.compiled.compiler import Compiler
from gateway.server.graphiql import TABS
from gateway.warehouse.embedded import Embedded
from tests.schema.many_calls.conftest import Filled, filled
from tests.test_docs import ABOUT_MANY, examples

pytestmark = pytest.mark.asyncio(loop_scope="session")

FOLDER = Path(package.__file__).parent / "graphiql/tabs"
DOCUMENTS: list[tuple[str, dict[str, Any]]] = [
    *((one.query, one.variables) for one in examples() if ABOUT_MANY.search(one.query)),
    *(
        (text, dict(tab.variables))
        for tab in TABS
        if ABOUT_MANY.search(text := (FOLDER / f"{tab.name}.graphql").read_text("utf-8"))
    ),
]


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def gateway(engine: Embedded) -> AsyncIterator[Filled]:
    async for one in filled(engine):
        yield one


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda one: one[0].split("(")[0][-20:])
async def test_it_runs_and_finds_something(
    gateway: Filled, document: tuple[str, dict[str, Any]]
) -> None:
    """What people copy works as it stands."""
    query, variables = document
    (told,) = (await gateway.ask(query, **variables)).values()

    assert told.get("groups") or told.get("nodes")


ALL = """
query ($where: CallWhere!, $more: Boolean!) {
  first: callStatistics(groupBy: [{field: TYPE}, {time: {every: "1w"}}], first: 5) {
    ...Whole
    again: groups { __typename x: count }
  }
  second: callStatistics(where: $where) { ...Whole }
  viewer { name }
}
fragment Whole on CallStatistics {
  __typename hasMore
  groups { key { __typename name value } ...Group }
  total { key { name } ...Group }
  coverage { __typename from until syncedAt isWhole accounts gaps { from until __typename } }
}
fragment Group on CallGroup {
  x: countWhere(where: $where) y: share(where: $where) @include(if: $more)
  d: distinct(field: TAGS)
  of(field: DURATION) {
    __typename count min max avg sum stdDev q: quantile(q: 0.5)
    h: histogram(bounds: [10, 100]) { __typename low: from until count }
  }
}
"""


@pytest.mark.parametrize("more", [True, False])
async def test_statistics_are_rendered_as_graphql_core_would(
    gateway: Filled, monkeypatch: pytest.MonkeyPatch, *, more: bool
) -> None:
    """Straight from the selection, in the same bytes (ours)."""
    variables = {"where": {"duration": {"gt": 20}}, "more": more}
    body = {"query": ALL, "variables": variables}
    gateway.happenings.clear()
    rendered = (await gateway.http.post("/graphql", json=body)).content
    ways = [one.how for one in gateway.happenings if isinstance(one, OperationExecuted)]

    async def uncompiled(*_: Any, **__: Any) -> None:
        return None

    monkeypatch.setattr(Compiler, "_operation", uncompiled)
    interpreted = (await gateway.http.post("/graphql", json=body)).content

    assert ways == ["compiled"]
    assert rendered == interpreted
    assert b'"errors"' not in rendered
