"""Every place of a summary, read from the catalogue: what may be written there, and a whole one."""

import enum
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any, TypeAlias, get_args, get_origin, get_type_hints

from msgspec import Struct

from gateway.insights.catalogue import Entity, OpenMap, Vocabulary
from gateway.insights.conversation_relay import RelayLanguages, RelaySettings
from gateway.insights.field_decoding import bare
from gateway.insights.open_maps import PacketDelays
from gateway.insights.summary import Summary

Json: TypeAlias = dict[str, Any]


class Sort(enum.Enum):
    """What kind of thing stands in a place."""

    TEXT = "text"
    WORD = "word"
    WHOLE = "whole number"
    NUMBER = "number"
    FLAG = "flag"
    MOMENT = "moment"
    LIST = "list"
    MAP = "map"
    OBJECT = "object"


class Place(Struct, frozen=True):
    """A field of the summary, or of an object in it: `("to", "sdk", "os", "name")`."""

    path: tuple[str, ...]
    kind: Any

    @property
    def name(self) -> str:
        """As the hook names it."""
        return ".".join(self.path)

    @property
    def sort(self) -> Sort:
        """What kind of thing stands here."""
        return sort_of(self.kind)


def sort_of(kind: Any) -> Sort:
    if get_origin(kind) is tuple:
        return Sort.LIST
    plain = get_args(kind)[0] if get_origin(kind) is Annotated else kind
    plain = getattr(plain, "__supertype__", plain)
    if get_origin(plain) is Annotated:
        plain = get_args(plain)[0]
    sorts = {OpenMap: Sort.MAP, Entity: Sort.OBJECT, Vocabulary: Sort.WORD, bool: Sort.FLAG}
    sorts |= {str: Sort.TEXT, int: Sort.WHOLE, float: Sort.NUMBER, datetime: Sort.MOMENT}
    return next(sort for base, sort in sorts.items() if issubclass(plain, base))


def fields(entity: type[Entity]) -> Iterator[tuple[str, Any]]:
    """Twilio's name of each field, and the type of what stands there."""
    hints = get_type_hints(entity, include_extras=True)
    names = zip(entity.__struct_fields__, entity.__struct_encode_fields__, strict=True)
    for attribute, name in names:
        yield name, bare(hints[attribute])


def places(entity: type[Entity] = Summary, path: tuple[str, ...] = ()) -> Iterator[Place]:
    """All places, outermost first; those inside of lists are not followed."""
    for name, kind in fields(entity):
        place = Place((*path, name), kind)
        yield place
        if place.sort is Sort.OBJECT:
            yield from places(kind, place.path)


def entities(entity: type[Entity] = Summary) -> Iterator[type[Entity]]:
    """All entities that a summary is made of, itself included; some of them twice."""
    yield entity
    for _, kind in fields(entity):
        inner = bare(get_args(kind)[0]) if sort_of(kind) is Sort.LIST else kind
        if sort_of(inner) is Sort.OBJECT:
            yield from entities(inner)
        elif sort_of(inner) is Sort.MAP:
            yield inner.entry


MAPS: dict[Any, Json] = {
    PacketDelays: {"d50": 24},
    RelaySettings: {"interruptible": "any"},
    RelayLanguages: {"en-US": {"voice": "Joanna", "tts_provider": "amazon"}},
}


def filled(kind: Any) -> Any:
    """What Twilio could write where `kind` stands, with every field there."""
    match sort_of(kind):
        case Sort.OBJECT:
            return {name: filled(inner) for name, inner in fields(kind)}
        case Sort.LIST:
            return [filled(bare(get_args(kind)[0]))]
        case Sort.MAP:
            return MAPS.get(kind, {"INFO": 13})
        case Sort.WORD:
            return next(iter(kind)).value
        case sort:
            return {
                Sort.TEXT: "said",
                Sort.WHOLE: 7,
                Sort.NUMBER: 1.5,
                Sort.FLAG: True,
                Sort.MOMENT: "2026-03-01T09:15:00Z",
            }[sort]


WHOLE: Json = filled(Summary)
"""A summary in which everything is there."""

ABSENT = object()


def written(path: tuple[str, ...], value: object, summary: Json = WHOLE) -> Json:
    """The summary with another value in one place, or with none."""
    first, *rest = path
    changed = {name: inner for name, inner in summary.items() if name != first}
    if rest:
        changed[first] = written(tuple(rest), value, summary[first])
    elif value is not ABSENT:
        changed[first] = value
    return changed
