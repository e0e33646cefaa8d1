"""Defines the root fields, and builds the schema."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from functools import cache, partial
from typing import Annotated, TypeVar, cast

import strawberry
from graphql import (
    GraphQLInputObjectType,
    GraphQLSchema,
    GraphQLType,
    lexicographic_sort_schema,
    print_schema,
)
from strawberry.schema.config import StrawberryConfig

from gateway.calls.call import Lookup
from gateway.errors import BadUserInput
from gateway.insights.catalogue import CallSid
from gateway.insights.filters import CallSort
from gateway.insights.media_edges import CarrierEdge, ClientEdge, SdkEdge, SipEdge
from gateway.insights.paging import MAX_SIZE, Position
from gateway.insights.summary import ProcessingState
from gateway.insights.windows import Window, earlier, pin
from gateway.schema.context import Context, Info
from gateway.schema.demand_control.cost import LOOKUP, pages_of
from gateway.schema.demand_control.page_charge import PageCharge
from gateway.schema.execution.incremental import DEFER
from gateway.schema.subscriptions import Subscription
from gateway.schema.types.annotation import AnnotateCallInput, AnnotateCallPayload, annotate
from gateway.schema.types.applied_filters import note_list
from gateway.schema.types.call import Call, CallLookup, call_of, lookup_of, read_attribute
from gateway.schema.types.connection import CallConnection, connection
from gateway.schema.types.derive import object_type
from gateway.schema.types.field_traits import costs, dated, field_traits
from gateway.schema.types.inputs import (
    DEFAULT_FIRST,
    DEFAULT_PATIENCE,
    MAX_IDS,
    After,
    Asked,
    Before,
    CallFilter,
    Forward,
    Paging,
    Patience,
    Sid,
    or_none,
    paging,
    patience,
    understand,
)
from gateway.schema.types.node import Node, decode_id
from gateway.schema.types.scalars import SCALARS
from gateway.schema.types.viewer import Viewer, viewer_of
from gateway.schema.warehouse_fields import WarehouseFields

T = TypeVar("T")


@strawberry.type(description="Questions.")
class Query(WarehouseFields):
    """The root of all questions."""

    @strawberry.field(
        description=(
            "A call by its SID; null when there is no summary of it (yet). `callLookup` "
            "gives the reason."
        ),
        metadata=costs(LOOKUP) | dated(),
    )
    async def call(self, info: Info, sid: Sid) -> Call | None:
        """Complete summaries come from the cache, partial ones from Twilio."""
        return call_of((await _look_up(info, sid)).call)

    @strawberry.field(
        description="A call by its SID, with the reason when there is no summary of it.",
        metadata=costs(LOOKUP) | dated(),
    )
    async def call_lookup(
        self,
        info: Info,
        sid: Sid,
        wait_for: Annotated[
            ProcessingState | None,
            strawberry.argument(
                description="Wait until the summary has this state, or the time is over: `PARTIAL` "
                "is enough with a complete one too. Without it, the answer is what there is now."
            ),
        ] = strawberry.UNSET,
        timeout_seconds: Patience = DEFAULT_PATIENCE,
    ) -> CallLookup:
        """Tells NOT_READY, NOT_FOUND, EXPIRED and INSIGHTS_NOT_ENABLED apart."""
        if (state := or_none(wait_for)) is None:
            return lookup_of(await _look_up(info, sid))
        enough, seconds = patience(state, or_none(timeout_seconds))
        context = info.context
        found = await context.call_service.followers.wait(context.realm, sid, enough, seconds)
        context.freshness.lookup(found)
        return lookup_of(found)

    @strawberry.field(
        description=(
            "Calls, newest first, in pages: `first` and `after` to go on, `last` and `before` to "
            "go back. Without either, the first 25."
        ),
        metadata=costs(
            sized_by=("first", "last"), most=MAX_SIZE, otherwise=DEFAULT_FIRST, paged=True
        )
        | dated(changing=True),
    )
    async def calls(  # noqa: PLR0913, PLR0917 - Relay's arguments
        self,
        info: Info,
        filter: Annotated[  # noqa: A002 - the name is the contract's
            CallFilter | None, strawberry.argument(description="Which calls; all if not said.")
        ] = strawberry.UNSET,
        sort_by: Annotated[
            CallSort | None, strawberry.argument(description="In which order, newest first.")
        ] = CallSort.END_TIME,
        first: Forward = strawberry.UNSET,
        after: After = strawberry.UNSET,
        last: Annotated[
            int | None,
            strawberry.argument(
                description="How many calls, backward: 1 to 1000. Without `before`, the last "
                "calls of the window, if it holds no more than 10,000."
            ),
        ] = strawberry.UNSET,
        before: Before = strawberry.UNSET,
    ) -> CallConnection:
        """Relay's connection over Twilio's pages."""
        page = paging(first, after, last, before)
        asked = understand(info.context.viewer, filter or None, sort_by or CallSort.END_TIME)
        return await _listed(info.context, asked, page)

    @strawberry.field(
        description="Any object by its `id`; null when there is none (any more).",
        metadata=costs(LOOKUP) | dated(),
    )
    async def node(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="Id of the object.")],  # noqa: A002
    ) -> Node | None:
        """Relay's refetch."""
        return call_of((await _look_up(info, decode_id(id))).call)

    @strawberry.field(
        description=(
            "Objects by their ids, in the same order, null where there is none, or an error in its "
            "place. Up to 100."
        ),
        metadata=costs(LOOKUP, sized_by=("ids",), most=MAX_IDS) | dated(),
    )
    async def nodes(
        self,
        info: Info,
        ids: Annotated[list[strawberry.ID], strawberry.argument(description="Ids of the objects.")],
    ) -> list[Node | None]:
        """Relay's refetch of many; looked up at the same time."""
        sid_of = partial(decode_id, argument="ids")
        return cast("list[Node | None]", await look_up_each(info, "ids", ids, sid_of))

    @strawberry.field(
        description="The viewer of this request, and its permissions.", metadata=costs()
    )
    def viewer(self, info: Info) -> Viewer:
        """For a page that shows only what works."""
        return viewer_of(info.context.viewer)


