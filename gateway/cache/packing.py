"""Packs values for the cache server, and unpacks and checks the values that it returns.

A packed value is the head of the value, by the clock that replicas share, whose rank the server
compares; the version of the format; and the rest, compressed and perhaps encrypted. Whatever is not
just that counts as a miss: another version, garbage, a moment of the future, more than `MAX_BYTES`.
"""

import zlib

from msgspec import Struct

from gateway.cache.shared_clock import SharedClock
from gateway.encryption import Seal
from gateway.insights.rank import HEAD_LENGTH, body_in, moments_of, with_moments

FORMAT = b"\x01"
"""The version of the format of entries. Another one is due when what entries mean changes, or when
a gateway would take new entries for something else; `docs/caching.md` lists the versions."""

MAX_BYTES = 2**20
"""The largest value that is kept on the server, unpacked: a summary has 2 KB, a page 40 KB."""

_WHOLE_HEAD = HEAD_LENGTH + len(FORMAT)


class Packing(Struct, frozen=True):
    """Packs and unpacks in one `version` of the format; with a `seal`, values are encrypted."""

    clock: SharedClock
    seal: Seal | None = None
    version: bytes = FORMAT

    def pack(self, key: str, value: bytes) -> bytes | None:
        """A value as the server keeps it under its key; None for one that is too large."""
        if len(value) > MAX_BYTES or (moments := moments_of(value)) is None:
            return None
        head = with_moments(value, *map(self.clock.to_shared, moments)) + self.version
        body = zlib.compress(body_in(value), 1)
        return head + (self.seal.close(key, head, body) if self.seal else body)

    def unpack(self, key: str, packed: bytes | None) -> bytes | None:
        """The value of a key as it was given; None for whatever is no such value."""
        if packed is None or packed[HEAD_LENGTH:_WHOLE_HEAD] != self.version:
            return None
        head, body = packed[:_WHOLE_HEAD], packed[_WHOLE_HEAD:]
        if (own := self._own(head)) is None:
            return None
        opened = self.seal.open(key, head, body) if self.seal else body
        rest = None if opened is None else _inflated(opened)
        return None if rest is None else own + rest

    def _own(self, head: bytes) -> bytes | None:
        """A head by the clock of this machine; None for what is none, or of the future."""
        if (moments := moments_of(head)) is None:
            return None
        annotated_at, as_of = map(self.clock.from_shared, moments)
        if annotated_at is None or as_of is None:
            return None
        return with_moments(head, annotated_at, as_of)


def _inflated(body: bytes) -> bytes | None:
    """What was compressed; None if that is not all, or is too much."""
    inflating = zlib.decompressobj()
    try:
        rest = inflating.decompress(body, MAX_BYTES)
    except zlib.error:
        return None
    return rest if inflating.eof and not inflating.unused_data else None
