"""Checks SIDs, before they become part of a path at Twilio."""

import re

from gateway.insights.catalogue import CallSid

_CALL_SID = re.compile(r"CA[0-9a-fA-F]{32}", re.ASCII)


def call_sid(text: str) -> CallSid:
    """Give `text` back as a CallSid; raises ValueError for anything but `CA` and 32 hex digits."""
    if _CALL_SID.fullmatch(text) is None:
        raise ValueError("a call SID is `CA` followed by 32 hexadecimal digits")
    return CallSid(text)
