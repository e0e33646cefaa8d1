"""Encodes snapshots of calls, and pages of lists, as cache values, and decodes them.

A value is its head and MessagePack. The moments are those of the head, which the tiers keep true to
the clock of this machine and not later than now; behind it is told what they were rounded by.
"""

import hashlib
from collections.abc import Callable
from typing import TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from gateway.cache.entry import Entry
from gateway.insights.absence import Absence, Absent
from gateway.insights.catalogue import CallSid
from gateway.insights.decoding import Undecodable
from gateway.insights.details import DetailRef, DetailsSeen
from gateway.insights.paging import PageRef
from gateway.insights.rank import body_in, head_by_age, head_of, moments_of
from gateway.insights.snapshot import Seen, Snapshot, Via
from gateway.insights.summary_decoding import decode_summary

T = TypeVar("T")


class PageIndex(Struct, frozen=True, array_like=True):
    """A page of a list by its calls, with its neighbours, as it was seen at `as_of`."""

    as_of: float
    sids: tuple[CallSid, ...]
    next: PageRef | None
    previous: PageRef | None


class _SummaryEntry(Struct, frozen=True, array_like=True, tag="s"):
    raw: bytes
    as_of: float
    annotated_at: float
    via: Via
    predicted: bool = False
    doubted: bool = False


class _AbsentEntry(Struct, frozen=True, array_like=True, tag="a"):
    sid: CallSid
    why: Absence
    as_of: float


DECODED = "decoded"
"""How a value is read: what it says, as the value that everybody is given."""

PER_BYTE = 5
"""Bytes that a summary takes once it is decoded, for each byte of its value: measured, see
`tests/benchmarks/memory.py`."""

_ROUNDING = 0.001
"""Seconds by which moments are rounded down, at most."""

_UNREADABLE = (msgspec.MsgspecError, Undecodable, UnicodeDecodeError, RecursionError)
"""What is raised by a value that no gateway wrote, or one of another version."""

_encode = msgspec.msgpack.Encoder().encode
_ENTRY = msgspec.msgpack.Decoder(_SummaryEntry | _AbsentEntry)
_INDEX = msgspec.msgpack.Decoder(PageIndex)
_DETAILS = msgspec.msgpack.Decoder(DetailsSeen)


def encoded(seen: Seen) -> bytes:
    """What was seen of a call, as a value."""
    head = head_of(seen)
    annotated_at, as_of = _moments(head)
    if not isinstance(seen, Snapshot):
        return head + _encode(_AbsentEntry(seen.sid, seen.why, seen.as_of - as_of))
    rounded = (seen.as_of - as_of, seen.annotated_at - annotated_at)
    entry = _SummaryEntry(seen.raw, *rounded, seen.via, seen.predicted, seen.doubted)
    return head + _encode(entry)


def encoded_index(index: PageIndex) -> bytes:
    """A page, as a value."""
    head = head_by_age(index.as_of)
    _, as_of = _moments(head)
    return head + _encode(replace(index, as_of=index.as_of - as_of))


def seen_of(key: str, value: bytes) -> Seen | None:
    """What was seen of a call, from the value of its key; None if that cannot be read."""
    try:
        entry = _ENTRY.decode(body_in(value))
        seen = _absent(entry, value) if isinstance(entry, _AbsentEntry) else _snapshot(entry, value)
    except _UNREADABLE:
        return None
    return seen if key.endswith(f":call:{seen.sid}") else None


def index_of(_: str, value: bytes) -> PageIndex | None:
    """A page, from the value of its key; None if that cannot be read."""
    try:
        index = _INDEX.decode(body_in(value))
    except _UNREADABLE:
        return None
    as_of = _moments(value)[1]
    return replace(index, as_of=as_of + _unrounded(index.as_of))


def encoded_details(seen: DetailsSeen) -> bytes:
    """A page of metrics or events, as a value."""
    head = head_by_age(seen.as_of)
    _, as_of = _moments(head)
    return head + _encode(replace(seen, as_of=seen.as_of - as_of))


def details_of(key: str, value: bytes) -> DetailsSeen | None:
    """A page of metrics or events, from the value of its key; None if that cannot be read."""
    try:
        seen = _DETAILS.decode(body_in(value))
    except _UNREADABLE:
        return None
    if not key.endswith(f":details:{seen.sid}:{digest_of(seen.ref)}"):
        return None
    return replace(seen, as_of=_moments(value)[1] + _unrounded(seen.as_of))


def digest_of(ref: DetailRef) -> str:
    """What tells the pages of the metrics and events of a call apart."""
    return hashlib.blake2b(_encode(ref), digest_size=16).hexdigest()


def seen_in(entry: Entry) -> Seen | None:
    """What was seen of a call, from its entry: the same value every time."""
    return read_once(entry, seen_of)


def index_in(entry: Entry) -> PageIndex | None:
    """The page that an entry holds: the same value every time."""
    return read_once(entry, index_of)


def details_in(entry: Entry) -> DetailsSeen | None:
    """The page of metrics or events that an entry holds: the same value every time."""
    return read_once(entry, details_of)


def read_once(entry: Entry, read: Callable[[str, bytes], T]) -> T:
    """What `read` makes of the value of an entry: the same value every time."""
    found: T = entry.derived(DECODED, entry.value)
    if found is None and (found := read(entry.key, entry.value)) is not None:
        entry.keep(DECODED, entry.value, found, len(entry.value) * PER_BYTE)
    return found


def _absent(entry: _AbsentEntry, value: bytes) -> Absent:
    _, as_of = _moments(value)
    return Absent(entry.sid, entry.why, as_of + _unrounded(entry.as_of))


def _snapshot(entry: _SummaryEntry, value: bytes) -> Snapshot:
    annotated_at, as_of = _moments(value)
    return Snapshot(
        decode_summary(entry.raw),
        entry.raw,
        as_of + _unrounded(entry.as_of),
        annotated_at + _unrounded(entry.annotated_at),
        entry.via,
        entry.predicted,
        entry.doubted,
    )


def _moments(head: bytes) -> tuple[float, float]:
    """When the annotation was seen, and when all else, in seconds since 1970.

    What they were rounded by is the exact difference, so adding it gives the exact moment.
    """
    annotated_at, as_of = moments_of(head) or (0, 0)
    return annotated_at / 1000, as_of / 1000


def _unrounded(seconds: float) -> float:
    """What a moment was rounded by, if it was by no more than that."""
    return min(_ROUNDING, seconds)
