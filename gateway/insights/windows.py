"""Computes the window of time in which a list of calls searches.

A relative bound (`4h`) means another moment at each request. The first page pins it to the clock
and its cursors carry the pinned window, so that a walk through pages looks through one window.
Pinning rounds down to a grid of some seconds: all who open the same dashboard within one of
them ask the same question, and share one answer.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from msgspec import Struct

from gateway.errors import BadUserInput

TimeBound: TypeAlias = datetime | timedelta
"""A moment, or how long ago."""

ACCEPTED_BOUND = (
    "an ISO 8601 time with offset (`2026-11-23T07:30:00Z`), a date (`2026-11-23`, midnight in "
    "UTC), or an age (`30m`, `4h`, `7d`, `1w`)"
)
DEFAULT_START = timedelta(hours=4)
DEFAULT_END = timedelta(0)
KEPT = timedelta(days=30)
"""How long Twilio keeps a call after its end: a window that starts earlier is not whole."""

_UNDER_WAY = timedelta(hours=1)
"""By which clocks and the writing of a question may be late."""

_MOST_EARLIER = 400
"""So many windows are looked at: an hour of them, ten seconds apart."""

_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_AGO = re.compile(r"(\d{1,6})([mhdw])", re.ASCII)
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class Window(Struct, frozen=True, array_like=True):
    """From `start` to `end`, both in whole seconds since 1970."""

    start: int
    end: int

    @property
    def parameters(self) -> dict[str, str]:
        """The window as the upstream's two parameters."""
        return {"StartTime": iso(self.start), "EndTime": iso(self.end)}


def parse_bound(text: str) -> TimeBound:
    """Read `4h`, an ISO 8601 moment or a date; raises ValueError that says what is accepted."""
    if (ago := _AGO.fullmatch(text)) is not None:
        return timedelta(**{_UNITS[ago[2]]: int(ago[1])})
    try:
        moment = datetime.fromisoformat(text)
        if _DATE.fullmatch(text) is not None:
            return moment.replace(tzinfo=UTC)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise ValueError(f"a time bound is {ACCEPTED_BOUND}")


def pin(start: TimeBound | None, end: TimeBound | None, now: float, grid: float) -> Window:
    """The window that two bounds mean at `now` (seconds since 1970), rounded to `grid` seconds.

    It is `now` that is rounded down, so that a window keeps the length it was asked for.
    Raises BadUserInput when the window would be empty, or begin before all that Twilio keeps.
    """
    step = max(1, int(grid))
    pinned_now = int(now) // step * step
    window = Window(
        _second(DEFAULT_START if start is None else start, pinned_now),
        _second(DEFAULT_END if end is None else end, pinned_now),
    )
    if window.start >= window.end:
        began = iso(window.start)
        bound = f"4 hours ago unless it is given, {began}," if start is None else f"{began},"
        raise BadUserInput(
            "filter.startTime",
            f"is {bound} which is not before `filter.endTime`, {iso(window.end)}",
            "a start before the end",
        )
    oldest = int(pinned_now - KEPT.total_seconds())
    if window.start < oldest - _UNDER_WAY.total_seconds():
        raise BadUserInput(
            "filter.startTime",
            f"is {iso(window.start)}, and Twilio keeps calls for 30 days: since {iso(oldest)} now",
            "`30d`, or whatever is later",
        )
    return window


def earlier(
    start: TimeBound | None, end: TimeBound | None, now: float, grid: float
) -> Iterator[Window]:
    """The windows that relative bounds meant before `now`, newest first.

    There are none for bounds that mean the same window at any time.
    """
    if isinstance(start, datetime) and isinstance(end, datetime):
        return
    step = max(1, int(grid))
    with suppress(BadUserInput):  # it was empty then, and so were all before it
        for steps in range(1, _MOST_EARLIER + 1):
            yield pin(start, end, now - steps * step, grid)


def iso(seconds: int) -> str:
    """`2026-11-23T07:30:00Z`."""
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def _second(bound: TimeBound, now: int) -> int:
    moment = bound.timestamp() if isinstance(bound, datetime) else now - bound.total_seconds()
    return max(0, int(moment))
