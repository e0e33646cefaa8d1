"""How long, for what: the freshness of answers as pure functions of a snapshot and a clock."""

from typing import Self

from msgspec import Struct

from gateway.insights.snapshot import Snapshot
from gateway.settings import Settings

FORGOTTEN_AFTER = 30 * 86400.0
"""Seconds after its end at which Twilio forgets a call; nothing is kept beyond it."""

VERSION_MEMORY = 3600.0
"""Seconds for which a partial summary is remembered, so that no older version follows it."""

POLL_INTERVAL = 30.0
"""Seconds after which it is worth asking again for what is not final yet."""


class Freshness(Struct, frozen=True):
    """The ages that the settings allow, in seconds."""

    complete: float
    partial: float
    page: float

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Read them from the settings."""
        return cls(
            settings.gateway_complete_max_age,
            settings.gateway_partial_max_age,
            settings.gateway_page_max_age,
        )


def fresh_until(snapshot: Snapshot, freshness: Freshness) -> float:
    """The moment (seconds since 1970) up to which `snapshot` may be an answer."""
    if not snapshot.is_complete:
        return snapshot.as_of + freshness.partial
    return min(snapshot.as_of + freshness.complete, _forgotten_at(snapshot))


def kept_until(snapshot: Snapshot, freshness: Freshness) -> float:
    """The moment up to which `snapshot` is worth its place.

    It may be an answer, part of a page, or the version below which the gateway does not fall.
    """
    memory = freshness.page if snapshot.is_complete else max(freshness.page, VERSION_MEMORY)
    wanted = max(fresh_until(snapshot, freshness), snapshot.as_of + memory)
    return min(wanted, _forgotten_at(snapshot))


def refresh_after(snapshot: Snapshot, freshness: Freshness) -> float | None:
    """The moment from which asking again may tell more; None when all is told."""
    if snapshot.is_complete:
        return None
    return snapshot.as_of + max(freshness.partial, POLL_INTERVAL)


def _forgotten_at(snapshot: Snapshot) -> float:
    summary = snapshot.summary
    ended = summary.end_time or summary.start_time or summary.created_time
    return (ended.timestamp() if ended else snapshot.as_of) + FORGOTTEN_AFTER
