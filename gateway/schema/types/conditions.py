"""Converts a value of `CallWhere` to a condition of the warehouse."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from gateway.config.viewers import Viewer
from gateway.errors import BadUserInput
from gateway.insights.windows import TimeBound
from gateway.schema.types.applied_filters import note_comparison
from gateway.schema.types.comparisons import SINCE, UNTIL
from gateway.schema.types.where import (
    EDGE,
    PARTS,
    Find,
    Part,
    Where,
    find,
    find_at_edge,
)
from gateway.warehouse.conditions import (
    EVERYTHING,
    All,
    Condition,
    Either,
    Not,
    Operator,
    SomeEdge,
    compare,
    fields_of,
    several,
)
from gateway.warehouse.fields import Field
from gateway.warehouse.permissions import check_use

MOST_COMPARISONS = 200
"""Comparisons in one condition."""

DEEPEST = 20
"""Levels of `and`, `or` and `not`."""

_SEVERAL: Mapping[str, type[All] | type[Either]] = {"and": All, "or": Either}
_BOUNDS = {SINCE: Operator.GTE, UNTIL: Operator.LT}


class Reading:
    """Reads conditions at a moment, in seconds since 1970, from which ages are counted.

    `is_relative` says whether some condition had an age.
    """

    def __init__(self, viewer: Viewer, now: float) -> None:
        self.is_relative = False
        self._viewer = viewer
        self._now = datetime.fromtimestamp(now, UTC)

    def condition(self, where: Where | None, argument: str = "where") -> Condition:
        """What a value asks for. Raises BadUserInput and Forbidden, naming `argument`."""
        if where is None:
            return EVERYTHING
        condition = self._call(where.fields, argument, DEEPEST)
        fields = list(fields_of(condition))
        if len(fields) > MOST_COMPARISONS:
            problem = f"has {len(fields)} comparisons"
            raise BadUserInput(argument, problem, f"at most {MOST_COMPARISONS}")
        check_use(self._viewer, fields, argument)
        return condition

    def _call(self, value: Mapping[str, Any], argument: str, levels: int) -> Condition:
        if levels == 0:
            accepted = f"at most {DEEPEST} levels of `and`, `or` and `not`"
            raise BadUserInput(argument, "is nested too deeply", accepted)
        return _all(
            [
                self._of_call(name, inner, f"{argument}.{name}", levels - 1)
                for name, inner in value.items()
                if inner is not None
            ]
        )

    def _of_call(self, name: str, value: Any, argument: str, levels: int) -> Condition:
        """What one field of `CallWhere` asks for."""
        if (kind := _SEVERAL.get(name)) is not None:
            each = enumerate(value)
            inner = [self._call(one, f"{argument}[{place}]", levels) for place, one in each]
            condition: Condition = several(kind, inner, argument)
            return condition
        if name == "not":
            return Not(self._call(value, argument, levels))
        if name == "edges":
            return SomeEdge(self._object(value, EDGE.parts, (), find_at_edge, argument))
        return self._object({name: value}, PARTS, (), find, argument.rpartition(".")[0])

    def _object(
        self,
        value: Mapping[str, Any],
        parts: Mapping[str, Part],
        place: tuple[str, ...],
        found: Find,
        argument: str,
    ) -> Condition:
        """What all fields of an object, at a place of the summary, ask for."""
        conditions = []
        for name, inner in value.items():
            if inner is None:
                continue
            part = parts[name]
            names, at = (*place, part.upstream_name), f"{argument}.{name}"
            if part.shape is not None:
                conditions.append(self._object(inner, part.shape.parts, names, found, at))
            elif (field := found(names)) is not None:
                conditions += [self._compared(field, how, one, at) for how, one in inner.items()]
        return _all(conditions)

    def _compared(self, field: Field, name: str, value: Any, argument: str) -> Condition:
        at = f"{argument}.{name}"
        note_comparison(at, field, value)
        if (operator := _BOUNDS.get(name)) is None:
            return compare(field, Operator(name), value, at)
        return compare(field, operator, None if value is None else self._moment(value, at), at)

    def _moment(self, bound: TimeBound, argument: str) -> datetime:
        if isinstance(bound, datetime):
            return bound
        self.is_relative = True
        if bound > _LONGEST:
            raise BadUserInput(argument, "is too long ago", f"an age up to {_LONGEST.days}d")
        return self._now - bound


_LONGEST = timedelta(days=366)


def _all(conditions: list[Condition]) -> Condition:
    return conditions[0] if len(conditions) == 1 else All(tuple(conditions))
