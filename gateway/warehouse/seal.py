"""Encrypts summaries: compressed, with AES-256-GCM, under a key of their account.

The first key encrypts, all keys decrypt.
"""

import hashlib
import os
import sys
from collections.abc import Sequence
from functools import cached_property, lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.warehouse.derived_keys import derived_key

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_NONCE = 12

_DICTIONARY = zstd.ZstdDict((Path(__file__).parent / "dictionary.json").read_bytes(), is_raw=True)
"""What summaries have in common. The file never changes: rows could not be read without it."""

_LEVEL = 3


class Seal:
    """Seals what was stored of a call, and opens it; keys are 32 bytes each."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._keys = tuple(keys)
        self._compressor = zstd.ZstdCompressor(level=_LEVEL, zstd_dict=_DICTIONARY.as_digested_dict)

    @cached_property
    def key_id(self) -> bytes:
        """Tells which key seals; it says nothing about the key."""
        return derived_key(self._keys[0], b"gateway key id", 8)

    def close(self, account: str, sid: str, plain: bytes) -> bytes:
        """Compress and encrypt; not for several threads at once."""
        packed = self._compressor.compress(plain, mode=zstd.ZstdCompressor.FLUSH_FRAME)
        nonce = os.urandom(_NONCE)
        return nonce + _cipher(self._keys[0], account).encrypt(nonce, packed, sid.encode())

    def open(self, account: str, sid: str, sealed: bytes) -> bytes | None:
        """What was sealed; None for another call's, altered or foreign bytes."""
        nonce, text = sealed[:_NONCE], sealed[_NONCE:]
        if len(nonce) < _NONCE:
            return None
        for key in self._keys:
            try:
                packed = _cipher(key, account).decrypt(nonce, text, sid.encode())
            except InvalidTag:
                continue
            return zstd.decompress(packed, zstd_dict=_DICTIONARY.as_digested_dict)
        return None


@lru_cache(1024)
def _cipher(key: bytes, account: str) -> AESGCM:
    """A key for each account; random nonces are safe for 2³² summaries of each."""
    name = account.encode()
    return AESGCM(hashlib.blake2b(name, key=key, digest_size=32, person=b"gateway calls").digest())
