"""Estimates the cost of the operations of a document, by their root fields and selections."""

from collections.abc import Iterator, Mapping

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentSpreadNode,
    GraphQLSchema,
    InlineFragmentNode,
    NullValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
)

from gateway.schema.demand_control.analysis import Analysis
from gateway.schema.demand_control.cost import NOTHING, Cost, Given, Price, Root
from gateway.schema.demand_control.introspection import ROOTS as INTROSPECTING
from gateway.schema.demand_control.introspection import Introspection
from gateway.schema.language.literals import size_of


class Pricing:
    """Prices documents of `schema` that are valid, and not too large."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._introspection = Introspection(schema)

    def prices(self, document: DocumentNode, analysis: Analysis) -> tuple[Price, ...]:
        """The price of each operation of a document that was analysed."""
        return tuple(
            self._price(one, analysis)
            for one in document.definitions
            if isinstance(one, OperationDefinitionNode)
        )

    def _price(self, operation: OperationDefinitionNode, analysis: Analysis) -> Price:
        on, roots = analysis.root(operation), dict[str, Root]()
        defaults = {
            one.variable.name.value: size_of(one.default_value)
            for one in operation.variable_definitions or ()
        }
        for node in _fields_of(operation, analysis.fragments):
            key = (node.alias or node.name).value
            root = self._root(key, node, on, defaults, analysis)
            roots[key] = roots[key].beside(root) if key in roots else root
        return Price.of(tuple(roots.values()))

    def _root(
        self,
        key: str,
        node: FieldNode,
        on: str,
        defaults: Mapping[str, int | None],
        analysis: Analysis,
    ) -> Root:
        field = analysis.field(on, node.name.value)
        assert field is not None  # noqa: S101 - the document is valid
        given = {
            one.name.value: _given(one.value, defaults)
            for one in node.arguments or ()
            if not isinstance(one.value, NullValueNode)
        }
        once = each = NOTHING
        if node.name.value in INTROSPECTING:
            once = Cost(0, self._introspection.values(node, analysis.fragments))
        elif node.selection_set is not None:
            below = analysis.of(node.selection_set, field.kind)
            once, each = below.once, below.each
        return Root(key, field.cost, field.many, given, once, each)


def _fields_of(
    operation: OperationDefinitionNode, fragments: Mapping[str, SelectionSetNode]
) -> Iterator[FieldNode]:
    """The fields of the root; a fragment that is spread a second time selects nothing new."""
    waiting, spread = [operation.selection_set], set[str]()
    while waiting:
        for selection in waiting.pop().selections:
            if isinstance(selection, FieldNode):
                yield selection
            elif isinstance(selection, InlineFragmentNode):
                waiting.append(selection.selection_set)
            elif isinstance(selection, FragmentSpreadNode) and selection.name.value not in spread:
                spread.add(selection.name.value)
                waiting.append(fragments[selection.name.value])


def _given(value: ValueNode, defaults: Mapping[str, int | None]) -> Given:
    if isinstance(value, VariableNode):
        name = value.name.value
        return Given(name, defaults.get(name))
    return Given(None, size_of(value))
