"""Defines a call as the gateway returns it: its summary, and the source of that."""

from msgspec import Struct

from gateway.cache.encoding import seen_in
from gateway.cache.entry import Entry
from gateway.cache.policy import Finality, Freshness, finality, fresh_until, refresh_after
from gateway.insights.catalogue import CallSid, Vocabulary
from gateway.insights.snapshot import Snapshot
from gateway.insights.summary import Summary


class Source(Vocabulary):
    """Where an answer comes from."""

    CACHE = "cache", "A cache hit of the gateway."
    UPSTREAM = "upstream", "Twilio was asked for it just now."
    EVENT = "event", "Twilio pushed it by Event Streams."
    STALE = "stale", "A stale cache hit, because Twilio failed (stale-if-error)."
    WAREHOUSE = "warehouse", "The warehouse of the gateway, which keeps complete summaries."


class LookupStatus(Vocabulary):
    """Whether there is a summary of a call, and if not, why."""

    COMPLETE = "complete", "There is a summary, and it is final but for its annotation."
    PARTIAL = "partial", "There is a summary, and it still changes: ask again later."
    NOT_READY = "not_ready", "The call exists and has no summary yet: ask again later."
    NOT_FOUND = (
        "not_found",
        "No such call in this account, or one that began just now; check the SID.",
    )
    EXPIRED = "expired", "The call ended more than 30 days ago; Twilio has forgotten it."
    INSIGHTS_NOT_ENABLED = (
        "insights_not_enabled",
        (
            "Voice Insights Advanced Features were not enabled when the call was made. Whether "
            "they are now, `viewer { accounts { voiceInsights { advancedFeatures } } }` says."
        ),
    )


class FinalReason(Vocabulary):
    """Why a summary is taken for final."""

    COMPLETE = "complete", "Twilio says that it is complete."
    SETTLED = (
        "settled",
        (
            "The summary is partial, and its version is at least `GATEWAY_SETTLED_VERSION` of "
            "this gateway."
        ),
    )


class Call(Struct, frozen=True):
    """A snapshot as an answer. Moments are seconds since 1970.

    `entry` is the one of the cache that keeps the snapshot, and to which what is made of it goes.
    """

    snapshot: Snapshot
    source: Source
    refresh_after: float | None
    fresh_until: float
    final_reason: FinalReason | None
    entry: Entry | None = None

    @property
    def summary(self) -> Summary:
        """The summary itself."""
        return self.snapshot.summary

    @property
    def is_final(self) -> bool:
        """Whether nothing but the annotation is expected to change any more."""
        return self.final_reason is not None


class Lookup(Struct, frozen=True):
    """The answer to "what do you know of this call?", with its reason.

    `as_of` is when it was seen that there is no summary, `fresh_until` how long this is an answer.
    """

    sid: CallSid
    status: LookupStatus
    call: Call | None = None
    retry_after: float | None = None
    fresh_until: float = 0.0
    as_of: float = 0.0


_CALL = "call"
_CALL_SIZE = 200
"""Bytes of a call beside its snapshot."""

_FINAL = {Finality.COMPLETE: FinalReason.COMPLETE, Finality.SETTLED: FinalReason.SETTLED}


def answer(
    snapshot: Snapshot, source: Source, freshness: Freshness, entry: Entry | None = None
) -> Call:
    """A snapshot as an answer that came from `source`."""
    if source is Source.CACHE and snapshot.via == "event":
        source = Source.EVENT
    why = finality(snapshot, freshness)
    return Call(
        snapshot,
        source,
        refresh_after(snapshot, freshness),
        fresh_until(snapshot, freshness),
        None if why is None else _FINAL[why],
        entry,
    )


def remembered(entry: Entry, freshness: Freshness) -> Call | None:
    """The call of an entry, as an answer from the cache; None if there is no summary of it.

    It is the same object for as long as the entry is kept.
    """
    snapshot = seen_in(entry)
    if not isinstance(snapshot, Snapshot):
        return None
    return entry.once(
        _CALL, snapshot, lambda: (answer(snapshot, Source.CACHE, freshness, entry), _CALL_SIZE)
    )
