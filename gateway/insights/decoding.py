"""The door: what Twilio wrote becomes one immutable `Summary`, in one of two ways.

The straight way is msgspec's typed decoder, for what is written as it should be. Whatever it
does not take, and whatever may spell "not there" in another way than null, goes the patient way:
plain JSON, then field by field, so that one bad field costs that field and not the call.

Law (tested): where the straight way applies, both ways give the same value.
"""

import json
import math
import types
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Annotated, Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import msgspec

from gateway.insights.annotation import Annotation
from gateway.insights.catalogue import Entity, OpenMap, SipStatus, Vocabulary
from gateway.insights.summary import Summary
from gateway.instrumentation import FieldDropped, Hook, ValueUnrecognized, silent

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
    }
)
"""The words by which Twilio says that there is nothing to say."""

_SUSPECT = (b'"unknown', b"{}", b"\n")
"""Bytes that every spelling of "not there" has which the types alone would let through: words,
empty objects, and the line breaks of JSON that is laid out for people."""


class Undecodable(ValueError):
    """Not JSON, or not a summary at all."""


def decode_summary(body: bytes | msgspec.Raw, hook: Hook = silent) -> Summary:
    """Read one summary; `hook` hears of dropped fields and unknown values.

    Raises Undecodable when `body` is no JSON object with a `call_sid`.
    """
    return _decode(Summary, bytes(body), hook)


def decode_annotation(body: bytes, hook: Hook = silent) -> Annotation:
    """Read an annotation, as its own resource writes it. Raises Undecodable."""
    return _decode(Annotation, body, hook)


def _decode(entity: type[EntityT], body: bytes, hook: Hook) -> EntityT:
    if not any(suspect in body for suspect in _SUSPECT):
        try:
            return cast("EntityT", _decoder(entity).decode(body))
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return decode_patiently(entity, body, hook)
    return decode_patiently(entity, body, hook)


def decode_patiently(entity: type[EntityT], body: bytes, hook: Hook = silent) -> EntityT:
    """Read `body` field by field: what is not there, or not what it should be, becomes null."""
    try:
        plain = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Undecodable("not JSON") from error
    if not isinstance(plain, dict):
        raise Undecodable("not a JSON object")
    try:
        return _Patient(hook).entity(entity, plain, "")
    except TypeError as error:
        raise Undecodable(f"no {entity.__name__}") from error


def _open_map(kind: type, value: object) -> object:
    if issubclass(kind, OpenMap):
        return kind.from_mapping(value)
    raise NotImplementedError(kind)


@cache
def _decoder(entity: type[Entity]) -> "msgspec.json.Decoder[Entity]":
    return msgspec.json.Decoder(entity, dec_hook=_open_map)


class _Patient:
    """Reads plain JSON values as what the catalogue says they are.

    Readers give None for what is not there, and raise TypeError or ValueError (of which
    msgspec's ValidationError is one) for what is of the wrong type.
    """

    def __init__(self, hook: Hook) -> None:
        self._hook = hook

    def attempt(self, read: "_Reader", value: object, path: str) -> Any:
        """Read a value; of one that has the wrong type make null, and say so."""
        try:
            return read(self, value, path)
        except (TypeError, ValueError):
            self._hook(FieldDropped(path))
            return None

    def entity(self, kind: type[EntityT], plain: dict[str, Any], path: str) -> EntityT:
        """Read an object; a missing required field is a TypeError."""
        values = {}
        for attribute, name, read in _fields(kind):
            if (value := plain.get(name)) is not None:
                read_value = self.attempt(read, value, f"{path}.{name}" if path else name)
                if read_value is not None:
                    values[attribute] = read_value
        return kind(**values)

    def nested(self, kind: type[Entity], value: object, path: str) -> Entity | None:
        """Read an object; one in which nothing is there is not there itself."""
        entity = self.entity(kind, _of(dict, value), path)
        return None if entity == kind() else entity

    def word(self, kind: type[Vocabulary], value: object, path: str) -> Vocabulary | None:
        """Read a word; one that the catalogue does not have is `UNRECOGNIZED`."""
        if _of(str, value) in NOT_THERE:
            return None
        if (known := kind.spelled(_of(str, value))) is not None:
            return known
        self._hook(ValueUnrecognized(path))
        return kind["UNRECOGNIZED"]

    def items(self, read: "_Reader", value: object, path: str) -> tuple[object, ...]:
        """Read a list; an item that is not there, or of the wrong type, is left out."""
        there = (item for item in _of(list, value) if item is not None)
        read_items = (self.attempt(read, item, path) for item in there)
        return tuple(item for item in read_items if item is not None)

    def open_map(self, kind: type[OpenMap], value: object, path: str) -> OpenMap | None:
        """Read an object whose keys are data; an entry of the wrong type is left out."""
        entries = _of(dict, value).items()
        read = (self.attempt(lambda _, entry, __: kind.read(*entry), e, path) for e in entries)
        return kind.sorted(entry for entry in read if entry is not None) or None

    def scalar(self, kind: type, value: object) -> object:
        """Read a string, number or boolean."""
        if value in NOT_THERE or (value == 0 and kind is SipStatus):
            return None
        if isinstance(value, float):
            if not math.isfinite(value):
                raise ValueError("Expected a finite number")
            if kind is not float and value.is_integer():
                value = int(value)
        return msgspec.convert(value, kind)

    def moment(self, value: object) -> datetime | None:
        """Read a moment; one without an offset is UTC."""
        if _of(str, value) in NOT_THERE:
            return None
        moment = msgspec.convert(value, datetime)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _of(kind: type[PlainT], value: object) -> PlainT:
    if not isinstance(value, kind):
        raise TypeError(f"Expected {kind.__name__}")
    return value


_Reader = Callable[[_Patient, Any, str], Any]


@cache
def _fields(entity: type[Entity]) -> tuple[tuple[str, str, _Reader], ...]:
    """Of each field: its attribute, Twilio's name for it, and how to read it patiently."""
    hints = get_type_hints(entity, include_extras=True)
    names = zip(entity.__struct_fields__, entity.__struct_encode_fields__, strict=True)
    return tuple((attribute, name, _reader(hints[attribute])) for attribute, name in names)


def _reader(hint: Any) -> _Reader:
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
    """`Annotated[X | None, Fact(…)]` → `X`, with the constraints that X itself has."""
    if get_origin(hint) is Annotated and not any(
        isinstance(extra, msgspec.Meta) for extra in hint.__metadata__
    ):
        return bare(get_args(hint)[0])
    if get_origin(hint) in {Union, types.UnionType}:
        return bare(next(arm for arm in get_args(hint) if arm is not type(None)))
    return hint
