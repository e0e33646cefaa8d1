"""Prefixes cache values with a rank, by which any backend compares their age.

A value is a head and a body. A head is a rank and 13 digits: when its value was seen (ms since
1970). A rank is 24 digits, a version and a moment: whether the summary is complete, its revision,
and when its annotation was seen (ms since 1970). As text it orders like the snapshots themselves,
and every backend compares it without decoding.
"""

from msgspec import Struct

from gateway.insights.snapshot import Seen, Snapshot

_VERSION_LENGTH, _MOMENT_LENGTH = 11, 13
RANK_LENGTH = _VERSION_LENGTH + _MOMENT_LENGTH
HEAD_LENGTH = RANK_LENGTH + _MOMENT_LENGTH

NO_MOMENT = b"0" * HEAD_LENGTH
"""How a value begins that has neither version nor age: a text under its own digest."""


class Ranked(Struct, frozen=True):
    """An entry to store unless a higher ranked one is there; `ttl` in seconds."""

    key: str
    value: bytes
    ttl: float


def head_of(seen: Seen) -> bytes:
    """How the value of what was seen of a call begins; any summary ranks above none."""
    if not isinstance(seen, Snapshot):
        return head_by_age(seen.as_of)
    complete, revision, annotated_at = seen.rank
    return _rank(complete=complete, revision=max(0, revision) + 1, moment=annotated_at) + _digits(
        seen.as_of
    )


def version_of(seen: Seen) -> bytes:
    """What of the rank the summary decides: that its annotation is seen again changes nothing."""
    return head_of(seen)[:_VERSION_LENGTH]


def rank_in(value: bytes) -> bytes:
    """The rank of a value."""
    return value[:RANK_LENGTH]


def body_in(value: bytes) -> bytes:
    """A value without its head."""
    return value[HEAD_LENGTH:]


def outranks(value: bytes, other: bytes) -> bool:
    """Whether a value ranks above another."""
    return rank_in(value) > rank_in(other)


def head_by_age(as_of: float) -> bytes:
    """How a value without a version begins: the later one is higher."""
    return _rank(complete=False, revision=0, moment=as_of) + _digits(as_of)


def moments_of(head: bytes) -> tuple[int, int] | None:
    """The two moments of a head, in ms since 1970; None for what is no head."""
    digits = head[:HEAD_LENGTH]
    if len(digits) < HEAD_LENGTH or not digits.isdigit():
        return None
    return int(digits[_VERSION_LENGTH:RANK_LENGTH]), int(digits[RANK_LENGTH:])


def with_moments(head: bytes, annotated_at: int, as_of: int) -> bytes:
    """A head with other moments, in ms since 1970."""
    return head[:_VERSION_LENGTH] + b"%013d%013d" % (annotated_at, as_of)


def moment_of(rank: bytes) -> int | None:
    """The moment of a rank alone, in ms since 1970; None for what is no rank."""
    is_rank = len(rank) == RANK_LENGTH and rank.isdigit()
    return int(rank[_VERSION_LENGTH:]) if is_rank else None


def with_moment(rank: bytes, moment: int) -> bytes:
    """A rank with another moment, in ms since 1970."""
    return rank[:_VERSION_LENGTH] + b"%013d" % moment


def _rank(*, complete: bool, revision: int, moment: float) -> bytes:
    return b"%d%010d" % (complete, revision) + _digits(moment)


def _digits(moment: float) -> bytes:
    return b"%013d" % int(moment * 1000)
