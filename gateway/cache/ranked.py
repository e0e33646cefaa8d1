"""Values that begin with their rank, so that any backend can tell which of two is newer.

A rank is 24 digits: whether the summary is complete, its revision, and when it was seen (ms). As
text it orders like the snapshots themselves, and every backend compares it without decoding.
"""

from msgspec import Struct

from gateway.insights.snapshot import Seen, Snapshot

RANK_LENGTH = 24


class Ranked(Struct, frozen=True):
    """An entry to store unless a higher ranked one is there; `ttl` in seconds."""

    key: str
    value: bytes
    ttl: float


def rank_of(seen: Seen) -> bytes:
    """The rank of what was seen of a call; any summary ranks above none."""
    if not isinstance(seen, Snapshot):
        return rank_by_age(seen.as_of)
    complete, revision, moment = seen.rank
    return _digits(complete=complete, revision=max(0, revision) + 1, moment=moment)


def rank_by_age(as_of: float) -> bytes:
    """The rank of a value that has no version: the later one is higher."""
    return _digits(complete=False, revision=0, moment=as_of)


def _digits(*, complete: bool, revision: int, moment: float) -> bytes:
    return b"%d%010d%013d" % (complete, revision, int(moment * 1000))
