"""A value fits its type if graphql-core says so."""

import json
import re
from typing import Any

from graphql import build_schema, parse_value
from graphql.utilities import validate_input_literal, validate_input_value
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.schema.language.input_values import misplaced

SCHEMA = build_schema(
    """
    enum Word {A B}
    input By @oneOf {word: Word count: Int}
    input Note {
        id: ID! count: Int! = 1 word: Word words: [Word!] rows: [[Int]!] by: By notes: [Note!]
    }
    type Query {add(note: Note!): Int}
    """
)
KIND: Any = SCHEMA.type_map["Note"]
NAMES = st.sampled_from([*KIND.fields, "nope"])
LEAVES = st.sampled_from([None, True, 1, 1.5, 2**40, "A", "C"])
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)
OBJECTS = st.dictionaries(NAMES, VALUES, max_size=6).map(lambda one: {"id": "1", **one})
quick = settings(max_examples=200, deadline=None)


def found_by(check: Any, value: Any) -> list[tuple[str | int, ...]]:
    """Where graphql-core finds fault, each place once."""
    places: dict[tuple[str | int, ...], None] = {}
    check(value, KIND, lambda _, path: places.update({tuple(path): None}))
    return sorted(places, key=str)


@quick
@given(OBJECTS)
def test_a_variable_is_wrong_where_graphql_core_finds_it_wrong(value: dict[str, Any]) -> None:
    """GraphQL, "Input Coercion": in the same places; of alternatives, the object is named."""
    ours = sorted(misplaced(value, KIND), key=str)
    theirs = found_by(validate_input_value, value)
    assert bool(ours) is bool(theirs)
    if '"by"' not in json.dumps(value):
        assert ours == theirs


@quick
@given(OBJECTS)
def test_a_literal_is_wrong_where_graphql_core_finds_it_wrong(value: dict[str, Any]) -> None:
    """The same as a literal, in which a word of an enum is no text."""
    written = re.sub(r'"(\w+)":', r"\1:", json.dumps(value)).replace('"A"', "A")
    literal = parse_value(written)
    ours = sorted(misplaced(literal, KIND), key=str)
    theirs = found_by(validate_input_literal, literal)
    assert bool(ours) is bool(theirs)
    if '"by"' not in json.dumps(value):
        assert ours == theirs
