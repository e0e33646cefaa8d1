"""Prices documents: each once, when it is read, in one pass over its text."""

from collections.abc import Mapping

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentSpreadNode,
    GraphQLNamedType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    NullValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
)
from msgspec.structs import replace

from gateway.insights.paging import MAX_SIZE
from gateway.schema.demand_control.cost import Cost, FieldCost, Given, Price, Root, Selected
from gateway.schema.demand_control.introspection import ROOTS as INTROSPECTING
from gateway.schema.demand_control.introspection import Introspection
from gateway.schema.demand_control.limits import in_order
from gateway.schema.language.shared_selections import once
from gateway.schema.types.field_traits import field_traits

_DIGITS = 10
"""Of an `Int`; what has more is refused when it is executed."""


class Pricing:
    """Prices documents of `schema`.

    `annotation` is how many requests a value takes that is asked for anew where it is too old: none
    where it is fresh for as long as the call that it comes with.
    """

    def __init__(self, schema: GraphQLSchema, annotation: int = 0) -> None:
        self._schema = schema
        self._fields = field_traits(schema, annotation)
        self._introspection = Introspection(schema)

    def prices(self, document: DocumentNode) -> tuple[Price, ...]:
        """The price of each operation of a document that is valid, and not too complex."""
        known: dict[str, Selected] = {}
        fragments: dict[str, SelectionSetNode] = {}
        for name, fragment in in_order(document):
            on = self._schema.type_map[fragment.type_condition.name.value]
            fragments[name] = fragment.selection_set
            known[name] = self._of(fragment.selection_set, on, known)
        return tuple(
            self._price(operation, fragments, known)
            for operation in document.definitions
            if isinstance(operation, OperationDefinitionNode)
        )

    def _price(
        self,
        operation: OperationDefinitionNode,
        fragments: Mapping[str, SelectionSetNode],
        known: Mapping[str, Selected],
    ) -> Price:
        root = self._schema.get_root_type(operation.operation)
        assert root is not None  # noqa: S101 - the document is valid
        defaults = {
            one.variable.name.value: _literal(one.default_value)
            for one in operation.variable_definitions or ()
        }
        roots: dict[str, Root] = {}
        waiting, spread = [operation.selection_set], set[str]()
        while waiting:
            for selection in waiting.pop().selections:
                if isinstance(selection, FragmentSpreadNode):
                    name = selection.name.value
                    if name not in spread:  # a second time it selects nothing new
                        spread.add(name)
                        waiting.append(fragments[name])
                elif isinstance(selection, InlineFragmentNode):
                    waiting.append(selection.selection_set)
                elif isinstance(selection, FieldNode):
                    key = (selection.alias or selection.name).value
                    selected = self._below(selection, root, fragments, known)
                    _merge(roots, key, self._root(selection, root, selected, defaults))
        return Price.of(tuple(roots.values()))

    def _below(
        self,
        node: FieldNode,
        root: GraphQLNamedType,
        fragments: Mapping[str, SelectionSetNode],
        known: Mapping[str, Selected],
    ) -> Selected:
        """What is selected below a field of the root."""
        name = node.name.value
        if name in INTROSPECTING:
            return Selected(Cost(0, self._introspection.values(node, fragments)))
        return self._of(node.selection_set, self._fields[root.name][name].kind, known)

    def _root(
        self,
        node: FieldNode,
        root: GraphQLNamedType,
        selected: Selected,
        defaults: Mapping[str, int | None],
    ) -> Root:
        given = {
            one.name.value: _given(one.value, defaults)
            for one in node.arguments or ()
            if not isinstance(one.value, NullValueNode)
        }
        field = self._fields[root.name][node.name.value]
        return Root(field.cost, field.many, given, selected)

    def _of(
        self,
        selections: SelectionSetNode | None,
        on: GraphQLNamedType,
        known: Mapping[str, Selected],
    ) -> Selected:
        if selections is None:
            return Selected()
        return once(selections, ("cost", on.name), lambda: self._all_of(selections, on, known))

    def _all_of(
        self, selections: SelectionSetNode, on: GraphQLNamedType, known: Mapping[str, Selected]
    ) -> Selected:
        total = Selected()
        for selection in selections.selections:
            if isinstance(selection, FragmentSpreadNode):
                total = total.beside(known[selection.name.value])
            elif isinstance(selection, InlineFragmentNode):
                named = selection.type_condition
                inner = self._schema.type_map[named.name.value] if named else on
                total = total.beside(self._of(selection.selection_set, inner, known))
            elif isinstance(selection, FieldNode):
                total = total.beside(self._field(selection, on, known))
        return total

    def _field(
        self, node: FieldNode, on: GraphQLNamedType, known: Mapping[str, Selected]
    ) -> Selected:
        """A field with what is selected below it."""
        field = self._fields[on.name][node.name.value]
        once, each = self._of(node.selection_set, field.kind, known)
        if field.cost.per_item:
            return Selected(Cost(), once)
        items = _items(node, field.cost)
        return Selected(field.cost.own.plus(once, field.size).plus(each, items))


def _items(node: FieldNode, cost: FieldCost) -> int:
    """How many items a connection below the root has at most; a variable may be anything."""
    for one in node.arguments or ():
        if one.name.value in cost.sized_by and not isinstance(one.value, NullValueNode):
            size = _literal(one.value) if isinstance(one.value, IntValueNode) else None
            return cost.most if size is None else min(max(size, 1), cost.most)
    return cost.otherwise if cost.sized_by else cost.most


def _merge(roots: dict[str, Root], key: str, root: Root) -> None:
    """Add a field; one that was selected before is asked for once, with all that is below both."""
    if (before := roots.get(key)) is not None:
        root = replace(before, selected=before.selected.beside(root.selected))
    roots[key] = root


def _given(value: ValueNode, defaults: Mapping[str, int | None]) -> Given:
    if isinstance(value, VariableNode):
        name = value.name.value
        return Given(name, defaults.get(name))
    return Given(None, _literal(value))


def _literal(value: ValueNode | None) -> int | None:
    """The size that a value stands for, or None."""
    if isinstance(value, IntValueNode):
        return int(value.value) if len(value.value) <= _DIGITS else MAX_SIZE
    if isinstance(value, ListValueNode):
        return len(value.values)
    return None if value is None or isinstance(value, NullValueNode) else 1
