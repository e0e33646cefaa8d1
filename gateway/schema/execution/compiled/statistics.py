"""Renders the groups of `callStatistics` as JSON from their selection, without graphql-core.

What graphql-core would do value by value needs no resolver here, for all was measured before.
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

from gateway.schema.execution.compiled.selection import Misfit, Program
from gateway.schema.language.selected import Selected
from gateway.schema.types.field_traits import Reads
from gateway.schema.types.scalars import moment_text
from gateway.schema.types.statistics import CallGroup, CallStatistics

_ATTRIBUTES = {"from": "from_", "isWhole": "is_whole", "syncedAt": "synced_at"}


def _statistics(found: Any, _: Any) -> dict[str, Any]:
    """The data of `callStatistics`. Raises Misfit for any other value."""
    if found.__class__ is not CallStatistics:
        raise Misfit
    return {field.key: _of_root(found, field) for field in found.selected.fields}


STATISTICS = Program(_statistics, b"statistics", frozenset({Reads.SELECTION}))
"""The program of every selection of statistics."""


def _of_root(found: CallStatistics, field: Selected) -> Any:
    match field.name:
        case "groups":
            return [_group(group, field.fields) for group in found.measured[field.key]]
        case "total":
            return _group(found.measured[field.key], field.fields)
        case "hasMore":
            return found.has_more
        case "coverage":
            return _plain(found.coverage, field.fields)
    return field.on


def _group(group: CallGroup, fields: Sequence[Selected]) -> dict[str, Any]:
    return {field.key: _of_group(group, field) for field in fields}


def _of_group(group: CallGroup, field: Selected) -> Any:
    match field.name:
        case "key":
            return [_plain(part, field.fields) for part in group.key]
        case "of":
            values = group.values.get(field.key, {})
            return {one.key: _of_number(values, one) for one in field.fields}
        case "__typename":
            return field.on
    return group.values[field.key]


def _of_number(values: Any, field: Selected) -> Any:
    """A value of a number; counts with their bounds if it is a histogram."""
    if field.name == "__typename":
        return field.on
    value = values[field.key]
    if field.name != "histogram":
        return value
    ends = pairwise([None, *field.arguments["bounds"], None])
    buckets = [
        {"from": low, "until": high, "count": count}
        for (low, high), count in zip(ends, value, strict=True)
    ]
    return [{one.key: bucket.get(one.name, one.on) for one in field.fields} for bucket in buckets]


def _plain(value: Any, fields: Sequence[Selected]) -> Any:
    """An object whose fields are attributes, as the graph has it."""
    return {field.key: _attribute(value, field) for field in fields}


def _attribute(value: Any, field: Selected) -> Any:
    if field.name == "__typename":
        return field.on
    found = getattr(value, _ATTRIBUTES.get(field.name, field.name))
    if field.fields:
        return [_plain(one, field.fields) for one in found]
    return moment_text(found) if isinstance(found, datetime) else found
