"""The manifest of trusted documents is right, or nothing starts."""

import hashlib
import json
from pathlib import Path

import pytest

from gateway.config.load import read
from gateway.errors import WrongSettings
from gateway.lru import LruCache
from gateway.schema.documents.document import Documents
from gateway.schema.documents.trusted_documents import MAX_MISTAKES, trusted_documents
from gateway.schema.operations import build_schema

SCHEMA = build_schema()
QUERY = "query Q { __typename }"


@pytest.fixture
def documents() -> Documents:
    return Documents(SCHEMA, introspection=True, memory=LruCache(10_000))


def apollo(*bodies: str, **more: object) -> str:
    """A manifest as Apollo's tool writes it."""
    operations = [
        {"id": hashlib.sha256(b.encode()).hexdigest(), "name": "Q", "type": "query", "body": b}
        for b in bodies
    ]
    manifest = {"format": "apollo-persisted-query-manifest", "version": 1}
    return json.dumps({**manifest, "operations": operations, **more})


def relay(*texts: str) -> str:
    """A manifest as Relay's compiler writes it."""
    digests = {
        hashlib.md5(text.encode(), usedforsecurity=False).hexdigest(): text for text in texts
    }
    return json.dumps(digests)


@pytest.mark.parametrize("manifest", [apollo(QUERY), relay(QUERY)], ids=["Apollo", "Relay"])
def test_a_manifest_names_documents(documents: Documents, tmp_path: Path, manifest: str) -> None:
    """In either format, by the ids that clients ask with."""
    file = tmp_path / "manifest.json"
    file.write_text(manifest)
    assert [*trusted_documents(str(file), documents).values()] == [QUERY]


def test_an_id_may_say_how_it_was_made(documents: Documents, tmp_path: Path) -> None:
    """As in a request, `sha256:` before a digest means nothing."""
    file = tmp_path / "manifest.json"
    file.write_text(json.dumps({"sha256:ab12": QUERY}))
    assert trusted_documents(str(file), documents) == {"ab12": QUERY}


def test_trusted_documents_are_read_at_start_and_never_forgotten(
    documents: Documents, tmp_path: Path
) -> None:
    """The first who asks waits no longer than the last, whatever was asked in between."""
    file = tmp_path / "manifest.json"
    file.write_text(relay(QUERY))
    trusted_documents(str(file), documents)
    first = documents.read(QUERY)
    for number in range(3):
        documents.read(f"query O{number} {{ __typename }} #{'x' * 5_000}")
    assert documents.read(QUERY) is first


@pytest.mark.parametrize(
    ("content", "told"),
    [
        pytest.param("", "is not JSON", id="nothing"),
        pytest.param("{", "is not JSON", id="cut off"),
        pytest.param("[" * 100_000, "is not JSON", id="lists without end"),
        pytest.param("[]", "is no manifest", id="a list"),
        pytest.param("{}", "holds no document", id="no document"),
        pytest.param(apollo(), "holds no document", id="no operation"),
        pytest.param(apollo(QUERY, version=2), "is no manifest", id="another version"),
        pytest.param('{"format": "x", "x": "y"}', "is no manifest", id="another format"),
        pytest.param('{"x": 5}', "is no manifest", id="a number for a document"),
        pytest.param(
            apollo(operations=[{"id": "x", "name": "Q", "type": "query"}]),
            "missing required field `body`",
            id="an operation without its text",
        ),
    ],
)
def test_a_file_that_is_no_manifest_is_a_mistake_in_the_settings(
    documents: Documents, tmp_path: Path, content: str, told: str
) -> None:
    """One line names the setting, the file, what is wrong, and what would do."""
    file = tmp_path / "manifest.json"
    file.write_text(content)
    with pytest.raises(WrongSettings, match=told) as wrong:
        trusted_documents(str(file), documents)
    (mistake,) = wrong.value.mistakes
    assert mistake.startswith(f"GATEWAY_TRUSTED_DOCUMENTS is {str(file)!r}")
    assert "set it to a manifest of Apollo" in mistake
    assert "\n" not in mistake


@pytest.mark.parametrize("name", ["missing.json", "."])
def test_a_file_that_cannot_be_read_is_a_mistake_in_the_settings(
    documents: Documents, tmp_path: Path, name: str
) -> None:
    """And the system's reason is told."""
    with pytest.raises(WrongSettings, match=r"cannot be read \((No such file|Is a dir)"):
        trusted_documents(str(tmp_path / name), documents)


def test_every_document_is_checked_against_the_schema(documents: Documents, tmp_path: Path) -> None:
    """Each mistake has its line: the document by its id, the reason, the place and the cure."""
    file = tmp_path / "manifest.json"
    file.write_text(json.dumps({"good": QUERY, "one": "{\n nope }", "other": "query {"}))
    with pytest.raises(WrongSettings) as wrong:
        trusted_documents(str(file), documents)
    one, other = wrong.value.mistakes
    assert "document 'one': line 2: Cannot query field 'nope' on type 'Query'." in one
    assert "document 'other': line 1: Syntax Error: Expected Name, found <EOF>." in other
    assert all(mistake.endswith("documents that fit `gateway schema`.") for mistake in (one, other))


def test_an_id_names_one_document(documents: Documents, tmp_path: Path) -> None:
    """Nobody can know which one a client means."""
    same = [{"id": "x", "body": QUERY}, {"id": "x", "body": QUERY}]
    file = tmp_path / "manifest.json"
    file.write_text(apollo(operations=same))
    assert trusted_documents(str(file), documents) == {"x": QUERY}
    file.write_text(apollo(operations=[*same, {"id": "x", "body": "{ __typename }"}]))
    with pytest.raises(WrongSettings, match="the id 'x' stands for two documents"):
        trusted_documents(str(file), documents)


def test_mistakes_without_end_are_not_told_without_end(
    documents: Documents, tmp_path: Path
) -> None:
    """A manifest for another schema fills no screen."""
    file = tmp_path / "manifest.json"
    file.write_text(json.dumps({str(number): "{nope}" for number in range(MAX_MISTAKES + 5)}))
    with pytest.raises(WrongSettings) as wrong:
        trusted_documents(str(file), documents)
    assert len(wrong.value.mistakes) == MAX_MISTAKES + 1
    assert "5 more documents are wrong" in wrong.value.mistakes[-1]


def test_without_a_setting_no_document_is_trusted(documents: Documents) -> None:
    """And all others run."""
    assert trusted_documents(None, documents) == {}


def test_nothing_but_trusted_documents_needs_trusted_documents() -> None:
    """A gateway that could answer nothing does not start."""
    with pytest.raises(WrongSettings, match="GATEWAY_TRUSTED_DOCUMENTS is missing"):
        read({"GATEWAY_TRUSTED_DOCUMENTS_ONLY": "true"})
