"""graphql-core's execution as it is here: what cannot be compiled is interpreted, in turns.

It takes a millisecond or two for a call with all its fields, and would not let go of the event loop
before the whole answer is there.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any, Self, cast

from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from gateway.concurrency.cooperative import in_turns, next_turn
from gateway.concurrency.deadlines import ask_for

TURN = 10
"""So many items of a list are completed before it is the turn of others."""


class Interpretation(StrawberryGraphQLCoreExecutionContext):
    """How one operation is interpreted."""

    def build_per_event_executor(self, payload: Any) -> Self:
        """An execution for an event of a subscription, with a memory of its own.

        graphql-core 3.3 lets all events share one, to which each adds and from which none takes.
        """
        ask_for(self.context_value.asker())  # the time of a request starts with each event
        execution = cast("Self", super().build_per_event_executor(payload))
        execution._relevant_sub_fields = {}  # noqa: SLF001 - it has no public name
        return execution

    def complete_iterable_value(  # noqa: PLR0913, PLR0917 - graphql-core's
        self, item_type: Any, details: Any, info: Any, path: Any, items: Any, context: Any
    ) -> Any:
        """Complete a list; a long one in turns with other requests."""
        if isinstance(items, Collection) and len(items) > TURN:
            listed = in_turns(items, TURN)
            return self.complete_async_iterator_value(
                item_type, details, info, path, listed, context
            )
        return super().complete_iterable_value(item_type, details, info, path, items, context)

    async def complete_awaitable_value(  # noqa: PLR0913, PLR0917 - graphql-core's
        self, kind: Any, details: Any, info: Any, path: Any, result: Any, context: Any
    ) -> Any:
        """Complete what was waited for, one value after the other."""
        result = _when_it_is_its_turn(result)
        return await super().complete_awaitable_value(kind, details, info, path, result, context)


async def _when_it_is_its_turn(result: Awaitable[Any]) -> Any:
    value = await result
    await next_turn()
    return value


def taking(settled: Mapping[str, Any] | None) -> list[Callable[..., Any]] | None:
    """A middleware of graphql-core that takes the root fields from what they came to before."""
    if settled is None:
        return None

    def take(following: Callable[..., Any], source: Any, info: Any, **arguments: Any) -> Any:
        path = info.path
        return settled[path.key] if path.prev is None else following(source, info, **arguments)

    return [take]
