"""Decodes a summary in two steps: its scalars at once, and each of its objects when it is read.

The scalars say which call it is, how far it is and when it was; the gateway itself needs no more.
The objects, edges, parties and the like, are nine tenths of the bytes, and most questions name
fields of one or two of them. They stay JSON until somebody reads them, and are decoded once.

Law (tested): in whatever order it is read, a summary is what `decode_patiently` makes of the whole.
What is odd about an object is told to the hook when the object is first read.
"""

from operator import attrgetter
from typing import Any, NamedTuple

import msgspec
from msgspec import Raw

from gateway.insights.catalogue import Entity, EntityMeta
from gateway.insights.decoding import (
    Undecodable,
    decode_part,
    decode_patiently,
    is_utc,
    moments_in,
    read_open_map,
)
from gateway.insights.field_decoding import (
    NOT_THERE,
    FieldDecoder,
    FieldReader,
    entities_in,
    fields_of,
)
from gateway.insights.summary import AnsweredBy, Summary
from gateway.instrumentation import Hook, silent


class _Part(NamedTuple):
    """A field of a summary that holds an object, or a list of such."""

    attribute: str
    name: str
    entity: type[Entity]
    read: FieldReader


_PARTS = {
    name: _Part(attribute, name, entities_in(Summary)[name], read)
    for attribute, name, read in fields_of(Summary)
    if name in entities_in(Summary)
}

_texts_of = attrgetter("call_sid", "account_sid", "parent_account_sid", "parent_call_sid", "url")
_moments_of = attrgetter(*moments_in(Summary))

_UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


def decode_summary(body: bytes | Raw, hook: Hook = silent) -> Summary:
    """Read one summary; `hook` hears of dropped fields and unknown values.

    Raises Undecodable when `body` is no JSON object with a `call_sid`.
    """
    body = bytes(body)
    if (read := _decode_scalars(body) or _decode_scalars_patiently(body, hook)) is None:
        return decode_patiently(Summary, body, hook)
    _set_hook(read, hook)
    return read


def _decode_scalars(body: bytes) -> Summary | None:
    """Read the scalars by their types alone; None where these do not say all."""
    try:
        read = _decode(_text(body))
    except _UNREADABLE:
        return None
    if not NOT_THERE.isdisjoint(_texts_of(read)) or read.answered_by is AnsweredBy.UNKNOWN:
        return None  # something is not there
    return read if all(map(is_utc, _moments_of(read))) else None


def _decode_scalars_patiently(body: bytes, hook: Hook) -> Summary | None:
    """Read the scalars field by field; None where the JSON is not what msgspec takes."""
    try:
        written = msgspec.json.decode(_text(body), type=dict[str, Raw])
        scalars = {
            name: msgspec.json.decode(raw) for name, raw in written.items() if name not in _PARTS
        }
    except _UNREADABLE:
        return None
    try:
        read = FieldDecoder(hook).entity(Summary, scalars, "")
    except TypeError as error:
        raise Undecodable("no Summary") from error
    parts = {part.attribute: written[name] for name, part in _PARTS.items() if name in written}
    return _PartlyDecoded(**{name: getattr(read, name) for name in read.__struct_fields__} | parts)


def _text(body: bytes) -> bytes:
    """A body that is text in UTF-8: at what it need not decode, msgspec does not look."""
    if not body.isascii():
        body.decode()
    return body


def _reading(part: _Part) -> property:
    """Reads the object of a summary: decodes it, the first time."""
    slot = Summary.__dict__[part.attribute]
    get, keep = slot.__get__, slot.__set__

    def read(summary: Summary) -> Any:
        value = get(summary)
        if type(value) is Raw:
            value = decode_part(part.entity, part.read, bytes(value), _hook_of(summary), part.name)
            keep(summary, value)
        return value

    return property(read)


def whole(summary: Summary) -> Summary:
    """A summary with all of its objects decoded."""
    return Summary(**{name: getattr(summary, name) for name in Summary.__struct_fields__})


_PartlyDecoded: type[Summary] = EntityMeta(  # type: ignore[assignment]
    "Summary",
    (Summary,),
    {
        "__doc__": "A summary whose objects are JSON until they are read; `hook` is told of them.",
        "__annotations__": {part.attribute: Raw for part in _PARTS.values()} | {"hook": Any},
        **{part.attribute: msgspec.field(name=name, default=None) for name, part in _PARTS.items()},
        "hook": msgspec.field(name=" hook", default=silent),
        "__eq__": lambda one, other: isinstance(other, Summary) and whole(one) == whole(other),
        "__hash__": lambda one: hash(whole(one)),
    },
    frozen=True,
    gc=False,
    forbid_unknown_fields=True,
)
for _part in _PARTS.values():
    setattr(_PartlyDecoded, _part.attribute, _reading(_part))
_hook_of, _set_hook = (
    _PartlyDecoded.__dict__["hook"].__get__,
    _PartlyDecoded.__dict__["hook"].__set__,
)
_decode = msgspec.json.Decoder(_PartlyDecoded, dec_hook=read_open_map).decode
