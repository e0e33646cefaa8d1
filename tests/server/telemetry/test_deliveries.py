"""When the sink counts as failing: rules of ours, for Twilio does not say that it gave up."""

from gateway.instrumentation import (
    DependencyChanged,
    EventReceived,
    Happening,
    SummaryProgressed,
    WebhookAnswered,
)
from gateway.server.telemetry.deliveries import OVERDUE, RECENTLY, Deliveries

EVENT, FORGED = EventReceived("complete", "kept"), WebhookAnswered("forged")
LATE = SummaryProgressed("complete", OVERDUE + 1, had_summary=True)


class Watched:
    """What is told of the sink, after each happening."""

    def __init__(self) -> None:
        self.now = 0.0
        self.told: list[str | None] = []
        self._listeners = Deliveries(self._hear, lambda: self.now).listeners()

    def _hear(self, one: Happening) -> None:
        assert isinstance(one, DependencyChanged)
        assert one.kind == "sink"
        self.told.append(one.reason)

    def see(self, *happenings: Happening) -> list[str | None]:
        self.told.clear()
        for one in happenings:
            self._listeners[type(one)](one)
        return self.told


def test_a_wrong_signature_says_that_the_sink_is_set_up_wrongly() -> None:
    """The address or the auth token is not that of the sink at Twilio."""
    (reason,) = Watched().see(FORGED)
    assert "GATEWAY_WEBHOOK_URL" in str(reason)


def test_a_stranger_beside_twilio_makes_no_noise() -> None:
    """As long as events of Twilio's are taken in, whatever else comes says nothing of the sink."""
    watched = Watched()
    assert watched.see(EVENT, FORGED, FORGED) == [None]
    watched.now += RECENTLY + 1
    assert len(watched.see(FORGED)) == 1


def test_a_request_without_events_vouches_for_nothing() -> None:
    """`gateway check` sends one, signed rightly, to see whether the settings are right."""
    assert Watched().see(WebhookAnswered("accepted")) == []
    assert len(Watched().see(WebhookAnswered("accepted"), FORGED)) == 1


def test_what_is_not_signed_at_all_is_no_ones_event() -> None:
    """Whoever scans addresses posts to all of them."""
    assert Watched().see(WebhookAnswered("unsigned"), WebhookAnswered("cut_off")) == []


def test_a_sink_that_hears_nothing_is_told_by_what_was_missed() -> None:
    """A call was known, became complete long ago, and Twilio had to be asked to learn it."""
    watched = Watched()
    watched.now += RECENTLY + 1
    (reason,) = watched.see(LATE)
    assert "no event came" in str(reason)
    assert watched.see(EVENT) == [None]


def test_a_quiet_day_is_no_outage() -> None:
    """Events may be rare, late by minutes, or have come to the process before this one."""
    watched = Watched()
    assert watched.see(LATE) == []
    watched.now += RECENTLY + 1
    first_seen = SummaryProgressed("complete", OVERDUE + 1, had_summary=False)
    in_time = SummaryProgressed("complete", OVERDUE - 1, had_summary=True)
    partial = SummaryProgressed("partial", OVERDUE + 1, had_summary=True)
    assert watched.see(first_seen, in_time, partial) == []
