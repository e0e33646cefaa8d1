"""Whatever is asked over GraphQL is what plain Python finds in all summaries of the sandbox."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.warehouse.conditions import Condition
from gateway.warehouse.groupings import Grouping
from gateway.warehouse.measures import Measure
from gateway.warehouse.pages import NEWEST_FIRST, Order
from tests.schema.many_calls.asking import (
    conditions,
    declared,
    grouping_of,
    selection_of,
    value_at,
    where_of,
)
from tests.schema.many_calls.conftest import HASH_KEY, Filled
from tests.warehouse.conftest import WORLD
from tests.warehouse.oracle import holds, key_of, measured, sorted_calls
from tests.warehouse.strategies import Values, groupings, measures, orders
from tests.warehouse.test_statistics import is_close

pytestmark = pytest.mark.asyncio(loop_scope="session")

SUMMARIES = [one.summary for one in WORLD]
VALUES = Values(SUMMARIES, HASH_KEY)

SEARCH = """
query ($where: CallWhere, $orderBy: [CallOrder!], $first: Int, $after: String, $last: Int,
       $before: String) {
  searchCalls(
    where: $where, orderBy: $orderBy, first: $first, after: $after, last: $last, before: $before
  ) {
    totalCount
    nodes { sid }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}
"""


@settings(max_examples=40)
@given(
    condition=conditions(VALUES),
    order=orders(VALUES),
    size=st.integers(40, 150),
    backward=st.booleans(),
)
async def test_a_walk_through_a_search_finds_what_python_finds(
    gateway: Filled, condition: Condition, order: tuple[Order, ...], size: int, *, backward: bool
) -> None:
    """All calls that meet `where`, each once, in their order, whichever way; and their number."""
    found = [one for one in SUMMARIES if holds(condition, one, HASH_KEY)]
    asked: dict[str, Any] = {"where": where_of(condition)}
    if order:
        asked["orderBy"] = [
            {"field": one.field.constant, "direction": "DESC" if one.descending else "ASC"}
            for one in order
        ]
    expected = [one.call_sid for one in sorted_calls(found, order or NEWEST_FIRST, HASH_KEY)]
    page = {"last": size} if backward else {"first": size}
    walked: list[str] = []
    while True:
        told = (await gateway.ask(SEARCH, **asked, **page))["searchCalls"]
        sids = [node["sid"] for node in told["nodes"]]
        walked = sids + walked if backward else walked + sids
        assert told["totalCount"] == len(expected)
        info = told["pageInfo"]
        if not info["hasPreviousPage" if backward else "hasNextPage"]:
            break
        cursor = info["startCursor" if backward else "endCursor"]
        page["before" if backward else "after"] = cursor

    assert walked == expected


@settings(max_examples=60)
@given(
    condition=conditions(VALUES),
    grouped=st.lists(groupings(VALUES), max_size=2),
    asked=st.lists(measures(VALUES, conditions(VALUES)), min_size=1, max_size=4),
    totals=st.lists(measures(VALUES, conditions(VALUES)), max_size=2),
)
async def test_groups_and_totals_are_those_of_python(
    gateway: Filled,
    condition: Condition,
    grouped: list[Grouping],
    asked: list[Measure],
    totals: list[Measure],
) -> None:
    """Each aggregate of each group, by each kind of grouping; in one query of the engine."""
    variables: dict[str, tuple[str, Any]] = {"where": ("CallWhere", where_of(condition))}
    variables["groupBy"] = "[CallGrouping!]", [grouping_of(one) for one in grouped]
    groups = selection_of(asked, "g", variables)
    total = f"total {{ {selection_of(totals, 't', variables)} }}" if totals else ""
    query = (
        f"query ({declared(variables)}) {{ callStatistics(where: $where, groupBy: $groupBy, "
        f"first: 1000) {{ hasMore groups {{ key {{ name value }} {groups} }} {total} }} }}"
    )
    given = {name: value for name, (_, value) in variables.items()}
    gateway.engine.asked.clear()
    told = (await gateway.ask(query, **given))["callStatistics"]
    statements = [one for one in gateway.engine.asked if "gateway_filed >=" in one.sql]

    assert len(statements) <= 1
    _check_groups(told, condition, tuple(grouped), asked)
    found = [one for one in SUMMARIES if holds(condition, one, HASH_KEY)]
    for place, measure in enumerate(totals):
        value = value_at(told["total"], f"t{place}")
        assert is_close(value, measured(measure, found, HASH_KEY)), measure


def _check_groups(
    told: Any, condition: Condition, grouped: tuple[Grouping, ...], asked: list[Measure]
) -> None:
    expected: dict[tuple[str | None, ...], list[Any]] = {} if grouped else {(): []}
    for summary in SUMMARIES:
        if holds(condition, summary, HASH_KEY):
            for key in key_of(grouped, summary, HASH_KEY):
                expected.setdefault(key, []).append(summary)
    given = {tuple(one["value"] for one in group["key"]): group for group in told["groups"]}
    names = [one.field.constant for one in grouped]

    assert all([one["name"] for one in group["key"]] == names for group in given.values())
    if not told["hasMore"]:
        assert given.keys() >= expected.keys()
    for key, group in given.items():
        for place, measure in enumerate(asked):
            value = value_at(group, f"g{place}")
            members = expected.get(key, [])
            assert is_close(value, measured(measure, members, HASH_KEY)), (key, measure)
