"""What the warehouse should answer, computed in plain Python over decoded summaries."""

import itertools
import math
import operator
import statistics
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

from gateway.insights.catalogue import Vocabulary, vocabulary_name
from gateway.insights.diagnosis.diagnosis import diagnose
from gateway.insights.leaves import LEAVES, constant
from gateway.insights.masking import fingerprint
from gateway.insights.mos import estimated_mos
from gateway.insights.summary import Summary
from gateway.warehouse.columns import EARLIEST, LATEST
from gateway.warehouse.conditions import (
    All,
    Comparison,
    Condition,
    Either,
    Not,
    Operator,
    SomeEdge,
)
from gateway.warehouse.fields import EDGES, Field
from gateway.warehouse.groupings import ByTime, ByWidth, Grouping, iso
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
from gateway.warehouse.pages import Order
from tests.insights.diagnosis.names import rules_of, suspects_by_name

ATTRIBUTES = {constant(leaf.names): leaf.attributes for leaf in LEAVES}


def value_of(summary: Summary, field: Field, hash_key: bytes) -> Any:
    """The value of a field; a word as Twilio writes it, a list without its nulls."""
    name = field.constant
    if name not in ATTRIBUTES:
        return added(summary, field, hash_key)
    value: Any = summary
    for attribute in ATTRIBUTES[name]:
        value = None if value is None else getattr(value, attribute)
    if field.many:
        return [plain(one) for one in value or ()]
    if isinstance(value, datetime) and not EARLIEST <= value < LATEST:
        return None
    return plain(value)


def added(summary: Summary, field: Field, hash_key: bytes) -> Any:
    """The value of a field that the gateway adds."""
    match field.names:
        case ("diagnosis", what):
            found = diagnose(summary)
            words = rules_of(found) if what == "rules" else suspects_by_name(found)
            return [word.lower() for word in words]
        case (edge, "metrics", stream, "estimated_mos"):
            metrics = getattr(getattr(summary, edge), "metrics", None)
            measured = getattr(metrics, stream, None)
            return None if measured is None else estimated_mos(measured)
        case (end, hashed):
            party = getattr(summary, "from_" if end == "from" else end)
            named = getattr(party, hashed.removesuffix("_hash"), None)
            return fingerprint(named, hash_key)
    raise NotImplementedError(field)


def plain(value: Any) -> Any:
    return value.value if isinstance(value, Vocabulary) else value


def holds(condition: Condition, summary: Summary, hash_key: bytes, edge: str = "") -> bool:
    """Whether a call meets a condition."""
    match condition:
        case Comparison(field=field):
            at = field.at(edge) if edge else field
            return compares(condition, value_of(summary, at, hash_key))
        case All(conditions=conditions):
            return all(holds(one, summary, hash_key, edge) for one in conditions)
        case Either(conditions=conditions):
            return any(holds(one, summary, hash_key, edge) for one in conditions)
        case Not(condition=inner):
            return not holds(inner, summary, hash_key, edge)
        case SomeEdge(condition=inner):
            there = [one for one in EDGES if getattr(summary, one) is not None]
            return any(holds(inner, summary, hash_key, one) for one in there)


COMPARED: dict[Operator, Callable[[Any, Any], bool]] = {
    Operator.EQ: operator.eq,
    Operator.IN: lambda value, asked: value in asked,
    Operator.LT: operator.lt,
    Operator.LTE: operator.le,
    Operator.GT: operator.gt,
    Operator.GTE: operator.ge,
    Operator.STARTS_WITH: str.startswith,
    Operator.CONTAINS: operator.contains,
    Operator.HAS: operator.contains,
    Operator.HAS_ANY: lambda value, asked: any(one in value for one in asked),
    Operator.HAS_ALL: lambda value, asked: all(one in value for one in asked),
}
OPPOSITES = {Operator.NE: Operator.EQ, Operator.NOT_IN: Operator.IN}


