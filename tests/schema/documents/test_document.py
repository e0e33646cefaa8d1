"""Documents are read once, and reading them never costs too much."""

import asyncio
import gc

import pytest
from graphql import Node, Token

from gateway.concurrency.deadlines import OneAsker, ask_for
from gateway.config.settings import Settings
from gateway.lru import LruCache
from gateway.sandbox import Sandbox
from gateway.schema.documents.document import Document, Documents
from gateway.schema.operations import build_schema
from tests.conftest import Clock, Gateway

SCHEMA = build_schema()
ROOM = 100_000


@pytest.fixture
def documents() -> Documents:
    return Documents(SCHEMA, introspection=True, memory=LruCache(ROOM))


def padded(text: str, length: int) -> str:
    return f"{text} #{'x' * length}"[:length]


def test_a_document_is_read_once(documents: Documents) -> None:
    """The same text gives the same document, without parsing it again."""
    assert documents.read("{__typename}") is documents.read("{__typename}")
    assert documents.read("{__typename}") is not documents.read("{ __typename }")


def test_what_was_used_last_is_remembered_longest(documents: Documents) -> None:
    """All documents together are held within a size: the one unused for longest goes first."""
    third = ROOM // 6
    texts = [padded(f"query Q{number} {{__typename}}", third) for number in range(4)]
    read = [documents.read(text) for text in texts[:3]]
    assert documents.read(texts[0]) is read[0]
    documents.read(texts[3])
    assert documents.read(texts[0]) is read[0]
    assert documents.read(texts[1]) is not read[1]


def test_one_document_cannot_drive_out_all_others(documents: Documents) -> None:
    """A text larger than all that may be remembered is read, and forgotten."""
    small = documents.read("{__typename}")
    large = padded("{__typename}", ROOM + 1)
    assert documents.read(large).errors == ()
    assert documents.read(large) is not documents.read(large)
    assert documents.read("{__typename}") is small


async def test_those_who_ask_the_same_new_document_at_once_have_it_read_once(
    documents: Documents,
) -> None:
    """A page that is opened by a hundred asks it a hundred times (our choice)."""
    for text in ("{__typename}", padded("query Long {__typename}", 2000)):
        read = await asyncio.gather(*(documents.read_aside(text) for _ in range(10)))
        assert {id(one) for one in read} == {id(documents.read(text))}


@pytest.mark.parametrize("length", [900, 2000])
async def test_many_new_documents_hold_up_no_other_viewer(
    documents: Documents, length: int
) -> None:
    """They are read one after the other, viewer by viewer, and the loop goes on between them."""
    order: list[str] = []

    async def ask(viewer: str, number: int) -> None:
        ask_for(OneAsker(viewer))
        await documents.read_aside(padded(f"query Q{number} {{__typename}}", length))
        order.append(viewer)

    asking = [asyncio.create_task(ask("walker", number)) for number in range(20)]
    await asyncio.sleep(0)
    await ask("asker", 20)
    await asyncio.gather(*asking)
    assert order.index("asker") <= 3


@pytest.mark.parametrize("text", ["{", "{nope}"])
def test_a_wrong_document_is_not_remembered(documents: Documents, text: str) -> None:
    """Mistakes do not take the place of documents in use."""
    assert documents.read(text) is not documents.read(text)


@pytest.mark.parametrize(
    ("text", "name", "found"),
    [
        ("{__typename}", None, None),
        ("query A {__typename}", None, "A"),
        ("query A {__typename}", "A", "A"),
        ("query A {__typename} query B {__typename}", "B", "B"),
    ],
)
def test_an_operation_is_found_by_its_name_or_for_being_the_only_one(
    documents: Documents, text: str, name: str | None, found: str | None
) -> None:
    """As the specification has it."""
    operation = documents.read(text).operation(name)
    assert operation
    assert (operation.name.value if operation.name else None) == found


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("{__typename}", "A"),
        ("query A {__typename}", "a"),
        ("query A {__typename} query B {__typename}", None),
        ("fragment F on Query {__typename}", None),
        ("{", None),
    ],
)
def test_an_operation_is_never_guessed(documents: Documents, text: str, name: str | None) -> None:
    """Another name, or several operations without one, is no choice."""
    assert documents.read(text).operation(name) is None


