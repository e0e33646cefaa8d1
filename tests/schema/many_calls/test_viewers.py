"""Whose calls a viewer sees, and what it may ask about personal data."""

import itertools
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.config.viewers import Realm, Scope
from gateway.sandbox import Sandbox
from gateway.warehouse.conditions import Condition, operators
from gateway.warehouse.embedded import Embedded
from gateway.warehouse.fields import FIELDS, Field
from gateway.warehouse.pages import Place, Question
from tests.conftest import NOON
from tests.schema.many_calls.asking import at, conditions, where_of
from tests.schema.many_calls.conftest import ACCOUNT, DAY, HASH_KEY, Filled, filled
from tests.viewers import ALL, READ, Asker, People
from tests.warehouse.conftest import WORLD
from tests.warehouse.oracle import holds
from tests.warehouse.strategies import Values

pytestmark = pytest.mark.asyncio(loop_scope="session")

SUMMARIES = [one.summary for one in WORLD]
VALUES = Values(SUMMARIES, HASH_KEY)
PERSONAL = [field for field in FIELDS.values() if field.is_personal]
OWNERS = sorted({one.account_sid for one in SUMMARIES if one.account_sid is not None})
SUBACCOUNTS = [None] + [
    frozenset(some) for size in range(3) for some in itertools.combinations(OWNERS, size)
]
"""All that viewers may see of the account's subaccounts: everything, or any two of them at most."""

ASKING = """
query ($where: CallWhere) {
  searchCalls(where: $where, first: 1000) {
    totalCount nodes { sid } coverage { accounts }
  }
  callStatistics(where: $where, groupBy: [{field: ACCOUNT_SID}]) {
    groups { key { value } count }
    total { count distinct(field: SID) }
    coverage { accounts }
  }
}
"""


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def gateway(engine: Embedded) -> AsyncIterator[Filled]:
    people = People(Sandbox(calls=0))
    for number, subaccounts in enumerate(SUBACCOUNTS):
        people.add(f"viewer {number}", subaccounts, ALL)
    people.add("masked", None, READ)
    people.add("blind", None, frozenset({Scope.PII_READ}))
    async for one in filled(engine, access=people.access):
        one.clock.advance(1)  # what was written is settled
        yield one


@settings(max_examples=40)
@given(
    number=st.integers(0, len(SUBACCOUNTS) - 1), condition=conditions(VALUES), first=st.booleans()
)
async def test_nobody_sees_or_counts_calls_of_others(
    gateway: Filled, number: int, condition: Condition, *, first: bool
) -> None:
    """Account and subaccounts come from the viewer alone, whatever is asked (the issue).

    It breaks when the one place is damaged where they are put into a statement.
    """
    asked = number if first else 0
    realm = Realm(ACCOUNT, SUBACCOUNTS[asked])
    mine = [one for one in SUMMARIES if realm.has(one.account_sid)]
    met = [one for one in mine if holds(condition, one, HASH_KEY)]
    asker = Asker(gateway, f"viewer {asked}")
    told = await asker.ask(ASKING, where=where_of(condition))
    search, statistics = told["searchCalls"], told["callStatistics"]
    groups = {one["key"][0]["value"]: one["count"] for one in statistics["groups"]}

    assert {node["sid"] for node in search["nodes"]} == {one.call_sid for one in met}
    assert search["totalCount"] == len(met)
    assert statistics["total"] == {"count": len(met), "distinct": len(met)}
    assert sum(groups.values()) == len(met)
    assert groups.keys() <= {one.account_sid for one in met}
    for coverage in (search["coverage"], statistics["coverage"]):
        assert all(realm.has(sid) for sid in coverage["accounts"])
    assert await exported(gateway, f"viewer {asked}", condition) == {one.call_sid for one in met}
    assert await fed(gateway, realm, condition) == {one.call_sid for one in met}


async def exported(gateway: Filled, viewer: str, condition: Condition) -> set[str]:
    """The calls of a table."""
    query = "query ($where: CallWhere) { searchCalls(where: $where) { nodes { sid } } }"
    body = {"query": query, "variables": {"where": where_of(condition)}}
    headers = {"Accept": "text/csv", "Authorization": f"Bearer {viewer}"}
    response = await gateway.http.post("/graphql", json=body, headers=headers)
    assert response.status_code == 200
    return set(response.text.split()[1:])


async def fed(gateway: Filled, realm: Realm, condition: Condition) -> set[str]:
    """The calls of a feed, from its beginning to the present."""
    question = Question(realm, NOON - 365 * DAY, condition, order=())
    warehouse, until = gateway.call_service.warehouse, int(gateway.clock() * 1000)
    assert warehouse is not None
    calls = await warehouse.feed.page(question, Place((0,), ""), until, 1000)
    return {snapshot.sid for _, snapshot in calls}


