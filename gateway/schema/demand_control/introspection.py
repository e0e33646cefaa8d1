"""Counts the values that introspection returns, without executing it.

The schema is at hand, so no size has to be guessed. What is reached in several ways is looked at
once, and counted as often as it is reached: a selection takes as many steps as the schema has types
and fields, however many values it returns.
"""

from collections.abc import Iterable, Mapping
from types import SimpleNamespace
from typing import Any, TypeAlias

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    SelectionSetNode,
    StringValueNode,
    get_named_type,
    get_nullable_type,
    introspection_types,
    is_list_type,
)

ROOTS = {"__schema": "__Schema", "__type": "__Type"}
"""Fields of the root that introspect, and the type of each."""

Fragments: TypeAlias = Mapping[str, SelectionSetNode]

_Reached: TypeAlias = Mapping[int, tuple[Any, int]]
"""Parts of the schema by their identity, and how often each is reached."""


class Introspection:
    """Counts the values of selections on `schema` itself."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._info = SimpleNamespace(schema=schema)
        self._resolved: dict[tuple[str, str, int], list[Any] | None] = {}

    def values(self, root: FieldNode, fragments: Fragments) -> int:
        """How many values a field of the root returns at most."""
        kind = introspection_types[ROOTS[root.name.value]]
        assert isinstance(kind, GraphQLObjectType)  # noqa: S101 - both are
        reached = _reached((part, 1) for part in self._begun(root))
        return self._all_of(root.selection_set, kind, reached, fragments)

    def _begun(self, root: FieldNode) -> Iterable[Any]:
        """The schema, or the type that is named; where a variable names it, all of them."""
        if root.name.value == "__schema":
            return [self._schema]
        types = self._schema.type_map
        (name,) = (argument.value for argument in root.arguments or ())
        return [types.get(name.value)] if isinstance(name, StringValueNode) else types.values()

    def _all_of(
        self,
        selections: SelectionSetNode | None,
        kind: GraphQLObjectType,
        reached: _Reached,
        fragments: Fragments,
    ) -> int:
        total = 0
        for selection in selections.selections if selections else ():
            if isinstance(selection, FieldNode):
                total += self._field(selection, kind, reached, fragments)
            elif isinstance(selection, FragmentSpreadNode):
                total += self._all_of(fragments[selection.name.value], kind, reached, fragments)
            elif isinstance(selection, InlineFragmentNode):
                total += self._all_of(selection.selection_set, kind, reached, fragments)
        return total

    def _field(
        self, node: FieldNode, kind: GraphQLObjectType, reached: _Reached, fragments: Fragments
    ) -> int:
        """The values of a field, and of what is selected below it, wherever it is reached."""
        field = kind.fields.get(node.name.value)
        if field is None or not (node.selection_set or is_list_type(get_nullable_type(field.type))):
            return sum(times for _, times in reached.values())
        found = [
            (self._below(kind, node.name.value, part), times) for part, times in reached.values()
        ]
        nulls = sum(times for parts, times in found if parts is None)
        if node.selection_set is None:
            return nulls + sum(len(parts) * times for parts, times in found if parts)
        inner = _reached((part, times) for parts, times in found for part in parts or ())
        below = get_named_type(field.type)
        return nulls + self._all_of(node.selection_set, below, inner, fragments)

    def _below(self, kind: GraphQLObjectType, name: str, part: Any) -> list[Any] | None:
        """What a field gives for a part of the schema, as graphql-core resolves it."""
        key = (kind.name, name, id(part))
        if key not in self._resolved:
            field = kind.fields[name]
            deprecated = {"includeDeprecated": True} if field.args else {}
            given = field.resolve(part, self._info, **deprecated) if part is not None else None
            if given is not None:
                given = list(given) if is_list_type(get_nullable_type(field.type)) else [given]
            self._resolved[key] = given
        return self._resolved[key]


def _reached(parts: Iterable[tuple[Any, int]]) -> _Reached:
    """Each part once, with how often it is reached in all."""
    reached: dict[int, tuple[Any, int]] = {}
    for part, times in parts:
        before = reached.get(id(part))
        reached[id(part)] = (part, times if before is None else before[1] + times)
    return reached
