"""The door: what Twilio wrote becomes one immutable `Summary`, in one of two ways.

The straight way is msgspec's typed decoder, for what is written as it should be. Whatever it
does not take, and whatever may spell "not there" in another way than null, goes the patient way:
plain JSON, then field by field, so that one bad field costs that field and not the call.

Law (tested): where the straight way applies, both ways give the same value.
"""

import json
import math
import re
import types
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Annotated, Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import msgspec

from gateway.insights.annotation import Annotation
from gateway.insights.catalogue import Entity, Instant, Numbered, OpenMap, SipStatus, Vocabulary
from gateway.insights.party import NOWHERE, Location
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

_NOTHING = re.compile(
    rb':\s*+"(?:' + "|".join(sorted(NOT_THERE, reverse=True)).encode("ascii") + rb')"'
)
"""A word that says "not there", as the value of a key. In JSON, what follows a colon outside of a
string is a value, and inside of one there is no bare quotation mark: it is never anything else."""

_FROM_ONE = {SipStatus, Numbered}
"""The numbers of which there is no 0."""

_UNKNOWN = b'"unknown'
"""How all of these words begin but `""`, which the types refuse."""

_END_OF_NOTHING = re.compile(rb"\}(?:(?<=[l{ \t\r\n]\})|(?<=\"\"\}))")
"""How an object ends in which nothing is there, or all that is written in many lines."""

_OBJECT_OF_NOTHING = re.compile(rb'\{(?:\s*+"[^"]*+"\s*+:\s*+(?:null|""|\{\s*+\})\s*+,?)*+\s*+\}')
"""An object in which nothing is there is not there itself; the types alone let it through."""


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


def decode_plain(body: bytes) -> Any:
    """Read JSON of any shape as values that can be written as JSON again. Raises Undecodable.

    Of what strict parsers refuse, numbers become null and lone surrogates question marks.
    """
    try:
        return msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        plain = _load(body, _finite, _finite)
        written = json.dumps(plain, ensure_ascii=False).encode("utf-8", "replace")
        return msgspec.json.decode(written)


def _decode(entity: type[EntityT], body: bytes, hook: Hook) -> EntityT:
    read = _decode_straight(entity, body)
    if read is None:
        read = _decode_straight(entity, _NOTHING.sub(b":null", body))
    return decode_patiently(entity, body, hook) if read is None else read


def _decode_straight(entity: type[EntityT], body: bytes) -> EntityT | None:
    """Read `body` by its types alone; None where they do not say all."""
    if _UNKNOWN in body or (_END_OF_NOTHING.search(body) and _OBJECT_OF_NOTHING.search(body)):
        return None
    decode, moments = _decoder(entity)
    try:
        read = cast("EntityT", decode(body))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    if isinstance(read, Summary) and NOWHERE in _locations(read):
        return None  # it is not there
    for attribute in moments:
        moment: datetime | None = getattr(read, attribute)
        if moment is not None and moment.tzinfo is not UTC:
            return None  # it is to become UTC
    return read


def _locations(summary: Summary) -> list[Location | None]:
    parties = (summary.from_, summary.to)
    return [party.location for party in parties if party is not None]


def decode_patiently(entity: type[EntityT], body: bytes, hook: Hook = silent) -> EntityT:
    """Read `body` field by field: what is not there, or not what it should be, becomes null."""
    plain = _load(body, _whole, float)
    if not isinstance(plain, dict):
        raise Undecodable("not a JSON object")
    try:
        return _Patient(hook).entity(entity, plain, "")
    except TypeError as error:
        raise Undecodable(f"no {entity.__name__}") from error


def _load(body: bytes, whole: Callable[[str], Any], other: Callable[[str], Any]) -> Any:
    """JSON as Python's own parser reads it, with a reader of whole and one of other numbers."""
    try:
        return json.loads(
            body.decode("utf-8"), parse_int=whole, parse_float=other, parse_constant=other
        )
    except (ValueError, RecursionError) as error:
        raise Undecodable("not JSON") from error


def _whole(digits: str) -> int | float:
    """A whole number; one beyond all bounds as a float, for the field to refuse."""
    return int(digits) if len(digits) < 20 else float(digits)  # noqa: PLR2004 - 2⁶³ has 19 digits


def _finite(digits: str) -> int | float | None:
    number = _whole(digits) if digits.lstrip("-").isdecimal() else float(digits)
    return number if math.isfinite(number) else None


def _open_map(kind: type, value: object) -> object:
    if issubclass(kind, OpenMap):
        return kind.from_mapping(value)
    raise NotImplementedError(kind)


@cache
def _decoder(entity: type[Entity]) -> tuple[Callable[[bytes], Entity], tuple[str, ...]]:
    """Reads an entity by its types alone; and its attributes that are moments."""
    decoder = msgspec.json.Decoder(entity, dec_hook=_open_map)
    hints = get_type_hints(entity, include_extras=True)
    return decoder.decode, tuple(name for name, hint in hints.items() if bare(hint) == Instant)


class _Patient:
    """Reads plain JSON values as what the catalogue says they are.

    Readers give None for what is not there, and raise TypeError or ValueError (of which
    msgspec's ValidationError is one) for what is of the wrong type.
    """

    def __init__(self, hook: Hook) -> None:
        self._hook = hook

    def attempt(self, read: "_Reader", value: object, path: str) -> Any:
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
        for attribute, name, read in _fields(kind):
            if (written := plain.get(name)) is None:
                continue
            value = self.attempt(read, written, f"{path}.{name}" if path else name)
            if value is not None:
                values[attribute] = value
        return kind(**values)

    def nested(self, kind: type[Entity], value: object, path: str) -> Entity | None:
        """Read an object; one in which nothing is there is not there itself."""
        plain = _of(dict, value)
        entity = self.entity(kind, plain, path)
        names = kind.__struct_encode_fields__
        strange = (plain[name] for name in plain.keys() - names)
        nothing = entity in (kind(), NOWHERE)
        return None if nothing and all(map(_is_nothing, strange)) else entity

    def word(self, kind: type[Vocabulary], value: object, path: str) -> Vocabulary | None:
        """Read a word; one that the catalogue does not have is `UNRECOGNIZED`."""
        if (known := kind.spelled(_of(str, value))) is not None:
            return known
        self._hook(ValueUnrecognized(path))
        return kind["UNRECOGNIZED"]

    def items(self, read: "_Reader", value: object, path: str) -> tuple[object, ...]:
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


def _of(kind: type[PlainT], value: object) -> PlainT:
    if not isinstance(value, kind):
        raise TypeError(f"Expected {kind.__name__}")
    return value


def _is_nothing(value: object) -> bool:
    return value is None or value == {} or (isinstance(value, str) and value in NOT_THERE)


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