QUERIES = {
    "where": "query ($where: CallWhere) {{ searchCalls(where: $where) {{ totalCount }} }}",
    "countWhere": (
        "query ($where: CallWhere!) "
        "{{ callStatistics {{ total {{ countWhere(where: $where) }} }} }}"
    ),
    "orderBy": "{{ searchCalls(orderBy: [{{field: {name}}}]) {{ nodes {{ sid }} }} }}",
    "groupBy": "{{ callStatistics(groupBy: [{{field: {name}}}]) {{ groups {{ count }} }} }}",
    "width": (
        "{{ callStatistics(groupBy: [{{width: {{field: {name}, width: 1}}}}]) "
        "{{ groups {{ count }} }} }}"
    ),
    "distinct": "{{ callStatistics {{ total {{ distinct(field: {name}) }} }} }}",
    "of": "{{ callStatistics {{ total {{ of(field: {name}) {{ avg }} }} }} }}",
}


@pytest.mark.parametrize("place", QUERIES)
async def test_personal_data_is_for_who_may_see_it(gateway: Filled, place: str) -> None:
    """`FORBIDDEN` without `pii:read`, naming the hash to use instead where there is one."""
    masked = Asker(gateway, "masked")
    for field in PERSONAL:
        query = QUERIES[place].format(name=field.constant)
        for variables in asked_of(field) if "$where" in query else [{}]:
            (error,) = (await masked.send(query, **variables))["errors"]
            assert error["extensions"]["code"] == "FORBIDDEN"
            assert f"`{field.constant}`" in error["message"]
            assert f"`{field.stand_in}`" in error["message"] or not field.stand_in
    assert {one.stand_in for one in PERSONAL} >= {"FROM_CALLER_HASH", "TO_CALLEE_HASH"}


def asked_of(field: Field) -> list[dict[str, Any]]:
    """A condition by each operator of a field, in whatever it may be nested."""
    value: Any = 1.5 if field.kind.is_number else "+15005550006"
    found = []
    for operator in operators(field):
        given = [value] if operator.takes_list else True if operator.takes_flag else value
        compared = at(field, {operator.value: given})
        found += [{"where": compared}, {"where": {"or": [{"not": compared}]}}]
    return found


@pytest.mark.parametrize("place", ["orderBy", "width", "of"])
async def test_nobody_sorts_by_or_measures_personal_data(gateway: Filled, place: str) -> None:
    """Ciphertext has no order: `BAD_USER_INPUT`, with `pii:read` too."""
    asker = Asker(gateway, "viewer 0")
    for field in PERSONAL:
        assert await asker.fail(QUERIES[place].format(name=field.constant)) == "BAD_USER_INPUT"


async def test_hashes_are_free(gateway: Filled) -> None:
    """They stand in for numbers, in conditions, orders, groups and counts."""
    masked, seeing = Asker(gateway, "masked"), Asker(gateway, "viewer 0")
    by_hash = (
        "{ callStatistics(groupBy: [{field: TO_CALLEE_HASH}], first: 1000) { groups "
        "{ key { value } count } total { distinct(field: TO_CALLEE_HASH) } } }"
    )
    by_number = by_hash.replace("TO_CALLEE_HASH", "TO_CALLEE")
    hashed = (await masked.ask(by_hash))["callStatistics"]
    plain = (await seeing.ask(by_number))["callStatistics"]
    key = next(one["key"][0]["value"] for one in hashed["groups"] if one["key"][0]["value"])
    found = await masked.ask(
        "query ($key: String) { searchCalls(where: {to: {calleeHash: {eq: $key}}}, "
        "orderBy: [{field: TO_CALLEE_HASH}]) { nodes { to { callee calleeHash } } } }",
        key=key,
    )
    nodes = found["searchCalls"]["nodes"]

    assert hashed["total"] == plain["total"]
    assert sorted(one["count"] for one in hashed["groups"]) == sorted(
        one["count"] for one in plain["groups"]
    )
    assert nodes
    assert {node["to"]["calleeHash"] for node in nodes} == {key}
    numbers = {one.to.callee for one in SUMMARIES if one.to is not None}
    assert not numbers & {node["to"]["callee"] for node in nodes}


async def test_calls_are_for_who_may_see_them(gateway: Filled) -> None:
    """Without `calls:read`, nothing about many calls either."""
    blind = Asker(gateway, "blind")

    assert await blind.fail("{ searchCalls { totalCount } }") == "FORBIDDEN"
    assert await blind.fail("{ callStatistics { total { count } } }") == "FORBIDDEN"