@strawberry.type(description="Changes.")
class Mutation:
    """The root of all changes."""

    @strawberry.mutation(
        description=(
            "Say about a call what people think of it: only what is given is changed. Nothing is "
            "written twice. When an error leaves it open whether something was written, its "
            "`message` says so and its `retryable` is false: read the call, then decide."
        ),
        metadata=costs(1 + LOOKUP),
    )
    async def annotate_call(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name is the contract's
            AnnotateCallInput, strawberry.argument(description="Which call, and what to say.")
        ],
    ) -> AnnotateCallPayload:
        """`userErrors` for what whoever wrote the input can mend, `errors` for the rest."""
        return await annotate(info, input)


@cache
def build_schema(query: type = Query) -> GraphQLSchema:
    """The schema; the same for every process, and one for all that is in this one.

    Raises UnstatedCost for a field that does not say what it costs.
    """
    schema = strawberry.Schema(
        query=query,
        mutation=Mutation,
        subscription=Subscription,
        types=[object_type(edge) for edge in (CarrierEdge, ClientEdge, SdkEdge, SipEdge)],
        config=StrawberryConfig(scalar_map=SCALARS, default_resolver=read_attribute),
    )
    core = schema._schema  # noqa: SLF001 - documents are executed by graphql-core itself
    core.directives = (*core.directives, DEFER)
    core.type_map["__Type"].fields["isOneOf"].resolve = _is_one_of  # type: ignore[attr-defined]
    field_traits(core)
    return core


def _is_one_of(kind: GraphQLType, _: object) -> bool | None:
    """Null but for inputs, as GraphQL says; strawberry's own fails for lists and `!`."""
    if not isinstance(kind, GraphQLInputObjectType):
        return None
    return bool(kind.extensions["strawberry-definition"].is_one_of)


@cache
def sdl() -> str:
    """The schema as its definition language, sorted: `schema.graphql`."""
    return print_schema(lexicographic_sort_schema(build_schema())) + "\n"


async def look_up_each(
    info: Info, argument: str, names: Sequence[T], sid_of: Callable[[T], CallSid]
) -> list[Call | None]:
    """Calls by what names them, all at the same time; one that fails is an error in its place.

    Raises BadUserInput when there are too many, and Forbidden.
    """
    if len(names) > MAX_IDS:
        raise BadUserInput(argument, f"holds {len(names)} of them", f"up to {MAX_IDS}")
    _ = info.context.realm

    async def one(name: T) -> Call | None:
        return call_of((await _look_up(info, sid_of(name))).call)

    found = await asyncio.gather(*(one(name) for name in names), return_exceptions=True)
    return cast("list[Call | None]", found)  # GraphQL takes an exception in a list for its error


async def _listed(context: Context, asked: Asked, page: Paging) -> CallConnection:
    """A page of a list, walked for over Twilio's pages. Raises InvalidCursor."""
    start: Window | Position
    windows: Iterable[Window] = ()
    if page.cursor is None:
        meant = (asked.start, asked.end, context.now, context.page_grid)
        start, windows = pin(*meant), earlier(*meant)
    else:
        start = context.cursors.decode(page.cursor, asked.question, page.argument)
    note_list(context.realm, asked.question, start)
    pages = pages_of(page.size, goes_on=page.cursor is not None, forward=page.forward)
    charge = PageCharge(context, asked.question, pages, forward=page.forward)
    lists, where = (
        context.call_service.lists,
        (context.realm, asked.question, start, page.size, charge),
    )
    stretch = await (lists.forward(*where, windows) if page.forward else lists.backward(*where))
    context.freshness.stretch(stretch)
    context.freshness.personal |= asked.personal
    return connection(stretch, context.cursors, asked.question)


async def _look_up(info: Info, sid: CallSid) -> Lookup:
    context = info.context
    found = await context.call_service.lookups.look_up(info.context.realm, sid)
    context.freshness.lookup(found)
    return found
