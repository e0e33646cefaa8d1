"""Documents are measured and priced before anything is executed, in bounded time."""

import asyncio
import time
from typing import Any

import msgspec
import pytest
from graphql import get_introspection_query, parse
from hypothesis import given
from hypothesis import strategies as st

from gateway.schema.demand_control import admission
from gateway.schema.demand_control.admission import values_in
from gateway.schema.demand_control.analysis import CEILING, Analysis
from gateway.schema.demand_control.cost import Cost
from gateway.schema.documents.document import Document, Documents
from gateway.schema.federation import build_subgraph

SCHEMA = build_subgraph()
DOCUMENTS = Documents(SCHEMA, introspection=True)
ENTITIES = "query($r: [_Any!]!) { _entities(representations: $r) { ... on Call { sid state } } }"
DEEPER = "{ call(sid: $sid) { " + "parentCall { " * 150 + "sid" + " }" * 150 + " } }"


def bomb(doublings: int, leaf: str = "__typename") -> str:
    """A small document that unfolds to 2 to the power of `doublings` fields."""
    links = (f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(doublings))
    return f"{{ ...F0 }} {' '.join(links)} fragment F{doublings} on Query {{ {leaf} }}"


def size(text: str) -> tuple[int, ...]:
    """Depth, aliases, fields, directives and fields of the root."""
    (one,) = Analysis(parse(text), SCHEMA).operations
    return one.depth, one.aliases, one.fields, one.directives, one.roots


def cost(text: str, **variables: Any) -> Cost:
    document = DOCUMENTS.read(text)
    assert not document.errors, document.errors
    return document.price(document.operations[0]).cost(variables)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{ __typename }", (0, 0, 1, 0, 1)),
        ("{ a }", (1, 0, 1, 0, 1)),
        ("{ a { b { c } } d { e } }", (3, 0, 5, 0, 2)),
        ("{ x: a { y: b } }", (2, 2, 2, 0, 1)),
        ("{ ...F ... { a } } fragment F on Q { a { b @x @y } }", (2, 0, 3, 2, 2)),
        ("query @x { ...F @y } fragment F on Q @z { a }", (1, 0, 1, 3, 1)),
        ("{ ...F } fragment F on Q { a ...F }", (1, 0, 1, 0, 1)),
        ("{ ...F } fragment F on Q { ...G } fragment G on Q { ...F a }", (1, 0, 1, 0, 1)),
        ("{ ...Nowhere }", (0, 0, 0, 0, 0)),
        ("{ __schema { types { fields { name } } } }", (0, 0, 4, 0, 1)),
        (bomb(60), (0, 0, CEILING, 0, CEILING)),
    ],
)
def test_a_document_is_measured_with_its_fragments_unfolded(
    text: str, expected: tuple[int, ...]
) -> None:
    """Depth, aliases, fields, directives and fields of the root; cycles are cut."""
    assert size(text) == expected


names = st.sampled_from(["a", "b: a", "...F", "...G", "... { a }"])
selections = st.recursive(
    names, lambda inner: st.lists(inner, min_size=1).map(lambda some: f"a {{ {' '.join(some)} }}")
)


@given(selections, selections, selections)
def test_more_is_never_measured_as_less(one: str, fragment: str, more: str) -> None:
    """Whatever is added to a document, no figure becomes smaller."""

    def document(text: str) -> tuple[int, ...]:
        return size(f"{{ {text} }} fragment F on Q {{ {fragment} }} fragment G on Q {{ a ...F }}")

    before, after = document(one), document(f"{one} {more}")
    assert all(less <= more for less, more in zip(before, after, strict=True))


def refused(document: Document) -> tuple[str, str]:
    (error,) = document.errors[:1]
    return document.code, error.message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (bomb(60), "1,000,000,000 root fields, and may have 100"),
        ("{" + "".join(f"a{n}: __typename " for n in range(1000)) + "}", "1,000 aliases"),
        ("{" + "__typename " * 10_000 + "}", "10,001 tokens or more, and may have 10,000"),
        ("{ viewer {" + "name " * 9_000 + "} }", "9,001 fields with its fragments unfolded"),
        ("{ __typename " + "@skip(if: false)" * 1000 + "}", "1,000 directives, and may have 100"),
        ("query($sid: CallSid!)" + DEEPER, "152 levels, and may have 15"),
        (" ".join(f"query Q{n} {{ __typename }}" for n in range(1000)), "1,000 operations"),
        ("{" + "__typename " * 101 + "}", "101 root fields, and may have 100"),
    ],
    ids=["bomb", "aliases", "tokens", "fields", "directives", "depth", "operations", "roots"],
)
def test_a_document_that_is_too_large_is_refused_in_no_time(text: str, said: str) -> None:
    """With the number, the limit and the cure, before it is validated."""
    started = time.process_time()
    code, message = refused(Documents(SCHEMA, introspection=True).read(text))
    assert time.process_time() - started < 2
    assert code == "QUERY_TOO_COMPLEX"
    assert said in message
    assert message.partition(": ")[2]


