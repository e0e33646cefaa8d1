"""Finds the operations and fragments of a document, each fragment after those that it spreads."""

from collections.abc import Iterator

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

from gateway.schema.language.shared_selections import PlainSelections


def fragments_of(document: DocumentNode) -> dict[str, FragmentDefinitionNode]:
    """The fragments by their names."""
    definitions = (one for one in document.definitions if isinstance(one, FragmentDefinitionNode))
    return {one.name.value: one for one in definitions}


def operations_of(document: DocumentNode) -> tuple[OperationDefinitionNode, ...]:
    """The operations, in their order."""
    return tuple(one for one in document.definitions if isinstance(one, OperationDefinitionNode))


def in_order(document: DocumentNode) -> Iterator[tuple[str, FragmentDefinitionNode]]:
    """The fragments by their names, each after those that it spreads; in a cycle, somewhere."""
    fragments = fragments_of(document)
    begun: set[str] = set()
    for first, fragment in fragments.items():
        path = [(first, _spread_in(fragment.selection_set))] if first not in begun else []
        begun.add(first)
        while path:
            name, spreads = path[-1]
            following = next((one for one in spreads if one in fragments and one not in begun), "")
            if following:
                begun.add(following)
                path.append((following, _spread_in(fragments[following].selection_set)))
            else:
                path.pop()
                yield name, fragments[name]


def _spread_in(selections: SelectionSetNode) -> Iterator[str]:
    waiting = [selections]
    while waiting:
        for selection in waiting.pop().selections:
            if isinstance(selection, FragmentSpreadNode):
                yield selection.name.value
                continue
            inner: SelectionSetNode | None = getattr(selection, "selection_set", None)
            if inner is not None and not isinstance(inner, PlainSelections):
                waiting.append(inner)
