"""Declares the bounds of a number, in the metadata of its argument or input field."""

from typing import Any, NamedTuple

from graphql import GraphQLArgument, GraphQLInputField
from strawberry.schema.schema_converter import GraphQLCoreConverter

_BOUNDS = "bounds"


class Bounds(NamedTuple):
    """The least and the most that are accepted."""

    least: int
    most: int


def within(least: int, most: int) -> dict[str, Any]:
    """The metadata of an argument that accepts numbers within bounds."""
    return {_BOUNDS: Bounds(least, most)}


def bounds_of(use: GraphQLArgument | GraphQLInputField) -> Bounds | None:
    """The bounds of an argument; None when it has none."""
    declared = use.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    bounds: Bounds | None = None if declared is None else declared.metadata.get(_BOUNDS)
    return bounds