def test_fragments_that_select_nothing_are_refused_in_no_time() -> None:
    """Nothing in them counts, however far they unfold; an empty selection is no GraphQL."""
    fragments = (f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(40))
    text = "{ ...F0 }" + " ".join(fragments) + "fragment F40 on Query { }"
    started = time.process_time()
    code, message = refused(Documents(SCHEMA, introspection=True).read(text))
    assert time.process_time() - started < 0.5
    assert code == "GRAPHQL_PARSE_FAILED"
    assert "Expected Name, found '}'" in message


def test_a_bomb_of_fragments_costs_milliseconds() -> None:
    """However far it unfolds, each of its fragments is read once."""
    document = parse(bomb(60))
    times = []
    for _ in range(5):
        started = time.process_time()
        Analysis(document, SCHEMA)
        times.append(time.process_time() - started)
    assert min(times) < 0.05


@pytest.mark.parametrize(
    "text",
    [
        "{ call(sid: 1) {" + " ".join(f"... {{ {'state ' * 8} }}" for _ in range(270)) + "} }",
        "{"
        + " ".join(f"...F{n}" for n in range(100))
        + "}"
        + " ".join(f"fragment F{n} on Query {{ x: {'call' * (n % 2)}a }}" for n in range(100)),
        "{ ...F } fragment F on Query { ...G } fragment G on Query { ...F }",
        "{ __schema { types " + "{ fields { type " * 4 + "{ name }" + " } }" * 4 + " } }",
    ],
    ids=["overlapping", "conflicting", "circular fragments", "circular introspection"],
)
def test_a_document_that_is_costly_to_validate_is_refused_in_bounded_time(text: str) -> None:
    """Comparing fields that overlap has a budget; circles are refused as such."""
    started = time.process_time()
    document = Documents(SCHEMA, introspection=True).read(text)
    assert time.process_time() - started < 2
    assert document.errors
    assert document.code in {"GRAPHQL_VALIDATION_FAILED", "QUERY_TOO_COMPLEX"}


def test_the_schema_can_be_asked_for() -> None:
    """By GraphiQL and by code generators: the query passes, although it is deep."""
    assert not DOCUMENTS.read(get_introspection_query()).errors


BELOW = "query($s: CallSid!) { call(sid: $s)"
"""A list in a call is priced by its size; a variable may be anything."""


