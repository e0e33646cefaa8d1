"""Writes SQL for a page of calls: an order, a place, forward or backward.

A page of the newest calls is found without looking through all of them: where calls are sorted by
their end, some time next to the place is tried before all the rest.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from gateway.config.viewers import Realm
from gateway.insights.leaves import Kind
from gateway.warehouse.conditions import EVERYTHING, All, Comparison, Condition, Operator
from gateway.warehouse.engine import Statement
from gateway.warehouse.fields import FIELDS, Field
from gateway.warehouse.parameters import Parameters
from gateway.warehouse.visibility import visible_calls
from gateway.warehouse.where import where

SEALED = {"gateway_summary": "bytes"}
_END = FIELDS["END_TIME"]
_NEAR = (timedelta(hours=1), timedelta(days=1))
"""The stretches of time that are tried first."""


class Order(Struct, frozen=True):
    """A field to sort by."""

    field: Field
    descending: bool = True


NEWEST_FIRST = (Order(_END),)


class Place(Struct, frozen=True, array_like=True):
    """Where a call stands in an order: the values it is sorted by (moments in µs), and its SID."""

    values: tuple[bool | int | float | str | None, ...]
    sid: str


class Question(Struct, frozen=True):
    """Which calls of a realm, in which order; `since` is when the oldest of them was filed."""

    realm: Realm
    since: float
    condition: Condition = EVERYTHING
    order: tuple[Order, ...] = NEWEST_FIRST


class Walk(Struct, frozen=True):
    """The way to a page: how many calls, after which place; or before it, with `backward`."""

    limit: int
    place: Place | None
    backward: bool


def found(question: Question, parameters: Parameters) -> str:
    """`FROM … WHERE …` of the calls of a question."""
    calls = visible_calls(question.realm, question.since, parameters)
    return f"{calls} AND {where(question.condition, parameters)}"


def near(question: Question, walk: Walk, now: float) -> Iterator[Condition]:
    """Conditions to try one after the other, of which the last one leaves nothing out.

    Each of the others holds for calls that come before all for which it does not.
    """
    first = question.order[0]
    into_the_past = first.descending != walk.backward
    if walk.place is not None:
        start = walk.place.values[0]
    else:
        newest_first = into_the_past and not walk.backward
        start = now * 1_000_000 if newest_first else None
    if first.field == _END and start is not None:
        at = datetime.fromtimestamp(float(start) / 1_000_000, UTC)
        for length in _NEAR:
            if into_the_past:
                yield Comparison(_END, Operator.GTE, at - length)
            else:
                yield Comparison(_END, Operator.LTE, at + length)
    yield EVERYTHING


def page_statement(
    question: Question, walk: Walk, within: Condition, parameters: Parameters
) -> Statement:
    """The page, as far as its calls meet a condition beside that of the question."""
    narrowed = replace(question, condition=All((question.condition, within)))
    order = [(_key(one.field), one.descending != walk.backward) for one in question.order]
    calls = found(narrowed, parameters)
    if walk.place is not None:
        calls += f" AND {_after(question, walk, order, walk.place, parameters)}"
    keys = "".join(f", {key}" for key, _ in order)
    nulls = "FIRST" if walk.backward else "LAST"
    directions = [f"{key} {'DESC' if down else 'ASC'} NULLS {nulls}" for key, down in order]
    sid = f"sid {'DESC' if walk.backward else 'ASC'}"
    sql = (
        f"SELECT sid, gateway_summary{keys} {calls} "
        f"ORDER BY {', '.join([*directions, sid])} LIMIT {parameters.put(walk.limit, 'UInt32')}"
    )
    return Statement(sql, parameters.values, SEALED)


def _key(field: Field) -> str:
    return f"toUnixTimestamp64Micro({field.column})" if field.kind is Kind.MOMENT else field.column


def _after(
    question: Question,
    walk: Walk,
    order: Sequence[tuple[str, bool]],
    place: Place,
    parameters: Parameters,
) -> str:
    """What comes after a place as the order is walked."""
    values = [
        None if value is None else _value(one.field, value, parameters)
        for one, value in zip(question.order, place.values, strict=True)
    ]
    sid = parameters.put(place.sid, "String")
    return _beyond(order, values, sid, backward=walk.backward)


def _value(field: Field, value: Any, parameters: Parameters) -> str:
    """The placeholder of a value that a place has."""
    if field.kind is Kind.MOMENT:
        return parameters.put(value, "Int64")
    return parameters.of(field, value)


def _beyond(
    order: Sequence[tuple[str, bool]], values: Sequence[str | None], sid: str, *, backward: bool
) -> str:
    """What comes after a place in the order as it is walked: nulls are last, or backward first."""
    condition = f"sid {'<' if backward else '>'} {sid}"
    for (key, down), value in reversed([*zip(order, values, strict=True)]):
        if value is None:
            later, same = f"isNotNull({key})" if backward else "0", f"isNull({key})"
        else:
            later = f"{key} {'<' if down else '>'} {value}"
            later = later if backward else f"({later} OR isNull({key}))"
            same = f"{key} = {value}"
        condition = f"({later} OR ({same} AND {condition}))"
    return condition
