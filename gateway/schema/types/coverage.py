"""Defines `Coverage`: the part of a window that the warehouse holds."""

from datetime import UTC, datetime

import strawberry

from gateway.insights.catalogue import AccountSid
from gateway.warehouse import coverage


@strawberry.type(description="A stretch of time, from a moment on and before another.")
class TimeRange:
    """Half-open, as all ranges of time here."""

    from_: datetime = strawberry.field(name="from", description="The first moment of it.")
    until: datetime = strawberry.field(description="The first moment after it.")


@strawberry.type(
    description=(
        "The coverage of an answer, in the time that was asked for. All calls are there that ended "
        "in it, outside of the gaps, and are complete at Twilio."
    )
)
class Coverage:
    """What is known, of all accounts of the viewer together."""

    from_: datetime | None = strawberry.field(
        name="from", description="The moment from which calls are known; null when none are."
    )
    until: datetime | None = strawberry.field(
        description="The moment before which calls are known; null when none are."
    )
    synced_at: datetime | None = strawberry.field(
        description="When the warehouse was last synchronised with Twilio; null when it never was."
    )
    is_whole: bool = strawberry.field(
        description="Whether there is no gap between `from` and `until`."
    )
    gaps: list[TimeRange] = strawberry.field(
        description="The stretches between `from` and `until` of which calls may be missing."
    )
    accounts: list[AccountSid] = strawberry.field(
        description="The account and subaccounts whose calls are covered."
    )


def coverage_of(found: coverage.Coverage) -> Coverage:
    """What is known, as the graph tells it."""
    return Coverage(
        from_=_moment(found.start),
        until=_moment(found.end),
        synced_at=_moment(found.synced_at),
        is_whole=found.is_whole,
        gaps=[TimeRange(from_=_at(start), until=_at(end)) for start, end in found.gaps],
        accounts=[AccountSid(sid) for sid in found.accounts],
    )


def _at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else _at(seconds)
