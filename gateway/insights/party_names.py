"""Finds the calls that name a party: by its number or address, wherever a summary has it."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from gateway.insights.decoding import decode_plain

_SID = re.compile(r"CA[0-9a-f]{32}", re.IGNORECASE | re.ASCII)
_NUMBER = re.compile(r"\+[1-9][0-9]{4,14}", re.ASCII)
_ADDRESS = re.compile(r"[a-z][a-z0-9]{1,19}:\S{1,500}", re.IGNORECASE | re.ASCII)
_SPACING = re.compile(r"[ ().-]")


class NeitherCallNorParty(ValueError):
    """What was looked for is not repeated: it may be somebody's number."""

    def __init__(self) -> None:
        super().__init__(
            "That is neither a call nor a party: give `CA` and 32 hexadecimal digits, a "
            "number such as +14155550100, `client:name` or `sip:name@host`."
        )


def call_named(wanted: str) -> str | None:
    """The SID of a call, in lower case but for its first letters; None for anything else."""
    return f"CA{wanted[2:].lower()}" if _SID.fullmatch(wanted) else None


def naming(party: str) -> Callable[[bytes], bool]:
    """Whether the JSON of a summary names a party; a number also as a part of a SIP address.

    Raises NeitherCallNorParty.
    """
    pattern = _pattern(party)
    return lambda raw: any(pattern.search(text) for text in _texts(decode_plain(raw)))


def _pattern(party: str) -> re.Pattern[str]:
    number = _SPACING.sub("", party)
    if _NUMBER.fullmatch(number):
        return re.compile(re.escape(number) + r"(?![0-9])")
    if _ADDRESS.fullmatch(party):
        return re.compile(rf"\A{re.escape(party)}\Z", re.IGNORECASE)
    raise NeitherCallNorParty


def _texts(value: Any) -> Iterator[str]:
    """All texts in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)
