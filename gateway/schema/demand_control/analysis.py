"""Analyses a document in one pass: size, cost, and whether responses may be cached.

The pass comes before validation: what the schema does not know counts by its size alone. Each
fragment is analysed once, however often it is spread, and a cycle of fragments is cut, so the pass
takes no longer than the document. A plain selection is analysed once for all documents.
"""

from collections.abc import Sequence
from typing import Any

from graphql import (
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentSpreadNode,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    NullValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    type_from_ast,
)
from msgspec import Struct

from gateway.schema.demand_control.cost import NOTHING, Cost, FieldCost
from gateway.schema.execution.incremental import DEFER
from gateway.schema.language.fragments import in_order, operations_of
from gateway.schema.language.literals import quotes, size_of
from gateway.schema.language.shared_selections import PlainSelections
from gateway.schema.types.field_traits import FieldTraits, Trait, field_traits

CEILING = 10**9
"""Beyond this nothing is counted."""


class SelectionAnalysis(Struct):
    """What a selection comes to, with its fragments unfolded.

    `depth` leaves introspection out, `roots` are the fields at its top. It costs `once`, and `each`
    for each item of the connection that it is on. A `plain` selection is valid, whatever stands
    around it: its fields have no arguments and directives, and each has a key of its own.
    """

    depth: int = 0
    aliases: int = 0
    fields: int = 0
    directives: int = 0
    roots: int = 0
    once: Cost = NOTHING
    each: Cost = NOTHING
    trait: Trait = Trait.NONE
    plain: bool = False

    def add(self, other: "SelectionAnalysis") -> None:
        """Select the other beside it."""
        self.depth = max(self.depth, other.depth)
        self.aliases = min(CEILING, self.aliases + other.aliases)
        self.fields = min(CEILING, self.fields + other.fields)
        self.directives = min(CEILING, self.directives + other.directives)
        self.roots = min(CEILING, self.roots + other.roots)
        self.once = self.once.plus(other.once)
        self.plain = self.plain and other.plain
        if other.each is not NOTHING:
            self.each = self.each.plus(other.each)
        if other.trait is not Trait.NONE:
            self.trait |= other.trait


_EMPTY = SelectionAnalysis()


