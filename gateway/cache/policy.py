"""Computes how long a cached value is fresh, stale and kept, from value, clock and settings.

`docs/caching.md` says the same in a page. Moments are seconds since 1970, ages are seconds.
"""

from enum import Enum
from typing import Self
from zlib import crc32

from msgspec import Struct

from gateway.config.settings import Settings
from gateway.insights.absence import Absence, Absent
from gateway.insights.details import DetailsSeen
from gateway.insights.snapshot import Snapshot

DAY = 86400.0

FORGOTTEN_AFTER = 30 * DAY
"""Age at which Twilio forgets a call, counted from its end; nothing is kept beyond it."""

VERSION_MEMORY = 3600.0
"""How long a partial summary is remembered, so that no older version follows it."""

POLL_INTERVAL = 30.0
"""After how long it is worth asking again for what is not final yet."""

DETAILS_FRESH_FOR = 10.0
"""How long the metrics and events of a call under way are an answer: a sample takes ten seconds."""

JITTER = 0.1
"""The share of an age by which entries expire early, each by its own part of it."""

REVALIDATE_FOR = 0.1
"""The share of an age for which a final answer is still given while it is asked for anew."""

_ABSENT_FOR = {
    Absence.NOT_READY: 5.0,
    Absence.NOT_FOUND: 5.0,
    Absence.EXPIRED: 6 * 3600.0,
    Absence.NOT_ENABLED: 6 * 3600.0,
}


class Finality(Enum):
    """Why a summary is taken for final."""

    COMPLETE = "complete"
    SETTLED = "settled"


_USUAL = Settings()


class Freshness(Struct, frozen=True):
    """The ages that the settings allow, in seconds."""

    complete: float = _USUAL.gateway_complete_max_age
    partial: float = _USUAL.gateway_partial_max_age
    page: float = _USUAL.gateway_page_max_age
    annotation: float = _USUAL.gateway_annotation_max_age
    stale_if_error: float = _USUAL.gateway_stale_if_error
    settled_version: int | None = _USUAL.gateway_settled_version

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Read them from the settings."""
        return cls(
            settings.gateway_complete_max_age,
            settings.gateway_partial_max_age,
            settings.gateway_page_max_age,
            settings.gateway_annotation_max_age,
            settings.gateway_stale_if_error,
            settings.gateway_settled_version,
        )


def finality(snapshot: Snapshot, freshness: Freshness) -> Finality | None:
    """Why `snapshot` is taken for final; None when it is not."""
    if snapshot.is_complete:
        return Finality.COMPLETE
    settled, version = freshness.settled_version, snapshot.summary.processing_version
    if settled is not None and version is not None and version >= settled:
        return Finality.SETTLED
    return None


def fresh_until(snapshot: Snapshot, freshness: Freshness) -> float:
    """The moment up to which `snapshot` is an answer."""
    if finality(snapshot, freshness) is None:
        return snapshot.as_of + freshness.partial
    age = freshness.complete * _early(snapshot.sid)
    return min(snapshot.as_of + age, forgotten_at(snapshot))


def revalidated_until(snapshot: Snapshot, freshness: Freshness) -> float:
    """The moment up to which `snapshot` is an answer while a fresh one is fetched.

    Only for what is final: it saves a wait, and cannot be wrong.
    """
    fresh = fresh_until(snapshot, freshness)
    if finality(snapshot, freshness) is None:
        return fresh
    return min(fresh + freshness.complete * REVALIDATE_FOR, forgotten_at(snapshot))


def stale_until(snapshot: Snapshot, freshness: Freshness) -> float:
    """The moment up to which `snapshot` is an answer if Twilio cannot be asked."""
    return min(fresh_until(snapshot, freshness) + freshness.stale_if_error, forgotten_at(snapshot))


def kept_until(snapshot: Snapshot, freshness: Freshness) -> float:
    """The moment up to which `snapshot` is worth its place.

    It may be an answer, part of a page, or the version below which the gateway does not fall.
    """
    memory = 0.0 if snapshot.is_complete else VERSION_MEMORY
    final = finality(snapshot, freshness) is not None
    renewed = freshness.complete * REVALIDATE_FOR if final else 0.0
    wanted = max(
        fresh_until(snapshot, freshness) + max(renewed, freshness.stale_if_error),
        snapshot.as_of + max(memory, freshness.page + freshness.stale_if_error),
    )
    return min(wanted, forgotten_at(snapshot))


def refresh_after(snapshot: Snapshot, freshness: Freshness) -> float | None:
    """The moment from which asking again may tell more; None when all is told."""
    if finality(snapshot, freshness) is not None:
        return None
    return snapshot.as_of + max(freshness.partial, POLL_INTERVAL)


def annotation_fresh_until(snapshot: Snapshot, freshness: Freshness) -> float:
    """The moment up to which the annotation of a final summary need not be asked for."""
    return snapshot.annotated_at + freshness.annotation


def annotation_stale_until(snapshot: Snapshot, freshness: Freshness) -> float:
    """The moment up to which the annotation is told if Twilio cannot be asked."""
    return min(
        annotation_fresh_until(snapshot, freshness) + freshness.stale_if_error,
        stale_until(snapshot, freshness),
    )


def absent_until(absent: Absent) -> float:
    """The moment up to which it is an answer that there is no summary, and why."""
    return absent.as_of + _ABSENT_FOR[absent.why] * _early(absent.sid)


def absent_kept_until(absent: Absent) -> float:
    """The moment up to which that is worth its place.

    What replaces it is told to all replicas, and so to who follows the call on another one.
    """
    return max(absent_until(absent), absent.as_of + 2 * POLL_INTERVAL)


def details_fresh_until(seen: DetailsSeen, freshness: Freshness) -> float:
    """The moment up to which a page of metrics or events is an answer."""
    if isinstance(seen.content, Absence):
        age = _ABSENT_FOR[seen.content] * _early(seen.sid)
    else:
        age = freshness.complete * _early(seen.sid) if seen.whole else DETAILS_FRESH_FOR
    return min(seen.as_of + age, seen.forgotten)


def details_stale_until(seen: DetailsSeen, freshness: Freshness) -> float:
    """The moment up to which a page of metrics or events is an answer if Twilio cannot be asked."""
    return min(details_fresh_until(seen, freshness) + freshness.stale_if_error, seen.forgotten)


def page_fresh_until(as_of: float, freshness: Freshness) -> float:
    """The moment up to which a page that was seen at `as_of` is an answer."""
    return as_of + freshness.page


def page_stale_until(as_of: float, freshness: Freshness) -> float:
    """The moment up to which a page is an answer if Twilio cannot be asked."""
    return as_of + freshness.page + freshness.stale_if_error


def forgotten_at(snapshot: Snapshot) -> float:
    """The moment at which Twilio forgets a call."""
    summary = snapshot.summary
    ended = summary.end_time or summary.start_time or summary.created_time
    return (ended.timestamp() if ended else snapshot.as_of) + FORGOTTEN_AFTER


def _early(key: str) -> float:
    """A factor just below 1, its own for each key: what came together does not expire together."""
    return 1.0 - JITTER * crc32(key.encode()) / 2**32