def codes(document: Document) -> set[str]:
    return {document.code} if document.errors else set()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        pytest.param("{a" * 5000, "GRAPHQL_PARSE_FAILED", id="selections in selections"),
        pytest.param("{a(x:" + "[" * 5000, "GRAPHQL_PARSE_FAILED", id="lists in lists"),
        pytest.param("{a(x:" + "{a:" * 4000, "GRAPHQL_PARSE_FAILED", id="objects in objects"),
        pytest.param("query($a:" + "[" * 5000, "GRAPHQL_PARSE_FAILED", id="types of lists"),
        pytest.param("{a(x:" + "[" * 190 + "]" * 190 + ")}", "GRAPHQL_VALIDATION_FAILED", id="190"),
        pytest.param(
            "{...F0}"
            + "".join(f"fragment F{n} on Query {{...F{n + 1}}}" for n in range(1200))
            + "fragment F1200 on Query {__typename}",
            "GRAPHQL_VALIDATION_FAILED",
            id="fragments in fragments",
        ),
        pytest.param("{" + "a " * 10_000 + "}", "QUERY_TOO_COMPLEX", id="too many words"),
        pytest.param('{a(x: "\\ud800")}', "GRAPHQL_PARSE_FAILED", id="a lone surrogate"),
        pytest.param("{\x00}", "GRAPHQL_PARSE_FAILED", id="a control character"),
    ],
)
def test_a_document_made_to_hurt_is_refused(documents: Documents, text: str, code: str) -> None:
    """Depth without end is an error of the document, not of the interpreter."""
    assert codes(documents.read(text)) == {code}


@pytest.mark.parametrize(
    "text", ['{calls "+14155550123"}', "{calls 14155550123}", '{calls """+1"4155550123"""}']
)
def test_a_syntax_error_repeats_no_value(documents: Documents, text: str) -> None:
    """What stands at the wrong place may be a phone number."""
    (error,) = documents.read(text).errors
    assert "4155550123" not in error.message
    assert error.message.startswith("Syntax Error: Expected Name, found ")
    assert error.locations


async def test_without_introspection_the_schema_is_not_told(sandbox: Sandbox, clock: Clock) -> None:
    """Neither to who asks for it, nor by suggestions to who guesses."""
    gateway = Gateway(sandbox, clock, Settings(gateway_introspection=False))
    for query, variables in (
        ("{__schema {types {name}}}", {}),
        ("{cals {nodes {sid}}}", {}),
        ("{calls}", {}),
        ("{calls(frist: 1) {nodes {sid}}}", {}),
        ("{calls(filter: {typ: SIP}) {nodes {sid}}}", {}),
        ("query($f: CallFilter) {calls(filter: $f) {nodes {sid}}}", {"f": {"typ": "SIP"}}),
    ):
        told = str((await gateway.send(query, **variables))["errors"])
        assert "Did you mean" not in told
        assert "`type`" not in told


async def test_without_introspection_a_mistake_is_still_told(
    sandbox: Sandbox, clock: Clock
) -> None:
    """What stands in the document, which type it has, and which words would do."""
    gateway = Gateway(sandbox, clock, Settings(gateway_introspection=False))
    error = await gateway.fail("{calls}")
    told = "Field 'calls' of type 'CallConnection!' must have a selection of subfields."
    assert error["message"] == told
    error = await gateway.fail("{calls(sortBy: NOPE) {nodes {sid}}}")
    assert error["extensions"]["accepted"] == "START_TIME, END_TIME"


def parts_of_documents() -> int:
    return sum(isinstance(one, Node | Token) for one in gc.get_objects())


def test_a_document_that_is_forgotten_is_gone(documents: Documents) -> None:
    """Without the collector of garbage, which holds up everybody while it looks for it."""
    large = padded("query Gone { viewer { name account } }", ROOM + 1)
    documents.read(large)
    gc.collect()
    gc.disable()
    try:
        before = parts_of_documents()
        document = documents.read(large)
        gc.collect()  # what validating it left behind
        assert parts_of_documents() > before
        del document
        assert parts_of_documents() == before
    finally:
        gc.enable()
