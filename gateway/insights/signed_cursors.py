"""Signs cursors, so that each opens the list that it was made for, and none can be made up."""

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode

_SIGNATURE_BYTES = 12


class SignedCursors:
    """Seals what a cursor holds together with the `scope` of its list, which it does not hold.

    `key` is secret and the same on every replica; cursors of one `purpose` are none of another.
    """

    def __init__(self, key: bytes, purpose: bytes) -> None:
        self._key = hashlib.blake2b(key, person=purpose).digest()

    def write(self, payload: bytes, scope: bytes) -> str:
        """An opaque text of URL-safe characters."""
        return _text(self._sign(payload, scope) + payload)

    def read(self, cursor: str, scope: bytes) -> bytes:
        """What a cursor holds; raises ValueError if it was not written for this scope."""
        signed = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        signature, payload = signed[:_SIGNATURE_BYTES], signed[_SIGNATURE_BYTES:]
        genuine = hmac.compare_digest(signature, self._sign(payload, scope))
        if not genuine or _text(signed) != cursor:
            raise ValueError("Expected a cursor of this list")
        return payload

    def _sign(self, payload: bytes, scope: bytes) -> bytes:
        signed = len(scope).to_bytes(4, "big") + scope + payload
        return hashlib.blake2b(signed, key=self._key, digest_size=_SIGNATURE_BYTES).digest()


def _text(signed: bytes) -> str:
    return urlsafe_b64encode(signed).rstrip(b"=").decode("ascii")
