"""Encrypts what the warehouse keeps: personal values deterministically, summaries at random.

A personal value becomes the same text for the same account and field under one key (AES-SIV,
RFC 5297), so the engine compares and groups it without reading it. Field and account are
authenticated: two fields, or two accounts, never have a text in common. A summary is compressed
and sealed with AES-256-GCM under a key of its account. The first key encrypts, all keys decrypt.
"""

import hashlib
import os
import sys
from base64 import b64encode, standard_b64decode
from collections.abc import Sequence
from functools import cached_property, lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESSIV

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_NONCE = 12
_REMEMBERED = 50_000
"""Values whose texts are remembered: cities, devices and numbers come again and again."""

_DICTIONARY = zstd.ZstdDict((Path(__file__).parent / "dictionary.json").read_bytes(), is_raw=True)
"""What summaries have in common. The file never changes: rows could not be read without it."""

_LEVEL = 3


class Personal:
    """Encrypts and decrypts personal values; keys are 32 bytes each."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._ciphers = tuple(AESSIV(_derived(key, b"gateway columns", 64)) for key in keys)
        self.encrypt = lru_cache(_REMEMBERED)(self._encrypt)

    def _encrypt(self, account: str, column: str, value: object) -> str:
        return self._text(self._ciphers[0], account, column, value)

    def all(self, account: str, column: str, value: object) -> list[str]:
        """The texts of a value under all keys, the first key's first."""
        return [self._text(cipher, account, column, value) for cipher in self._ciphers]

    def decrypt(self, account: str, column: str, text: str) -> str | None:
        """The value of a text; None if no key opens it for this account and column."""
        context = [account.encode(), column.encode()]
        for cipher in self._ciphers:
            try:
                return cipher.decrypt(standard_b64decode(text), context).decode()
            except (InvalidTag, ValueError):
                continue
        return None

    @staticmethod
    def _text(cipher: AESSIV, account: str, column: str, value: object) -> str:
        context = [account.encode(), column.encode()]
        return b64encode(cipher.encrypt(spelled(value).encode(), context)).decode("ascii")


def spelled(value: object) -> str:
    """A personal value as the text that is encrypted."""
    return repr(value + 0.0) if isinstance(value, float) else str(value)


class Seal:
    """Seals what was stored of a call, and opens it; keys are 32 bytes each."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._keys = tuple(keys)
        self._compressor = zstd.ZstdCompressor(level=_LEVEL, zstd_dict=_DICTIONARY.as_digested_dict)

    @cached_property
    def key_id(self) -> bytes:
        """Tells which key seals; it says nothing about the key."""
        return _derived(self._keys[0], b"gateway key id", 8)

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


def _derived(key: bytes, person: bytes, size: int) -> bytes:
    return hashlib.blake2b(key=key, digest_size=size, person=person).digest()
