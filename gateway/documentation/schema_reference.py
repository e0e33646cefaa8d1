"""Writes the schema as a page: every type, and a row for each of its parts.

A row begins with a schema coordinate (`Call.sid`, `Query.calls(first:)`, `CallState.COMPLETED`),
which becomes its anchor; the anchor of a type is its name in lower case.
<https://spec.graphql.org/draft/#sec-Schema-Coordinates>
"""

from collections.abc import Iterable, Iterator, Sequence

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLEnumValue,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLType,
    GraphQLUnionType,
    build_schema,
    get_named_type,
    is_introspection_type,
    is_specified_scalar_type,
    print_ast,
)
from graphql.utilities.get_default_value_ast import get_default_value_ast

KINDS = {
    "Operations": (),
    "Objects": (GraphQLObjectType,),
    "Interfaces": (GraphQLInterfaceType,),
    "Unions": (GraphQLUnionType,),
    "Inputs": (GraphQLInputObjectType,),
    "Enums": (GraphQLEnumType,),
    "Scalars": (GraphQLScalarType,),
}
HEAD = """# Schema

Every type of the graph with its fields, arguments and values, as [`schema.graphql`](schema.graphql)
has them. Behind `#` in the address of this page, a schema coordinate leads to its row: `#Call.sid`,
`#Query.calls(first:)`.
"""
FIELD_HEAD = ("Coordinate", "Type", "Meaning")


def reference(sdl: str) -> str:
    """The page, in Markdown.

    Args:
        sdl: the schema, as `gateway schema` prints it.
    """
    schema = build_schema(sdl)
    roots: list[GraphQLNamedType | None] = [
        schema.query_type,
        schema.mutation_type,
        schema.subscription_type,
    ]
    sections = {"Operations": [root for root in roots if root]}
    for title, kinds in KINDS.items():
        sections.setdefault(
            title, [t for t in _own(schema) if isinstance(t, kinds) and t not in roots]
        )
    parts = (_section(title, types) for title, types in sections.items() if types)
    return "\n".join([HEAD, *parts])


def _own(schema: GraphQLSchema) -> Iterator[GraphQLNamedType]:
    for _, kind in sorted(schema.type_map.items()):
        if not is_introspection_type(kind) and not is_specified_scalar_type(kind):
            yield kind


def _section(title: str, types: Iterable[GraphQLNamedType]) -> str:
    return "\n".join([f"## {title}\n", *map(_type, types)])


def _type(kind: GraphQLNamedType) -> str:
    rows = [*_rows(kind)]
    head = ("Value", "Meaning") if isinstance(kind, GraphQLEnumType) else FIELD_HEAD
    lines = [head, ["---"] * len(head), *rows] if rows else []
    table = "".join(f"| {' | '.join(line)} |\n" for line in lines)
    return f"### {kind.name}\n\n{_described(kind)}\n\n{table}"


def _described(kind: GraphQLNamedType) -> str:
    paragraphs = [kind.description or ""]
    if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType) and kind.interfaces:
        paragraphs.append(f"Implements {_links(kind.interfaces)}.")
    if isinstance(kind, GraphQLUnionType):
        paragraphs.append(f"One of {_links(kind.types)}.")
    if isinstance(kind, GraphQLScalarType) and kind.specified_by_url:
        paragraphs.append(f"Specified by <{kind.specified_by_url}>.")
    return "\n\n".join(filter(None, paragraphs))


def _links(kinds: Iterable[GraphQLNamedType]) -> str:
    return ", ".join(map(_link, kinds))


def _rows(kind: GraphQLNamedType) -> Iterator[Sequence[str]]:
    if isinstance(kind, GraphQLEnumType):
        for name, value in kind.values.items():
            yield f"`{kind.name}.{name}`", _meaning(value)
    if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
        for name, field in kind.fields.items():
            yield _row(f"{kind.name}.{name}", field)
            for argument, details in getattr(field, "args", {}).items():
                yield _row(f"{kind.name}.{name}({argument}:)", details)


def _row(
    coordinate: str, part: GraphQLField | GraphQLInputField | GraphQLArgument
) -> Sequence[str]:
    return f"`{coordinate}`", _link(part.type) + _default(part), _meaning(part)


def _default(part: GraphQLField | GraphQLInputField | GraphQLArgument) -> str:
    node = None if isinstance(part, GraphQLField) else get_default_value_ast(part)
    return f" = `{print_ast(node)}`" if node else ""


def _link(kind: GraphQLType) -> str:
    named = get_named_type(kind)
    if is_specified_scalar_type(named):
        return f"`{kind}`"
    return f"[`{kind}`](#{named.name.lower()})"


def _meaning(part: GraphQLField | GraphQLInputField | GraphQLArgument | GraphQLEnumValue) -> str:
    reason = part.deprecation_reason
    text = f"{part.description or ''}{f' **Deprecated**: {reason}' if reason else ''}"
    return text.replace("|", "\\|").replace("\n\n", "<br>").replace("\n", " ")
