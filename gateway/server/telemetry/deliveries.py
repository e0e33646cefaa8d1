"""Decides whether Twilio's events arrive, by their signatures and by missing ones.

A stranger may post to the sink as well, so a wrong signature counts only where no event was taken
in for a while. An event is missing when Twilio had to be asked for what it should have pushed.
"""

from collections.abc import Callable

from gateway.instrumentation import (
    DependencyChanged,
    EventReceived,
    Hook,
    Listeners,
    SummaryProgressed,
    WebhookAnswered,
)

RECENTLY = 1800.0
"""Seconds for which an event that was taken in vouches for the sink."""

OVERDUE = 2400.0
"""Seconds after the end of a call by which Twilio has pushed the complete summary of it: that is
there after some 1,800."""

_FORGED = "requests come that Twilio did not sign for GATEWAY_WEBHOOK_URL with a known auth token"
_SILENT = "no event came, though calls became complete: see whether the sink at Twilio is active"


class Deliveries:
    """A listener that tells `hook` of the sink. `clock` gives seconds."""

    def __init__(self, hook: Hook, clock: Callable[[], float]) -> None:
        self._hook = hook
        self._clock = clock
        self._received_at = float("-inf")
        self._started_at = clock()

    def listeners(self) -> Listeners:
        """What it hears of."""
        return {
            EventReceived: self._received,
            WebhookAnswered: self._answered,
            SummaryProgressed: self._progressed,
        }

    def _received(self, _: EventReceived) -> None:
        self._received_at = self._clock()
        self._hook(DependencyChanged("sink", None))

    def _answered(self, one: WebhookAnswered) -> None:
        if one.outcome == "forged" and self._clock() > self._received_at + RECENTLY:
            self._hook(DependencyChanged("sink", _FORGED))

    def _progressed(self, one: SummaryProgressed) -> None:
        overdue = one.had_summary and one.state == "complete" and one.after_end > OVERDUE
        latest = max(self._received_at, self._started_at)
        if overdue and self._clock() > latest + RECENTLY:
            self._hook(DependencyChanged("sink", _SILENT))
