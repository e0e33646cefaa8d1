"""The questions about many calls in the documentation, and in the tabs of GraphiQL."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

import gateway as package
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
