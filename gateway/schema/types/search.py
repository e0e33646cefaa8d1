"""Defines the types of `searchCalls`: its orders, and its Relay connection."""

from collections.abc import Callable, Sequence
from functools import partial

import strawberry

from gateway.calls import call as calls
from gateway.calls.searches import Found
from gateway.config.viewers import Viewer
from gateway.errors import BadUserInput
from gateway.insights.catalogue import Vocabulary
from gateway.schema.types.call import Call, call_of
from gateway.schema.types.call_fields import CallField, field_of
from gateway.schema.types.connection import CallEdge
from gateway.schema.types.coverage import Coverage
from gateway.schema.types.derive import name_enums
from gateway.schema.types.field_traits import Reads, costs, costs_per_item, reads
from gateway.schema.types.page_info import PageInfo
from gateway.warehouse.pages import NEWEST_FIRST, Order, Place
from gateway.warehouse.permissions import check_order

MOST_ORDERS = 10
"""Fields that calls, or groups, are sorted by at most."""


class OrderDirection(Vocabulary):
    """Which values come first; nulls are last in either direction."""

    ASC = "asc", "The smallest first; of times, the earliest."
    DESC = "desc", "The largest first; of times, the latest."


name_enums()


@strawberry.input(
    description="A field to sort calls by. Nulls are last; the SID decides between equal calls."
)
class CallOrder:
    """One of several, the first of which counts most."""

    field: CallField = strawberry.field(
        description="The field: one with a single value that is no personal data."
    )
    direction: OrderDirection = strawberry.field(
        default=OrderDirection.DESC, description="Which values come first."
    )


def orders_of(given: Sequence[CallOrder] | None, viewer: Viewer) -> tuple[Order, ...]:
    """What to sort by: the newest first if nothing is said. Raises Forbidden and BadUserInput."""
    if not given:
        return NEWEST_FIRST
    check_length(given, "orderBy")
    fields = [field_of(one.field) for one in given]
    check_order(viewer, fields, "orderBy")
    ascending = OrderDirection.ASC
    return tuple(
        Order(field, one.direction is not ascending)
        for field, one in zip(fields, given, strict=True)
    )


def check_length(given: Sequence[object], argument: str) -> None:
    """Raises BadUserInput for a list that is too long."""
    if len(given) > MOST_ORDERS:
        raise BadUserInput(argument, f"has {len(given)} items", f"at most {MOST_ORDERS}")


@strawberry.type(
    description="Calls that were found in the warehouse, in their order, with their number."
)
class CallSearchConnection:
    """Relay's connection, with GitHub's `nodes`."""

    found: strawberry.Private[Found]
    write: strawberry.Private[Callable[[Place], str]]
    total_count: int = strawberry.field(
        description="How many calls there are in all; counted only when it is selected.",
        metadata=costs(queries=1),
    )
    coverage: Coverage = strawberry.field(
        description="The coverage of the answer, within the bounds that `where` sets to `endTime`."
    )

    @property
    def calls(self) -> list[calls.Call]:
        """The calls that were found."""
        return [call for _, call in self.found.calls]

    @strawberry.field(
        description="The calls, each with its cursor.",
        metadata=costs_per_item() | reads(Reads.VALUE),
    )
    def edges(self) -> list[CallEdge]:
        """Relay's."""
        return [
            CallEdge(node=call_of(call), write_cursor=partial(self.write, place))
            for place, call in self.found.calls
        ]

    @strawberry.field(
        description="The calls alone.", metadata=costs_per_item() | reads(Reads.VALUE)
    )
    def nodes(self) -> list[Call]:
        """For clients that do not select cursors."""
        return [call_of(call) for call in self.calls]

    @strawberry.field(description="Whether there are more.", metadata=reads(Reads.VALUE))
    def page_info(self) -> PageInfo:
        """Relay's."""
        return PageInfo.of(self.found, self.found.calls, lambda found: self.write(found[0]))
