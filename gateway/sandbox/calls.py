"""Models a generated call, before its summary is written."""

from dataclasses import dataclass, field
from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True, weakref_slot=True, eq=False)
class Call:
    """Times are whole seconds since the epoch; `traits` say what its summary will be like.

    `ring` is the part of the call, in seconds, before somebody answered. `verbatim` is a summary
    of a test's own making, which then is the whole truth about the call; so are its samples
    (`verbatim_metrics`) and events.
    """

    sid: str
    account_sid: str
    type: str
    direction: str
    state: str
    start: int
    end: int
    ring: int = 0
    parent_account_sid: str | None = None
    parent_sid: str | None = None
    traits: frozenset[str] = field(default_factory=frozenset)
    verbatim: Json | None = None
    verbatim_metrics: tuple[Json, ...] = ()
    verbatim_events: tuple[Json, ...] = ()

    @property
    def answered(self) -> bool:
        """Only an answered call has media, and somebody who hung up."""
        return self.state == "completed"

    @property
    def talk(self) -> int:
        """Seconds of conversation: what Twilio calls the connect duration."""
        return self.end - self.start - self.ring if self.answered else 0
