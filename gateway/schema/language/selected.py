"""Reads the selection and arguments below a field, before it is resolved.

graphql-core decides which fields these are: `@skip`, `@include` and fragments are obeyed, and what
is deferred is selected too.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from graphql import (
    GraphQLField,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    OperationDefinitionNode,
    get_named_type,
)
from graphql.execution.collect_fields import FieldDetails, FragmentDetails, collect_subfields
from graphql.execution.values import VariableValues, get_argument_values
from msgspec import Struct
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.arguments import convert_arguments
from strawberry.types.field import StrawberryField


class Selected(Struct, frozen=True):
    """A field that is selected: under which key, with which arguments, and what is below it.

    `on` is the name of the type that has it.
    """

    key: str
    name: str
    on: str = ""
    arguments: Mapping[str, Any] = {}
    fields: Sequence["Selected"] = ()

    def has(self, name: str) -> bool:
        """Whether a field of a name is selected."""
        return any(field.name == name for field in self.fields)


class Compiled(Struct, frozen=True):
    """What a resolver of the root is given as its `info`, where its field is compiled.

    `names` are those of the fields that are selected; `selected` has all below them, if the
    resolver reads that.
    """

    context: Any
    names: frozenset[str]
    selected: Selected | None = None


class Document(NamedTuple):
    """What decides what is selected."""

    schema: GraphQLSchema
    fragments: dict[str, FragmentDetails]
    operation: OperationDefinitionNode
    variables: VariableValues


def selected(info: Any) -> Selected:
    """The field that is resolved, with all that is selected below it; without its arguments."""
    if isinstance(info, Compiled):
        assert info.selected is not None  # noqa: S101 - its field says that it is read
        return info.selected
    asked: GraphQLResolveInfo[Any] = info._raw_info  # noqa: SLF001 - strawberry's is another view
    # Strawberry gives a resolver the values alone, without where they come from.
    values: Any = asked.variable_values
    fragments = {name: FragmentDetails(one) for name, one in asked.fragments.items()}
    document = Document(asked.schema, fragments, asked.operation, VariableValues({}, values))
    nodes = [FieldDetails(node, None) for node in asked.field_nodes]
    return selected_by(document, asked.return_type, nodes)


def selected_by(document: Document, kind: Any, nodes: list[FieldDetails]) -> Selected:
    """A field of a type, with all that these nodes select below it."""
    key = (nodes[0].node.alias or nodes[0].node.name).value
    return Selected(key, nodes[0].node.name.value, fields=_below(document, kind, nodes))


def names_below(info: Any) -> Collection[str]:
    """The names of the fields that are selected below a field of the root."""
    if isinstance(info, Compiled):
        return info.names
    return {field.name for field in selected(info).fields}


def arguments_of(
    schema: GraphQLSchema, field: GraphQLField, details: FieldDetails, variables: VariableValues
) -> dict[str, Any]:
    """The arguments of a field as its resolver gets them. Raises what is wrong with them."""
    given = get_argument_values(field, details.node, variables, details.fragment_variable_values)
    strawberry_schema: Any = getattr(schema, "_strawberry_schema")  # noqa: B009 - untyped
    declared: StrawberryField = field.extensions[GraphQLCoreConverter.DEFINITION_BACKREF]
    registry = strawberry_schema.schema_converter.scalar_registry
    return convert_arguments(given, declared.arguments, registry, strawberry_schema.config)


def _below(document: Document, kind: Any, nodes: list[FieldDetails]) -> list[Selected]:
    on = get_named_type(kind)
    if not isinstance(on, GraphQLObjectType):
        return []
    schema, fragments, operation, variables = document
    collected = collect_subfields(schema, fragments, variables, operation, on, nodes)
    found = []
    for key, details in collected.grouped_field_set.items():
        name = details[0].node.name.value
        if (field := on.fields.get(name)) is None:
            found.append(Selected(key, name, on.name))
            continue
        arguments = arguments_of(schema, field, details[0], variables)
        below = _below(document, field.type, details)
        found.append(Selected(key, name, on.name, arguments, below))
    return found
