import pytest
import pytest_asyncio
from hypothesis import given, settings

from gateway.warehouse.conditions import Condition, Operator, compare
from gateway.warehouse.embedded import Embedded
from gateway.warehouse.fields import FIELDS
from gateway.warehouse.pages import Question
from gateway.warehouse.search import Search
from tests.warehouse.conftest import EVER, HASH_KEY, REALM, WORLD, emptied
from tests.warehouse.oracle import holds, value_of
from tests.warehouse.strategies import Values, conditions

pytestmark = pytest.mark.asyncio(loop_scope="session")

SUMMARIES = [snapshot.summary for snapshot in WORLD]
VALUES = Values(SUMMARIES, HASH_KEY)


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def search(engine: Embedded) -> Search:
    store = await emptied(engine)
    await store.keep(*WORLD)
    return store.search()


@settings(max_examples=100)
@given(condition=conditions(VALUES))
async def test_a_condition_finds_the_calls_that_meet_it(
    search: Search, condition: Condition
) -> None:
    """The oracle evaluates the condition in Python, over the summaries themselves (contract)."""
    page = await search.page(Question(REALM, EVER, condition), 1000)
    expected = {one.call_sid for one in SUMMARIES if holds(condition, one, HASH_KEY)}

    assert {snapshot.sid for _, snapshot in page.calls} == expected
    assert (await search.count(Question(REALM, EVER, condition))).calls == len(expected)


async def test_a_number_is_found_by_its_exact_value(search: Search) -> None:
    """The engine reads decimals inexactly, so that one in ten would be missed."""
    field = FIELDS["CARRIER_EDGE_METRICS_INBOUND_JITTER_MAX"]
    values = {value for one in SUMMARIES if (value := value_of(one, field, HASH_KEY)) is not None}
    assert len(values) > 100
    for operator, asked in [
        *((Operator.EQ, value) for value in sorted(values)[:20]),
        (Operator.IN, list(values)),
    ]:
        condition = compare(field, operator, asked, "where")
        expected = sum(holds(condition, one, HASH_KEY) for one in SUMMARIES)
        assert (await search.count(Question(REALM, EVER, condition))).calls == expected > 0
