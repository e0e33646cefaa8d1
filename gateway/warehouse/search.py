"""Searches calls: a page of them in an order, from a place on, forward or backward.

A place holds the values that its call was sorted by, so a walk goes on from there whatever came or
went meanwhile (keyset pagination). Nulls are last in either direction of sorting; the SID decides
between calls that are otherwise equal.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import Struct

from gateway.insights.leaves import Kind
from gateway.insights.snapshot import Snapshot
from gateway.turns import in_turns
from gateway.viewers import Realm
from gateway.warehouse.conditions import EVERYTHING, Condition
from gateway.warehouse.engine import USUAL, Engine, Limits, Statement
from gateway.warehouse.fields import FIELDS, Field
from gateway.warehouse.parameters import Parameters
from gateway.warehouse.rows import Rows
from gateway.warehouse.visibility import visible_calls
from gateway.warehouse.where import where


class Order(Struct, frozen=True):
    """A field to sort by."""

    field: Field
    descending: bool = True


_SEALED = {"gateway_summary": "bytes"}
NEWEST_FIRST = (Order(FIELDS["END_TIME"]),)


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


class Stretch(Struct, frozen=True):
    """Some calls in their order, each with its place."""

    calls: tuple[tuple[Place, Snapshot], ...]
    has_next: bool
    has_previous: bool
    rows_read: int


class Search:
    """Asks the engine for calls."""

    def __init__(self, engine: Engine, rows: Rows) -> None:
        self._engine = engine
        self._rows = rows

    async def page(
        self,
        question: Question,
        size: int,
        place: Place | None = None,
        *,
        backward: bool = False,
        limits: Limits = USUAL,
    ) -> Stretch:
        """At most `size` calls after a place, or before it with `backward`; in order either way."""
        parameters = Parameters(question.realm.account.sid, self._rows.personal)
        statement = _page(question, size + 1, place, parameters, backward=backward)
        answer = await self._engine.query(statement, limits)
        rows, more = answer.rows[:size], len(answer.rows) > size
        calls = [call async for call in in_turns(self._read(question.realm.account.sid, rows))]
        if backward:
            return Stretch(tuple(calls[::-1]), place is not None, more, answer.rows_read)
        return Stretch(tuple(calls), more, place is not None, answer.rows_read)

    async def count(self, question: Question, limits: Limits = USUAL) -> int:
        """How many calls there are."""
        parameters = Parameters(question.realm.account.sid, self._rows.personal)
        sql = f"SELECT count() {_found(question, parameters)}"
        answer = await self._engine.query(Statement(sql, parameters.values), limits)
        return int(answer.rows[0][0])

    async def calls(
        self, realm: Realm, since: float, sids: Sequence[str], limits: Limits = USUAL
    ) -> dict[str, Snapshot]:
        """Those of some calls that there are, by their SIDs."""
        parameters = Parameters(realm.account.sid, self._rows.personal)
        calls = visible_calls(realm, since, parameters, sids)
        statement = Statement(f"SELECT sid, gateway_summary {calls}", parameters.values, _SEALED)
        answer = await self._engine.query(statement, limits)
        found = self._read(realm.account.sid, answer.rows)
        return {snapshot.sid: snapshot async for _, snapshot in in_turns(found)}

    def _read(
        self, account: str, rows: Sequence[Sequence[Any]]
    ) -> Iterator[tuple[Place, Snapshot]]:
        """The calls of some rows; one that no key opens is left out."""
        for sid, sealed, *values in rows:
            snapshot = self._rows.snapshot(account, sid, sealed)
            if snapshot is not None:
                yield Place(tuple(values), sid), snapshot


def _found(question: Question, parameters: Parameters) -> str:
    calls = visible_calls(question.realm, question.since, parameters)
    return f"{calls} AND {where(question.condition, parameters)}"


def _page(
    question: Question, limit: int, place: Place | None, parameters: Parameters, *, backward: bool
) -> Statement:
    order = [(_key(one.field), one.descending != backward) for one in question.order]
    found = _found(question, parameters)
    if place is not None:
        values = [
            None if value is None else _value(one.field, value, parameters)
            for one, value in zip(question.order, place.values, strict=True)
        ]
        sid = parameters.put(place.sid, "String")
        found += f" AND {_beyond(order, values, sid, backward=backward)}"
    keys = "".join(f", {key}" for key, _ in order)
    nulls = "FIRST" if backward else "LAST"
    directions = [f"{key} {'DESC' if down else 'ASC'} NULLS {nulls}" for key, down in order]
    sid = f"sid {'DESC' if backward else 'ASC'}"
    sql = (
        f"SELECT sid, gateway_summary{keys} {found} "
        f"ORDER BY {', '.join([*directions, sid])} LIMIT {parameters.put(limit, 'UInt32')}"
    )
    return Statement(sql, parameters.values, _SEALED)


def _key(field: Field) -> str:
    return f"toUnixTimestamp64Micro({field.column})" if field.kind is Kind.MOMENT else field.column


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
