import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import BadUserInput
from gateway.insights.snapshot import snapshot_of
from gateway.warehouse.conditions import EVERYTHING, All, Condition, Operator, compare
from gateway.warehouse.embedded import Embedded
from gateway.warehouse.fields import FIELDS
from gateway.warehouse.groupings import ByField, ByTime, Grouping, by_time
from gateway.warehouse.measures import (
    Count,
    Measure,
    Quantile,
    Summed,
    Summing,
    check_number,
    histogram,
    quantile,
)
from gateway.warehouse.slices import Slices
from gateway.warehouse.statistics import Statistics
from gateway.warehouse.statistics_question import MOST_GROUPS, Asked, By
from tests.conftest import NOON
from tests.warehouse.conftest import EVER, HASH_KEY, REALM, WORLD, Store, emptied
from tests.warehouse.oracle import holds, key_of, measured
from tests.warehouse.strategies import Values, conditions, groupings, measures

pytestmark = pytest.mark.asyncio(loop_scope="session")

SUMMARIES = [snapshot.summary for snapshot in WORLD]
VALUES = Values(SUMMARIES, HASH_KEY)


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def statistics(engine: Embedded) -> Statistics:
    store = await emptied(engine)
    await store.keep(*WORLD)
    return Statistics(engine, store.rows)


def is_close(one: Any, other: Any) -> bool:
    """The same number, but for the last digits of a sum."""
    if isinstance(one, float) and isinstance(other, float | int):
        return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)
    return bool(one == other)


@settings(max_examples=100)
@given(
    condition=conditions(VALUES),
    grouped=st.lists(groupings(VALUES), max_size=2).map(tuple),
    asked=st.lists(measures(VALUES), min_size=1, max_size=4).map(tuple),
    totals=st.none() | st.lists(measures(VALUES), max_size=2).map(tuple),
)
async def test_groups_and_totals_are_those_of_python(
    statistics: Statistics,
    condition: Condition,
    grouped: tuple[Grouping, ...],
    asked: tuple[Measure, ...],
    totals: tuple[Measure, ...] | None,
) -> None:
    """Whatever is measured of whichever groups, in one statement (the issue)."""
    question = Asked(REALM, EVER, condition, grouped, asked, totals, first=MOST_GROUPS)
    answer = await statistics.measure(question)

    found = [one for one in SUMMARIES if holds(condition, one, HASH_KEY)]
    groups: dict[tuple[str | None, ...], list[Any]] = {}
    for summary in found:
        for key in key_of(grouped, summary, HASH_KEY):
            groups.setdefault(key, []).append(summary)
    if not grouped:
        groups.setdefault((), [])
    given = {group.key: group.values for group in answer.groups}
    filled = {key for key, values in given.items() if key not in groups}
    if question.slices is None:
        assert not filled
    assert given.keys() - filled == groups.keys()
    for key, members in groups.items():
        for measure, value in zip(asked, given[key], strict=True):
            assert is_close(value, measured(measure, members, HASH_KEY)), (key, measure)
    for measure, value in zip(totals or (), answer.total, strict=True):
        assert is_close(value, measured(measure, found, HASH_KEY)), measure


def by_carrier(first: int, *order: By, measures: tuple[Measure, ...] = (Count(),)) -> Asked:
    carrier = ByField(FIELDS["TO_CARRIER"])
    return Asked(REALM, EVER, EVERYTHING, (carrier,), measures, None, order, first)


@pytest.mark.parametrize("descending", [True, False])
async def test_groups_are_sorted_by_what_was_measured_and_limited(
    statistics: Statistics, *, descending: bool
) -> None:
    """Nulls are last either way; between equals the key decides."""
    p95 = Quantile(FIELDS["CARRIER_EDGE_METRICS_INBOUND_JITTER_MAX"], 0.95)
    measures: tuple[Measure, ...] = (p95, Count())
    everything = await statistics.measure(by_carrier(100, By(p95, descending), measures=measures))
    some = await statistics.measure(by_carrier(3, By(p95, descending), measures=measures))
    values = [group.values[0] for group in everything.groups]
    there = [value for value in values if value is not None]

    assert there == sorted(there, reverse=descending)
    assert values[len(there) :] == [None] * (len(values) - len(there))
    assert some.groups == everything.groups[:3]
    assert some.has_more
    assert not everything.has_more


async def test_the_largest_groups_come_first_unless_said_otherwise(statistics: Statistics) -> None:
    """Our choice: the first groups are those that matter."""
    answer = await statistics.measure(by_carrier(100))
    counts = [group.values[0] for group in answer.groups]

    assert counts == sorted(counts, reverse=True)


def hours(condition: Condition = EVERYTHING, **options: Any) -> Asked:
    grouped = by_time(FIELDS["END_TIME"], "1h", "Europe/Berlin", "by")
    return Asked(REALM, EVER, condition, (grouped,), (Count(),), first=MOST_GROUPS, **options)


def between(start: datetime, end: datetime) -> Condition:
    field = FIELDS["END_TIME"]
    return All(
        (compare(field, Operator.GTE, start, "w"), compare(field, Operator.LT, end, "w")),
    )


def at(hour: float) -> datetime:
    return datetime.fromtimestamp(NOON, UTC) - timedelta(hours=hour)


