"""A summary as it was seen at some moment, with the bytes it was read from."""

from typing import Literal, TypeAlias

from msgspec import Struct

from gateway.insights.summary import ProcessingState, Summary

Via: TypeAlias = Literal["upstream", "event"]


class Snapshot(Struct, frozen=True, gc=False):
    """One version of one summary.

    `raw` is Twilio's JSON of it, `as_of` when it was seen (seconds since 1970), `via` by which
    door it came.
    """

    summary: Summary
    raw: bytes
    as_of: float
    via: Via = "upstream"

    @property
    def is_complete(self) -> bool:
        """Whether nothing but its annotation can change any more."""
        return self.summary.processing_state is ProcessingState.COMPLETE

    @property
    def rank(self) -> tuple[bool, int, float]:
        """Orders the snapshots of one call: complete last, then by version, then by moment."""
        return (self.is_complete, self.summary.processing_version or 0, self.as_of)
