"""Defines the reasons for which a call has no summary; none of them is an error."""

from enum import Enum

from msgspec import Struct

from gateway.insights.catalogue import CallSid


class Absence(Enum):
    """The states, by Twilio's error code."""

    NOT_READY = 17001
    NOT_FOUND = 20404
    EXPIRED = 17002
    NOT_ENABLED = 17007


class Absent(Struct, frozen=True):
    """There was no summary of this call at `as_of` (seconds since 1970)."""

    sid: CallSid
    why: Absence
    as_of: float
