"""Decodes plain JSON values by the types that the catalogue declares, field by field.

What is not there becomes null, however Twilio writes that. What has the wrong type becomes null and
is counted, and so is what the catalogue does not have: words, and keys.
"""

import math
import re
import types
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec

from gateway.insights.catalogue import Entity, Numbered, OpenMap, SipStatus, Vocabulary
from gateway.insights.party import NOWHERE
from gateway.instrumentation import FieldDropped, Hook, KeyUnknown, ValueUnrecognized

EntityT = TypeVar("EntityT", bound=Entity)
PlainT = TypeVar("PlainT")

NOT_THERE = frozenset(
    {
        "",
        "unknown",
        "unknown_realm",
        "unknown_disconnected_by",
        "unknown_answered_by",
        "unknown_connectivity_issue",
        "unknown_quality_issue",
        "unknown_edge",
        "unknown_codec_name",
    }
)
"""The words by which Twilio says that there is nothing to say."""

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
"""A key that is repeated as it is, for operators to see."""

_FROM_ONE = {SipStatus, Numbered}
"""The numbers of which there is no 0."""


class FieldDecoder:
    """Reads entities; `hook` hears of what is dropped, and of what nobody knows.

    Readers give None for what is not there, and raise TypeError or ValueError (of which
    msgspec's ValidationError is one) for what is of the wrong type.
    """

    def __init__(self, hook: Hook) -> None:
        self._hook = hook

    def attempt(self, read: "FieldReader", value: object, path: str) -> Any:
        """Read a value; of one that has the wrong type make null, and say so."""
        if _is_nothing(value):
            return None
        try:
            return read(self, value, path)
        except (TypeError, ValueError):
            self._hook(FieldDropped(path))
            return None

    def entity(self, kind: type[EntityT], plain: dict[str, Any], path: str) -> EntityT:
        """Read an object; a missing required field is a TypeError."""
        values = {}
        for attribute, name, read in fields_of(kind):
            if (written := plain.get(name)) is None:
                continue
            value = self.attempt(read, written, _below(path, name))
            if value is not None:
                values[attribute] = value
        for name in plain.keys() - _declared_keys(kind):
            self.unknown(name, plain[name], path)
        return kind(**values)

    def unknown(self, name: str, value: object, path: str) -> None:
        """Tell of a key that the catalogue does not have, if it says something."""
        if not _is_nothing(value):
            self._hook(KeyUnknown(_below(path, name if _NAME.fullmatch(name) else "other")))

    def without_unknown(self, kind: type[Entity], plain: dict[str, Any], path: str = "") -> bool:
        """Take out of an object, and those in it, what the catalogue does not have.

        Gives whether there was any.
        """
        inner, found = entities_in(kind), False
        for name in plain.keys() - kind.__struct_encode_fields__:
            value, found = plain.pop(name), True
            if name not in kind.beside:
                self.unknown(name, value, path)
        for name in plain.keys() & inner.keys():
            value = plain[name]
            for one in value if isinstance(value, list) else (value,):
                if isinstance(one, dict):
                    found |= self.without_unknown(inner[name], one, _below(path, name))
        return found

    def nested(self, kind: type[Entity], value: object, path: str) -> Entity | None:
        """Read an object; one in which nothing is there is not there itself."""
        plain = _of(dict, value)
        entity = self.entity(kind, plain, path)
        names = kind.__struct_encode_fields__
        strange = (plain[name] for name in plain.keys() - names)
        nothing = entity in (kind(), NOWHERE)
        return None if nothing and all(map(_is_nothing, strange)) else entity

    def word(self, kind: type[Vocabulary], value: object, path: str) -> Vocabulary | None:
        """Read a word; one that the catalogue does not have is `UNRECOGNIZED`.

        A list of words without a place for such has the wrong type.
        """
        word = _of(str, value)
        if (member := kind.spelled(word)) is not None:
            return member
        if word.lower() in NOT_THERE:
            return None
        if "UNRECOGNIZED" not in kind.__members__:
            raise ValueError("Expected a known word")
        self._hook(ValueUnrecognized(path))
        return kind["UNRECOGNIZED"]

    def items(self, read: "FieldReader", value: object, path: str) -> tuple[object, ...]:
        """Read a list; an item that is not there, or of the wrong type, is left out."""
        read_items = (self.attempt(read, item, path) for item in _of(list, value))
        return tuple(item for item in read_items if item is not None)

    def open_map(self, kind: type[OpenMap], value: object, path: str) -> OpenMap | None:
        """Read an object whose keys are data; an entry of the wrong type is left out."""
        entries = (entry for entry in _of(dict, value).items() if not _is_nothing(entry[1]))
        read = (self.attempt(lambda _, entry, __: kind.read(*entry), e, path) for e in entries)
        return kind.sorted(entry for entry in read if entry is not None) or None

    def scalar(self, kind: type, value: object) -> object:
        """Read a string, number or boolean."""
        if kind in _FROM_ONE and value == 0 and value is not False:
            return None
        if isinstance(value, str):
            value.encode()  # a lone surrogate is an error, for no answer could carry it
        if isinstance(value, float):
            if not math.isfinite(value):
                raise ValueError("Expected a finite number")
            if kind is not float and value.is_integer():
                value = int(value)
        return msgspec.convert(value, kind)

    def moment(self, value: object) -> datetime:
        """Read a moment, as UTC; one without an offset is UTC already."""
        moment = msgspec.convert(_of(str, value), datetime)
        try:
            return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        except OverflowError as error:
            raise ValueError("Expected a moment of the years 1 to 9999") from error


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _of(kind: type[PlainT], value: object) -> PlainT:
    if not isinstance(value, kind):
        raise TypeError(f"Expected {kind.__name__}")
    return value


