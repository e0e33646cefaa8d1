"""Encodes and decodes cursors of searches: signed places as opaque texts.

A cursor is signed together with the account, the condition and the order, so it opens that list and
no other, on any replica, and cannot be made up.
"""

from datetime import datetime
from typing import Any

import msgspec

from gateway.errors import InvalidCursor
from gateway.insights.signed_cursors import SignedCursors
from gateway.warehouse.conditions import All, Comparison, Condition, Either, Not, SomeEdge
from gateway.warehouse.pages import Place, Question

_decode = msgspec.msgpack.Decoder(Place).decode


class SearchCursors:
    """Makes and reads cursors. `key` is secret and the same on every replica."""

    def __init__(self, key: bytes) -> None:
        self._signed = SignedCursors(key, b"gateway searches")

    def encode(self, place: Place, question: Question) -> str:
        """Write a place as a text of URL-safe characters."""
        return self._signed.write(msgspec.msgpack.encode(place), _scope(question))

    def decode(self, cursor: str, question: Question, argument: str) -> Place:
        """Read a cursor; raises InvalidCursor, naming `argument`, if it was not made for this."""
        try:
            return _decode(self._signed.read(cursor, _scope(question)))
        except (ValueError, msgspec.MsgspecError) as error:
            raise InvalidCursor(argument, SAME) from error


SAME = "`where` and `orderBy`"


def _scope(question: Question) -> bytes:
    order = [(one.field.constant, one.descending) for one in question.order]
    return msgspec.msgpack.encode([question.realm.key, _written(question.condition), order])


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
