"""A document is what graphql-core makes of it, however much of it was read before."""

import re
from typing import Any

import pytest
from graphql import DocumentNode, FieldNode, GraphQLSyntaxError, Node, SelectionSetNode, parse
from graphql.utilities import ast_to_dict
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.lru import LruCache
from gateway.schema.language.shared_selections import Shared, once, unlinked
from gateway.schema.operations import build_schema
from tests.schema.queries import queries, spoilt

SCHEMA = build_schema()
SHARED = Shared(LruCache())
MANY = settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
BETWEEN = st.sampled_from(
    ["", " ", "\t", ",", "\r\n", "# { a\n", "\ufeff", "\x0b", '"{ a }"', "1", "é", ":", "{", "}"]
)
"""What may stand between words, or may not."""


def by_us(text: str, limit: int) -> DocumentNode:
    return SHARED.parse(text, limit).document


def outcome(read: Any, text: str, limit: int) -> Any:
    """The document, without its locations, or what is wrong with it, and where."""
    try:
        document = read(text, limit)
    except GraphQLSyntaxError as error:
        if "Document contains more than" in error.message:
            return error.message
        return error.message, error.locations
    return ast_to_dict(document)


def by_graphql_core(text: str, limit: int) -> DocumentNode:
    return parse(text, max_tokens=limit, allow_empty_selection_sets=False)


@given(spoilt(queries(SCHEMA)), st.data())
@MANY
def test_a_document_is_read_as_graphql_core_reads_it(text: str, data: st.DataObject) -> None:
    """Whatever stands between its words; and what is wrong with it is told in the same words.

    So it is with one that has too many tokens.
    """
    for _ in range(data.draw(st.integers(0, 3))):
        places = [place.start() for place in re.finditer(r"\b", text)] or [0]
        place = data.draw(st.sampled_from(places))
        text = text[:place] + data.draw(BETWEEN) + text[place:]
    limit = data.draw(st.sampled_from([10_000, 300, 100, 30]))
    assert outcome(by_us, text, limit) == outcome(by_graphql_core, text, limit)


@pytest.mark.parametrize("limit", range(1, 24))
def test_tokens_are_counted_as_graphql_core_counts_them(limit: int) -> None:
    """Names, colons, braces: those of what was read before too."""
    text = "query Q { a { b c: d { e } } f(x: 1) { g } h { i } }"
    for _ in range(2):
        assert outcome(by_us, text, limit) == outcome(by_graphql_core, text, limit)


@pytest.mark.parametrize(
    "text",
    [
        "{ a { } }",
        "{ a { b: } }",
        "{ a { : b } }",
        "{ a { 1b } }",
        "{ a { b: c: d } }",
        "{ a { b { c } ",
        "{ a { b } } }",
        "{ { b } }",
        "{ a b: { c } }",
        "{ a { b\x0bc } }",
        "{ a { é } }",
        "{ a: b: { c } }",
        "query Q",
        "{" + "a {" * 30 + "b" + "}" * 31,
        "{" + "a {" * 150 + "b" + "}" * 151,
        "{" + "a {" * 400 + "b" + "}" * 401,
        "{" + "a {" * 400,
        "{" + "a " * 9000 + "}",
        '{ a(x: "{ b }") { c } }',
        '{ a(x: """{ b }""") { c } }',
        "{ a(x: {b: c}) { d } }",
        "{ a { # }\n b } }",
        "{ a {\ufeff b } }",
        "{ a @b { c } }",
        "subscription S($a: B = {c: d}) { e { f } }",
        "fragment F on A { b { c } }",
        "type A { b: C }",
        "{a{b,c}d{e:f{g}}}",
        "{ fragment { on } query { mutation } true: false null { null } }",
    ],
)
def test_each_way_to_be_plain_or_not_is_seen(text: str) -> None:
    """The first time, and when it was read before."""
    for _ in range(2):
        assert outcome(by_us, text, 10_000) == outcome(by_graphql_core, text, 10_000)


def below(document: DocumentNode, *path: str) -> SelectionSetNode | None:
    node: Node = document.definitions[0]
    for name in path:
        selections: SelectionSetNode = node.selection_set  # type: ignore[attr-defined]
        fields = [one for one in selections.selections if isinstance(one, FieldNode)]
        node = next(field for field in fields if field.name.value == name)
    found: SelectionSetNode | None = node.selection_set  # type: ignore[attr-defined]
    return found


def test_a_plain_selection_is_one_node_in_all_documents() -> None:
    """And what is made of it is made once; of another selection, each time."""
    one = by_us("{ call(sid: 1) { sid edge { name metrics { jitter } } } }", 100)
    two = by_us("query Q { calls { state edge { name metrics { jitter } } id } }", 100)
    edge = below(one, "call", "edge")
    assert edge is not None
    assert edge is below(two, "calls", "edge")
    assert below(one, "call") is not below(two, "calls")
    made = iter(range(10))
    assert [once(edge, "number", lambda: next(made)) for _ in range(3)] == [0, 0, 0]
    root = below(one)
    assert root is not None
    assert [once(root, "number", lambda: next(made)) for _ in range(3)] == [1, 2, 3]


def test_no_more_is_remembered_than_there_is_room_for() -> None:
    """What was read long ago is read again."""
    memory = LruCache(10**6)
    shared, text = Shared(memory), "{ first { a } }"
    before = shared.parse(text, 100).document
    assert below(shared.parse(text, 100).document) is below(before)
    for number in range(10):
        shared.parse(f"{{ {' '.join(f'a{number}_{n}' for n in range(1000))} }}", 10_000)
    assert memory.size <= 10**6
    assert below(shared.parse(text, 100).document) is not below(before)


def test_the_tokens_of_a_document_hold_each_other_no_more() -> None:
    """It would wait for the collector of garbage."""
    document = by_us("query Q { a(x: 1) { b { c } } d(y: 2) { e } }", 100)
    assert document.loc is not None
    assert unlinked(document) is document
    for definition in document.definitions:
        assert definition.loc is not None
        for token in (definition.loc.start_token, definition.loc.end_token):
            assert token.prev is None
            assert token.next is None
