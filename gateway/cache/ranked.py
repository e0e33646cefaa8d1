"""Values that begin with their rank, so that any backend can tell which of two is newer.

A rank is 24 digits: whether the summary is complete, its version, and when it was seen (ms). As
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
    complete, version, moment = seen.rank
    return _digits(complete=complete, version=max(0, version) + 1, moment=moment)


def rank_by_age(as_of: float) -> bytes:
    """The rank of a value that has no version: the later one is higher."""
    return _digits(complete=False, version=0, moment=as_of)


def _digits(*, complete: bool, version: int, moment: float) -> bytes:
    return b"%d%010d%013d" % (complete, version, int(moment * 1000))