def _is_nothing(value: object) -> bool:
    return value is None or value == {} or (isinstance(value, str) and value in NOT_THERE)


FieldReader = Callable[[FieldDecoder, Any, str], Any]
"""Reads a plain value, at a path."""


@cache
def fields_of(entity: type[Entity]) -> tuple[tuple[str, str, FieldReader], ...]:
    """Of each field: its attribute, Twilio's name for it, and how to read it patiently."""
    hints = get_type_hints(entity, include_extras=True)
    names = zip(entity.__struct_fields__, entity.__struct_encode_fields__, strict=True)
    return tuple((attribute, name, _reader(hints[attribute])) for attribute, name in names)


@cache
def _declared_keys(entity: type[Entity]) -> frozenset[str]:
    return entity.beside.union(entity.__struct_encode_fields__)


@cache
def entities_in(entity: type[Entity]) -> dict[str, type[Entity]]:
    """The fields that hold an object of a known shape, or a list of such."""
    hints = get_type_hints(entity, include_extras=True)
    found = {}
    for attribute, name, _ in fields_of(entity):
        kind = bare(hints[attribute])
        kind = bare(get_args(kind)[0]) if get_origin(kind) is tuple else kind
        if isinstance(kind, type) and issubclass(kind, Entity):
            found[name] = kind
    return found


def _reader(hint: Any) -> FieldReader:
    kind = bare(hint)
    if get_origin(kind) is tuple:
        item = _reader(get_args(kind)[0])
        return lambda patient, value, path: patient.items(item, value, path)
    if isinstance(kind, type):
        if issubclass(kind, OpenMap):
            return lambda patient, value, path: patient.open_map(kind, value, path)
        if issubclass(kind, Entity):
            return lambda patient, value, path: patient.nested(kind, value, path)
        if issubclass(kind, Vocabulary):
            return lambda patient, value, path: patient.word(kind, value, path)
    if get_origin(kind) is Annotated and get_args(kind)[0] is datetime:
        return lambda patient, value, _: patient.moment(value)
    return lambda patient, value, _: patient.scalar(kind, value)


def bare(hint: Any) -> Any:
    """`X | None` → `X`, with the constraints that X itself has."""
    if get_origin(hint) is Annotated and not any(
        isinstance(extra, msgspec.Meta) for extra in hint.__metadata__
    ):
        return bare(get_args(hint)[0])
    if get_origin(hint) in {Union, types.UnionType}:
        return bare(next(arm for arm in get_args(hint) if arm is not type(None)))
    return hint
