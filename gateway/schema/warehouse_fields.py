"""Defines the root fields of the warehouse: `searchCalls` and `callStatistics`."""

from typing import Annotated

import strawberry

from gateway.insights.paging import MAX_SIZE
from gateway.schema.call_search import CallSearch
from gateway.schema.call_statistics import Question, measure
from gateway.schema.context import Info
from gateway.schema.language.selected import names_below, selected
from gateway.schema.types.field_traits import Reads, costs, reads
from gateway.schema.types.groupings import CallGrouping, CallGroupOrder
from gateway.schema.types.inputs import (
    DEFAULT_FIRST,
    After,
    Backward,
    Before,
    Forward,
    or_none,
    paging,
    size_of,
)
from gateway.schema.types.search import CallOrder, CallSearchConnection
from gateway.schema.types.statistics import CallStatistics
from gateway.schema.types.where import CallWhere

_Where = Annotated[
    CallWhere | None, strawberry.argument(description="Which calls; all if not said.")
]


@strawberry.type(description="Questions about many calls.")
class WarehouseFields:
    """A part of the root of all questions."""

    @strawberry.field(
        description=(
            "Calls of the warehouse, by any of their fields, in any order: `first` and `after` to "
            "go on, `last` and `before` to go back. Without either, the first 25. No request goes "
            "to Twilio. Without a warehouse, this fails with `WAREHOUSE_DISABLED`."
        ),
        metadata=costs(
            queries=1, sized_by=("first", "last"), most=MAX_SIZE, otherwise=DEFAULT_FIRST
        ),
    )
    async def search_calls(  # noqa: PLR0913, PLR0917 - Relay's arguments
        self,
        info: Info,
        where: _Where = strawberry.UNSET,
        order_by: Annotated[
            list[CallOrder] | None,
            strawberry.argument(description="In which order; the newest end first if not said."),
        ] = strawberry.UNSET,
        first: Forward = strawberry.UNSET,
        after: After = strawberry.UNSET,
        last: Backward = strawberry.UNSET,
        before: Before = strawberry.UNSET,
    ) -> CallSearchConnection:
        """Relay's connection over the warehouse; what is not selected is not counted."""
        page = paging(first, after, last, before)
        search = CallSearch(
            info.context,
            or_none(where),
            or_none(order_by),
            cursor=page.cursor,
            argument=page.argument,
        )
        return await search.connection(page.size, names_below(info), backward=not page.forward)

    @strawberry.field(
        description=(
            "Calls of the warehouse, grouped, counted and measured. The whole selection is one "
            "query. Without a warehouse, this fails with `WAREHOUSE_DISABLED`."
        ),
        metadata=costs(queries=1, sized_by=("first",), most=MAX_SIZE, otherwise=DEFAULT_FIRST)
        | reads(Reads.SELECTION),
    )
    async def call_statistics(
        self,
        info: Info,
        where: _Where = strawberry.UNSET,
        group_by: Annotated[
            list[CallGrouping] | None,
            strawberry.argument(description="By what; all calls are one group if not said."),
        ] = strawberry.UNSET,
        order_by: Annotated[
            list[CallGroupOrder] | None,
            strawberry.argument(
                description="In which order; the largest first, or by time, if not said."
            ),
        ] = strawberry.UNSET,
        first: Annotated[
            int | None, strawberry.argument(description="How many groups: 1 to 1000.")
        ] = strawberry.UNSET,
    ) -> CallStatistics:
        """One statement, whatever is selected."""
        size = size_of(or_none(first), None, None, None)
        question = Question(or_none(where), or_none(group_by), or_none(order_by), size)
        return await measure(info.context, question, selected(info))
