"""Reports the begin, answers and end of a subscription to the hook, for all transports."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from gateway.instrumentation import Hook
from gateway.schema.execution.answers import Answer
from gateway.subscription_instrumentation import (
    EndReason,
    SubscriptionBegan,
    SubscriptionEnded,
    SubscriptionSent,
    Transport,
)


class Ending:
    """Why a connection ends: whoever ends it says so before its subscriptions are closed."""

    __slots__ = ("reason",)

    def __init__(self) -> None:
        self.reason: EndReason = "left"


async def reported(
    answers: AsyncGenerator[Answer, None], transport: Transport, ending: Ending, hook: Hook
) -> AsyncGenerator[Answer, None]:
    """The answers of a subscription, of which `hook` hears."""
    hook(SubscriptionBegan(transport))
    reason: EndReason | None = None
    last: Answer | None = None
    try:
        async with aclosing(answers):
            async for answer in answers:
                yield answer
                last = answer
                hook(SubscriptionSent(transport))
        reason = _reason(last)
    finally:
        hook(SubscriptionEnded(transport, reason or ending.reason))


def _reason(last: Answer | None) -> EndReason:
    """Why a subscription ended by itself, by its last answer."""
    if last is None or not last.errors:
        return "complete"
    if not last.executed:
        return "refused"
    return "failed" if last.empty else "complete"
