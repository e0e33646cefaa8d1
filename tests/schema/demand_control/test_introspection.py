"""What introspection costs: it asks Twilio nothing, so it costs what it returns."""

import time
from typing import Any

import pytest
from graphql import (
    GraphQLObjectType,
    get_introspection_query,
    get_named_type,
    introspection_types,
    is_leaf_type,
    parse,
)
from graphql.execution import ExecutionResult, experimental_execute_incrementally
from hypothesis import given
from hypothesis import strategies as st

from gateway.schema.demand_control.analysis import Analysis
from gateway.schema.demand_control.cost import Cost
from gateway.schema.demand_control.estimate import Pricing
from gateway.schema.documents.document import Documents
from gateway.schema.operations import build_schema

SCHEMA = build_schema()
DOCUMENTS = Documents(SCHEMA, introspection=True)
QUERIES = {
    "of GraphiQL": get_introspection_query(input_value_deprecation=True),
    "of code generators": get_introspection_query(
        specified_by_url=True, directive_is_repeatable=True, schema_description=True
    ),
    "one type": '{ __type(name: "Call") { name fields { name type { ...T } } } }'
    " fragment T on __Type { kind ofType { name } }",
    "no such type": '{ __type(name: "Nothing") { name } }',
    "with wrapped types": "{ __schema { types { name isOneOf"
    " inputFields { type { isOneOf ofType { isOneOf } } } } } }",
    "beside calls": "{ __typename ... { __schema { directives { name locations } } } }",
}


def price(text: str) -> Cost:
    document = DOCUMENTS.read(text)
    assert not document.errors, document.errors
    return document.price(document.operations[0]).cost({})


def returned(text: str, **variables: Any) -> int:
    """How many values graphql-core returns."""
    result = experimental_execute_incrementally(SCHEMA, parse(text), variable_values=variables)
    assert isinstance(result, ExecutionResult)
    assert not result.errors
    return values(result.data)


def values(data: object) -> int:
    """What is neither an object nor a list."""
    if isinstance(data, dict):
        return sum(map(values, data.values()))
    return sum(map(values, data)) if isinstance(data, list) else 1


@st.composite
def selections(draw: st.DrawFn, on: str = "__Schema", lists: int = 2, depth: int = 4) -> str:
    """What may be selected of the schema, as deep as validation lets it be."""
    kind = introspection_types[on]
    assert isinstance(kind, GraphQLObjectType)
    kinds = kind.fields
    parts = []
    for name in draw(st.sets(st.sampled_from(sorted(kinds)), min_size=1, max_size=3)):
        below = get_named_type(kinds[name].type)
        arguments = "(includeDeprecated: true)" if kinds[name].args else ""
        left = lists - (name in {"fields", "interfaces", "possibleTypes", "inputFields"})
        if is_leaf_type(below):
            parts.append(name)
        elif left >= 0 and depth:
            parts.append(f"{name}{arguments} {{ {draw(selections(below.name, left, depth - 1))} }}")
    return " ".join(parts or ["__typename"])


@pytest.mark.parametrize("text", QUERIES.values(), ids=QUERIES)
def test_introspection_costs_what_it_returns(text: str) -> None:
    """No request to Twilio, and each value that is returned: the price is that of other answers."""
    assert price(text) == Cost(0, returned(text))


@given(selections())
def test_no_introspection_costs_less_than_it_returns(selected: str) -> None:
    """However it nests: the price is an upper bound, and exact while nothing is left out."""
    text = f"{{ __schema {{ {selected} }} }}"
    assert price(text) == Cost(0, returned(text))


@given(st.sampled_from(sorted(SCHEMA.type_map)), selections("__Type"))
def test_a_type_that_a_variable_names_costs_what_the_largest_would(name: str, asked: str) -> None:
    """A price is known before the variables are: none of the types costs more."""
    text = f"query($name: String!) {{ __type(name: $name) {{ {asked} }} }}"
    assert returned(text, name=name) <= price(text).values


def test_the_schema_is_loaded_by_viewers_with_small_limits() -> None:
    """With `max_cost = 200`, and 16 times a minute from a budget of 2,000: a choice of ours."""
    assert price(QUERIES["of GraphiQL"]).total <= 125


def test_pricing_takes_milliseconds_however_wide_introspection_is() -> None:
    """Each selection is one pass over the schema: what is reached in many ways is counted once."""
    below = "name ofType { name ofType { name ofType { name ofType { name } } } }"
    for _ in range(2):
        below = (
            f"name fields {{ name type {{ {below} }} args {{ type {{ {below} }} }} }}"
            f" interfaces {{ {below} }} possibleTypes {{ {below} }} ofType {{ name }}"
            f" inputFields {{ type {{ {below} }} }}"
        )
    document = DOCUMENTS.read(f"{{ __schema {{ types {{ {below} }} }} }}")
    assert not document.errors, document.errors
    started = time.process_time()
    parsed = parse(document.text)
    Pricing(SCHEMA).prices(parsed, Analysis(parsed, SCHEMA))
    assert time.process_time() - started < 1
