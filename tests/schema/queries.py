"""Queries drawn at random from the schema: whatever can stand in one does."""

import re
from collections.abc import Callable
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_leaf_type,
)
from hypothesis import strategies as st

from gateway.insights.catalogue import CallSid
from gateway.schema.types.node import encode_id

Draw = Callable[[st.SearchStrategy[Any]], Any]

SIDS = [CallSid(f"CA{number:032x}") for number in range(4)]
"""The calls that queries ask for."""

DECIDERS = ("$yes", "$no", "$unsaid", "true", "false")
DEEPEST = 7
LARGEST = 40
"""So many selections a query has, more or less."""

_FEW, _WAYS = st.integers(1, 6), st.integers(0, 9)
_IDS = [encode_id(sid) for sid in SIDS]
_ROOTS = {
    "call": st.sampled_from([f'(sid: "{sid}")' for sid in SIDS] + ["(sid: $sid)"]),
    "callLookup": st.sampled_from([f'(sid: "{SIDS[0]}")', "(sid: $sid)"]),
    "calls": st.sampled_from(["", "(first: 3)", "(first: $first)", "(last: 2)", "(first: -1)"]),
    "node": st.sampled_from([f'(id: "{_IDS[1]}")', "(id: $id)", '(id: "none")']),
    "nodes": st.just(f'(ids: ["{_IDS[0]}", $id, "{_IDS[2]}"])'),
    "viewer": st.just(""),
}
HEAD = (
    "query Q($sid: CallSid!, $id: ID!, $first: Int, "
    "$yes: Boolean!, $no: Boolean!, $unsaid: Boolean = false)"
)


class Query:
    """A query while it is drawn: its selections, and the fragments that they spread."""

    def __init__(self, draw: Draw, schema: GraphQLSchema) -> None:
        self._draw = draw
        self._schema = schema
        self._fragments: dict[str, str] = {}
        self._left = LARGEST

    def text(self) -> str:
        """The whole document."""
        query = self._schema.query_type
        assert query is not None
        names = self._draw(st.lists(st.sampled_from(sorted(_ROOTS)), min_size=1, max_size=3))
        roots = [
            f"r{place}: {name}{self._draw(_ROOTS[name])} {self._below(query.fields[name], 1)}"
            for place, name in enumerate(names)
        ]
        used = "unused: call(sid: $sid) @include(if: $no) { sid } "
        used += (
            "alike: node(id: $id) @skip(if: $yes) { __typename ... @include(if: $unsaid) { id } }"
        )
        used += " more: calls(first: $first) @skip(if: true) { nodes { sid } }"
        text = f"{HEAD} {{ {' '.join(roots)} {used} }}"
        return "\n".join([text, *self._fragments.values()])

    def _below(self, field: GraphQLField, depth: int) -> str:
        kind = get_named_type(field.type)
        if is_leaf_type(kind):
            return ""
        assert isinstance(kind, GraphQLObjectType | GraphQLInterfaceType)
        return self._selection(kind, depth)

    def _selection(self, kind: GraphQLObjectType | GraphQLInterfaceType, depth: int) -> str:
        """A selection set: of fields, of inline fragments, and of spreads."""
        parts = [self._part(kind, depth) for _ in range(self._draw(_FEW)) if self._left > 0]
        return "{ " + " ".join([*parts, "__typename"]) + " }"

    def _part(self, kind: GraphQLObjectType | GraphQLInterfaceType, depth: int) -> str:
        self._left -= 1
        way = self._draw(_WAYS)
        if way >= 2 or depth >= DEEPEST:
            return self._field(kind, depth)
        fitting = self._fitting(kind)
        inner = self._draw(st.sampled_from(fitting))
        assert isinstance(inner, GraphQLObjectType | GraphQLInterfaceType)
        selection = self._selection(inner, depth + 1)
        if way == 0:
            return f"... on {inner.name}{self._directive()} {selection}"
        name = f"F{len(self._fragments)}"
        self._fragments[name] = f"fragment {name} on {inner.name} {selection}"
        return f"...{name}{self._directive()}"

    def _fitting(self, kind: GraphQLObjectType | GraphQLInterfaceType) -> list[Any]:
        if isinstance(kind, GraphQLObjectType):
            return [kind, *kind.interfaces]
        return [kind, *self._schema.get_possible_types(kind)]

    def _field(self, kind: GraphQLObjectType | GraphQLInterfaceType, depth: int) -> str:
        leaves = [
            name for name, one in kind.fields.items() if is_leaf_type(get_named_type(one.type))
        ]
        names = sorted(kind.fields) if depth < DEEPEST or not leaves else leaves
        names = [name for name in names if not kind.fields[name].args]
        name = self._draw(st.sampled_from(names))
        alias = f"{name}_{kind.name}: " if self._draw(_WAYS) < 2 else ""
        return f"{alias}{name}{self._directive()} {self._below(kind.fields[name], depth + 1)}"

    def _directive(self) -> str:
        if self._draw(_WAYS) > 1:
            return ""
        word = self._draw(st.sampled_from(["skip", "include"]))
        return f" @{word}(if: {self._draw(st.sampled_from(DECIDERS))})"


def queries(schema: GraphQLSchema) -> st.SearchStrategy[str]:
    """Queries with aliases, fragments, merged selections, and directives with variables."""
    return st.composite(lambda draw: Query(draw, schema).text())()


_WORDS = (
    *("sid", "state", "tags", "nodes", "edges", "node", "processing", "nothing", "__typename"),
    *(
        "metrics",
        "carrierEdge",
        "parentCall",
        "properties",
        "annotation",
        "raw",
        "viewer",
        "a: sid",
    ),
    *("{ sid }", "(first: 1)", "@include(if: true)", "... { sid }", "...F", "__schema { types }"),
)
"""What is put where it may not belong."""

_TOKEN = re.compile(r"[A-Za-z_:@$!]+|\.\.\.|[{}()]")


def spoilt(texts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """The texts with words put elsewhere, doubled, left out, or added."""

    def spoil(draw: Draw) -> str:
        text: str = draw(texts)
        for _ in range(draw(st.integers(0, 3))):
            tokens = list(_TOKEN.finditer(text))
            place = tokens[draw(st.integers(0, len(tokens) - 1))]
            others = [token.group() for token in tokens]
            word = draw(st.sampled_from(["", place.group() * 2, *_WORDS, *others]))
            text = f"{text[: place.start()]} {word} {text[place.end() :]}"
        return text

    return st.composite(spoil)()


VARIABLES = st.fixed_dictionaries(
    {
        "sid": st.sampled_from(SIDS),
        "id": st.sampled_from(_IDS),
        "yes": st.booleans(),
        "no": st.booleans(),
    },
    optional={"first": st.none() | st.integers(-1, 3), "unsaid": st.booleans()},
)
