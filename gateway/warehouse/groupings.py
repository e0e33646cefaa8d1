"""Defines groupings of calls: by a field, by slices of time, by steps of a number."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from math import isfinite
from typing import Any, TypeAlias

from msgspec import Struct

from gateway.errors import BadUserInput
from gateway.insights.leaves import Kind
from gateway.warehouse.fields import Field
from gateway.warehouse.parameters import Parameters
from gateway.warehouse.slices import DAY, Slices, time_zones

_EVERY = re.compile(r"([1-9][0-9]{0,3})([mhdw])", re.ASCII)
_ACCEPTED_EVERY = (
    "minutes or hours that a day can be divided into, such as `15m` or `1h`, or days or weeks, "
    "such as `1d` or `1w`"
)
_SECONDS = {"m": 60, "h": 3600}
_DAYS = {"d": 1, "w": 7}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class ByField(Struct, frozen=True):
    """A group for each value; a call is in each group of a list, or in that of null."""

    field: Field


class ByTime(Struct, frozen=True):
    """A group for each slice of time."""

    field: Field
    slices: Slices


class ByWidth(Struct, frozen=True):
    """A group for each step of a number, from a multiple of the width on."""

    field: Field
    width: float


Grouping: TypeAlias = ByField | ByTime | ByWidth


def by_time(field: Field, every: str, zone: str, argument: str) -> ByTime:
    """Slices such as `15m` in a time zone. Raises BadUserInput, naming the part at fault."""
    if field.kind is not Kind.MOMENT:
        raise BadUserInput(f"{argument}.field", f"is `{field.constant}`", "a field that is a time")
    if zone not in time_zones():
        accepted = "a name of the IANA time zone database, such as `Europe/Berlin`"
        raise BadUserInput(f"{argument}.timeZone", "is no time zone", accepted)
    parts = _EVERY.fullmatch(every)
    number, unit = (int(parts[1]), parts[2]) if parts else (0, "")
    if unit in _DAYS:
        return ByTime(field, Slices(zone, days=number * _DAYS[unit]))
    seconds = number * _SECONDS.get(unit, 0)
    if not seconds or DAY % seconds:
        raise BadUserInput(f"{argument}.every", "is no length of slices", _ACCEPTED_EVERY)
    return ByTime(field, Slices(zone, seconds=seconds))


def by_width(field: Field, width: float, argument: str) -> ByWidth:
    """Steps of a number. Raises BadUserInput, naming the part at fault."""
    if field.many or field.is_personal or not field.kind.is_number:
        accepted = "a field that holds a number and no personal data"
        raise BadUserInput(f"{argument}.field", f"is `{field.constant}`", accepted)
    if not (isfinite(width) and width > 0):
        raise BadUserInput(f"{argument}.width", f"is {width}", "a number above 0")
    return ByWidth(field, width)


def key_expression(grouping: Grouping, parameters: Parameters) -> str:
    """The key of a group as SQL: a value, a number of steps, or the key of a slice."""
    field = grouping.field
    match grouping:
        case ByTime(slices=slices):
            return slices.expression(field.column, parameters.put(slices.zone, "String"))
        case ByWidth(width=width):
            return f"floor(toFloat64({field.column}) / {parameters.number(width)})"
    if field.many:
        values = f"CAST(arrayDistinct({field.column}), 'Array(Nullable(String))')"
        return f"arrayJoin(if(empty({field.column}), [NULL], {values}))"
    if field.kind is Kind.MOMENT:
        return f"toUnixTimestamp64Micro({field.column})"
    return parameters.column(field)


def key_text(grouping: Grouping, key: Any, parameters: Parameters) -> str | None:
    """The key of a group as clients see it; None for the calls that have no value."""
    if key is None:
        return None
    match grouping:
        case ByTime(slices=slices):
            return iso(slices.start(key))
        case ByWidth(width=width):
            return str(Decimal(repr(width)) * int(key))
    return _value_text(grouping.field, key, parameters)


def _value_text(field: Field, value: Any, parameters: Parameters) -> str | None:
    if field.is_personal:
        return parameters.decrypt(field, value)
    if field.vocabulary is not None:
        word = field.vocabulary.spelled(value)
        return "UNRECOGNIZED" if word is None else word.name
    match field.kind:
        case Kind.MOMENT:
            return iso(_EPOCH + timedelta(microseconds=value))
        case Kind.FLAG:
            return "true" if value else "false"
    return value if isinstance(value, str) else repr(value)


def iso(moment: datetime) -> str:
    """`2026-05-30T00:00:00+02:00`, and `Z` for UTC."""
    return moment.isoformat().replace("+00:00", "Z")
