"""Derives a document for one page of a connection from a document for more."""

from collections.abc import Mapping
from typing import Any

from graphql import (
    ArgumentNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    NamedTypeNode,
    NameNode,
    Node,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableDefinitionNode,
    VariableNode,
    Visitor,
    parse,
    visit,
)
from graphql.execution.collect_fields import FieldDetailsList

FIRST, AFTER, TOTAL = "gatewayFirst", "gatewayAfter", "gatewayTotal"
"""The variables of the document, and the alias of the number of all calls."""

_PAGING = {"first", "after", "last", "before"}
_ENDS = "pageInfo { hasNextPage endCursor }"

Fragments = Mapping[str, FragmentDefinitionNode]


def page_document(
    operation: OperationDefinitionNode,
    root: FieldNode,
    rows: FieldDetailsList,
    fragments: Fragments,
    *,
    counting: bool,
) -> tuple[DocumentNode, set[str]]:
    """The document: nothing but the rows, and where the next page begins.

    With the names of the variables of the operation that are left in it.
    """
    field = _connection(root, rows, counting=counting)
    used = _Used(fragments, field)
    declared = [
        one
        for one in operation.variable_definitions or ()
        if one.variable.name.value in used.variables
    ]
    page = OperationDefinitionNode(
        operation=OperationType.QUERY,
        name=operation.name,
        variable_definitions=(*declared, *_PAGE),
        directives=(),
        selection_set=SelectionSetNode(selections=(field,)),
    )
    spread = [fragments[name] for name in used.fragments]
    return DocumentNode(definitions=(page, *spread)), used.variables


def _connection(root: FieldNode, rows: FieldDetailsList, *, counting: bool) -> FieldNode:
    ends = _ENDS + (f" {TOTAL}: totalCount" if counting else "")
    written: Any = parse(f"{{ {ends} }}", no_location=True).definitions[0]
    kept = [one for one in root.arguments or () if one.name.value not in _PAGING]
    selections = (*(one.node for one in rows), *written.selection_set.selections)
    return FieldNode(
        alias=root.alias,
        name=root.name,
        arguments=(*kept, _argument("first", FIRST), _argument("after", AFTER)),
        directives=(),
        selection_set=SelectionSetNode(selections=selections),
    )


class _Used(Visitor):
    """What a field makes use of: variables and fragments, these with what they use in turn."""

    def __init__(self, fragments: Fragments, field: Node) -> None:
        super().__init__()
        self.variables: set[str] = set()
        self.fragments: dict[str, None] = {}
        self._all = fragments
        visit(field, self)

    def enter_variable(self, node: VariableNode, *_: Any) -> None:
        """Note a variable."""
        self.variables.add(node.name.value)

    def enter_fragment_spread(self, node: FragmentSpreadNode, *_: Any) -> None:
        """Note a fragment, and all that it uses."""
        name = node.name.value
        if name not in self.fragments:
            self.fragments[name] = None
            visit(self._all[name], self)


def _argument(name: str, variable: str) -> ArgumentNode:
    return ArgumentNode(name=NameNode(value=name), value=_variable(variable))


def _variable(name: str) -> VariableNode:
    return VariableNode(name=NameNode(value=name))


def _defined(name: str, kind: str) -> VariableDefinitionNode:
    named = NamedTypeNode(name=NameNode(value=kind))
    return VariableDefinitionNode(variable=_variable(name), type=named, directives=())


_PAGE = (_defined(FIRST, "Int"), _defined(AFTER, "String"))
"""The variables of a page."""
