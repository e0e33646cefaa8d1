"""Decodes Twilio's JSON into immutable entities: at once by msgspec, or field by field.

The straight way is msgspec's typed decoder, for what is written as it should be. It stops at keys
that the catalogue does not have: they are counted by name, and left out. Whatever it does not take
even so, and whatever may spell "not there" in another way than null, goes the patient way: plain
JSON, then field by field, so that one bad field costs that field and not the call.

Law (tested): where the straight way applies, both ways give the same value.
"""

import json
import math
import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any, TypeVar, get_type_hints

import msgspec
from msgspec.structs import replace

from gateway.insights.annotation import Annotation
from gateway.insights.catalogue import Entity, Instant, OpenMap
from gateway.insights.field_decoding import NOT_THERE, FieldDecoder, FieldReader, bare
from gateway.insights.party import NOWHERE, Party
from gateway.instrumentation import Happening, Hook, silent

EntityT = TypeVar("EntityT", bound=Entity)

_NOTHING = re.compile(
    rb':\s*+"(?:' + "|".join(sorted(NOT_THERE, reverse=True)).encode("ascii") + rb')"'
)
"""A word that says "not there", as the value of a key. In JSON, what follows a colon outside of a
string is a value, and inside of one there is no bare quotation mark: it is never anything else."""

_UNKNOWN = b'"unknown'
"""How all of these words begin but `""`, which the types refuse."""

_END_OF_NOTHING = re.compile(rb"\}(?:(?<=[l{ \t\r\n]\})|(?<=\"\"\}))")
"""How an object ends in which nothing is there, or all that is written in many lines."""

_OBJECT_OF_NOTHING = re.compile(rb'\{(?:\s*+"[^"]*+"\s*+:\s*+(?:null|""|\{\s*+\})\s*+,?)*+\s*+\}')
"""An object in which nothing is there is not there itself; the types alone let it through."""


class Undecodable(ValueError):
    """Not JSON, or not a summary at all."""


def decode_annotation(body: bytes, hook: Hook = silent) -> Annotation:
    """Read an annotation, as its own resource writes it. Raises Undecodable."""
    return _decode(Annotation, body, hook)


def decode_entity(entity: type[EntityT], body: bytes, hook: Hook, name: str) -> EntityT:
    """Read an object of any kind; its fields are told to `hook` as `name.…`. Raises Undecodable."""
    return _decode(entity, body, _telling(hook, name))


def decode_part(entity: type[Entity], read: FieldReader, body: bytes, hook: Hook, name: str) -> Any:
    """Read the value of the field `name`, which holds an object, or a list of such.

    It is None where nothing is there, or no such value; `hook` is told of the latter.
    """
    if body == b"null":
        return None
    found = _decode_straight(entity, body)
    if found is None and body[:1] == b"{":
        found = _decode_by_types(entity, body, _telling(hook, name))
    if found is None:
        return FieldDecoder(hook).attempt(read, _load(body, _whole, float), name)
    return found


def _telling(hook: Hook, name: str) -> Hook:
    """A hook that is told of the fields of an object, by the name that the object has."""

    def tell(happening: Happening) -> None:
        field = getattr(happening, "field", None)
        hook(happening if field is None else replace(happening, field=f"{name}.{field}"))

    return tell


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
    read = _decode_straight(entity, body) or _decode_by_types(entity, body, hook)
    return decode_patiently(entity, body, hook) if read is None else read


def _decode_by_types(entity: type[EntityT], body: bytes, hook: Hook) -> EntityT | None:
    """Read by its types what does not go the straight way: without absences, and unknown keys."""
    cleaned = _NOTHING.sub(b":null", body)
    read = None if cleaned == body else _decode_straight(entity, cleaned)
    return read or _decode_declared(entity, cleaned, hook)


def _decode_declared(entity: type[EntityT], body: bytes, hook: Hook) -> EntityT | None:
    """Read `body` by its types, without keys that nobody knows; None if there is none, or more."""
    heard: list[Happening] = []
    try:
        plain = msgspec.json.decode(body, type=dict[str, Any])
        if not FieldDecoder(heard.append).without_unknown(entity, plain):
            return None
        read = _decode_straight(entity, msgspec.json.encode(plain))
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None
    for happening in heard if read is not None else ():
        hook(happening)
    return read


def _decode_straight(entity: type[EntityT], body: bytes) -> EntityT | None:
    """Read `body` by its types alone; None where they do not say all."""
    if _UNKNOWN in body:
        return None
    if _END_OF_NOTHING.search(body) and _OBJECT_OF_NOTHING.search(body):
        return None
    decode, moments = _decoder(entity)
    try:
        read: EntityT = decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    if isinstance(read, Party) and read.location == NOWHERE:
        return None  # it is not there
    for attribute in moments:
        if not is_utc(getattr(read, attribute)):
            return None
    return read


def is_utc(moment: datetime | None) -> bool:
    """Whether a moment is as it is to be kept."""
    return moment is None or moment.tzinfo is UTC


def decode_patiently(entity: type[EntityT], body: bytes, hook: Hook = silent) -> EntityT:
    """Read `body` field by field: what is not there, or not what it should be, becomes null."""
    plain = _load(body, _whole, float)
    if not isinstance(plain, dict):
        raise Undecodable("not a JSON object")
    try:
        return FieldDecoder(hook).entity(entity, plain, "")
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


def read_open_map(kind: type, value: object) -> object:
    """Read what msgspec has no type for; raises ValueError or TypeError, as `OpenMap.read` does."""
    if issubclass(kind, OpenMap):
        return kind.from_mapping(value)
    raise NotImplementedError(kind)


@cache
def _decoder(entity: type[Entity]) -> tuple[Callable[[bytes], Any], tuple[str, ...]]:
    """Reads an entity by its types alone; and its attributes that are moments."""
    decoder = msgspec.json.Decoder(entity, dec_hook=read_open_map)
    return decoder.decode, moments_in(entity)


@cache
def moments_in(entity: type[Entity]) -> tuple[str, ...]:
    """The attributes that are moments."""
    hints = get_type_hints(entity, include_extras=True)
    return tuple(name for name, hint in hints.items() if bare(hint) == Instant)
