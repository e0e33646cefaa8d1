"""Resolves `callStatistics`: selections become measures of the warehouse, results their values.

The whole selection becomes one question. So it is read before anything is resolved; what was
measured then goes to the fields by their response keys.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from msgspec.structs import replace

from gateway.calls.searches import Searches
from gateway.config.viewers import Viewer
from gateway.errors import BadUserInput
from gateway.insights.catalogue import graph_name
from gateway.schema.call_search import NOTHING, pinned, ready, tell
from gateway.schema.context import Context
from gateway.schema.language.selected import Selected
from gateway.schema.types.call_fields import field_of
from gateway.schema.types.conditions import Reading
from gateway.schema.types.coverage import coverage_of
from gateway.schema.types.groupings import CallGrouping, CallGroupOrder, groupings_of
from gateway.schema.types.search import OrderDirection, check_length
from gateway.schema.types.statistics import CallGroup, CallGroupKey, CallStatistics, Values
from gateway.schema.types.where import Where
from gateway.warehouse.coverage import Coverage
from gateway.warehouse.fields import Field
from gateway.warehouse.measures import (
    Count,
    CountWhere,
    Distinct,
    Histogram,
    Measure,
    Share,
    Summed,
    Summing,
    check_number,
    histogram,
    quantile,
)
from gateway.warehouse.permissions import check_use
from gateway.warehouse.statistics_question import Asked, By, Group
from gateway.warehouse.statistics_question import Measured as Answer

KEY = "key"

_SUMMING = {graph_name(what.name.lower()): what for what in Summing}


class Measured(NamedTuple):
    """A value of a group: its response path below the group, and what it measures."""

    path: tuple[str, ...]
    measure: Measure


class Measures:
    """Reads selections of groups as measures. Raises BadUserInput and Forbidden."""

    def __init__(self, reading: Reading, viewer: Viewer) -> None:
        self._reading = reading
        self._viewer = viewer

    def of(self, fields: Sequence[Selected]) -> list[Measured]:
        """The values that are selected of a group."""
        return [one for field in fields for one in self._group(field)]

    def _group(self, field: Selected) -> Iterator[Measured]:
        path, given = (field.key,), field.arguments
        match field.name:
            case "count":
                yield Measured(path, Count())
            case "countWhere":
                yield Measured(path, CountWhere(self._condition(given, path)))
            case "share":
                yield Measured(path, Share(self._condition(given, path)))
            case "distinct":
                counted = self._field(given, path)
                yield Measured(path, Distinct(counted))
            case "of":
                number = self._field(given, path)
                check_number(number, _argument(path, "field"))
                for one in field.fields:
                    yield from _number(number, one, (*path, one.key))

    def _condition(self, given: Mapping[str, Any], path: tuple[str, ...]) -> Any:
        return self._reading.condition(given["where"], _argument(path, "where"))

    def _field(self, given: Mapping[str, Any], path: tuple[str, ...]) -> Field:
        field = field_of(given["field"])
        check_use(self._viewer, [field], _argument(path, "field"))
        return field


def _number(field: Field, selected: Selected, path: tuple[str, ...]) -> Iterator[Measured]:
    """What is selected of a number."""
    given = selected.arguments
    match selected.name:
        case "quantile":
            yield Measured(path, quantile(field, given["q"], _argument(path, "q")))
        case "histogram":
            yield Measured(path, histogram(field, given["bounds"], _argument(path, "bounds")))
        case name if name in _SUMMING:
            yield Measured(path, Summed(field, _SUMMING[name]))


def _argument(path: tuple[str, ...], name: str) -> str:
    return ".".join([*path, name])


def orders_of(
    given: Sequence[CallGroupOrder] | None, measured: Sequence[Measured]
) -> tuple[By, ...]:
    """What to sort groups by. Raises BadUserInput for a path that is not selected."""
    check_length(given or (), "orderBy")
    sortable = {
        ".".join(one.path): one.measure
        for one in measured
        if not isinstance(one.measure, Histogram)
    }
    paths: dict[str, Measure | None] = {KEY: None, **sortable}
    return tuple(_by(one, paths, f"orderBy[{place}].by") for place, one in enumerate(given or ()))


def _by(order: CallGroupOrder, paths: Mapping[str, Measure | None], argument: str) -> By:
    if order.by not in paths:
        accepted = ", ".join(f"`{path}`" for path in paths)
        raise BadUserInput(argument, "is no value that `groups` selects", accepted)
    return By(paths[order.by], order.direction is not OrderDirection.ASC)


def placed(measured: Sequence[Measured], values: Sequence[Any]) -> Values:
    """The values of a group, in the order of what was measured, by their response keys."""
    found: dict[str, Any] = {}
    for one, value in zip(measured, values, strict=True):
        at = found
        for key in one.path[:-1]:
            at = at.setdefault(key, {})
        at[one.path[-1]] = value
    return found


class Plan:
    """What is measured of groups, and of all calls, by the response keys of their fields."""

    def __init__(self, root: Selected, measures: Measures) -> None:
        self._groups = _each(root, "groups", measures)
        self._totals = _each(root, "total", measures)
        self.of_groups = [one for measured in self._groups.values() for one in measured]
        self.of_total = [one for measured in self._totals.values() for one in measured]
        self.wants_groups = root.has("groups") or root.has("hasMore")
        self.wants_coverage = root.has("coverage")

    def give(self, found: Answer, names: Sequence[str]) -> dict[str, Any]:
        """The values of an answer as the graph has them; `names` are those of the groupings."""
        given: dict[str, Any] = {}
        start = 0
        for key, measured in self._groups.items():
            part = slice(start, start := start + len(measured))
            given[key] = [_group(one, names, measured, part) for one in found.groups]
        start = 0
        for key, measured in self._totals.items():
            part = slice(start, start := start + len(measured))
            given[key] = CallGroup(key=[], values=placed(measured, found.total[part]))
        return given


def _each(root: Selected, name: str, measures: Measures) -> dict[str, list[Measured]]:
    return {one.key: measures.of(one.fields) for one in root.fields if one.name == name}


def _group(
    group: Group, names: Sequence[str], measured: Sequence[Measured], part: slice
) -> CallGroup:
    keys = zip(names, group.key, strict=True)
    return CallGroup(
        key=[CallGroupKey(name=name, value=value) for name, value in keys],
        values=placed(measured, group.values[part]),
    )


class Question(NamedTuple):
    """The arguments of `callStatistics`."""

    where: Where | None
    group_by: Sequence[CallGrouping] | None
    order_by: Sequence[CallGroupOrder] | None
    size: int


async def measure(context: Context, question: Question, root: Selected) -> CallStatistics:
    """What is selected of groups of calls. Raises BadUserInput and Forbidden."""
    realm, searches = ready(context)
    reading = Reading(context.viewer, pinned(context))
    condition = reading.condition(question.where)
    groupings = groupings_of(question.group_by, context.viewer)
    plan = Plan(root, Measures(reading, context.viewer))
    asked = Asked(
        realm,
        searches.since,
        condition,
        groupings,
        measures=tuple(one.measure for one in plan.of_groups) if plan.wants_groups else None,
        totals=tuple(one.measure for one in plan.of_total) or None,
        order=orders_of(question.order_by, plan.of_groups) if plan.wants_groups else (),
        first=question.size,
    )
    tell(context, condition)
    coverage = await _coverage(searches, asked, wanted=plan.wants_coverage)
    found = await searches.measure(replace(asked, window=_window(coverage)))
    return CallStatistics(
        measured=plan.give(found, [one.field.constant for one in groupings]),
        selected=root,
        has_more=found.has_more,
        coverage=coverage_of(coverage),
    )


async def _coverage(searches: Searches, asked: Asked, *, wanted: bool) -> Coverage:
    """What is known, if it is selected, or slices of time depend on it."""
    if not wanted and asked.slices is None:
        return NOTHING
    return await searches.coverage(asked.realm, asked.condition)


def _window(coverage: Coverage) -> tuple[datetime, datetime] | None:
    if coverage.start is None or coverage.end is None:
        return None
    return datetime.fromtimestamp(coverage.start, UTC), datetime.fromtimestamp(coverage.end, UTC)
