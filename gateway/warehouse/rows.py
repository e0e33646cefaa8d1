"""Encodes summaries as rows of the table, and decodes rows as summaries.

Every column of a row can be made again from the sealed summary in it. So a row that was made under
older keys, or before the catalogue gained a field, is made anew from itself: its form tells.
"""

import hashlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import lru_cache, partial
from typing import Any

import msgspec
from msgspec import Struct

from gateway.insights.diagnosis.rules import RULES
from gateway.insights.snapshot import Snapshot, Via
from gateway.insights.summary_decoding import decode_summary
from gateway.warehouse.column_values import flat
from gateway.warehouse.columns import COLUMNS, EARLIEST
from gateway.warehouse.derived import derived
from gateway.warehouse.encryption import Personal
from gateway.warehouse.fields import EDGES
from gateway.warehouse.seal import Seal

DERIVATION = 1
"""Raised whenever a derived field is made in another way: then rows are made anew."""

RULED = tuple((rule.name, row.side, row.threshold) for rule, row in RULES.items())
"""The rules that diagnoses are made by; with another one, rows are made anew as well."""

_REVISION, _MILLISECOND = 2**21 - 1, 2**42 - 1


def digest_of(snapshot: Snapshot) -> int:
    """Tells whether the same was known of a call before, but for the moment."""
    content = snapshot.raw + (b"doubted" if snapshot.doubted else b"")
    return int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), "big")


class Filing(Struct, frozen=True):
    """Where a call stands in the table since it first came: this never changes for a call.

    `at` is the end of the call as it was known then; `completed` is when its complete summary came,
    None until it did. Seconds since 1970.
    """

    at: float
    completed: float | None


class _Stored(Struct, frozen=True, array_like=True):
    raw: bytes
    as_of: float
    annotated_at: float
    via: Via
    predicted: bool
    doubted: bool


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Stored).decode


def rank_of(snapshot: Snapshot) -> int:
    """The rank of a snapshot, in 64 bits: it orders as snapshots do.

    The highest bit says whether it is complete, 21 bits have the revision, 42 the moment in ms.
    """
    complete, revision, moment = snapshot.rank
    version = min(max(revision, 0), _REVISION)
    return complete << 63 | version << 42 | min(int(moment * 1000), _MILLISECOND)


def first_filing(snapshot: Snapshot, now: float) -> Filing:
    """Where a call is filed that was never seen before: by its end, if that can be true."""
    summary = snapshot.summary
    moment = summary.end_time or summary.start_time or summary.created_time
    at = moment.timestamp() if moment and moment >= EARLIEST else now
    return Filing(min(at, now), now if snapshot.is_complete else None)


class Rows:
    """Makes rows, and reads what is sealed in them.

    `hash_key` gives an account its key, and raises KeyError for one that the gateway does not have.
    """

    def __init__(self, keys: Sequence[bytes], hash_key: Callable[[str], bytes]) -> None:
        self.personal = Personal(keys)
        self.seal = Seal(keys)
        self._hash_key = hash_key
        self._form_under = lru_cache(maxsize=1024)(self._form)

    def row(self, account: str, snapshot: Snapshot, filing: Filing) -> list[Any]:
        """A row in the order of the columns."""
        summary, sid = snapshot.summary, snapshot.sid
        values = flat(summary, partial(self.personal.encrypt, account))
        values += derived(summary, self._hash_key(account))
        values += [getattr(summary, edge) is not None for edge in EDGES]
        values += (
            account,
            _moment(filing.at),
            rank_of(snapshot),
            snapshot.is_complete,
            _moment(filing.completed or 0.0),
            digest_of(snapshot),
            self.form(account),
            self.seal.close(account, sid, _encode(_stored(snapshot))),
        )
        return values

    def snapshot(self, account: str, sid: str, sealed: bytes) -> Snapshot | None:
        """What is sealed in a row; None if no key opens it."""
        plain = self.seal.open(account, sid, sealed)
        if plain is None:
            return None
        kept = _decode(plain)
        return Snapshot(
            decode_summary(kept.raw),
            kept.raw,
            kept.as_of,
            kept.annotated_at,
            kept.via,
            kept.predicted,
            kept.doubted,
        )

    def knows(self, account: str) -> bool:
        """Whether rows of an account can be made."""
        try:
            self._hash_key(account)
        except KeyError:
            return False
        return True

    def raw(self, account: str, sid: str, sealed: bytes) -> bytes | None:
        """The JSON of the summary that is sealed in a row; None if no key opens it."""
        plain = self.seal.open(account, sid, sealed)
        return None if plain is None else _decode(plain).raw

    def form(self, account: str) -> int:
        """Tells how the rows of an account are made today: by which keys, with which columns."""
        return self._form_under(self._hash_key(account))

    def _form(self, hash_key: bytes) -> int:
        form = (
            [(column.name, column.type) for column in COLUMNS],
            DERIVATION,
            RULED,
            self.seal.key_id,
            hashlib.blake2b(hash_key, digest_size=8).digest(),
        )
        digest = hashlib.blake2b(_encode(form), digest_size=8, person=b"gateway form").digest()
        return int.from_bytes(digest, "big")


def _stored(snapshot: Snapshot) -> _Stored:
    return _Stored(
        snapshot.raw,
        snapshot.as_of,
        snapshot.annotated_at,
        snapshot.via,
        snapshot.predicted,
        snapshot.doubted,
    )


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
