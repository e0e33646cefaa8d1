"""A document is valid if and only if the reduced one is."""

from typing import Any

import pytest
from graphql import GraphQLError, GraphQLSyntaxError, parse, print_ast, validate
from hypothesis import HealthCheck, given, settings

from gateway.lru import LruCache
from gateway.schema.demand_control.analysis import Analysis
from gateway.schema.documents.reduced_document import reduced
from gateway.schema.language.shared_selections import Shared
from gateway.schema.operations import build_schema
from tests.schema.queries import queries, spoilt

SCHEMA = build_schema()
SHARED = Shared(LruCache())
MANY = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def wrong(document: Any) -> list[GraphQLError]:
    return validate(SCHEMA, document)


def same(text: str) -> None:
    """See that graphql-core says of the reduced document what it says of the whole."""
    document = parse(text)
    for parsed in (document, SHARED.parse(text, 10_000).document):
        short = reduced(parsed, Analysis(parsed, SCHEMA))
        assert bool(wrong(short)) is bool(wrong(document)), print_ast(short)


@given(spoilt(queries(SCHEMA)))
@MANY
def test_what_is_spoilt_in_a_query_is_found_in_what_it_is_reduced_to(text: str) -> None:
    """It is right by chance alone. An empty selection is none, by GraphQL §2.4."""
    try:
        parse(text, allow_empty_selection_sets=False)
    except GraphQLSyntaxError:
        return
    same(text)


FRAGMENTS = {
    "...C": "fragment C on Call { parentCall { sid } }",
    "...E": "fragment E on MediaEdge { metrics { inbound { jitter { avg } } } }",
}


@pytest.mark.parametrize(
    "selection",
    [
        "sid",
        "sid nothing",
        "sid sid",
        "sid: state sid",
        "a: sid a: state",
        "a: sid a: sid",
        "sid { sid }",
        "processing",
        "processing { state nothing }",
        "processing { state state: source }",
        "processing { __typename x: __typename }",
        "__typename { sid }",
        "carrierEdge { metrics { inbound { jitter { avg avg: max } } } }",
        "edges { metrics { inbound { jitter { avg } } } ... on SipEdge { nothing } }",
        "edges { ...E } carrierEdge { metrics { inbound { jitter { avg } } } }",
        "parentCall { sid: state } ...C",
        "parentCall { sid: state } ... on Call { parentCall { sid } }",
        "parentCall { sid(first: 1) }",
        "parentCall { sid @include(if: $no) }",
        "parentCall { sid @nothing }",
        "__schema { types { name } }",
    ],
)
def test_each_way_to_be_wrong_is_seen(selection: str) -> None:
    """In a plain selection, in one that is not, and where two are merged."""
    fragments = " ".join(text for name, text in FRAGMENTS.items() if name in selection)
    head = "query Q($sid: CallSid!, $no: Boolean!)"
    for below in (selection, f"sid {selection}", f"parentCall {{ {selection} }}"):
        same(f"{head} {{ call(sid: $sid) @skip(if: $no) {{ {below} }} }} {fragments}")
        same(f"{{ calls {{ nodes {{ {below} }} edges {{ node {{ {below} }} }} }} }} {fragments}")
    same(f'subscription {{ callUpdates(sid: "CA1") {{ call {{ {selection} }} }} }} {fragments}')


@pytest.mark.parametrize(
    "text",
    [
        "{ one: viewer { name } one: viewer { name } }",
        "{ one: viewer { name } one: viewer { name: account } }",
        "{ viewer { name } ... { viewer { name: account } } }",
        "{ viewer { name } ...V } fragment V on Query { viewer { name: account } }",
        "{ call { sid } }",
        "{ viewer(name: 1) { name } }",
        "{ viewer }",
        "query($unused: Int) { viewer { name } }",
        "{ viewer { name } } { viewer { name } }",
        "subscription { a: callUpdates(sid: 1) { status } b: callUpdates(sid: 1) { status } }",
        "mutation { nothing { sid } }",
        "fragment Unused on Call { sid } { viewer { name } }",
    ],
)
def test_what_is_wrong_at_the_root_stays(text: str) -> None:
    """Arguments, variables, and selections that are merged."""
    same(text)


ONE, OTHER = "{ x: metrics { __typename } }", "{ x: properties { __typename } }"


@pytest.mark.parametrize(
    ("second", "third", "valid"), [("SipEdge", "SdkEdge", True), ("SdkEdge", "SdkEdge", False)]
)
def test_equal_selections_on_different_types_are_told_apart(
    second: str, third: str, *, valid: bool
) -> None:
    """They are one node where documents are read, and each of the type that it stands on."""
    first = f"nodes {{ edges {{ ... on SdkEdge {ONE} }} }}"
    merged = f"edges {{ ... on {second} {ONE} ... on {third} {OTHER} }}"
    text = f"{{ calls {{ {first} edges {{ node {{ {merged} }} }} }} }}"
    same(text)
    assert (not wrong(parse(text))) is valid


def test_a_plain_query_is_reduced_to_little() -> None:
    """That is what it is for."""
    fields = "sid state processing { state source } carrierEdge { metrics { inbound { codec } } }"
    document = parse(f"{{ calls(first: 5) {{ nodes {{ {fields} }} }} }}")
    short = reduced(document, Analysis(document, SCHEMA))
    assert print_ast(short) == "{\n  calls(first: 5) {\n    __typename\n  }\n}"
