"""Defines the subscriptions of the schema."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated

import strawberry

from gateway.schema.completed_calls import CompletedCall, completed_calls
from gateway.schema.context import Info
from gateway.schema.demand_control.cost import LOOKUP
from gateway.schema.types.call import CallLookup, lookup_of
from gateway.schema.types.field_traits import costs
from gateway.schema.types.inputs import After, Sid, or_none
from gateway.schema.types.where import CallWhere


@strawberry.type(description="Events, as they happen.")
class Subscription:
    """The root of all subscriptions."""

    @strawberry.subscription(
        description=(
            "A call as it is now, and each newer version. The subscription ends after the "
            "complete one. A slow client receives the newest version alone."
        ),
        metadata=costs(LOOKUP),
    )
    async def call_updates(self, info: Info, sid: Sid) -> AsyncGenerator[CallLookup, None]:
        """Ends after COMPLETE, EXPIRED and INSIGHTS_NOT_ENABLED."""
        async with aclosing(
            info.context.call_service.followers.follow(info.context.realm, sid)
        ) as states:
            async for state in states:
                yield lookup_of(state)

    @strawberry.subscription(
        description=(
            "Calls as their summaries become complete, each once, from now on. Reconnect with the "
            "`cursor` of the last one as `after`, and none is missed. Without a warehouse, this "
            "fails with `WAREHOUSE_DISABLED`."
        ),
        metadata=costs(queries=1),
    )
    async def completed_calls(
        self,
        info: Info,
        where: Annotated[
            CallWhere | None, strawberry.argument(description="Which calls; all if not said.")
        ] = strawberry.UNSET,
        after: After = strawberry.UNSET,
    ) -> AsyncGenerator[CompletedCall, None]:
        """From whichever replica."""
        async with aclosing(completed_calls(info.context, or_none(where), or_none(after))) as calls:
            async for one in calls:
                yield one
