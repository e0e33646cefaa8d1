"""What is known of a document before it is executed."""

from collections.abc import Iterator

import pytest
from graphql import GraphQLObjectType

from gateway.insights.catalogue import Fact, Pii
from gateway.insights.filters import FILTERS, Filter
from gateway.insights.summary import Summary
from gateway.schema.documents.document import Documents
from gateway.schema.operations import build_schema
from gateway.schema.types.field_traits import Trait
from tests.write_docs import example, leaves

SCHEMA = build_schema()
CALL = SCHEMA.type_map["Call"]
SID = f'"CA{"0" * 32}"'


def traits(text: str) -> Trait:
    document = Documents(SCHEMA, introspection=True).read(text)
    assert document.errors == ()
    return document.traits


def of_call(selection: str) -> Trait:
    return traits(f"{{ call(sid: {SID}) {{ {selection} }} }}")


def every_leaf() -> Iterator[tuple[str, bool]]:
    """Each leaf of a call in the reference: its path, and whether it holds personal data."""
    assert isinstance(CALL, GraphQLObjectType)
    for _, path, *_, personal in leaves(Summary, "", "", CALL, Fact("")):
        yield path.strip("`"), bool(personal)


@pytest.mark.parametrize(("path", "personal"), [*every_leaf()])
def test_a_document_is_personal_if_the_reference_says_so_of_a_leaf(
    path: str, *, personal: bool
) -> None:
    """What docs/fields.md marks as personal data, and nothing else of a summary, counts."""
    *above, leaf = path.split(".")
    selection = leaf
    for name in reversed(above):
        selection = f"{name} {{ {selection} }}"
    assert (Trait.PERSONAL in of_call(selection)) is personal


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"{{ call(sid: {SID}) {{ raw }} }}", id="raw"),
        pytest.param(f"{{ call(sid: {SID}) {{ a: to {{ b: callee }} }} }}", id="aliases"),
        pytest.param(
            f"{{ call(sid: {SID}) {{ ...A }} }} fragment A on Call {{ ...B }} "
            "fragment B on Call { parentCall { from { caller } } }",
            id="fragments in fragments",
        ),
        pytest.param(
            '{ node(id: "x") { id ... on Call { from { caller } } } }', id="behind an interface"
        ),
        pytest.param(
            f"{{ call(sid: {SID}) {{ edges {{ ... on SipEdge {{ properties {{ userAgent }} }} }} "
            "} }",
            id="behind an interface of the catalogue",
        ),
        pytest.param("{ calls { edges { node { to { city } } } } }", id="in a list"),
        pytest.param(
            f"query A {{ call(sid: {SID}) {{ sid }} }} "
            f"query B {{ call(sid: {SID}) {{ from {{ caller }} }} }}",
            id="in another operation",
        ),
        pytest.param(
            f"subscription {{ callUpdates(sid: {SID}) {{ call {{ raw }} }} }}", id="a subscription"
        ),
        pytest.param(
            f"{{ call(sid: {SID}) {{ sid @skip(if: true) raw @include(if: false) }} }}",
            id="left out by a directive",
        ),
    ],
)
def test_personal_data_is_found_wherever_it_is_selected(text: str) -> None:
    """No alias, fragment, interface or directive hides it."""
    assert Trait.PERSONAL in traits(text)


def test_what_is_said_of_a_party_without_naming_it_is_not_personal() -> None:
    """An object is not personal for what could have been selected in it."""
    assert of_call("from { carrier countryCode numberPrefix }") is Trait.NONE


@pytest.mark.parametrize(
    "text",
    [
        "{ __schema { types { name } } }",
        '{ __type(name: "Call") { name } }',
        f"mutation {{ annotateCall(input: {{ sid: {SID} }}) {{ userErrors {{ code }} }} }}",
        f"subscription {{ callUpdates(sid: {SID}) {{ status }} }}",
    ],
)
def test_only_questions_for_calls_say_how_long_they_hold(text: str) -> None:
    """The schema changes with the gateway, and nobody knows when that is."""
    assert Trait.UNDATED in traits(text)


@pytest.mark.parametrize(
    "text",
    [
        "{ __typename }",
        f"{{ call(sid: {SID}) {{ __typename sid tags }} }}",
        f"{{ callLookup(sid: {SID}) {{ status }} }}",
        '{ node(id: "x") { id } }',
        '{ nodes(ids: ["x"]) { id } }',
    ],
)
def test_of_complete_calls_most_can_never_change(text: str) -> None:
    """Such a document has no traits at all."""
    assert traits(text) is Trait.NONE


@pytest.mark.parametrize(
    "selection",
    [
        "annotation { spam }",
        "processing { source }",
        "url",
        "parentCall { processing { version } }",
    ],
)
def test_what_can_change_of_complete_calls_is_known(selection: str) -> None:
    """People annotate a call for as long as there is one."""
    assert of_call(selection) is Trait.CHANGING


def test_a_list_can_change() -> None:
    """Calls come and go in it, however complete they are."""
    assert traits("{ calls { nodes { sid } } }") is Trait.CHANGING


def test_what_only_an_event_told_can_change() -> None:
    """The summary that Twilio is asked for later lacks it."""
    assert of_call("properties { q850Cause }") is Trait.CHANGING
    assert of_call("properties { settings { edge } }") is Trait.CHANGING


@pytest.mark.parametrize("row", FILTERS, ids=lambda row: row.name)
def test_a_document_quotes_if_a_personal_filter_has_a_literal(row: Filter) -> None:
    """The table of filters says which arguments hold personal data."""
    text = f"{{ calls(filter: {{ {row.name}: {example(row)} }}) {{ nodes {{ sid }} }} }}"
    assert (Trait.QUOTING in traits(text)) is (row.pii is not Pii.NONE)


@pytest.mark.parametrize(
    "text",
    [
        'query($f: CallFilter = {from: "client:a"}) { calls(filter: $f) { nodes { sid } } }',
        'query($f: String = "client:a") { calls(filter: {from: $f}) { nodes { sid } } }',
        '{ ...A } fragment A on Query { calls(filter: {to: "client:a"}) { nodes { sid } } }',
        f'mutation {{ annotateCall(input: {{sid: {SID}, comment: "J"}}) {{ clientMutationId }} }}',
    ],
)
def test_a_text_is_found_wherever_it_is_quoted(text: str) -> None:
    """In defaults of variables, in fragments, and in what people write of a call."""
    assert Trait.QUOTING in traits(text)


@pytest.mark.parametrize(
    "text",
    [
        "query($f: CallFilter) { calls(filter: $f) { nodes { sid } } }",
        "query($f: String) { calls(filter: {from: $f}) { nodes { sid } } }",
        'query($n: Int = 5) { calls(first: $n, filter: {fromCarrier: "T"}) { nodes { sid } } }',
        'query($t: TimeBound = "4h") { calls(filter: {startTime: $t}) { nodes { sid } } }',
        f'{{ call(sid: {SID}) {{ sid }} __type(name: "Call") {{ name }} }}',
    ],
)
def test_variables_and_harmless_values_are_no_quotes(text: str) -> None:
    """What a client sends beside its document is not in it."""
    assert Trait.QUOTING not in traits(text)
