"""Finds the Python class of a GraphQL type, and the attribute or resolver of each field."""

import inspect
from collections.abc import Callable, Hashable, Mapping
from functools import cache, lru_cache
from typing import Any, TypeAlias, TypeVar

from graphql import GraphQLEnumType, GraphQLField, GraphQLObjectType
from graphql.execution.collect_fields import FieldDetailsList, GroupedFieldSet
from msgspec import Struct
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.field import StrawberryField

from gateway.calls.call import Call
from gateway.insights.catalogue import Pii
from gateway.schema.language.shared_selections import once
from gateway.schema.types.derive import class_behind, fact_behind
from gateway.schema.types.field_traits import Reads, read_by

T = TypeVar("T")

Collect: TypeAlias = Callable[[GraphQLObjectType, FieldDetailsList], GroupedFieldSet]
"""Which fields are selected on a type by some nodes that select it."""


def once_for(nodes: FieldDetailsList, what: Hashable, make: Callable[[], T]) -> T:
    """What `make` makes of what these nodes select; of a single one, perhaps it was made before."""
    selections = nodes[0].node.selection_set
    if selections is None or len(nodes) > 1:
        return make()
    return once(selections, what, make)


class Uncompilable(Exception):
    """A selection that depends on more than the value."""


class Read(Struct, frozen=True):
    """How a field is read: the attribute; with its kind of personal data, or a resolver, if any.

    `reads` is what the resolver reads beside the value, None if there is nothing to say.
    """

    attribute: str
    reads: Reads | None
    masked_as: Pii | None = None
    resolver: Callable[..., Any] | None = None
    takes_info: bool = False


def read_of(field: GraphQLField, *, masked: bool) -> Read:
    """How a field is read; raises Uncompilable if that depends on more than the value."""
    if field.args:
        raise Uncompilable
    declared: StrawberryField = field.extensions[GraphQLCoreConverter.DEFINITION_BACKREF]
    attribute, reads = declared.python_name, read_by(declared)
    if declared.base_resolver is None:
        return Read(attribute, reads)
    fact = fact_behind(field)
    if fact is not None and fact.pii is not Pii.NONE:
        return Read(attribute, None, fact.pii if masked else None)
    if reads is None or declared.is_async:
        raise Uncompilable
    if reads is Reads.AGED:
        return Read(attribute, reads)
    return Read(attribute, reads, None, *resolver_of(declared))


def resolver_of(field: StrawberryField) -> tuple[Callable[..., Any], bool]:
    """The function that resolves a field, and whether it takes an `info` beside the value."""
    resolver: Any = None if field.base_resolver is None else field.base_resolver.wrapped_func
    return resolver, _takes_info(resolver)


@cache
def _takes_info(resolver: Callable[..., Any]) -> bool:
    return "info" in inspect.signature(resolver).parameters


def class_of(kind: GraphQLObjectType) -> type:
    """The one class of the values of a type."""
    return Call if kind.name == "Call" else class_behind(kind)


@lru_cache
def enum_of(kind: GraphQLEnumType) -> Any:
    """The class of an enum whose members have the names that they have in the graph."""
    cls: Any = kind.extensions[GraphQLCoreConverter.DEFINITION_BACKREF].wrapped_cls
    names: Mapping[str, Any] = cls.__members__
    if any(kind.coerce_output_value(member) != name for name, member in names.items()):
        raise Uncompilable(kind.name)
    return cls