async def test_empty_slices_are_there_within_the_bounds_of_the_condition(
    statistics: Statistics,
) -> None:
    """A series has a point for each hour, and starts and ends where it was asked to (contract)."""
    answer = await statistics.measure(hours(between(at(300), at(100))))
    inside = [one for one in SUMMARIES if one.end_time and at(300) <= one.end_time < at(100)]

    assert 200 <= len(answer.groups) <= 201
    assert sum(group.values[0] for group in answer.groups) == len(inside)
    assert any(group.values[0] == 0 for group in answer.groups)
    assert [group.key for group in answer.groups] == sorted(group.key for group in answer.groups)


async def test_empty_slices_are_there_within_the_window_else(statistics: Statistics) -> None:
    """Without bounds, the series covers what the warehouse does."""
    answer = await statistics.measure(hours(window=(at(24 * 30), at(0))))

    assert len(answer.groups) >= 24 * 30
    assert sum(group.values[0] for group in answer.groups) == len(WORLD)


async def test_the_first_slices_come_first(statistics: Statistics) -> None:
    """The limit holds for empty slices too."""
    limited = hours(between(at(300), at(100)))
    some = await statistics.measure(
        Asked(REALM, EVER, limited.condition, limited.groupings, (Count(),), first=5)
    )

    assert len(some.groups) == 5
    assert some.has_more


async def test_more_groups_or_slices_than_there_may_be_are_refused(store: Store) -> None:
    """At most 10,000, before or after the engine was asked: `BAD_USER_INPUT` (the issue)."""
    statistics = Statistics(store.engine, store.rows)
    await store.keep(
        *(
            snapshot_of(b'{"call_sid":"CA%032d","processing_state":"complete"}' % n, NOON)
            for n in range(MOST_GROUPS + 1)
        )
    )
    by_sid = Asked(REALM, EVER, EVERYTHING, (ByField(FIELDS["SID"]),), (Count(),), first=10)
    minutes = by_time(FIELDS["END_TIME"], "1m", "UTC", "by")
    series = Asked(
        REALM, EVER, EVERYTHING, (minutes,), (Count(),), window=(at(24 * 30), at(0)), first=10
    )
    for asked in (by_sid, series):
        with pytest.raises(BadUserInput, match="10,000"):
            await statistics.measure(asked)


async def test_a_time_zone_that_the_engine_lacks_is_refused(statistics: Statistics) -> None:
    """Python may know zones that are younger than the engine: `BAD_USER_INPUT` (the issue)."""
    young = ByTime(FIELDS["END_TIME"], Slices("America/Of_Tomorrow", seconds=3600))
    with pytest.raises(BadUserInput, match="time zone"):
        await statistics.measure(Asked(REALM, EVER, EVERYTHING, (young,), (Count(),)))


REFUSED: list[Callable[[], object]] = [
    lambda: quantile(FIELDS["DURATION"], 2.0, "q"),
    lambda: quantile(FIELDS["DURATION"], -0.1, "q"),
    lambda: quantile(FIELDS["DURATION"], math.nan, "q"),
    lambda: histogram(FIELDS["DURATION"], [], "q"),
    lambda: histogram(FIELDS["DURATION"], [2.0, 1.0], "q"),
    lambda: histogram(FIELDS["DURATION"], [1.0, 1.0], "q"),
    lambda: histogram(FIELDS["DURATION"], [math.inf], "q"),
    lambda: histogram(FIELDS["DURATION"], list(map(float, range(101))), "q"),
    lambda: check_number(FIELDS["TO_CARRIER"], "q"),
    lambda: check_number(FIELDS["TAGS"], "q"),
    lambda: check_number(FIELDS["TO_LOCATION_LAT"], "q"),
    lambda: check_number(FIELDS["END_TIME"], "q"),
]


@pytest.mark.parametrize("refused", REFUSED)
async def test_what_cannot_be_measured_is_refused_by_name(refused: Callable[[], object]) -> None:
    """`BAD_USER_INPUT` naming the argument and what is accepted (the issue)."""
    with pytest.raises(BadUserInput) as error:
        refused()

    assert error.value.argument == "q"


async def test_a_sample_stands_in_for_quantiles_of_too_many(statistics: Statistics) -> None:
    """Of fewer than 8,192 values the sample is all of them."""
    p90 = Quantile(FIELDS["PROPERTIES_PDD_MS"], 0.9)
    asked = [Asked(REALM, EVER, totals=(p90,), exact=exact) for exact in (True, False)]
    exact, sampled = [(await statistics.measure(one)).total for one in asked]

    assert exact == pytest.approx(sampled)


async def test_one_statement_answers_whatever_is_asked(
    engine: Embedded, statistics: Statistics, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The selection becomes one query, however many aliases it has (the issue)."""
    asked: list[str] = []
    query = engine.query

    async def counted(statement: Any, *rest: Any) -> Any:
        asked.append(statement.sql)
        return await query(statement, *rest)

    monkeypatch.setattr(engine, "query", counted)
    fields = [field for field in FIELDS.values() if field.kind.is_number and not field.is_personal]
    many = tuple(Summed(field, what) for field in fields[:30] for what in Summing)
    answer = await statistics.measure(
        Asked(REALM, EVER, EVERYTHING, (ByField(FIELDS["TYPE"]),), many, many)
    )

    assert len(asked) == 1
    assert len(answer.total) == len(many)
