"""Reduces a document to the part that graphql-core has to validate, for a tenth of the time.

Most of a document are plain selections, which the analysis has found to be valid: each is a field
of its type, selects something if and only if it is an object, and has a key of its own. Below a
field that shares its place with no fragment, a plain selection is merged with no other. So in the
reduced document, `__typename` stands in its place.

All else stays, and graphql-core decides: a document is valid if and only if the reduced one is
(`tests/schema/documents/test_reduced_document.py`). The errors are those of the document itself.
"""

from graphql import (
    DefinitionNode,
    DocumentNode,
    FieldNode,
    NameNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

from gateway.schema.demand_control.analysis import Analysis

_TYPENAME = SelectionSetNode(selections=(FieldNode(name=NameNode(value="__typename")),))


def reduced(document: DocumentNode, analysis: Analysis) -> DocumentNode:
    """A document without its plain selections; its fragments are in it as they are."""
    definitions = tuple(_definition(one, analysis) for one in document.definitions)
    return DocumentNode(definitions=definitions)


def _definition(node: DefinitionNode, analysis: Analysis) -> DefinitionNode:
    if not isinstance(node, OperationDefinitionNode):
        return node
    return OperationDefinitionNode(
        operation=node.operation,
        name=node.name,
        variable_definitions=node.variable_definitions,
        directives=node.directives,
        selection_set=_selections(node.selection_set, analysis.root(node), analysis),
    )


def _selections(selections: SelectionSetNode, on: str, analysis: Analysis) -> SelectionSetNode:
    nodes = [one for one in selections.selections if isinstance(one, FieldNode)]
    keys = {(node.alias or node.name).value for node in nodes}
    if len(keys) < len(selections.selections):
        return selections
    return SelectionSetNode(selections=tuple(_field(node, on, analysis) for node in nodes))


def _field(node: FieldNode, on: str, analysis: Analysis) -> FieldNode:
    field = analysis.field(on, node.name.value)
    if field is None or node.selection_set is None:
        return node
    if analysis.of(node.selection_set, field.kind).plain:
        below = _TYPENAME
    else:
        below = _selections(node.selection_set, field.kind, analysis)
    return FieldNode(
        alias=node.alias,
        name=node.name,
        arguments=node.arguments,
        directives=node.directives,
        selection_set=below,
    )
