"""The shape of a document: how large it is when all fragments are unfolded.

Told in one pass over its text, before it is validated: each fragment is measured once, so that no
document can make the pass expensive. A cycle of fragments is cut; validation refuses it.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    OperationDefinitionNode,
    SelectionSetNode,
)
from msgspec import Struct

from gateway.errors import TooComplex
from gateway.schema.language.shared_selections import PlainSelections, once

CEILING = 10**9
"""Beyond this nobody counts."""

MAX_FIELDS = 2_500
"""With fragments unfolded; a call has about 450."""

MAX_DIRECTIVES = 100
MAX_ROOT_FIELDS = 100
MAX_OPERATIONS = 50


class Limits(Struct, frozen=True):
    """How large a document may be, and how much one request may cost."""

    cost: int = 15_000
    depth: int = 15
    aliases: int = 50
    tokens: int = 10_000


class Shape(NamedTuple):
    """How deep a selection is, and how much there is in it; introspection has no depth."""

    depth: int = 0
    aliases: int = 0
    fields: int = 0
    directives: int = 0
    roots: int = 0

    def beside(self, other: "Shape") -> "Shape":
        """Both, one after the other."""
        return Shape(
            max(self.depth, other.depth),
            min(CEILING, self.aliases + other.aliases),
            min(CEILING, self.fields + other.fields),
            min(CEILING, self.directives + other.directives),
            min(CEILING, self.roots + other.roots),
        )


_NOTHING = Shape()


def shapes_of(document: DocumentNode) -> list[Shape]:
    """The shape of each operation."""
    known: dict[str, Shape] = {}
    for name, fragment in in_order(document):
        known[name] = _directed(fragment, _of(fragment.selection_set, known))
    return [
        _directed(operation, _of(operation.selection_set, known))
        for operation in document.definitions
        if isinstance(operation, OperationDefinitionNode)
    ]


def check_shape(document: DocumentNode, limits: Limits) -> None:
    """See that no operation of a document is too large. Raises TooComplex."""
    shapes = shapes_of(document)
    _check("operations", len(shapes), MAX_OPERATIONS, "send those that you run")
    several = "ask in several requests"
    for shape in shapes:
        _check("levels", shape.depth, limits.depth, "ask for what is deeper by its `id`")
        many = f"ask for many calls at once with `nodes`, or {several}"
        _check("aliases", shape.aliases, limits.aliases, many)
        _check("root fields", shape.roots, MAX_ROOT_FIELDS, many)
        _check("fields with its fragments unfolded", shape.fields, MAX_FIELDS, several)
        _check("directives", shape.directives, MAX_DIRECTIVES, "leave out those without effect")


def in_order(document: DocumentNode) -> Iterator[tuple[str, FragmentDefinitionNode]]:
    """The fragments, each after those that it spreads; in a cycle, somewhere."""
    fragments = {
        one.name.value: one
        for one in document.definitions
        if isinstance(one, FragmentDefinitionNode)
    }
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


def _of(selections: SelectionSetNode | None, known: Mapping[str, Shape]) -> Shape:
    if selections is None:
        return _NOTHING
    return once(selections, "shape", lambda: _all_of(selections, known))


def _all_of(selections: SelectionSetNode, known: Mapping[str, Shape]) -> Shape:
    total = _NOTHING
    for selection in selections.selections:
        if isinstance(selection, FragmentSpreadNode):
            shape = known.get(selection.name.value, _NOTHING)
        else:
            shape = _of(getattr(selection, "selection_set", None), known)
        if isinstance(selection, FieldNode):
            told = selection.name.value.startswith("__")
            depth = 0 if told else shape.depth + 1
            aliases = shape.aliases + (selection.alias is not None)
            shape = Shape(depth, aliases, shape.fields + 1, shape.directives, 1)
        total = total.beside(_directed(selection, shape))
    return total


def _directed(node: object, shape: Shape) -> Shape:
    directives = len(getattr(node, "directives", None) or ())
    return shape._replace(directives=shape.directives + directives) if directives else shape


def _check(what: str, number: int, limit: int, cure: str) -> None:
    if number > limit:
        raise TooComplex(what, min(number, CEILING), limit, cure)