class Analysis:
    """A document of `schema`, analysed; `annotation` is that of `field_traits`.

    `operations` are what its operations select, one by one, and `trait` what holds of any of them.
    `deciders` are the variables of the directives that decide what is selected, and `fragments` the
    selections of its fragments.
    """

    def __init__(self, document: DocumentNode, schema: GraphQLSchema, annotation: int = 0) -> None:
        self._schema = schema
        self._table = field_traits(schema, annotation)
        self._fragments: dict[str, SelectionAnalysis] = {}
        self.fragments: dict[str, SelectionSetNode] = {}
        self._selections: dict[tuple[int, str], SelectionAnalysis] = {}
        self._deciders: dict[str, None] = {}
        self.trait = Trait.NONE
        for name, fragment in in_order(document):
            on = fragment.type_condition.name.value
            self._fragments[name] = self._definition(fragment, on)
            self.fragments[name] = fragment.selection_set
        self.operations = [self._operation(one) for one in operations_of(document)]

    @property
    def deciders(self) -> tuple[str, ...]:
        """The variables of directives."""
        return tuple(self._deciders)

    def root(self, operation: OperationDefinitionNode) -> str:
        """The name of the type that an operation selects from."""
        root = self._schema.get_root_type(operation.operation)
        return "" if root is None else root.name

    def field(self, on: str, name: str) -> FieldTraits | None:
        """A field of a type; None for one that the schema does not know."""
        fields = self._table.get(on)
        return None if fields is None else fields.get(name)

    def of(self, selections: SelectionSetNode, on: str) -> SelectionAnalysis:
        """What a selection on a type comes to."""
        analysed: dict[Any, SelectionAnalysis] = self._selections
        key: Any = (id(selections), on)
        if isinstance(selections, PlainSelections):
            analysed, key = selections.derived, ("analysis", on)
        if (found := analysed.get(key)) is None:
            found = analysed[key] = self._sum(selections, on)
        return found

    def _operation(self, node: OperationDefinitionNode) -> SelectionAnalysis:
        for variable in node.variable_definitions or ():
            if variable.default_value is not None:
                kind: Any = get_named_type(type_from_ast(self._schema, variable.type))
                text = kind is not None and kind.name == "String"
                if text or quotes(variable.default_value, kind):
                    self.trait |= Trait.QUOTING
        return self._definition(node, self.root(node))

    def _definition(self, node: Any, on: str) -> SelectionAnalysis:
        total = SelectionAnalysis()
        total.add(self.of(node.selection_set, on))
        total.add(self._directed(node.directives or ()))
        self.trait |= total.trait
        return total

    def _directed(self, directives: Sequence[DirectiveNode]) -> SelectionAnalysis:
        for directive in directives:
            for argument in directive.arguments or ():
                if directive.name.value != DEFER.name and isinstance(argument.value, VariableNode):
                    self._deciders[argument.value.name.value] = None
        return SelectionAnalysis(directives=len(directives))

    def _sum(self, selections: SelectionSetNode, on: str) -> SelectionAnalysis:
        total, keys = SelectionAnalysis(plain=on in self._table), set[str]()
        for node in selections.selections:
            if isinstance(node, FieldNode):
                keys.add((node.alias or node.name).value)
                total.add(self._field(node, on))
            elif isinstance(node, FragmentSpreadNode):
                total.add(self._fragments.get(node.name.value, _EMPTY))
            elif isinstance(node, InlineFragmentNode):
                named = node.type_condition
                total.add(self.of(node.selection_set, named.name.value if named else on))
            if node.directives:
                total.add(self._directed(node.directives))
        total.plain = total.plain and len(keys) == len(selections.selections)
        return total

    def _field(self, node: FieldNode, on: str) -> SelectionAnalysis:
        name, selections, below = node.name.value, node.selection_set, _EMPTY
        field = self.field(on, name)
        if selections is not None:
            below = self.of(selections, "" if field is None else field.kind)
        total = SelectionAnalysis(
            depth=0 if name.startswith("__") else below.depth + 1,
            aliases=below.aliases + (node.alias is not None),
            fields=below.fields + 1,
            directives=below.directives,
            roots=1,
            trait=below.trait,
        )
        if field is None:
            return total
        if field.trait is not Trait.NONE:
            total.trait |= field.trait
        for argument in node.arguments or ():
            if quotes(argument.value, field.arguments.get(argument.name.value)):
                total.trait |= Trait.QUOTING
        as_it_is = field.plain and not node.arguments and field.leaf is (selections is None)
        total.plain = as_it_is and (field.leaf or below.plain)
        total.once, total.each = _cost(node, field, below)
        return total


def _cost(node: FieldNode, field: FieldTraits, below: SelectionAnalysis) -> tuple[Cost, Cost]:
    """What a field costs once, and for each item of the connection that it is on."""
    if field.cost.per_item:
        return NOTHING, below.once
    if field.leaf:
        return field.cost.own, NOTHING
    once = field.cost.own.plus(below.once, field.size)
    if below.each is not NOTHING:
        once = once.plus(below.each, _items(node, field.cost))
    return once, NOTHING


def _items(node: FieldNode, cost: FieldCost) -> int:
    """How many items a connection below the root has at most; a variable may be anything."""
    for one in node.arguments or ():
        if one.name.value in cost.sized_by and not isinstance(one.value, NullValueNode):
            size = size_of(one.value) if isinstance(one.value, IntValueNode) else None
            return cost.most if size is None else min(max(size, 1), cost.most)
    return cost.otherwise if cost.sized_by else cost.most
