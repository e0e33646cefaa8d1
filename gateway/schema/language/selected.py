"""What is selected below a field, with its arguments, before it is resolved.

graphql-core decides which fields these are: `@skip`, `@include` and fragments are obeyed, and what
is deferred is selected too.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import strawberry
from graphql import (
    FragmentDefinitionNode,
    GraphQLField,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    get_named_type,
)
from graphql.execution.collect_fields import FieldDetails, FragmentDetails, collect_subfields
from graphql.execution.values import VariableValues, get_argument_values
from msgspec import Struct
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.arguments import convert_arguments
from strawberry.types.field import StrawberryField


class WithNames(Struct, frozen=True):
    """What a resolver is given as its `info`, where its field is compiled."""

    context: Any
    names: frozenset[str]


class Selected(Struct, frozen=True):
    """A field that is selected: under which key, with which arguments, and what is below it."""

    key: str
    name: str
    arguments: Mapping[str, Any]
    fields: Sequence["Selected"]

    def below(self, name: str) -> list["Selected"]:
        """What is selected below the fields of a name."""
        return [one for field in self.fields if field.name == name for one in field.fields]

    def has(self, name: str) -> bool:
        """Whether a field of a name is selected."""
        return any(field.name == name for field in self.fields)


def selected(of: strawberry.Info[Any, Any]) -> Selected:
    """The field that is resolved, with all that is selected below it; without its arguments."""
    info = of._raw_info  # noqa: SLF001 - strawberry's own view of it does not obey directives
    nodes = [FieldDetails(node, None) for node in info.field_nodes]
    fragments = {name: _details(one) for name, one in info.fragments.items()}
    name = info.field_name
    return Selected(name, name, {}, _below(info, fragments, info.return_type, nodes))


def names_below(info: Any) -> Collection[str]:
    """The names of the fields that are selected below a field of the root."""
    if isinstance(info, WithNames):
        return info.names
    return {field.name for field in selected(info).fields}


def arguments_of(
    schema: GraphQLSchema, field: GraphQLField, details: FieldDetails, variables: VariableValues
) -> dict[str, Any]:
    """The arguments of a field as its resolver gets them. Raises what is wrong with them."""
    given = get_argument_values(field, details.node, variables, details.fragment_variable_values)
    made: Any = getattr(schema, "_strawberry_schema")  # noqa: B009 - untyped
    declared: StrawberryField = field.extensions[GraphQLCoreConverter.DEFINITION_BACKREF]
    registry = made.schema_converter.scalar_registry
    return convert_arguments(given, declared.arguments, registry, made.config)


def _below(
    info: GraphQLResolveInfo[Any],
    fragments: dict[str, FragmentDetails],
    kind: Any,
    nodes: list[FieldDetails],
) -> list[Selected]:
    on = get_named_type(kind)
    if not isinstance(on, GraphQLObjectType):
        return []
    # Strawberry gives a resolver the values alone, without where they come from.
    values: Any = info.variable_values
    variables, operation = VariableValues({}, values), info.operation
    collected = collect_subfields(info.schema, fragments, variables, operation, on, nodes)
    found = []
    for key, details in collected.grouped_field_set.items():
        name = details[0].node.name.value
        if (field := on.fields.get(name)) is not None:
            arguments = arguments_of(info.schema, field, details[0], variables)
            below = _below(info, fragments, field.type, details)
            found.append(Selected(key, name, arguments, below))
    return found


def _details(fragment: FragmentDefinitionNode | FragmentDetails) -> FragmentDetails:
    return fragment if isinstance(fragment, FragmentDetails) else FragmentDetails(fragment)
