"""Encrypts values for the shared cache with AES-256-GCM, under a key of its own for each entry.

The key of an entry is derived from the key of the settings and the entry's name, so the random
nonces of one entry alone must differ, however many entries there are. Rank and name are
authenticated: a value that was altered, or put under another name, does not open.
"""

import hashlib
import os
from collections.abc import Sequence
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.config.settings import Settings

_NONCE = 12
_PERSON = b"gateway cache"


class Seal:
    """Seals with the first of `keys`, of 32 bytes each, and opens with any."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._keys = tuple(keys)

    @classmethod
    def of(cls, settings: Settings) -> Self | None:
        """The seal of `GATEWAY_CACHE_KEY`; None where nothing is to be encrypted."""
        configured = settings.gateway_cache_key
        return None if configured is None else cls(configured.keys)

    def close(self, name: str, rank: bytes, plain: bytes) -> bytes:
        """What nobody reads without the key, for the entry of that name and rank."""
        nonce = os.urandom(_NONCE)
        cipher = _cipher(self._keys[0], name)
        return nonce + cipher.encrypt(nonce, plain, rank + name.encode())

    def open(self, name: str, rank: bytes, sealed: bytes) -> bytes | None:
        """What was sealed; None for another's, altered or plain value."""
        nonce, text = sealed[:_NONCE], sealed[_NONCE:]
        if len(nonce) < _NONCE:
            return None
        for key in self._keys:
            try:
                return _cipher(key, name).decrypt(nonce, text, rank + name.encode())
            except InvalidTag:
                continue
        return None


def _cipher(key: bytes, name: str) -> AESGCM:
    return AESGCM(hashlib.blake2b(name.encode(), key=key, digest_size=32, person=_PERSON).digest())