def compares(comparison: Comparison, value: Any) -> bool:
    """A comparison with null is false; `ne` and `notIn` are the opposites of `eq` and `in`."""
    asked, how = comparison.value, comparison.operator
    if how is Operator.IS_NULL:
        return (value is None) is asked
    if how is Operator.IS_EMPTY:
        return (not value) is asked
    if how in OPPOSITES:
        return value is None or not COMPARED[OPPOSITES[how]](value, asked)
    return value is not None and COMPARED[how](value, asked)


def sorted_calls(
    summaries: list[Summary], order: tuple[Order, ...], hash_key: bytes
) -> list[Summary]:
    """Calls in an order: nulls last either way, and the SID between equals."""
    found = sorted(summaries, key=lambda summary: summary.call_sid)
    for one in reversed(order):
        valued = [(value_of(summary, one.field, hash_key), summary) for summary in found]
        there = [pair for pair in valued if pair[0] is not None]
        there.sort(key=operator.itemgetter(0), reverse=one.descending)
        found = [pair[1] for pair in [*there, *(pair for pair in valued if pair[0] is None)]]
    return found


def key_of(
    grouped: tuple[Grouping, ...], summary: Summary, hash_key: bytes
) -> list[tuple[str | None, ...]]:
    """The keys of the groups that a call is in: each combination of those of its lists."""
    parts = [_keys(grouping, summary, hash_key) for grouping in grouped]
    return list(itertools.product(*parts))


def _keys(grouping: Grouping, summary: Summary, hash_key: bytes) -> list[str | None]:
    value = value_of(summary, grouping.field, hash_key)
    if grouping.field.many:
        return [text_of(grouping.field, one) for one in dict.fromkeys(value)] or [None]
    if value is None:
        return [None]
    match grouping:
        case ByTime(slices=slices):
            return [iso(slices.start(slices.key(value)))]
        case ByWidth(width=width):
            return [str(Decimal(repr(width)) * math.floor(value / width))]
    return [text_of(grouping.field, value)]


def text_of(field: Field, value: Any) -> str:
    """A value as the key of a group."""
    if field.vocabulary is not None:
        return vocabulary_name(value)
    match value:
        case datetime():
            return iso(value)
        case bool():
            return str(value).lower()
        case str():
            return value
    return repr(value)


def measured(measure: Measure, members: list[Summary], hash_key: bytes) -> Any:
    """What is measured of some calls."""
    match measure:
        case CountWhere(condition=condition) | Share(condition=condition):
            met = sum(holds(condition, one, hash_key) for one in members)
            share = met / len(members) if members else None
            return met if isinstance(measure, CountWhere) else share
        case Distinct(field=field):
            values = [value_of(one, field, hash_key) for one in members]
            each = [v for value in values for v in (value if field.many else [value])]
            return len({value for value in each if value is not None})
        case Summed(field=field, what=what):
            return summed(numbers(field, members, hash_key), what)
        case Quantile(field=field, q=q):
            return interpolated(sorted(numbers(field, members, hash_key)), q)
        case Histogram(field=field, bounds=bounds):
            pairs = itertools.pairwise([-math.inf, *bounds, math.inf])
            values = numbers(field, members, hash_key)
            return [sum(low <= value < high for value in values) for low, high in pairs]
    return len(members)


def numbers(field: Field, members: list[Summary], hash_key: bytes) -> list[float]:
    values = (value_of(one, field, hash_key) for one in members)
    return [float(value) for value in values if value is not None]


SUMMED: dict[Summing, Callable[[list[float]], float]] = {
    Summing.COUNT: len,
    Summing.MIN: min,
    Summing.MAX: max,
    Summing.AVG: statistics.fmean,
    Summing.SUM: math.fsum,
    Summing.STD_DEV: statistics.pstdev,
}


def summed(values: list[float], what: Summing) -> float | None:
    """All in one number, of which there is none without any, but for the count."""
    return SUMMED[what](values) if values or what is Summing.COUNT else None


def interpolated(values: list[float], q: float) -> float | None:
    """Linear interpolation between neighbours, as NumPy and spreadsheets have it."""
    if not values:
        return None
    place = (len(values) - 1) * q
    low, high = values[math.floor(place)], values[math.ceil(place)]
    return low + (high - low) * (place - math.floor(place))
