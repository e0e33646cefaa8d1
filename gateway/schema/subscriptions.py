"""The subscriptions of the graph."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

import strawberry

from gateway.schema.context import Info
from gateway.schema.demand_control.cost import LOOKUP
from gateway.schema.types.call import CallLookup, lookup_of
from gateway.schema.types.field_traits import costs
from gateway.schema.types.inputs import Sid


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
        async with aclosing(info.context.verbs.followers.follow(info.context.realm, sid)) as states:
            async for state in states:
                yield lookup_of(state)
