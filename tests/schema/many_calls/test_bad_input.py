"""What cannot be asked is refused by the name of its argument, with what would do (the issue)."""

from typing import Any

import pytest

from gateway.insights.leaves import Kind
from gateway.warehouse.conditions import Either, compare, operators
from gateway.warehouse.fields import FIELDS
from tests.schema.many_calls.asking import where_of
from tests.schema.many_calls.conftest import HASH_KEY, Filled
from tests.warehouse.conftest import WORLD
from tests.warehouse.oracle import holds
from tests.warehouse.strategies import HOSTILE

pytestmark = pytest.mark.asyncio(loop_scope="session")


def grouped(by: str) -> str:
    return f"{{ callStatistics(groupBy: [{by}]) {{ groups {{ count }} }} }}"


def measured(what: str) -> str:
    return f"{{ callStatistics {{ groups {{ x: {what} }} }} }}"


def searched(arguments: str) -> str:
    return f"{{ searchCalls({arguments}) {{ nodes {{ sid }} }} }}"


def of(field: str, what: str = "count") -> str:
    return measured(f"of(field: {field}) {{ v: {what} }}")


DEEP = "not: {" * 21 + "type: {eq: SIP}" + "}" * 21
MANY = ", ".join('{sid: {eq: "a"}}' for _ in range(201))

