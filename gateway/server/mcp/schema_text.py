"""Prints types of the schema one by one, since the whole is too long for a model."""

from collections.abc import Iterable

from graphql import GraphQLNamedType, GraphQLSchema, is_specified_scalar_type, print_type


def type_names(schema: GraphQLSchema) -> Iterable[str]:
    """The types that clients meet."""
    return sorted(name for name, kind in schema.type_map.items() if _is_met(kind))


def type_text(schema: GraphQLSchema, name: str) -> str | None:
    """The definition of a type, with its descriptions; None when there is no such type."""
    kind = schema.type_map.get(name)
    return print_type(kind) if kind is not None and _is_met(kind) else None


def overview(schema: GraphQLSchema) -> str:
    """The types by name, with the first line of their descriptions."""
    kinds = (schema.type_map[name] for name in type_names(schema))
    rows = (f"{kind.name}: {(kind.description or '').partition(chr(10))[0]}" for kind in kinds)
    return "\n".join(rows)


def _is_met(kind: GraphQLNamedType) -> bool:
    return not kind.name.startswith("__") and not is_specified_scalar_type(kind)
