"""Conditions, groupings and measures, as a client writes them in GraphQL."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from hypothesis import strategies as st

from gateway.insights.catalogue import Vocabulary
from gateway.insights.leaves import Kind
from gateway.warehouse.conditions import All, Comparison, Condition, Either, Not, SomeEdge
from gateway.warehouse.fields import Field
from gateway.warehouse.groupings import ByField, ByTime, ByWidth, Grouping, iso
from gateway.warehouse.measures import (
    CountWhere,
    Distinct,
    Histogram,
    Measure,
    Quantile,
    Share,
    Summed,
    Summing,
)
from gateway.warehouse.slices import DAY
from tests.warehouse.strategies import Values, comparisons

TELLS = {
    Summing.COUNT: "count",
    Summing.MIN: "min",
    Summing.MAX: "max",
    Summing.AVG: "avg",
    Summing.SUM: "sum",
    Summing.STD_DEV: "stdDev",
}


def conditions(values: Values) -> st.SearchStrategy[Condition]:
    """Trees of comparisons that `CallWhere` can say: edges have no trees of their own."""

    def nested(inner: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
        several = st.lists(inner, min_size=1, max_size=3).map(tuple)
        return several.map(All) | several.map(Either) | inner.map(Not)

    edges: st.SearchStrategy[Any] = comparisons(values, edge=True)
    at_edges = st.lists(
        edges.filter(is_accepted),
        max_size=2,
        unique_by=lambda one: (one.field.constant, one.operator),
    )
    of_edges = at_edges.map(tuple).map(All).map(SomeEdge)
    plain = comparisons(values).filter(is_accepted)
    return st.recursive(plain | of_edges, nested, max_leaves=5)


def is_accepted(condition: Any) -> bool:
    """Whether the scalars of the graph take the values: `BigInt` ends at 2⁵³."""
    if condition.field.kind is not Kind.COUNTER or condition.operator.takes_flag:
        return True
    value = condition.value
    each = value if isinstance(value, tuple) else (value,)
    return all(abs(one) < 2**53 for one in each)


def where_of(condition: Condition) -> dict[str, Any]:
    """A value of `CallWhere`."""
    match condition:
        case Comparison(field=field):
            return at(field, _compared(condition))
        case All(conditions=every):
            return {"and": [where_of(one) for one in every]}
        case Either(conditions=every):
            return {"or": [where_of(one) for one in every]}
        case Not(condition=inner):
            return {"not": where_of(inner)}
        case SomeEdge(condition=All(conditions=every)):
            edges: dict[str, Any] = {}
            for one in every:
                assert isinstance(one, Comparison)
                merge(edges, at(one.field, _compared(one)))
            return {"edges": edges}
    raise NotImplementedError(condition)


def at(field: Field, compared: dict[str, Any]) -> dict[str, Any]:
    """A comparison at the place of its field."""
    for name in reversed(field.path):
        compared = {name: compared}
    return compared


def merge(into: dict[str, Any], other: dict[str, Any]) -> None:
    """Put one object into another, however deep."""
    for name, value in other.items():
        if isinstance(value, dict) and name in into:
            merge(into[name], value)
        else:
            into[name] = value


def _compared(comparison: Comparison) -> dict[str, Any]:
    value, field = comparison.value, comparison.field
    many = isinstance(value, tuple)
    written = [_written(field, one) for one in value] if many else _written(field, value)
    return {comparison.operator.value: written}


def _written(field: Field, value: Any) -> Any:
    if field.vocabulary is not None and not isinstance(value, bool):
        found = field.vocabulary.spelled(value)
        assert isinstance(found, Vocabulary)
        return found.name
    return iso(value) if isinstance(value, datetime) else value


def grouping_of(grouping: Grouping) -> dict[str, Any]:
    """A value of `CallGrouping`."""
    name = grouping.field.constant
    match grouping:
        case ByField():
            return {"field": name}
        case ByWidth(width=width):
            return {"width": {"field": name, "width": width}}
        case ByTime(slices=slices):
            return {"time": {"field": name, "every": every(slices), "timeZone": slices.zone}}


def every(slices: Any) -> str:
    """The length of slices, as it is asked for."""
    return f"{slices.days}d" if slices.days else f"{slices.seconds % DAY // 60}m"


def selection_of(
    measures: Sequence[Measure], letter: str, variables: dict[str, tuple[str, Any]]
) -> str:
    """What selects some measures: the one at place 2 is `a2`, or `a2 { value }`."""
    return " ".join(
        f"{letter}{place}: {_selected(measure, variables)}"
        for place, measure in enumerate(measures)
    )


def _selected(measure: Measure, variables: dict[str, tuple[str, Any]]) -> str:
    def put(kind: str, value: Any) -> str:
        name = f"v{len(variables)}"
        variables[name] = kind, value
        return f"${name}"

    match measure:
        case CountWhere(condition=condition):
            told = f"countWhere(where: {put('CallWhere!', where_of(condition))})"
        case Share(condition=condition):
            told = f"share(where: {put('CallWhere!', where_of(condition))})"
        case Distinct(field=field):
            told = f"distinct(field: {field.constant})"
        case Summed(field=field, what=what):
            told = _of(field, TELLS[what])
        case Quantile(field=field, q=q):
            told = _of(field, f"quantile(q: {put('Float!', q)})")
        case Histogram(field=field, bounds=bounds):
            given = put("[Float!]!", list(bounds))
            told = _of(field, f"histogram(bounds: {given}) {{ from until count }}")
        case _:
            told = "count"
    return told


def _of(field: Field, told: str) -> str:
    return f"of(field: {field.constant}) {{ value: {told} }}"


def value_at(group: dict[str, Any], key: str) -> Any:
    """A value of a group as it was measured: of a histogram its counts."""
    found = group[key]
    if isinstance(found, dict):
        found = found["value"]
    return [bucket["count"] for bucket in found] if isinstance(found, list) else found


def declared(variables: dict[str, tuple[str, Any]]) -> str:
    """The variables of an operation."""
    return ", ".join(f"${name}: {kind}" for name, (kind, _) in variables.items())
