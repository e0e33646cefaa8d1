"""Defines the Relay connection of calls."""

from collections.abc import Callable
from functools import partial

import strawberry

from gateway.calls.pages import Listed, Stretch, position_of
from gateway.insights.paging import Cursors, Question
from gateway.schema.types.call import Call, call_of
from gateway.schema.types.field_traits import Reads, costs_per_item, reads
from gateway.schema.types.page_info import PageInfo


@strawberry.type(description="A call in a list, with its place there.")
class CallEdge:
    """Relay's edge; not a media edge."""

    node: Call = strawberry.field(description="The call.")
    write_cursor: strawberry.Private[Callable[[], str]]

    @strawberry.field(
        description="The place of this call in this list, for `after` or `before`.",
        metadata=reads(Reads.VALUE),
    )
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
    """Relay's connection, with GitHub's `nodes`; made of a stretch as it is asked for.

    `bounds` are those of its question: the same calls have other cursors under others.
    """

    stretch: strawberry.Private[Stretch]
    write: strawberry.Private[Callable[[Listed], str]]
    bounds: strawberry.Private[tuple[str, str]]

    @strawberry.field(
        description="The calls, each with its cursor.",
        metadata=costs_per_item() | reads(Reads.VALUE),
    )
    def edges(self) -> list[CallEdge]:
        """Relay's."""
        return [
            CallEdge(node=call_of(one.call), write_cursor=partial(self.write, one))
            for one in self.stretch.calls
        ]

    @strawberry.field(
        description="The calls alone.", metadata=costs_per_item() | reads(Reads.VALUE)
    )
    def nodes(self) -> list[Call]:
        """For who does not ask for cursors."""
        return [call_of(one.call) for one in self.stretch.calls]

    @strawberry.field(description="Whether there are more.", metadata=reads(Reads.VALUE))
    def page_info(self) -> PageInfo:
        """Relay's."""
        return PageInfo.of(self.stretch, self.stretch.calls, self.write)


def connection(stretch: Stretch, cursors: Cursors, question: Question) -> CallConnection:
    """A stretch of calls as a connection."""
    return CallConnection(
        stretch=stretch,
        write=lambda one: cursors.encode(position_of(one, question.sort), question),
        bounds=question.bounds,
    )
