"""A selection of all that there is of a type."""

from functools import cache
from pathlib import Path

from graphql import (
    GraphQLSchema,
    build_schema,
    get_named_type,
    is_leaf_type,
    is_required_argument,
)

SCHEMA = Path(__file__).parent.parent.parent / "schema.graphql"


@cache
def _schema() -> GraphQLSchema:
    return build_schema(SCHEMA.read_text())


def everything_of(name: str, depth: int = 6) -> str:
    """The fields of a type that need no argument, down to a depth; calls within calls are not."""
    kind = _schema().type_map[name]
    selected = []
    for field, declared in getattr(kind, "fields", {}).items():
        below = get_named_type(declared.type)
        if any(is_required_argument(argument) for argument in declared.args.values()):
            continue
        if is_leaf_type(below):
            selected.append(field)
        elif depth and below.name not in {"Call", "CallConnection"}:
            selected.append(f"{field} {everything_of(below.name, depth - 1)}")
    return "{ " + " ".join(["__typename", *selected]) + " }"
