"""What demand control and caches must know of a field: stated beside it, in its metadata.

A field of the root, one whose resolver is asynchronous and one that holds any JSON must state what
it costs. Else the schema is not built: such a field would be free.
"""

from collections.abc import Iterator, Mapping
from enum import Flag, auto
from functools import cache
from typing import Any, TypeAlias

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    SchemaMetaFieldDef,
    TypeMetaFieldDef,
    TypeNameMetaFieldDef,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
    is_list_type,
)
from msgspec import Struct
from msgspec.structs import replace
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.field import StrawberryField

from gateway.insights.catalogue import Pii
from gateway.insights.summary import EVENTS
from gateway.schema.demand_control.cost import FieldCost
from gateway.schema.types.depends_on import Reads, read_by
from gateway.schema.types.derive import fact_behind

LIST_SIZE = 4
"""What a list inside a call counts as: it has up to 4 media edges."""

_COST, _TRAIT = "cost", "trait"


class Trait(Flag):
    """Something to know of a field, or of a document that selects it."""

    NONE = 0
    PERSONAL = auto()
    """It selects personal data."""
    UNDATED = auto()
    """It asks for something of which nobody says how long it holds."""
    CHANGING = auto()
    """It selects something that can change even if the calls are complete."""
    QUOTING = auto()
    """It quotes a text that may be personal data."""


class FieldTraits(Struct, frozen=True):
    """A field of a type, whatever document selects it.

    `kind` is its named type, and `size` how many values of it one field has below the root.
    """

    kind: GraphQLNamedType
    many: bool
    size: int
    cost: FieldCost
    trait: Trait


FieldTable: TypeAlias = Mapping[str, Mapping[str, FieldTraits]]
"""The fields of all types that have some, by the names of both."""


class UnstatedCost(TypeError):
    """A field that would be free because nobody stated what it costs."""


def costs(  # noqa: PLR0913 - those of a FieldCost
    requests: int = 0,
    *,
    values: int = 0,
    sized_by: tuple[str, ...] = (),
    most: int = 1,
    otherwise: int = 0,
    paged: bool = False,
    queries: int = 0,
) -> dict[str, Any]:
    """The metadata of a field that costs so much, as a `FieldCost` has it."""
    return {_COST: FieldCost(requests, values, sized_by, most, otherwise, paged, queries=queries)}


def costs_per_item() -> dict[str, Any]:
    """The metadata of the lists of a connection: its arguments say how long they are."""
    return {_COST: FieldCost(per_item=True)}


def dated(*, changing: bool = False) -> dict[str, Any]:
    """The metadata of a field of the root that tells `Context.told` how long its value holds.

    Answers with any other are never cached. `changing`: as `changes`.
    """
    return {_TRAIT: Trait.CHANGING if changing else Trait.NONE}


def changes() -> dict[str, Any]:
    """The metadata of a field whose value can change even if its call is complete."""
    return {_TRAIT: Trait.CHANGING}


@cache
def field_traits(schema: GraphQLSchema, annotation: int = 1) -> FieldTable:
    """All fields of a schema. Raises UnstatedCost.

    `annotation` is how many requests a value takes that is asked for anew where it is too old.
    """
    return {
        name: {field: _traits(schema, kind, field, of, annotation) for field, of in _fields(kind)}
        | ({} if kind is not schema.query_type else _INTROSPECTION)
        for name, kind in schema.type_map.items()
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType)
    }


def _fields(kind: GraphQLNamedType) -> Iterator[tuple[str, GraphQLField]]:
    yield "__typename", TypeNameMetaFieldDef
    if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
        yield from kind.fields.items()


_INTROSPECTION = {
    name: FieldTraits(
        get_named_type(field.type), many=False, size=1, cost=FieldCost(), trait=Trait.UNDATED
    )
    for name, field in {"__schema": SchemaMetaFieldDef, "__type": TypeMetaFieldDef}.items()
}
"""What introspects is counted where it stands, at the root."""


def _traits(
    schema: GraphQLSchema, on: GraphQLNamedType, name: str, field: GraphQLField, annotation: int
) -> FieldTraits:
    kind, many = get_named_type(field.type), is_list_type(get_nullable_type(field.type))
    declared: StrawberryField | None = field.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    if declared is None:  # it is graphql-core's own
        return FieldTraits(kind, many, 1, FieldCost(values=1), Trait.NONE)
    root = on in {schema.query_type, schema.mutation_type, schema.subscription_type}
    cost: FieldCost | None = declared.metadata.get(_COST)
    if cost is None and (root or declared.is_async or kind.name == "JSON"):
        raise UnstatedCost(
            f"`{on.name}.{name}` states no cost: give it `metadata=costs(…)`, with the requests "
            "to Twilio that it takes."
        )
    cost = cost or FieldCost()
    size = (cost.most if cost.sized_by else LIST_SIZE) if many else 1
    if is_leaf_type(kind):
        cost = replace(cost, values=cost.values or size)
    if read_by(declared) is Reads.AGED:
        cost = replace(cost, requests=cost.requests * annotation)
    stated = declared.metadata.get(_TRAIT, Trait.UNDATED if root else Trait.NONE)
    return FieldTraits(kind, many, size, cost, stated | _of_fact(field, kind))


def _of_fact(field: GraphQLField, kind: GraphQLNamedType) -> Trait:
    """What the catalogue says of a field of Twilio's."""
    trait, fact = Trait.NONE, fact_behind(field)
    if kind.name == "JSON" or (fact and fact.pii is not Pii.NONE and is_leaf_type(kind)):
        trait |= Trait.PERSONAL
    if fact and (fact.changes or fact.on == EVENTS):
        trait |= Trait.CHANGING
    return trait
