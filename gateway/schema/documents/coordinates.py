"""Names what a document uses of the schema by schema coordinates: `Call.sid`, `Query.call(sid:)`.

The notation: https://spec.graphql.org/September2025/#sec-Schema-Coordinates.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from graphql import (
    DocumentNode,
    EnumValueNode,
    FieldNode,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    ObjectFieldNode,
    OperationDefinitionNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    get_named_type,
    type_from_ast,
    visit,
)

from gateway.schema.language.fragments import operations_of


def of_document(
    schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode
) -> frozenset[str]:
    """The fields, arguments, input fields and enum values that stand in an operation.

    Of the other operations of the document nothing counts; all its fragments do.
    """
    others = [one for one in operations_of(document) if one is not operation]
    types = TypeInfo(schema)
    walk = _Walk(types, others)
    visit(document, TypeInfoVisitor(types, walk))
    return frozenset(walk.found)


class _Walk(Visitor):
    def __init__(self, types: TypeInfo, others: list[OperationDefinitionNode]) -> None:
        super().__init__()
        self.found: set[str] = set()
        self._types = types
        self._others = others

    def enter_operation_definition(self, node: OperationDefinitionNode, *_: Any) -> Any:
        return False if any(node is one for one in self._others) else None

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        parent = self._types.get_parent_type()
        if parent is None or node.name.value.startswith("__") or parent.name.startswith("__"):
            return
        field = f"{parent.name}.{node.name.value}"
        self.found.add(field)
        self.found.update(f"{field}({one.name.value}:)" for one in node.arguments or ())

    def enter_object_field(self, node: ObjectFieldNode, *_: Any) -> None:
        holder = get_named_type(self._types.get_parent_input_type())
        if holder is not None:
            self.found.add(f"{holder.name}.{node.name.value}")

    def enter_enum_value(self, node: EnumValueNode, *_: Any) -> None:
        kind = get_named_type(self._types.get_input_type())
        if kind is not None:
            self.found.add(f"{kind.name}.{node.value}")


def of_variables(
    schema: GraphQLSchema, operation: OperationDefinitionNode, variables: Mapping[str, Any]
) -> frozenset[str]:
    """The input fields and enum values that stand in the variables of an operation."""
    found: set[str] = set()
    for definition in operation.variable_definitions or ():
        value = variables.get(definition.variable.name.value)
        if value is not None:
            kind: Any = type_from_ast(schema, definition.type)
            found.update(_of_value(kind, value))
    return frozenset(found)


def takes_structure(schema: GraphQLSchema, operation: OperationDefinitionNode) -> bool:
    """Whether a variable may hold input fields or enum values."""
    kinds = (type_from_ast(schema, one.type) for one in operation.variable_definitions or ())
    return any(
        isinstance(get_named_type(kind), GraphQLEnumType | GraphQLInputObjectType) for kind in kinds
    )


def _of_value(kind: GraphQLInputType, value: Any) -> Iterator[str]:
    if isinstance(kind, GraphQLNonNull):
        yield from _of_value(kind.of_type, value)
    elif isinstance(kind, GraphQLList):
        for one in value if isinstance(value, list) else [value]:
            yield from _of_value(kind.of_type, one)
    elif isinstance(kind, GraphQLEnumType):
        if isinstance(value, str) and value in kind.values:
            yield f"{kind.name}.{value}"
    elif isinstance(kind, GraphQLInputObjectType) and isinstance(value, dict):
        for name, inner in value.items():
            if (field := kind.fields.get(name)) is not None:
                yield f"{kind.name}.{name}"
                yield from _of_value(field.type, inner)
