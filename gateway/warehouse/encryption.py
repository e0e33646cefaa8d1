"""Encrypts personal values deterministically: the same value becomes the same text.

That is so for one account, field and key (AES-SIV, RFC 5297): the engine compares and groups values
without reading them. Field and account are authenticated, so two fields, or two accounts, never
have a text in common. The first key encrypts, all keys decrypt.
"""

from base64 import b64encode, standard_b64decode
from collections.abc import Sequence
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from gateway.warehouse.derived_keys import derived_key

_REMEMBERED = 50_000
"""Values whose texts are remembered: cities, devices and numbers come again and again."""


class Personal:
    """Encrypts and decrypts personal values; keys are 32 bytes each."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._ciphers = tuple(AESSIV(derived_key(key, b"gateway columns", 64)) for key in keys)
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
