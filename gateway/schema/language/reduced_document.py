"""The skeleton of a document: what of it graphql-core has to validate.

Most of a document are plain fields, without arguments, directives and fragments. Little can be
wrong with them, and one pass sees it: that each is a field of its type, that it selects something
if and only if it is an object, and that no key stands twice in a selection. Below a field that
shares its place with no fragment, such a selection is merged with no other, so nothing else can be
wrong: in the skeleton, `__typename` stands in its place.

All else stays, and graphql-core decides: a document is valid if its skeleton is. What is wrong with
one that is not is told of the document itself (`tests/schema/language/test_reduced_document.py`).
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from graphql import (
    DefinitionNode,
    DocumentNode,
    FieldNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    NameNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    is_leaf_type,
)

from gateway.schema.language.shared_selections import once

_NOTHING = SelectionSetNode(selections=(FieldNode(name=NameNode(value="__typename")),))


class Plain(NamedTuple):
    """A plain selection, and the type that it is one of."""

    selections: SelectionSetNode
    on: GraphQLNamedType


class Skeleton(NamedTuple):
    """A document without its plain selections, and these."""

    document: DocumentNode
    left_out: Sequence[Plain]


def skeleton_of(document: DocumentNode, schema: GraphQLSchema) -> Skeleton:
    """The skeleton of a document; its fragments are in it as they are."""
    bones = _Bones(schema)
    definitions = tuple(bones.definition(one) for one in document.definitions)
    return Skeleton(DocumentNode(definitions=definitions), bones.left_out)


class _Bones:
    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self.left_out: list[Plain] = []

    def definition(self, node: DefinitionNode) -> DefinitionNode:
        """A definition without the plain selections in it."""
        if not isinstance(node, OperationDefinitionNode):
            return node
        root = self._schema.get_root_type(node.operation)
        if root is None:
            return node
        return OperationDefinitionNode(
            operation=node.operation,
            name=node.name,
            variable_definitions=node.variable_definitions,
            directives=node.directives,
            selection_set=self._reduced(node.selection_set, root),
        )

    def _reduced(self, selections: SelectionSetNode, on: GraphQLNamedType) -> SelectionSetNode:
        nodes = [one for one in selections.selections if isinstance(one, FieldNode)]
        keys = {(node.alias or node.name).value for node in nodes}
        if len(keys) < len(selections.selections):
            return selections
        return SelectionSetNode(selections=tuple(self._bone(node, on) for node in nodes))

    def _bone(self, node: FieldNode, on: GraphQLNamedType) -> FieldNode:
        field = fields_of(on).get(node.name.value)
        if field is None or node.selection_set is None:
            return node
        kind = get_named_type(field.type)
        if _is_plain(node.selection_set, kind):
            self.left_out.append(Plain(node.selection_set, kind))
            below = _NOTHING
        else:
            below = self._reduced(node.selection_set, kind)
        return FieldNode(
            alias=node.alias,
            name=node.name,
            arguments=node.arguments,
            directives=node.directives,
            selection_set=below,
        )


def fields_of(kind: GraphQLNamedType) -> Mapping[str, GraphQLField]:
    """The fields that may be selected on a type; a leaf has none."""
    return kind.fields if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType) else {}


def _is_plain(selections: SelectionSetNode, on: GraphQLNamedType) -> bool:
    return once(selections, ("is plain", on.name), lambda: _are_plain(selections, on))


def _are_plain(selections: SelectionSetNode, on: GraphQLNamedType) -> bool:
    known, keys = fields_of(on), set[str]()
    for node in selections.selections:
        if not isinstance(node, FieldNode) or node.arguments or node.directives:
            return False
        keys.add((node.alias or node.name).value)
        name, below = node.name.value, node.selection_set
        if name == "__typename" and below is None and known:
            continue
        field = known.get(name)
        if field is None or field.args:
            return False
        kind = get_named_type(field.type)
        if is_leaf_type(kind) is not (below is None):
            return False
        if below is not None and not _is_plain(below, kind):
            return False
    return len(keys) == len(selections.selections)
