"""Conditions, orders and measures, drawn at random over the values that some calls have."""

from collections.abc import Sequence
from datetime import UTC
from typing import Any

from hypothesis import strategies as st

from gateway.insights.leaves import Kind
from gateway.insights.summary import Summary
from gateway.warehouse.conditions import (
    All,
    Condition,
    Either,
    Not,
    SomeEdge,
    compare,
    operators,
)
from gateway.warehouse.fields import EDGE_FIELDS, EDGES, FIELDS, Field
from gateway.warehouse.groupings import ByField, ByWidth, Grouping, by_time
from gateway.warehouse.measures import (
    Count,
    CountWhere,
    Distinct,
    Histogram,
    Measure,
    Quantile,
    Share,
    Summed,
    Summing,
)
from gateway.warehouse.pages import Order
from tests.warehouse.oracle import value_of

HOSTILE = [
    "'", '"', "\\", "`", "\\'", "'; DROP TABLE calls; --", "' OR 1=1 --", "{p0:String}", "%", "_",
    "\x00", "\n", "\t", "\\n", "\\t", "\\N", "NULL", "ünï ☎ 📞", "$$", "/*", "*/", "--", "[]",
    "x' UNION ALL SELECT gateway_summary FROM calls --", "\\x27", "a\\", "'a','b'", "]", "[", ",",
]  # fmt: skip
ANY_VALUE: dict[Kind, st.SearchStrategy[Any]] = {
    Kind.TEXT: st.sampled_from(HOSTILE) | st.text(st.characters(codec="utf-8"), max_size=6),
    Kind.WHOLE: st.integers(-(2**31), 2**31 - 1) | st.integers(0, 20),
    Kind.COUNTER: st.integers(-(2**53), 2**53) | st.integers(-(2**63), 2**63 - 1),
    Kind.NUMBER: st.floats(allow_nan=False, allow_infinity=False) | st.integers(0, 50).map(float),
    Kind.FLAG: st.booleans(),
    Kind.MOMENT: st.datetimes(timezones=st.just(UTC)),
}


class Values:
    """The values that fields have in some calls."""

    def __init__(self, summaries: Sequence[Summary], hash_key: bytes) -> None:
        self._seen: dict[str, list[Any]] = {}
        for field in FIELDS.values():
            values = [value_of(summary, field, hash_key) for summary in summaries]
            flat = [one for value in values for one in (value if field.many else [value])]
            self._seen[field.constant] = list(dict.fromkeys(v for v in flat if v is not None))
        self.present = [field for field in FIELDS.values() if self._seen[field.constant]]

    def of(self, field: Field, *, edge: bool = False) -> st.SearchStrategy[Any]:
        """A value of a field, as somebody asks for it: seen, or any."""
        if field.vocabulary is not None:
            return st.sampled_from(list(field.vocabulary))
        fields = [field.at(one) for one in EDGES] if edge else [field]
        seen = [value for one in fields for value in self._seen[one.constant]]
        other = ANY_VALUE[field.kind]
        return st.sampled_from(seen) | other if seen else other


def comparisons(values: Values, *, edge: bool = False) -> st.SearchStrategy[Condition]:
    """A comparison of a field that calls have, or of any."""
    fields = list(EDGE_FIELDS.values()) if edge else values.present * 3 + list(FIELDS.values())

    @st.composite
    def drawn(draw: st.DrawFn) -> Condition:
        field = draw(st.sampled_from(fields))
        operator = draw(st.sampled_from(operators(field)))
        value = values.of(field, edge=edge)
        if operator.takes_flag:
            value = st.booleans()
        elif operator.takes_list:
            value = st.lists(value, min_size=1, max_size=4)
        return compare(field, operator, draw(value), "where")

    return drawn()


def conditions(values: Values) -> st.SearchStrategy[Condition]:
    """A tree of comparisons."""

    def nested(inner: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
        several = st.lists(inner, max_size=3).map(tuple)
        return several.map(All) | several.map(Either) | inner.map(Not)

    of_edges = st.recursive(comparisons(values, edge=True), nested, max_leaves=3).map(SomeEdge)
    return st.recursive(comparisons(values) | of_edges, nested, max_leaves=5)


def orders(values: Values) -> st.SearchStrategy[tuple[Order, ...]]:
    """Up to three fields that have an order, of those that calls have."""
    fields = [field for field in values.present if not (field.many or field.is_personal)]
    one = st.builds(Order, st.sampled_from(fields), st.booleans())
    return st.lists(one, max_size=3, unique_by=lambda order: order.field.constant).map(tuple)


NUMBERS = [f for f in FIELDS.values() if f.kind.is_number and not (f.many or f.is_personal)]


def groupings(values: Values) -> st.SearchStrategy[Grouping]:
    """A field, slices or steps."""
    moments = st.sampled_from([f for f in values.present if f.kind is Kind.MOMENT])
    numbers = st.sampled_from([f for f in values.present if f in NUMBERS])
    every = st.sampled_from(["15m", "1h", "6h", "1d", "1w", "3d"])
    zone = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"])
    return st.one_of(
        st.builds(ByField, st.sampled_from(values.present)),
        st.builds(by_time, moments, every, zone, st.just("by")),
        st.builds(ByWidth, numbers, st.sampled_from([0.1, 0.5, 1.0, 5.0, 100.0])),
    )


def measures(
    values: Values, conditioned: st.SearchStrategy[Condition] | None = None
) -> st.SearchStrategy[Measure]:
    """Anything that can be measured, with any condition or with those that are given."""
    met = conditions(values) if conditioned is None else conditioned
    numbers = st.sampled_from([*(f for f in values.present if f in NUMBERS), *NUMBERS])
    bounds = st.lists(st.integers(-5, 300).map(float), min_size=1, max_size=5, unique=True)
    return st.one_of(
        st.just(Count()),
        st.builds(CountWhere, met),
        st.builds(Share, met),
        st.builds(Distinct, st.sampled_from(values.present)),
        st.builds(Summed, numbers, st.sampled_from(Summing)),
        st.builds(Quantile, numbers, st.floats(0, 1) | st.sampled_from([0.0, 0.5, 0.95, 1.0])),
        st.builds(Histogram, numbers, bounds.map(sorted).map(tuple)),
    )
