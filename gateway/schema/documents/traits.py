"""What a document selects and quotes, as far as whoever keeps it or its answer must know.

Told from the document alone, once, with the types of its fields: aliases, fragments and interfaces
change nothing. What a document with several operations selects is told of all of them together.
"""

from collections.abc import Sequence
from functools import reduce
from operator import or_
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLNamedType,
    GraphQLSchema,
    ObjectFieldNode,
    SelectionSetNode,
    TypeInfo,
    TypeInfoVisitor,
    VariableDefinitionNode,
    VariableNode,
    Visitor,
    get_named_type,
    visit,
)

from gateway.insights.catalogue import Pii
from gateway.insights.filters import FILTERS
from gateway.schema.language.reduced_document import Plain
from gateway.schema.language.shared_selections import once
from gateway.schema.types.field_traits import FieldTable, Trait, field_traits

_HARMLESS = {row.name for row in FILTERS if row.pii is Pii.NONE}


def traits_of(document: DocumentNode, schema: GraphQLSchema) -> Trait:
    """The traits of a document that is valid; those of a skeleton without what is left out."""
    types = TypeInfo(schema)
    walk = _Walk(types, field_traits(schema))
    visit(document, TypeInfoVisitor(types, walk))
    return walk.traits


def traits_of_all(left_out: Sequence[Plain], schema: GraphQLSchema) -> Trait:
    """The traits of what is left out of a skeleton."""
    fields = field_traits(schema)
    return reduce(or_, (_of_plain(*one, fields) for one in left_out), Trait.NONE)


def _of_plain(selections: SelectionSetNode, on: GraphQLNamedType, fields: FieldTable) -> Trait:
    return once(selections, ("traits", on.name), lambda: _of_all_plain(selections, on, fields))


def _of_all_plain(selections: SelectionSetNode, on: GraphQLNamedType, fields: FieldTable) -> Trait:
    traits = Trait.NONE
    for node in selections.selections:
        if isinstance(node, FieldNode):
            field = fields[on.name][node.name.value]
            traits |= field.trait
            if node.selection_set is not None:
                traits |= _of_plain(node.selection_set, field.kind, fields)
    return traits


class _Walk(Visitor):
    def __init__(self, types: TypeInfo, fields: FieldTable) -> None:
        super().__init__()
        self._fields = fields
        self.traits = Trait.NONE
        self._types = types

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        """Add what the field is."""
        parent = self._types.get_parent_type()
        if parent is not None and (fields := self._fields.get(parent.name)) is not None:
            self.traits |= fields[node.name.value].trait

    def enter_object_field(self, node: ObjectFieldNode, *_: Any) -> None:
        """Look at a value in the document, unless the field is one for harmless texts."""
        holder = get_named_type(self._types.get_parent_input_type())
        filters = holder is not None and holder.name == "CallFilter"
        harmless = filters and node.name.value in _HARMLESS
        if not harmless and not isinstance(node.value, VariableNode):
            self._quote()

    def enter_variable_definition(self, node: VariableDefinitionNode, *_: Any) -> None:
        """Look at a default: what it is the default of is not known here."""
        if node.default_value is not None:
            self._quote()

    def _quote(self) -> None:
        kind = get_named_type(self._types.get_input_type())
        if kind is not None and kind.name == "String":
            self.traits |= Trait.QUOTING