REFUSED = {
    "time zone": (grouped('{time: {every: "1h", timeZone: "Mars/Base"}}'), "timeZone", "IANA"),
    "every 0": (grouped('{time: {every: "0h"}}'), "every", "15m"),
    "every 7h": (grouped('{time: {every: "7h"}}'), "every", "15m"),
    "every text": (grouped('{time: {every: "often"}}'), "every", "15m"),
    "slices of a text": (grouped('{time: {field: SID, every: "1h"}}'), "time.field", "a time"),
    "width 0": (grouped("{width: {field: DURATION, width: 0}}"), "width", "above 0"),
    "width -1": (grouped("{width: {field: DURATION, width: -1}}"), "width", "above 0"),
    "width of a text": (grouped("{width: {field: SID, width: 1}}"), "width.field", "a number"),
    "width of a place": (
        grouped("{width: {field: TO_LOCATION_LAT, width: 1}}"),
        "width.field",
        "a number",
    ),
    "too many groupings": (grouped(", ".join(["{field: TYPE}"] * 6)), "groupBy", "at most 5"),
    "slices": (
        """{ callStatistics(
            where: {endTime: {gte: "2026-01-01T00:00:00Z", lt: "2026-05-01T00:00:00Z"}}
            groupBy: [{time: {every: "1m"}}]
        ) { groups { count } } }""",
        "groupBy",
        "10,000",
    ),
    "of a text": (of("TO_CARRIER"), "x.field", "a number"),
    "of a list": (of("TAGS"), "x.field", "a number"),
    "of a place": (of("TO_LOCATION_LAT"), "x.field", "a number"),
    "quantile 2": (of("DURATION", "quantile(q: 2)"), "x.v.q", "0 to 1"),
    "quantile -1": (of("DURATION", "quantile(q: -1)"), "x.v.q", "0 to 1"),
    "no bounds": (of("DURATION", "histogram(bounds: []) { count }"), "x.v.bounds", "1 to 100"),
    "falling": (of("DURATION", "histogram(bounds: [2, 1]) { count }"), "x.v.bounds", "above"),
    "and []": (searched("where: {and: []}"), "where.and", "one condition"),
    "or []": (searched("where: {not: {or: []}}"), "where.not.or", "one condition"),
    "in []": (searched("where: {type: {in: []}}"), "where.type.in", "1 to 1,000"),
    "eq null": (searched("where: {type: {eq: null}}"), "where.type.eq", "CARRIER"),
    "deep": (searched(f"where: {{{DEEP}}}"), "not.not", "20 levels"),
    "comparisons": (searched(f"where: {{or: [{MANY}]}}"), "where", "at most 200"),
    "an age": (searched('where: {endTime: {since: "999999w"}}'), "where.endTime.since", "366d"),
    "in a condition": (
        measured("countWhere(where: {tags: {hasAny: []}})"),
        "x.where.tags.hasAny",
        "1 to 1,000",
    ),
    "order by a list": (searched("orderBy: [{field: TAGS}]"), "orderBy", "single value"),
    "order by a person": (searched("orderBy: [{field: TO_CALLEE}]"), "orderBy", "personal"),
    "orders": (
        searched(f"orderBy: [{', '.join(['{field: SID}'] * 11)}]"),
        "orderBy",
        "at most 10",
    ),
    "order of groups": (
        '{ callStatistics(orderBy: [{by: "sum"}]) { groups { n: count } } }',
        "orderBy[0].by",
        "`n`",
    ),
    "order by buckets": (
        """{ callStatistics(orderBy: [{by: "d.h"}]) {
            groups { d: of(field: DURATION) { h: histogram(bounds: [1]) { count } } }
        } }""",
        "orderBy[0].by",
        "`key`",
    ),
    "first 0": ("{ callStatistics(first: 0) { groups { count } } }", "first", "1 to 1000"),
    "first 1001": (searched("first: 1001"), "first", "1 to 1000"),
    "first and last": (searched("first: 1, last: 1"), "last", "one of the two"),
    "time": (searched('where: {endTime: {gte: "2026-05-01"}}'), "where.endTime.gte", "T07:30:00Z"),
    "a number": (
        searched("where: {edges: {metrics: {inbound: {packetsLost: {gt: 9007199254740992}}}}}"),
        "where.edges.metrics.inbound.packetsLost.gt",
        "2⁵³",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_bad_input_is_refused_by_name(gateway: Filled, name: str) -> None:
    """`BAD_USER_INPUT` names the argument, and says what would do."""
    query, argument, accepted = REFUSED[name]
    error = await gateway.fail(query)

    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert error["extensions"]["argument"].endswith(argument)
    assert accepted in error["extensions"]["accepted"]


async def test_more_groups_than_there_may_be_are_refused(gateway: Filled) -> None:
    """At most 10,000 groups: two fields of all calls make more of them only on paper."""
    keys = ", ".join("{field: SID}" for _ in range(2))
    data = await gateway.ask(grouped(keys))

    assert len(data["callStatistics"]["groups"]) == 25


@pytest.mark.parametrize("cursor", ["", "x", "é", "A" * 3000, "lZ6krenPnOBD3FhW.zz", "a.-1", "a."])
async def test_a_made_up_cursor_opens_nothing(gateway: Filled, cursor: str) -> None:
    """`INVALID_CURSOR`, which names the argument."""
    query = "query ($after: String) { searchCalls(after: $after) { nodes { sid } } }"
    error = await gateway.fail(query, after=cursor)

    assert error["extensions"]["code"] == "INVALID_CURSOR"
    assert error["extensions"]["argument"] == "after"


async def test_a_cursor_opens_the_list_that_it_was_made_for_alone(gateway: Filled) -> None:
    """Cursors are signed with the question; one that carries a moment, with that too."""
    query = (
        "query ($where: CallWhere, $after: String) { searchCalls(first: 5, where: $where, "
        "after: $after) { pageInfo { endCursor } } }"
    )
    where: dict[str, Any] = {"endTime": {"since": "3d"}}
    cursor = (await gateway.ask(query, where=where))["searchCalls"]["pageInfo"]["endCursor"]
    text, _, pin = cursor.partition(".")
    assert (await gateway.ask(query, where=where, after=cursor))["searchCalls"]
    for other, after in [
        ({"endTime": {"since": "4d"}}, cursor),
        ({}, cursor),
        (where, f"{text}.{int(pin, 16) + 60:x}"),
    ]:
        error = await gateway.fail(query, where=other, after=after)
        assert error["extensions"]["code"] == "INVALID_CURSOR"


SUMMARIES = [one.summary for one in WORLD]
TEXTS = [field for field in FIELDS.values() if field.kind is Kind.TEXT]
COUNT = "query ($where: CallWhere) { searchCalls(where: $where) { totalCount } }"


@pytest.mark.parametrize("place", range(6))
async def test_no_text_of_a_client_becomes_sql(gateway: Filled, place: int) -> None:
    """Hostile text in every filter of texts finds what Python finds, and harms nothing."""
    for field in TEXTS[place::6]:
        asked = [
            one for one in operators(field) if not (one.takes_flag or one.value.startswith("n"))
        ]
        condition = Either(
            tuple(
                compare(field, operator, [text] if operator.takes_list else text, "where")
                for operator in asked
                for text in HOSTILE[place::6]
            )
        )
        found = sum(holds(condition, one, HASH_KEY) for one in SUMMARIES)
        data = await gateway.ask(COUNT, where=where_of(condition))
        assert data["searchCalls"]["totalCount"] == found, field.constant

    assert (await gateway.ask(COUNT, where={}))["searchCalls"]["totalCount"] == len(WORLD)


@pytest.mark.parametrize("text", HOSTILE)
async def test_no_other_text_becomes_sql_either(gateway: Filled, text: str) -> None:
    """Time zones, lengths of slices and response paths are looked up, never written."""
    grouping = "query ($z: String!, $e: String!, $b: String!) { callStatistics(groupBy: "
    query = grouping + (
        "[{time: {every: $e, timeZone: $z}}], orderBy: [{by: $b}]) { groups { count } } }"
    )
    good = {"z": "UTC", "e": "1d", "b": "count"}
    for name in good:
        error = await gateway.fail(query, **{**good, name: text})
        assert error["extensions"]["code"] == "BAD_USER_INPUT"
