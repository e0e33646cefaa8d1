"""Values that begin with their rank, so that any backend can tell which of two is newer.

A rank is 24 digits: whether the summary is complete, its revision, and when its annotation was seen
(ms since 1970). As text it orders like the snapshots themselves, and every backend compares it
without decoding. Behind it are 13 more: when all else was seen (ms since 1970).
"""

from msgspec import Struct

from gateway.insights.snapshot import Seen, Snapshot

RANK_LENGTH = 24
HEAD_LENGTH = RANK_LENGTH + 13

NO_MOMENT = b"0" * HEAD_LENGTH
"""How a value begins that has neither version nor age: a text under its own digest."""

_MOMENT = 11
"""Where the moment begins in a rank."""


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


def head_by_age(as_of: float) -> bytes:
    """How a value without a version begins: the later one is higher."""
    return _rank(complete=False, revision=0, moment=as_of) + _digits(as_of)


def moments_of(head: bytes) -> tuple[int, int] | None:
    """The two moments of a head, in ms since 1970; None for what is no head."""
    digits = head[:HEAD_LENGTH]
    if len(digits) < HEAD_LENGTH or not digits.isdigit():
        return None
    return int(digits[_MOMENT:RANK_LENGTH]), int(digits[RANK_LENGTH:])


def with_moments(head: bytes, annotated_at: int, as_of: int) -> bytes:
    """A head with other moments, in ms since 1970."""
    return head[:_MOMENT] + b"%013d%013d" % (annotated_at, as_of)


def moment_of(rank: bytes) -> int | None:
    """The moment of a rank alone, in ms since 1970; None for what is no rank."""
    is_rank = len(rank) == RANK_LENGTH and rank.isdigit()
    return int(rank[_MOMENT:]) if is_rank else None


def with_moment(rank: bytes, moment: int) -> bytes:
    """A rank with another moment, in ms since 1970."""
    return rank[:_MOMENT] + b"%013d" % moment


def _rank(*, complete: bool, revision: int, moment: float) -> bytes:
    return b"%d%010d" % (complete, revision) + _digits(moment)


def _digits(moment: float) -> bytes:
    return b"%013d" % int(moment * 1000)
