"""Declares the cost, freshness, mutability and dependencies of a field, in its metadata.

A field of the root, one whose resolver is asynchronous and one that holds any JSON must state what
it costs. Else the schema is not built: such a field would be free.

A field without a resolver reads its value alone, and so does one that masks personal data, with
the scopes of the viewer. A resolver that states no `reads(…)` may read anything, and is run anew
for every request.
"""

from collections.abc import Iterator, Mapping
from enum import Enum, Flag, auto
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
from gateway.schema.demand_control.cost import Cost, FieldCost
from gateway.schema.types.derive import fact_behind

LIST_SIZE = 4
"""What a list inside a call counts as: it has up to 4 media edges."""

_COST, _TRAIT, _READS = "cost", "trait", "reads"


class Reads(Enum):
    """All that a result depends on, beside the scopes of the viewer."""

    VALUE = "the value itself"
    ACCOUNT = "the value, and the keys of the viewer's account"
    SOURCE = "the value, and where it came from this time"
    AGED = "the value, if it is young enough: it has to be asked for anew otherwise"
    SELECTION = "all that is selected below, before anything is resolved: of a root field"


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

    `kind` is its named type, a `leaf` or not, and `size` how many values a list of it has below the
    root. Of its `arguments` there are the named types. What selects a `plain` field alone is valid.
    """

    kind: str
    leaf: bool
    many: bool
    size: int
    cost: FieldCost
    trait: Trait
    plain: bool
    arguments: Mapping[str, GraphQLNamedType]


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
    own = Cost(requests, values, queries)
    return {_COST: FieldCost(own, sized_by, most, otherwise, paged)}


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


def reads(what: Reads) -> dict[str, Any]:
    """The metadata of a field whose resolver reads this, and no more."""
    return {_READS: what}


def read_by(field: StrawberryField) -> Reads | None:
    """What the resolver of a field reads; None if that is not stated."""
    stated: Reads | None = field.metadata.get(_READS)
    return stated


@cache
def field_traits(schema: GraphQLSchema, annotation: int = 0) -> FieldTable:
    """All fields of a schema. Raises UnstatedCost.

    `annotation` is how many requests a value takes that is asked for anew where it is too old: none
    where it is fresh for as long as the call that it comes with.
    """
    roots = schema.query_type, schema.mutation_type, schema.subscription_type
    return {
        on: {
            name: _traits(f"{on}.{name}", field, annotation, root=kind in roots)
            for name, field in _fields(schema, kind)
        }
        for on, kind in schema.type_map.items()
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType)
    }


def _fields(schema: GraphQLSchema, kind: GraphQLNamedType) -> Iterator[tuple[str, GraphQLField]]:
    yield "__typename", TypeNameMetaFieldDef
    if kind is schema.query_type:
        yield from {"__schema": SchemaMetaFieldDef, "__type": TypeMetaFieldDef}.items()
    if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
        yield from kind.fields.items()


def _traits(name: str, field: GraphQLField, annotation: int, *, root: bool) -> FieldTraits:
    kind, many = get_named_type(field.type), is_list_type(get_nullable_type(field.type))
    declared: StrawberryField | None = field.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    stated = {} if declared is None else declared.metadata
    cost, trait, leaf = stated.get(_COST), _of_fact(field, kind), is_leaf_type(kind)
    if cost is None and declared and (root or declared.is_async or kind.name == "JSON"):
        raise UnstatedCost(
            f"`{name}` states no cost: give it `metadata=costs(…)`, with the requests to Twilio "
            "that it takes."
        )
    cost = cost or FieldCost()
    size = (cost.most if cost.sized_by else LIST_SIZE) if many else 1
    aged = declared is not None and read_by(declared) is Reads.AGED
    requests = cost.own.requests * (annotation if aged else 1)
    values = cost.own.values or (size if leaf else 0)
    own = cost.own._replace(requests=requests, values=values)
    is_typename = field is TypeNameMetaFieldDef
    trait |= stated.get(_TRAIT, Trait.UNDATED if root and not is_typename else Trait.NONE)
    arguments = {name: get_named_type(one.type) for name, one in field.args.items()}
    plain = not arguments and (declared is not None or is_typename)
    cost = replace(cost, own=own)
    return FieldTraits(kind.name, leaf, many, size, cost, trait, plain, arguments)


def _of_fact(field: GraphQLField, kind: GraphQLNamedType) -> Trait:
    """What the catalogue says of a field of Twilio's."""
    trait, fact = Trait.NONE, fact_behind(field)
    if kind.name == "JSON" or (fact and fact.pii is not Pii.NONE and is_leaf_type(kind)):
        trait |= Trait.PERSONAL
    if fact and (fact.changes or fact.on == EVENTS):
        trait |= Trait.CHANGING
    return trait
