"""Models the two shapes in which Twilio aggregates a measurement."""

from typing import Annotated

from gateway.insights.catalogue import Entity, Fact

_SAME = "that of the measurement"
_WITH = "wherever the measurement is"


class AvgMax(Entity, frozen=True):
    """A measurement over the call: its average and its maximum."""

    avg: Annotated[float | None, Fact("Average.", _SAME, _WITH)] = None
    max: Annotated[float | None, Fact("Maximum.", _SAME, _WITH)] = None


class AvgMaxMin(AvgMax, frozen=True):
    """A measurement over the call: its average, its maximum and its minimum."""

    min: Annotated[float | None, Fact("Minimum.", _SAME, _WITH)] = None
