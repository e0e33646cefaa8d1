"""Defines the inputs of `callStatistics`: groups, and their order."""

from collections.abc import Sequence
from typing import TypeAlias

import strawberry

from gateway.config.viewers import Viewer
from gateway.errors import BadUserInput
from gateway.schema.types.call_fields import CallField, field_of
from gateway.schema.types.search import OrderDirection
from gateway.warehouse.groupings import ByField, Grouping, by_time, by_width
from gateway.warehouse.permissions import check_use

MOST_GROUPINGS = 5
"""Groupings of one question."""


@strawberry.input(description="Slices of time.")
class TimeGrouping:
    """By the calendar and the clock of a time zone."""

    field: CallField = strawberry.field(
        default=CallField.END_TIME, description="The time of the call that decides: a time field."
    )
    every: str = strawberry.field(
        description=(
            "The length of a slice, such as `15m`, `1h`, `1d` or `1w`. Minutes and hours divide a "
            "day evenly."
        )
    )
    time_zone: str = strawberry.field(
        default="UTC",
        description=(
            "The time zone whose days these are: a name of the IANA database, such as "
            "`Europe/Berlin`."
        ),
    )


@strawberry.input(description="Steps of a number.")
class WidthGrouping:
    """From each multiple of the width on, up to the next one."""

    field: CallField = strawberry.field(description="The number: no list and no personal data.")
    width: float = strawberry.field(description="How wide each step is: above 0.")


@strawberry.input(one_of=True, description="By what calls are grouped: one of these.")
class CallGrouping:
    """One of several; groups have a key for each."""

    field: strawberry.Maybe[CallField] = strawberry.field(
        description="A group for each value. A call is in the group of each value of a list."
    )
    time: strawberry.Maybe[TimeGrouping] = strawberry.field(
        description="A group for each slice of time; where it is all, empty ones are there too."
    )
    width: strawberry.Maybe[WidthGrouping] = strawberry.field(
        description="A group for each step of a number."
    )


@strawberry.input(description="An order of groups. Nulls are last.")
class CallGroupOrder:
    """One of several, the first of which counts most."""

    by: str = strawberry.field(
        description=(
            "`key`, or the response path of a value below `groups`, such as `count` or "
            "`pdd.quantile`."
        )
    )
    direction: OrderDirection = strawberry.field(
        default=OrderDirection.DESC, description="Which values come first."
    )


Groupings: TypeAlias = tuple[Grouping, ...]


def groupings_of(given: Sequence[CallGrouping] | None, viewer: Viewer) -> Groupings:
    """By what to group. Raises Forbidden and BadUserInput, naming the part at fault."""
    every = given or ()
    if len(every) > MOST_GROUPINGS:
        raise BadUserInput("groupBy", f"has {len(every)} items", f"at most {MOST_GROUPINGS}")
    return tuple(_grouping(one, viewer, f"groupBy[{place}]") for place, one in enumerate(every))


def _grouping(given: CallGrouping, viewer: Viewer, argument: str) -> Grouping:
    if given.time is not None:
        time = given.time.value
        check_use(viewer, [field_of(time.field)], argument)
        return by_time(field_of(time.field), time.every, time.time_zone, f"{argument}.time")
    if given.width is not None:
        width = given.width.value
        check_use(viewer, [field_of(width.field)], argument)
        return by_width(field_of(width.field), width.width, f"{argument}.width")
    assert given.field is not None  # noqa: S101 - it is one of these
    field = field_of(given.field.value)
    check_use(viewer, [field], argument)
    return ByField(field)
