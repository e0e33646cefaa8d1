"""Derives a key for each purpose from the key of the gateway's operator (BLAKE2b, RFC 7693)."""

import hashlib


def derived_key(key: bytes, person: bytes, size: int) -> bytes:
    """The key for one purpose, which `person` names; it says nothing about the first one."""
    return hashlib.blake2b(key=key, digest_size=size, person=person).digest()
