"""Models the two shapes in which Twilio aggregates a measurement."""

from gateway.insights.catalogue import Entity, fact

_SAME = "that of the measurement"
_WITH = "wherever the measurement is"


class AvgMax(Entity, frozen=True):
    """A measurement over the call: its average and its maximum."""

    avg: float | None = fact("Average.", _SAME, _WITH)
    max: float | None = fact("Maximum.", _SAME, _WITH)


class AvgMaxMin(AvgMax, frozen=True):
    """A measurement over the call: its average, its maximum and its minimum."""

    min: float | None = fact("Minimum.", _SAME, _WITH)
