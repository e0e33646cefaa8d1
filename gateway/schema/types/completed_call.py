"""Defines `CompletedCall`: an event of `completedCalls`."""

import strawberry

from gateway.schema.types.call import Call


@strawberry.type(description="A call whose summary became complete.")
class CompletedCall:
    """Each call once."""

    cursor: str = strawberry.field(
        description="The place of this call in the feed: reconnect with it as `after`."
    )
    call: Call = strawberry.field(description="The call, with its complete summary.")
