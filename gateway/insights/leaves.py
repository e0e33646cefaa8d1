"""Lists the leaves of a summary: its scalar values, with paths, types and names.

Columns, filters and groups treat all fields alike, so they are derived from these lists, as the
lists are from the catalogue. Scalars, words and lists of these are leaves. Lists of objects are
`TABLES`, open maps are `MAPS`.
"""

from collections.abc import Iterator
from datetime import datetime
from enum import Enum
from typing import Any, get_args, get_origin, get_type_hints

from msgspec import Struct
from msgspec.structs import replace

from gateway.insights.catalogue import (
    Counter,
    Entity,
    Fact,
    OpenMap,
    Pii,
    Vocabulary,
    graph_name,
)
from gateway.insights.field_decoding import bare
from gateway.insights.summary import Summary


class Kind(Enum):
    """What a value is."""

    TEXT = "text"
    WORD = "word of a vocabulary"
    WHOLE = "whole number of 32 bits"
    COUNTER = "whole number of 53 bits"
    NUMBER = "floating-point number"
    FLAG = "boolean"
    MOMENT = "moment"

    @property
    def is_number(self) -> bool:
        """Whether it can be averaged."""
        return self in {Kind.WHOLE, Kind.COUNTER, Kind.NUMBER}


class Leaf(Struct, frozen=True):
    """A scalar or a word, or with `many` a list of these.

    `attributes` are read one after the other, `names` are Twilio's. `vocabulary` is that of a word,
    `entity` the type of the object that holds the leaf.
    """

    attributes: tuple[str, ...]
    names: tuple[str, ...]
    kind: Kind
    many: bool
    fact: Fact
    entity: type[Entity]
    vocabulary: type[Vocabulary] | None = None

    @property
    def is_personal(self) -> bool:
        """Whether it is personal data."""
        return self.fact.pii is not Pii.NONE


class Table(Struct, frozen=True):
    """A list of objects, and the leaves of one of them."""

    attributes: tuple[str, ...]
    names: tuple[str, ...]
    leaves: tuple[Leaf, ...]


class Map(Struct, frozen=True):
    """An object whose keys are data."""

    attributes: tuple[str, ...]
    names: tuple[str, ...]
    kind: type[OpenMap]


def constant(names: tuple[str, ...]) -> str:
    """A path as an enum value of the graph: `CARRIER_EDGE_METRICS_INBOUND_JITTER_MAX`, `SID`."""
    return "_".join(names).removeprefix("call_").upper()


def graph_path(names: tuple[str, ...]) -> tuple[str, ...]:
    """A path as it is selected in the graph: `carrierEdge metrics inbound jitter max`, `sid`."""
    return tuple(map(graph_name, (names[0].removeprefix("call_"), *names[1:])))


class Slot(Struct, frozen=True):
    """A field of an entity: its attribute, Twilio's name, and the type of one value."""

    attribute: str
    name: str
    item: Any
    many: bool
    fact: Fact

    @property
    def is_object(self) -> bool:
        """Whether its values have fields of their own."""
        return isinstance(self.item, type) and issubclass(self.item, Entity)

    @property
    def is_map(self) -> bool:
        """Whether its value is an open map."""
        return isinstance(self.item, type) and issubclass(self.item, OpenMap)


def slots(entity: type[Entity]) -> Iterator[Slot]:
    """The fields of an entity, in the order of the catalogue."""
    hints = get_type_hints(entity, include_extras=True)
    names = zip(entity.__struct_fields__, entity.__struct_encode_fields__, strict=True)
    for attribute, name in names:
        kind = bare(hints[attribute])
        many = get_origin(kind) is tuple
        item = bare(get_args(kind)[0]) if many else kind
        yield Slot(attribute, name, item, many, entity.facts[attribute])


def ends(entity: type[Entity]) -> Iterator[Leaf | Table | Map]:
    """What stands at the ends of the paths through an entity, in the order of the catalogue."""
    for slot in slots(entity):
        place = (slot.attribute,), (slot.name,)
        if slot.is_map:
            yield Map(*place, slot.item)
        elif not slot.is_object:
            kind, vocabulary = kind_of(slot.item), _vocabulary(slot.item)
            yield Leaf(*place, kind, slot.many, slot.fact, entity, vocabulary)
        elif slot.many:
            leaves = tuple(end for end in ends(slot.item) if isinstance(end, Leaf))
            yield Table(*place, leaves)
        else:
            yield from (_below(place, end) for end in ends(slot.item))


def _below(
    place: tuple[tuple[str, ...], tuple[str, ...]], end: Leaf | Table | Map
) -> Leaf | Table | Map:
    return replace(end, attributes=place[0] + end.attributes, names=place[1] + end.names)


def kind_of(item: Any) -> Kind:
    """What a scalar type of the catalogue holds."""
    if item is Counter:
        return Kind.COUNTER
    scalar = item if isinstance(item, type) else get_args(item)[0]
    scalar = getattr(scalar, "__supertype__", scalar)
    if issubclass(scalar, Vocabulary):
        return Kind.WORD
    return _SCALARS[scalar]


_SCALARS = {
    bool: Kind.FLAG,
    int: Kind.WHOLE,
    float: Kind.NUMBER,
    datetime: Kind.MOMENT,
    str: Kind.TEXT,
}


def _vocabulary(item: Any) -> type[Vocabulary] | None:
    return item if isinstance(item, type) and issubclass(item, Vocabulary) else None


ENDS = tuple(ends(Summary))
LEAVES = tuple(end for end in ENDS if isinstance(end, Leaf))
TABLES = tuple(end for end in ENDS if isinstance(end, Table))
MAPS = tuple(end for end in ENDS if isinstance(end, Map))
