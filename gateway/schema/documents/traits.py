"""What a document selects and quotes, as far as whoever keeps it or its answer must know.

Told from the document alone, once, with the types of its fields: aliases, fragments and interfaces
change nothing. What a document with several operations selects is told of all of them together.
"""

from collections.abc import Sequence
from enum import Flag, auto
from functools import reduce
from operator import or_
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLField,
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
    is_leaf_type,
    visit,
)

from gateway.insights.catalogue import Pii
from gateway.insights.filters import FILTERS
from gateway.insights.summary import EVENTS
from gateway.schema.language.reduced_document import Plain, fields_of
from gateway.schema.language.shared_selections import once
from gateway.schema.types.derive import fact_behind

_DATED = {"call", "callLookup", "calls", "node", "nodes", "_entities"}
"""The questions whose answers say how long they hold."""

_CHANGING = {
    ("Query", "calls"),
    ("Call", "annotation"),
    ("Call", "processing"),
    ("Call", "processingVersion"),
    ("Call", "url"),
}
"""What can be told in another way, later, even of complete calls."""

_HARMLESS = {row.name for row in FILTERS if row.pii is Pii.NONE}


class Trait(Flag):
    """Something to know of a document."""

    NONE = 0
    PERSONAL = auto()
    """It selects personal data."""
    UNDATED = auto()
    """It asks for something of which nobody says how long it holds."""
    CHANGING = auto()
    """It selects something that can change even if the calls are complete."""
    QUOTING = auto()
    """It quotes a text that may be personal data."""


def traits_of(document: DocumentNode, schema: GraphQLSchema) -> Trait:
    """The traits of a document that is valid; those of a skeleton without what is left out."""
    types = TypeInfo(schema)
    walk = _Walk(types)
    visit(document, TypeInfoVisitor(types, walk))
    return walk.traits


def traits_of_all(left_out: Sequence[Plain]) -> Trait:
    """The traits of what is left out of a skeleton."""
    return reduce(or_, (_of_plain(*one) for one in left_out), Trait.NONE)


def _of_plain(selections: SelectionSetNode, on: GraphQLNamedType) -> Trait:
    return once(selections, ("traits", on.name), lambda: _of_all_plain(selections, on))


def _of_all_plain(selections: SelectionSetNode, on: GraphQLNamedType) -> Trait:
    traits, known = Trait.NONE, fields_of(on)
    for node in selections.selections:
        if not isinstance(node, FieldNode) or (field := known.get(node.name.value)) is None:
            continue
        traits |= _traits_of_field(on, node.name.value, field)
        if node.selection_set is not None:
            traits |= _of_plain(node.selection_set, get_named_type(field.type))
    return traits


class _Walk(Visitor):
    def __init__(self, types: TypeInfo) -> None:
        super().__init__()
        self.traits = Trait.NONE
        self._types = types

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        """Add what the field is."""
        parent, field = self._types.get_parent_type(), self._types.get_field_def()
        if parent is not None and field is not None and node.name.value != "__typename":
            self.traits |= _traits_of_field(parent, node.name.value, field)

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


def _traits_of_field(parent: GraphQLNamedType, name: str, field: GraphQLField) -> Trait:
    traits, fact, kind = Trait.NONE, fact_behind(field), get_named_type(field.type)
    if kind.name == "JSON" or (fact and fact.pii is not Pii.NONE and is_leaf_type(kind)):
        traits |= Trait.PERSONAL
    if parent.name in {"Query", "Mutation", "Subscription"} and name not in _DATED:
        traits |= Trait.UNDATED
    if (parent.name, name) in _CHANGING or (fact and fact.on == EVENTS):
        traits |= Trait.CHANGING
    return traits
