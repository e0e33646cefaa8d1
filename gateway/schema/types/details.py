"""Defines `Call.metrics` and `Call.events`: Relay connections of Twilio's details."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Annotated, Any, Generic, TypeVar, cast

import strawberry

from gateway.calls import call as calls
from gateway.calls.call import LookupStatus
from gateway.calls.details import DetailStretch, ListedDetail
from gateway.errors import BadUserInput
from gateway.insights.call_events import CallEvent, EventLevel
from gateway.insights.call_metrics import MetricSample
from gateway.insights.detail_paging import DetailPosition, DetailQuestion
from gateway.insights.details import Resource
from gateway.insights.edge_kinds import MediaEdgeKind, StreamDirection
from gateway.insights.paging import MAX_SIZE
from gateway.schema.context import Info
from gateway.schema.demand_control.page_charge import PageCharge
from gateway.schema.types.applied_filters import note_details
from gateway.schema.types.derive import name_enums, object_type
from gateway.schema.types.field_traits import Reads, changes, costs, costs_per_item, reads
from gateway.schema.types.inputs import After, or_none
from gateway.schema.types.page_info import PageInfo

name_enums()

DEFAULT_FIRST = 100
"""Of a call of eight minutes with two streams: all samples of one edge."""

EDGES = len(MediaEdgeKind)
"""Requests that a price holds: a page for each edge that a call can have."""

NodeT = TypeVar("NodeT")
WordT = TypeVar("WordT", bound=str)


@strawberry.type(description="A sample or event in a list, with its place there.")
class Edge(Generic[NodeT]):
    """Relay's edge; not a media edge."""

    node: NodeT = strawberry.field(description="The sample or event.")
    write_cursor: strawberry.Private[Callable[[], str]]

    @strawberry.field(
        description="The place in this list, for `after`.", metadata=reads(Reads.VALUE)
    )
    def cursor(self) -> str:
        """Opaque; it opens the list of this call with these arguments, and no other."""
        return self.write_cursor()


@strawberry.type(
    description=(
        "A stretch of the metrics or events of a call: edge after edge, by time within one."
    )
)
class Connection(Generic[NodeT]):
    """Relay's connection, with GitHub's `nodes`; made of a stretch as it is asked for."""

    stretch: strawberry.Private[DetailStretch]
    write: strawberry.Private[Callable[[ListedDetail], str]]

    @strawberry.field(
        description=(
            "Whether the list is whole. `COMPLETE`: Twilio adds nothing to it. `PARTIAL`, "
            "`NOT_READY`: the call is under way or ended just now, and more may follow. "
            "`INSIGHTS_NOT_ENABLED`: Twilio has neither metrics nor events without Advanced "
            "Features."
        ),
        metadata=reads(Reads.VALUE),
    )
    def status(self) -> LookupStatus:
        """A state, and no error."""
        return self.stretch.status

    @strawberry.field(
        description="The samples or events, each with its cursor.",
        metadata=costs_per_item() | reads(Reads.VALUE),
    )
    def edges(self) -> list[Edge[NodeT]]:
        """Relay's."""
        return [
            Edge(node=cast("NodeT", one.value), write_cursor=partial(self.write, one))
            for one in self.stretch.items
        ]

    @strawberry.field(
        description="The samples or events alone.",
        metadata=costs_per_item() | reads(Reads.VALUE),
    )
    def nodes(self) -> list[NodeT]:
        """For who does not ask for cursors."""
        return [cast("NodeT", one.value) for one in self.stretch.items]

    @strawberry.field(description="Whether there is more.", metadata=reads(Reads.VALUE))
    def page_info(self) -> PageInfo:
        """Relay's."""
        return PageInfo.of(self.stretch, self.stretch.items, self.write)


MetricSampleConnection: Any = Connection[object_type(MetricSample)]  # type: ignore[misc]
CallEventConnection: Any = Connection[object_type(CallEvent)]  # type: ignore[misc]

Edges = Annotated[
    list[MediaEdgeKind] | None,
    strawberry.argument(description="Of these media edges alone; of all edges if not said."),
]
First = Annotated[int | None, strawberry.argument(description="How many: 1 to 1000.")]


async def _metrics(  # noqa: PLR0913, PLR0917 - Relay's arguments
    root: strawberry.Parent[calls.Call],
    info: Info,
    edges: Edges = strawberry.UNSET,
    directions: Annotated[
        list[StreamDirection] | None,
        strawberry.argument(
            description="Of these streams alone. A sample of the SDK is of both, and stays."
        ),
    ] = strawberry.UNSET,
    first: First = DEFAULT_FIRST,
    after: After = strawberry.UNSET,
) -> Any:
    asked = _question(info, root, "Metrics", edges=_chosen(edges), directions=_chosen(directions))
    return await _listed(info, root, asked, or_none(first), or_none(after))


async def _events(  # noqa: PLR0913, PLR0917 - Relay's arguments
    root: strawberry.Parent[calls.Call],
    info: Info,
    edges: Edges = strawberry.UNSET,
    levels: Annotated[
        list[EventLevel] | None,
        strawberry.argument(
            description="Of these levels alone. Events of ConversationRelay have none."
        ),
    ] = strawberry.UNSET,
    first: First = DEFAULT_FIRST,
    after: After = strawberry.UNSET,
) -> Any:
    asked = _question(info, root, "Events", edges=_chosen(edges), levels=_chosen(levels))
    return await _listed(info, root, asked, or_none(first), or_none(after))


_COSTS = costs(EDGES, sized_by=("first",), most=MAX_SIZE, otherwise=DEFAULT_FIRST) | changes()

metrics: Any = strawberry.field(
    resolver=_metrics,
    graphql_type=MetricSampleConnection,
    description=(
        "Measurements of each media edge, a sample every ten seconds. Twilio has a sample about 90 "
        "seconds after it was taken. It costs a request to Twilio for each edge, once."
    ),
    metadata=_COSTS,
)
events: Any = strawberry.field(
    resolver=_events,
    graphql_type=CallEventConnection,
    description=(
        "Events of the call: its progress at the gateways, the notes of the SDK, and the steps of "
        "a voice agent. It costs a request to Twilio for each edge, once."
    ),
    metadata=_COSTS,
)


def _question(info: Info, call: calls.Call, resource: Resource, **filters: Any) -> DetailQuestion:
    return DetailQuestion(info.context.viewer.realm.key, call.snapshot.sid, resource, **filters)


def _chosen(words: Iterable[WordT] | None) -> tuple[WordT, ...] | None:
    """Words in one order, so that a cursor does not depend on it; None if there are none said."""
    given = or_none(words)
    return None if given is None else tuple(sorted(set(given)))


async def _listed(
    info: Info, call: calls.Call, question: DetailQuestion, first: int | None, after: str | None
) -> Connection[Any]:
    """A stretch of the metrics or events of a call. Raises BadUserInput and InvalidCursor."""
    context, count = info.context, DEFAULT_FIRST if first is None else first
    if not 1 <= count <= MAX_SIZE:
        raise BadUserInput("first", f"is {count}", f"a number from 1 to {MAX_SIZE}")
    start = None
    if after is not None:
        start = context.cursors.read(after, question, "after", DetailPosition)
    note_details(question)
    charge = PageCharge(context, question, EDGES)
    details = context.call_service.details
    stretch = await details.forward(context.viewer.realm, call, question, start, count, charge)
    context.freshness.saw(stretch.as_of, stretch.fresh_until, complete=stretch.whole)

    def write(one: ListedDetail) -> str:
        return context.cursors.encode(one.position, question)

    return Connection(stretch=stretch, write=write)
