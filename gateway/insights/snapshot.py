"""Pairs a summary with the time at which it was fetched, and with its bytes."""

from typing import Literal, TypeAlias

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from gateway.insights.absence import Absent
from gateway.insights.catalogue import CallSid
from gateway.insights.decoding import decode_annotation, decode_plain
from gateway.insights.summary import ProcessingState, Summary
from gateway.insights.summary_decoding import decode_summary
from gateway.instrumentation import Hook, silent

Via: TypeAlias = Literal["upstream", "event"]


class Snapshot(Struct, frozen=True, gc=False):
    """One version of one summary.

    `raw` is Twilio's JSON of it, `as_of` when it was seen (seconds since 1970), `annotated_at`
    when its annotation was, which may be later, and `via` by which door it came. `predicted` says
    that it is partial, and that Twilio told by an event that it expects no further change.
    `doubted` says that its annotation may have been written to since, without an answer.
    """

    summary: Summary
    raw: bytes
    as_of: float
    annotated_at: float
    via: Via = "upstream"
    predicted: bool = False
    doubted: bool = False

    @property
    def sid(self) -> CallSid:
        """The call."""
        return self.summary.call_sid

    @property
    def is_complete(self) -> bool:
        """Whether nothing but its annotation can change any more."""
        return self.summary.processing_state is ProcessingState.COMPLETE

    @property
    def version(self) -> tuple[bool, int]:
        """Whether it is complete, and its revision.

        A revision is a version of Twilio's; and the same one, once it is predicted to be the last.
        """
        return self.is_complete, 2 * (self.summary.processing_version or 0) + self.predicted

    @property
    def rank(self) -> tuple[bool, int, float]:
        """Orders the snapshots of one call: complete last, then by revision, then by moment."""
        return (*self.version, self.annotated_at)


Seen: TypeAlias = Snapshot | Absent
"""What Twilio said of a call."""


def snapshot_of(
    raw: bytes, as_of: float, hook: Hook = silent, cached: Snapshot | None = None
) -> Snapshot:
    """Read a summary that was seen just now. Raises Undecodable.

    One that is `cached` in the same bytes is not read again: it is the very same value.
    """
    if cached is not None and cached.raw == raw:
        return Snapshot(cached.summary, cached.raw, as_of, as_of)
    return Snapshot(decode_summary(raw, hook), raw, as_of, as_of)


def annotate(snapshot: Snapshot, annotation: bytes, seen_at: float) -> Snapshot:
    """The snapshot with a newer annotation, as its own resource wrote it. Raises Undecodable."""
    decode_annotation(annotation)
    written, whole = decode_plain(annotation), decode_plain(snapshot.raw)
    fields = {name: value for name, value in written.items() if name != "url"}
    something = any(
        value is not None
        for name, value in fields.items()
        if name not in {"account_sid", "call_sid"}
    )
    raw = msgspec.json.encode({**whole, "annotation": fields if something else None})
    summary = decode_summary(raw)
    return replace(snapshot, summary=summary, raw=raw, annotated_at=seen_at, doubted=False)


def with_newer_annotation(seen: Snapshot, cached: Snapshot | None) -> Snapshot:
    """What was seen; with what is known of its annotation, if that was learned later."""
    if cached is None or cached.annotated_at <= seen.annotated_at:
        return seen
    annotation = decode_plain(cached.raw).get("annotation")
    newer = annotate(seen, msgspec.json.encode(annotation or {}), cached.annotated_at)
    return replace(newer, doubted=cached.doubted)


def doubt(snapshot: Snapshot, at: float) -> Snapshot:
    """The snapshot with an annotation that nobody is sure of since that moment."""
    return replace(snapshot, annotated_at=at, doubted=True)


def still_predicted(seen: Seen, before: Seen | None) -> Seen:
    """What was seen, with the prediction that an event brought of the same version before."""
    if not (isinstance(seen, Snapshot) and isinstance(before, Snapshot) and before.predicted):
        return seen
    again = replace(seen, predicted=not seen.is_complete)
    return again if again.version == before.version else seen
