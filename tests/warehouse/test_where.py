import pytest
import pytest_asyncio
from hypothesis import given, settings

from gateway.warehouse.conditions import Condition
from gateway.warehouse.embedded import Embedded
from gateway.warehouse.search import Question, Search
from tests.warehouse.conftest import EVER, HASH_KEY, REALM, WORLD, emptied
from tests.warehouse.oracle import holds
from tests.warehouse.strategies import Values, conditions

pytestmark = pytest.mark.asyncio(loop_scope="session")

SUMMARIES = [snapshot.summary for snapshot in WORLD]
VALUES = Values(SUMMARIES, HASH_KEY)


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def search(engine: Embedded) -> Search:
    store = await emptied(engine)
    await store.keep(*WORLD)
    return Search(engine, store.rows)


@settings(max_examples=100)
@given(condition=conditions(VALUES))
async def test_a_condition_finds_the_calls_that_meet_it(
    search: Search, condition: Condition
) -> None:
    """The oracle evaluates the condition in Python, over the summaries themselves (contract)."""
    page = await search.page(Question(REALM, EVER, condition), 1000)
    expected = {one.call_sid for one in SUMMARIES if holds(condition, one, HASH_KEY)}

    assert {snapshot.sid for _, snapshot in page.calls} == expected
    assert await search.count(Question(REALM, EVER, condition)) == len(expected)