@pytest.mark.parametrize(
    ("text", "variables", "expected"),
    [
        ("{ __typename }", {}, Cost(0, 1)),
        ("query($s: CallSid!) { call(sid: $s) { sid state } }", {}, Cost(2, 2)),
        ("query($s: CallSid!) { call(sid: $s) { parentCall { sid } } }", {}, Cost(4, 1)),
        ("query($s: CallSid!) { call(sid: $s) { annotation { spam } } }", {}, Cost(2, 1)),
        ("query($s: CallSid!) { a: call(sid: $s) { sid } call(sid: $s) { sid } }", {}, Cost(4, 2)),
        ("query($s: CallSid!) { call(sid: $s) { sid } call(sid: $s) { state } }", {}, Cost(2, 2)),
        ("{ calls { nodes { sid } } }", {}, Cost(1, 25)),
        ("{ calls { nodes { sid } pageInfo { hasNextPage } } }", {}, Cost(1, 26)),
        ("{ calls(first: 10) { edges { cursor node { sid } } } }", {}, Cost(1, 20)),
        ("{ calls(first: 1000) { nodes { sid parentCall { sid } } } }", {}, Cost(2001, 2000)),
        ("query($n: Int) { calls(first: $n) { nodes { sid } } }", {"n": 7}, Cost(1, 7)),
        ("query($n: Int = 9) { calls(first: $n) { nodes { sid } } }", {}, Cost(1, 9)),
        ("query($n: Int = 9) { calls(first: $n) { nodes { sid } } }", {"n": None}, Cost(1, 25)),
        ("query($n: Int) { calls(first: $n) { nodes { sid } } }", {"n": 2**40}, Cost(1, 1000)),
        ("query($n: Int) { calls(first: $n) { nodes { sid } } }", {"n": "x"}, Cost(1, 1)),
        ("query($a: String) { calls(after: $a) { nodes { sid } } }", {"a": "c"}, Cost(2, 25)),
        ("query($a: String) { calls(after: $a) { nodes { sid } } }", {"a": None}, Cost(1, 25)),
        ("{ calls(last: 5) { nodes { sid } } }", {}, Cost(11, 5)),
        ('{ nodes(ids: ["a", "b"]) { id } }', {}, Cost(4, 2)),
        ("query($i: [ID!]!) { nodes(ids: $i) { id } }", {"i": ["a"] * 3}, Cost(6, 3)),
        ("query($i: [ID!]!) { nodes(ids: $i) { id } }", {"i": ["a"] * 500}, Cost(200, 100)),
        (ENTITIES, {"r": [{"__typename": "Call", "sid": "CA"}] * 3}, Cost(6, 6)),
        (ENTITIES, {"r": [{}] * 500}, Cost(200, 200)),
        (ENTITIES, {"r": "what"}, Cost(2, 2)),
        (ENTITIES, {"r": {"__typename": "Call", "sid": "CA"}}, Cost(2, 2)),
        ("{ ...F ...F } fragment F on Query { calls { nodes { sid } } }", {}, Cost(1, 25)),
        ("query($n: Int) { calls(first: $n) { nodes { sid } } }", {"n": 100.0}, Cost(1, 100)),
        ("{ calls { ...C } } fragment C on CallConnection { nodes { sid } }", {}, Cost(1, 25)),
        ("subscription($s: CallSid!) { callUpdates(sid: $s) { sid } }", {}, Cost(2, 1)),
        (f"{BELOW} {{ metrics(first: 5) {{ nodes {{ edge direction }} }} }} }}", {}, Cost(6, 10)),
        (f"{BELOW} {{ metrics {{ nodes {{ edge }} }} }} }}", {}, Cost(6, 100)),
        (f"{BELOW} {{ metrics(first: 5000) {{ nodes {{ edge }} }} }} }}", {}, Cost(6, 1000)),
        (
            "query($s: CallSid!,$n: Int) {call(sid: $s) {events(first: $n) { nodes {edge}}}}",
            {"n": 3},
            Cost(6, 1000),
        ),
    ],
)
def test_an_operation_has_its_price(text: str, variables: dict[str, Any], expected: Cost) -> None:
    """Requests to Twilio and values of the answer, both at most."""
    assert cost(text, **variables) == expected


def test_the_price_of_annotations_depends_on_how_long_they_are_fresh() -> None:
    """Where they are asked for anew with each call, each is a request."""
    documents = Documents(SCHEMA, introspection=True, annotation=1)
    document = documents.read("{ calls(first: 10) { nodes { annotation { spam } } } }")
    assert document.price(document.operations[0]).cost({}) == Cost(11, 10)


@given(st.integers(1, 1000), st.integers(1, 1000))
def test_more_calls_never_cost_less(one: int, other: int) -> None:
    """The price grows with the list."""
    text = "query($n: Int) { calls(first: $n) { nodes { sid parentCall { sid } } } }"
    fewer, more = sorted((one, other))
    assert cost(text, n=fewer).total <= cost(text, n=more).total


@given(st.integers(1, 1000), st.integers(50, 30_000))
def test_what_is_advised_instead_fits(first: int, limit: int) -> None:
    """A refusal that names a size names one that passes."""
    text = "query($n: Int) { calls(first: $n) { nodes { sid parentCall { sid } } } }"
    document = DOCUMENTS.read(text)
    price = document.price(document.operations[0])
    if price.cost({"n": first}).total <= limit:
        return
    advice = price.cure({"n": first}, limit)
    size = int(advice.split("`first: ")[1].split("`")[0])
    assert price.cost({"n": size}).total <= limit


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=3), inner),
)


def counted(data: object) -> int:
    """How many values there are, as one would count by hand."""
    if isinstance(data, dict | list):
        return sum(map(counted, data.values() if isinstance(data, dict) else data))
    return 1


@given(JSON, st.integers(0, 100))
def test_values_are_counted_in_parts_as_in_one(data: Any, at_once: int) -> None:
    """However large what is counted at once is: the rest of the process has turns meanwhile."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(admission, "_AT_ONCE", at_once)
        assert asyncio.run(values_in(msgspec.json.encode(data))) == counted(data)


async def test_a_large_answer_is_counted_in_turns() -> None:
    """Who asks what an answer took holds nobody up."""
    counting = asyncio.create_task(values_in(msgspec.json.encode([["x"] * 400] * 1000)))
    turns = 0
    while not counting.done():
        await asyncio.sleep(0)
        turns += 1
    assert counting.result() == 400_000
    assert turns >= 100
