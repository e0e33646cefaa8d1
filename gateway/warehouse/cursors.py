"""Encodes and decodes cursors of searches: signed places as opaque texts.

A cursor is signed together with the account, the condition and the order, so it opens that list and
no other, on any replica, and cannot be made up.
"""

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from typing import Any

import msgspec

from gateway.errors import InvalidCursor
from gateway.warehouse.conditions import All, Comparison, Condition, Either, Not, SomeEdge
from gateway.warehouse.pages import Place, Question

_SIGNATURE_BYTES = 12
_decode = msgspec.msgpack.Decoder(Place).decode


class SearchCursors:
    """Makes and reads cursors. `key` is secret and the same on every replica."""

    def __init__(self, key: bytes) -> None:
        self._key = hashlib.blake2b(key, person=b"gateway searches").digest()

    def encode(self, place: Place, question: Question) -> str:
        """Write a place as a text of URL-safe characters."""
        payload = msgspec.msgpack.encode(place)
        return _text(self._sign(payload, question) + payload)

    def decode(self, cursor: str, question: Question, argument: str) -> Place:
        """Read a cursor; raises InvalidCursor, naming `argument`, if it was not made for this."""
        try:
            signed = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
            signature, payload = signed[:_SIGNATURE_BYTES], signed[_SIGNATURE_BYTES:]
            genuine = hmac.compare_digest(signature, self._sign(payload, question))
            if not genuine or _text(signed) != cursor:
                raise InvalidCursor(argument, SAME)
            return _decode(payload)
        except (ValueError, msgspec.MsgspecError) as error:
            raise InvalidCursor(argument, SAME) from error

    def _sign(self, payload: bytes, question: Question) -> bytes:
        order = [(one.field.constant, one.descending) for one in question.order]
        asked = [question.realm.key, _written(question.condition), order]
        scope = msgspec.msgpack.encode(asked)
        signed = len(scope).to_bytes(4, "big") + scope + payload
        return hashlib.blake2b(signed, key=self._key, digest_size=_SIGNATURE_BYTES).digest()


SAME = "`where` and `orderBy`"


def _written(condition: Condition) -> list[Any]:
    """A condition as plain values, the same for the same condition."""
    match condition:
        case Comparison(field=field, operator=operator, value=value):
            values = value if isinstance(value, tuple) else (value,)
            plain = [one.isoformat() if isinstance(one, datetime) else one for one in values]
            return [field.constant, operator.value, plain]
        case All(conditions=conditions) | Either(conditions=conditions):
            return [type(condition).__name__, *map(_written, conditions)]
        case Not(condition=inner) | SomeEdge(condition=inner):
            return [type(condition).__name__, _written(inner)]


def _text(signed: bytes) -> str:
    return urlsafe_b64encode(signed).rstrip(b"=").decode("ascii")
