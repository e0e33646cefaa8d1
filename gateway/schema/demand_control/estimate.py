"""Prices documents: each once, when it is read, in one pass over its text."""

from collections.abc import Mapping

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentSpreadNode,
    GraphQLList,
    GraphQLNamedType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    NullValueNode,
    OperationDefinitionNode,
    SchemaMetaFieldDef,
    SelectionSetNode,
    TypeMetaFieldDef,
    TypeNameMetaFieldDef,
    ValueNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
)

from gateway.insights.paging import MAX_SIZE
from gateway.schema.demand_control.cost import LOOKUP, Cost, Given, Price, Root, Selected
from gateway.schema.demand_control.introspection import ROOTS as INTROSPECTING
from gateway.schema.demand_control.introspection import Introspection
from gateway.schema.demand_control.limits import in_order
from gateway.schema.language.shared_selections import once

_SIZE = 4
"""What a list of objects inside a call counts as: it has up to 4 media edges."""

_VALUES = {"JSON": 500}
"""What leaves hold that hold many values."""

_REQUESTS = {
    ("Query", "call"): LOOKUP,
    ("Query", "callLookup"): LOOKUP,
    ("Query", "node"): LOOKUP,
    ("Call", "parentCall"): LOOKUP,
    ("Mutation", "annotateCall"): 1 + LOOKUP,
    ("Subscription", "callUpdates"): LOOKUP,
}
_META = {
    "__schema": SchemaMetaFieldDef,
    "__type": TypeMetaFieldDef,
    "__typename": TypeNameMetaFieldDef,
}
"""What introspects is counted where it stands, at the root: these only say of which type it is."""
_DIGITS = 10
"""Of an `Int`; what has more is refused when it is executed."""


class Pricing:
    """Prices documents of `schema`.

    `annotation` is how many requests the annotation of a call takes: none where it is fresh for as
    long as the call that it comes with.
    """

    def __init__(self, schema: GraphQLSchema, annotation: int = 0) -> None:
        self._schema = schema
        self._requests = {**_REQUESTS, ("Call", "annotation"): annotation}
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
                    if selection.name.value in INTROSPECTING:
                        values = self._introspection.values(selection, fragments)
                        selected = Selected(Cost(0, values))
                    else:
                        selected = self._field(selection, root, known)
                    _merge(roots, key, _root(selection, selected, defaults))
        return Price.of(tuple(roots.values()))

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
        name = node.name.value
        field = _META.get(name) or on.fields[name]  # type: ignore[attr-defined]
        kind = get_named_type(field.type)
        many = isinstance(get_nullable_type(field.type), GraphQLList)
        size = _SIZE if many and on.name != "Query" else 1
        values = _VALUES.get(kind.name, size) if is_leaf_type(kind) else 0
        own = Cost(self._requests.get((on.name, name), 0), values)
        once, each = self._of(node.selection_set, kind, known)
        if on.name == "CallConnection" and many:
            return Selected(Cost(), once)
        return Selected(own.plus(once, size), each)


def _root(field: FieldNode, selected: Selected, defaults: Mapping[str, int | None]) -> Root:
    given = {
        one.name.value: _given(one.value, defaults)
        for one in field.arguments or ()
        if not isinstance(one.value, NullValueNode)
    }
    return Root(field.name.value, given, selected)


def _merge(roots: dict[str, Root], key: str, root: Root) -> None:
    """Add a field; one that was selected before is asked for once, with all that is below both."""
    if (before := roots.get(key)) is None:
        roots[key] = root
        return
    once, each = before.selected.beside(root.selected)
    twice = Cost(_REQUESTS.get(("Query", root.name), 0))
    selected = Selected(once.plus(twice, -1), each)
    roots[key] = Root(root.name, root.given, selected)


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
