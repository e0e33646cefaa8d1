"""Defines `CallWhere`: the fields of a call as nested input types.

Input types are derived from the entities of the catalogue: those that several paths have in common,
such as a party, are one type. Values stay as graphql-core gives them; `conditions.py` reads them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated, Any, TypeAlias

import strawberry
from msgspec import Struct
from strawberry.types.base import StrawberryObjectDefinition

from gateway.insights.catalogue import Entity, graph_name
from gateway.insights.leaves import Slot, constant, graph_path, slots
from gateway.insights.media_edges import MediaEdge
from gateway.insights.summary import Summary
from gateway.schema.types.comparisons import comparison_type
from gateway.schema.types.derive import field_name, input_type
from gateway.warehouse.fields import DERIVED, DIAGNOSIS, EDGE_FIELDS, FIELDS, Field

Find: TypeAlias = Callable[[tuple[str, ...]], Field | None]
"""Finds the field at a path, as Twilio spells it; None if nothing is compared there."""


class Part(Struct, frozen=True):
    """A field of an input type: its attribute, its name in the graph, and Twilio's.

    `shape` is what is compared below it; None if it is compared itself.
    """

    attribute: str
    name: str
    upstream_name: str
    shape: "Shape | None"
    type: Any
    description: str


class Shape(Struct, frozen=True):
    """An input type whose fields are those of a call, or of a part of it."""

    parts: Mapping[str, Part]
    type: Any

    @classmethod
    def of(cls, name: str, what: str, parts: Sequence[Part]) -> "Shape":
        """The shape of something that has these parts."""
        kind = input_type(name, f"Conditions on {what}: all that are given hold.", rows_of(parts))
        return cls({part.name: part for part in parts}, kind)


def rows_of(parts: Sequence[Part]) -> list[tuple[str, str, Any, str]]:
    """The parts as fields of an input type."""
    return [(part.attribute, part.name, part.type, part.description) for part in parts]


def find(names: tuple[str, ...]) -> Field | None:
    """The field of a call at a path."""
    return FIELDS.get(constant(names))


def find_at_edge(names: tuple[str, ...]) -> Field | None:
    """The field that media edges have in common at a path."""
    return EDGE_FIELDS.get(graph_path(names))


_shapes: dict[type[Entity], Shape | None] = {}


def _shape(entity: type[Entity], place: tuple[str, ...], found: Find) -> Shape | None:
    """The shape of an entity that stands at a place; None if nothing of it is compared."""
    if entity not in _shapes:
        parts = [*_parts(entity, place, found), *_added(place, found)]
        name, what = f"{entity.typename}Where", f"a `{entity.typename}`"
        _shapes[entity] = Shape.of(name, what, parts) if parts else None
    return _shapes[entity]


def _parts(entity: type[Entity], place: tuple[str, ...], found: Find) -> Iterator[Part]:
    for slot in slots(entity):
        name, names = field_name(entity, slot.name), (*place, slot.name)
        if slot.is_object and not slot.many:
            if (shape := _shape(slot.item, names, found)) is not None:
                description = slot.fact.description
                yield Part(slot.attribute, name, slot.name, shape, shape.type, description)
        elif not _is_open(slot) and (field := found(names)) is not None:
            kind = comparison_type(field)
            yield Part(slot.attribute, name, slot.name, None, kind, field.fact.description)


def _is_open(slot: Slot) -> bool:
    """Whether it is an open map, or a list of objects: neither is compared."""
    return slot.is_map or slot.is_object


def _added(place: tuple[str, ...], found: Find) -> Iterator[Part]:
    """What the gateway adds to an object of the summary."""
    for field in DERIVED:
        if place and field.names[:-1] == place and found(field.names) == field:
            yield _compared(field)


def _compared(field: Field) -> Part:
    name, kind = field.names[-1], comparison_type(field)
    return Part(name, graph_name(name), name, None, kind, field.fact.description)


PARTS = {part.name: part for part in _parts(Summary, (), find)}
"""What is compared of a call."""

EDGE = Shape.of("MediaEdgeWhere", "a media edge", [*_parts(MediaEdge, (), find_at_edge)])
_DIAGNOSED = Shape.of(
    "DiagnosisWhere", "what the diagnosis of a call found", [*map(_compared, DIAGNOSIS)]
)

PARTS["diagnosis"] = Part(
    *("diagnosis", "diagnosis", "diagnosis"),
    shape=_DIAGNOSED,
    type=_DIAGNOSED.type,
    description="The findings of the diagnosis of the call.",
)

_Itself = Annotated["CallWhere", strawberry.lazy("gateway.schema.types.where")]

CallWhere: Any = input_type(
    "CallWhere",
    "Which calls: those for which all holds that is given; all calls, if nothing is.",
    (
        ("and_", "and", list[_Itself], "All of these hold; one or more are given."),
        ("or_", "or", list[_Itself], "One of these holds, or several; one or more are given."),
        ("not_", "not", _Itself, "This does not hold, be it that what it compares is null."),
        ("edges", "edges", EDGE.type, "One media edge of the call, or more, has all of this."),
        *rows_of([*PARTS.values()]),
    ),
)


class Where(Struct, frozen=True):
    """A value of `CallWhere`, as graphql-core gives it: by the names of the graph."""

    fields: Mapping[str, Any]


def _as_given(_: type, fields: Mapping[str, Any], __: object) -> Where:
    return Where(fields)


_definition: StrawberryObjectDefinition = CallWhere.__strawberry_definition__
_definition.from_input = _as_given
