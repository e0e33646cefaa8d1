"""Derives the JSON Schema of a tool's answer from the selection of its operation."""

from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLEnumType,
    GraphQLField,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLOutputType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    is_composite_type,
)

from gateway.schema.language.fragments import fragments_of
from gateway.schema.types.derive import fact_behind
from gateway.server.mcp.input_schema import SCALARS, JsonSchema

MOST_VALUES = 16
"""Values of an enum that are written down."""


def output_schema(
    schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode
) -> JsonSchema:
    """What `data` of an answer looks like. Null is allowed where GraphQL allows it."""
    root = schema.get_root_type(operation.operation)
    assert root is not None  # noqa: S101 - the document is valid
    return _Writing(schema, document).of_selection(root, operation.selection_set)


class _Writing:
    def __init__(self, schema: GraphQLSchema, document: DocumentNode) -> None:
        self._schema = schema
        self._fragments = fragments_of(document)

    def of_selection(self, on: GraphQLNamedType, selections: SelectionSetNode) -> JsonSchema:
        """An object; what only some objects have, or some requests ask for, is not required."""
        properties: dict[str, JsonSchema] = {}
        required: list[str] = []
        self._collect(on, selections, properties, required, certain=True)
        written: JsonSchema = {"type": "object", "properties": properties}
        return {**written, "required": required} if required else written

    def _collect(
        self,
        on: GraphQLNamedType,
        selections: SelectionSetNode,
        properties: dict[str, JsonSchema],
        required: list[str],
        *,
        certain: bool,
    ) -> None:
        for node in selections.selections:
            sure = certain and not node.directives
            if isinstance(node, FieldNode):
                key = node.alias.value if node.alias else node.name.value
                written = self._of_field(on, node)
                properties[key] = _merged(properties.get(key), written)
                if sure and key not in required:
                    required.append(key)
                continue
            inner, kind = self._within(on, node)
            sure = sure and kind.name == on.name
            self._collect(kind, inner, properties, required, certain=sure)

    def _within(self, on: GraphQLNamedType, node: Any) -> tuple[SelectionSetNode, GraphQLNamedType]:
        """What a fragment selects, and on which type."""
        if isinstance(node, FragmentSpreadNode):
            node = self._fragments[node.name.value]
        assert isinstance(node, FragmentDefinitionNode | InlineFragmentNode)  # noqa: S101
        condition = node.type_condition
        kind = on if condition is None else self._schema.type_map[condition.name.value]
        return node.selection_set, kind

    def _of_field(self, on: GraphQLNamedType, node: FieldNode) -> JsonSchema:
        if node.name.value == "__typename":
            return {"type": "string"}
        field: GraphQLField = on.fields[node.name.value]  # type: ignore[attr-defined]
        written = self._of_type(field.type, node)
        fact = fact_behind(field)
        return {**written, "description": fact.unit} if fact and fact.unit else written

    def _of_type(self, kind: GraphQLOutputType, node: FieldNode) -> JsonSchema:
        if isinstance(kind, GraphQLNonNull):
            return self._present(kind.of_type, node)
        return _or_null(self._present(kind, node))

    def _present(self, kind: GraphQLOutputType, node: FieldNode) -> JsonSchema:
        if isinstance(kind, GraphQLList):
            return {"type": "array", "items": self._of_type(kind.of_type, node)}
        named = get_named_type(kind)
        if is_composite_type(named) and node.selection_set is not None:
            return self.of_selection(named, node.selection_set)
        if isinstance(named, GraphQLEnumType):
            few = len(named.values) <= MOST_VALUES
            return {"type": "string", **({"enum": [*named.values]} if few else {})}
        written = SCALARS.get(named.name, {})
        return {"type": written["type"]} if "type" in written else {}


def _or_null(written: JsonSchema) -> JsonSchema:
    if "type" not in written:
        return written  # any value
    values = {"enum": [*written["enum"], None]} if "enum" in written else {}
    return {**written, "type": [written["type"], "null"], **values}


def _merged(one: JsonSchema | None, other: JsonSchema) -> JsonSchema:
    """A field that is selected twice, with all that both selections have."""
    if one is None:
        return other
    if "items" in one and "items" in other:
        return {**one, "items": _merged(one["items"], other["items"])}
    if "properties" not in one or "properties" not in other:
        return one
    both = dict(one["properties"])
    for name, written in other["properties"].items():
        both[name] = _merged(both.get(name), written)
    merged = {name: value for name, value in one.items() if name != "required"}
    required = [name for name in one.get("required", ()) if name in other.get("required", ())]
    return {**merged, "properties": both, **({"required": required} if required else {})}
