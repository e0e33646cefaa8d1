"""Relay's connection over a stretch of calls."""

from collections.abc import Callable
from functools import partial

import strawberry

from gateway.calls.lists import Stretch
from gateway.insights.paging import Cursors, Position, Question
from gateway.schema.types.call import Call, call_of


@strawberry.type(description="Whether there are more calls, and the cursors to go on with.")
class PageInfo:
    """Relay's page info; cursors are made when they are asked for."""

    has_next_page: bool = strawberry.field(description="Whether there are calls after these.")
    has_previous_page: bool = strawberry.field(description="Whether there are calls before these.")
    write_start: strawberry.Private[Callable[[], str | None]]
    write_end: strawberry.Private[Callable[[], str | None]]

    @strawberry.field(description="Cursor of the first of these calls; null when there are none.")
    def start_cursor(self) -> str | None:
        """For `before`."""
        return self.write_start()

    @strawberry.field(description="Cursor of the last of these calls; null when there are none.")
    def end_cursor(self) -> str | None:
        """For `after`."""
        return self.write_end()


@strawberry.type(description="A call in a list, with its place there.")
class CallEdge:
    """Relay's edge; not a media edge."""

    node: Call = strawberry.field(description="The call.")
    write_cursor: strawberry.Private[Callable[[], str]]

    @strawberry.field(description="The place of this call in this list, for `after` or `before`.")
    def cursor(self) -> str:
        """Opaque; it opens the list with this filter and order, and no other."""
        return self.write_cursor()


@strawberry.type(
    description=(
        "A stretch of a list of calls. There is no total: the upstream has none, and counting "
        "would mean reading everything."
    )
)
class CallConnection:
    """Relay's connection, with GitHub's `nodes`."""

    edges: list[CallEdge] = strawberry.field(description="The calls, each with its cursor.")
    nodes: list[Call] = strawberry.field(description="The calls alone.")
    page_info: PageInfo = strawberry.field(description="Whether there are more.")


def connection(stretch: Stretch, cursors: Cursors, question: Question) -> CallConnection:
    """A stretch of calls as a connection."""

    def write(position: Position) -> str:
        return cursors.encode(position, question)

    def write_at(index: int) -> str | None:
        return write(stretch.calls[index][0]) if stretch.calls else None

    return CallConnection(
        edges=[
            CallEdge(node=call_of(call), write_cursor=partial(write, position))
            for position, call in stretch.calls
        ],
        nodes=[call_of(call) for _, call in stretch.calls],
        page_info=PageInfo(
            has_next_page=stretch.has_next,
            has_previous_page=stretch.has_previous,
            write_start=partial(write_at, 0),
            write_end=partial(write_at, -1),
        ),
    )
