"""Resolves `completedCalls`: each call once, when its summary becomes complete."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

import strawberry

from gateway.errors import InvalidCursor
from gateway.schema.call_search import cursor_parts, cursors_of, pinned, ready, with_moment
from gateway.schema.context import Context
from gateway.schema.types.call import Call, call_of
from gateway.schema.types.conditions import Reading
from gateway.schema.types.where import Where
from gateway.warehouse.cursors import SAME
from gateway.warehouse.pages import Question


@strawberry.type(description="A call whose summary became complete.")
class CompletedCall:
    """Each call once."""

    cursor: str = strawberry.field(
        description="The place of this call in the feed: reconnect with it as `after`."
    )
    call: Call = strawberry.field(description="The call, with its complete summary.")


async def completed_calls(
    context: Context, where: Where | None, after: str | None
) -> AsyncGenerator[CompletedCall, None]:
    """Raises Forbidden, BadUserInput, InvalidCursor and WarehouseDisabled before the first one."""
    realm, searches = ready(context)
    text, pin = cursor_parts(after, "after")
    moment = pinned(context) if pin is None else pin
    reading = Reading(context.viewer, moment)
    condition = reading.condition(where)
    question = Question(realm, searches.since, condition, order=())
    cursors, feeds = cursors_of(realm.account.signing_key), context.call_service.feeds
    place = feeds.now if text is None else cursors.decode(text, question, "after")
    if len(place.values) != 1 or not isinstance(place.values[0], int):
        raise InvalidCursor("after", SAME)
    async with aclosing(feeds.follow(question, place)) as calls:
        async for at, call in calls:
            cursor = cursors.encode(at, question)
            yield CompletedCall(
                cursor=with_moment(cursor, moment) if reading.is_relative else cursor,
                call=call_of(call),
            )
