"""A byte order mark in front of a text means nothing, wherever the text comes from.

RFC 8259, section 8.1: whoever reads JSON may ignore it. Editors and shells of Windows write it into
files of any kind, and some HTTP clients into bodies.
"""

import io
import json
from codecs import BOM_UTF8
from hashlib import sha256
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import ClientConnection

from gateway.cli import main
from gateway.config.file import load
from gateway.config.load import read
from gateway.insights.absence import Absence, Absent
from gateway.insights.events import SummaryEvent, read_events
from gateway.insights.snapshot import Snapshot
from gateway.schema.documents.document import Documents
from gateway.schema.documents.trusted_documents import trusted_documents
from gateway.schema.operations import build_schema, sdl
from gateway.server.access.jwt import TokenVerifier
from tests.config.test_file import ENVIRONMENT
from tests.config.test_file import GOOD as FILE
from tests.conftest import Clock, Gateway
from tests.event_streams import cloud_event
from tests.live import hear, say
from tests.server.access.test_jwt import AUDIENCE, GOOD, ISSUER, Issuer, _token
from tests.server.conftest import address, connection
from tests.upstream.conftest import ACCOUNT, FIRST_PAGE, QUESTION, SID, answering, client_of

__all__ = ["address", "connection"]  # fixtures

MARK = BOM_UTF8.decode()
QUERY = "query($v: Int) { calls(first: $v) { nodes { sid } } }"
ASKED = {"query": QUERY, "variables": {"v": 2}}
SUMMARY = {"call_sid": SID, "processing_state": "complete"}


def marked(value: object) -> bytes:
    return BOM_UTF8 + json.dumps(value).encode()


async def test_of_a_body(gateway: Gateway) -> None:
    """PowerShell and .NET send it with `application/json`."""
    headers = {"Content-Type": "application/json"}
    answer = await gateway.http.post("/graphql", content=marked(ASKED), headers=headers)
    assert len(answer.json()["data"]["calls"]["nodes"]) == 2


async def test_of_variables_in_an_address(gateway: Gateway) -> None:
    """They are JSON as well."""
    said = {"query": QUERY, "variables": marked({"v": 2}).decode()}
    answer = await gateway.http.get("/graphql", params=said)
    assert len(answer.json()["data"]["calls"]["nodes"]) == 2


async def test_of_a_document(gateway: Gateway) -> None:
    """GraphQL, section 2.1.2: it is ignored wherever white space is."""
    assert await gateway.ask(f"{MARK}{{{MARK}__typename}}") == {"__typename": "Query"}


async def test_of_a_message_on_a_websocket(connection: ClientConnection) -> None:
    """Each is a text of JSON."""
    await connection.send(MARK + json.dumps({"type": "ping"}))
    assert await hear(connection) == {"type": "pong"}
    await say(connection, type="ping")
    assert await hear(connection) == {"type": "pong"}


def test_of_the_file_of_viewers(tmp_path: Path) -> None:
    """TOML is UTF-8; what writes it may be Notepad."""
    file = tmp_path / "gateway.toml"
    file.write_bytes(BOM_UTF8 + FILE.encode())
    assert load(file, ENVIRONMENT).accounts


def test_of_the_env_file(tmp_path: Path) -> None:
    """It was taken for the beginning of the first name."""
    file = tmp_path / ".env"
    file.write_bytes(BOM_UTF8 + b"GATEWAY_PORT=8123\n")
    assert read({}, file).gateway_port == 8123


def test_of_a_manifest(tmp_path: Path) -> None:
    """Of trusted documents."""
    file, text = tmp_path / "manifest.json", "{ __typename }"
    file.write_bytes(marked({sha256(text.encode()).hexdigest(): text}))
    documents = Documents(build_schema(), introspection=True)
    assert list(trusted_documents(str(file), documents).values()) == [text]


async def test_of_the_keys_of_an_issuer(clock: Clock) -> None:
    """A key set is JSON (RFC 7517)."""
    issuer = Issuer()

    async def publish() -> bytes:
        return BOM_UTF8 + await issuer.publish()

    claims = await TokenVerifier(publish, ISSUER, AUDIENCE, clock).claims(_token())
    assert claims["sub"] == GOOD["sub"]


def test_of_a_schema_to_compare_with(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that was written by redirecting the command in PowerShell."""
    file = tmp_path / "schema.graphql"
    file.write_bytes(BOM_UTF8 + sdl().encode())
    assert main(["schema", "--check", str(file)]) == 0
    assert capsys.readouterr().out == ""


def test_of_a_line_of_standard_input(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """The number of somebody to be forgotten; a mark made it no number."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GATEWAY_CACHE_URL", "redis://127.0.0.1:1/0")
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{MARK}+14155550142\n"))
    assert main(["forget", "-"]) == 1
    assert "neither a call nor a party" not in capsys.readouterr().err


@pytest.mark.parametrize("batch", [True, False])
def test_of_what_twilio_pushes(*, batch: bool) -> None:
    """A body, and the text in it that holds the summary."""
    event = cloud_event("complete", SUMMARY)
    event["data"] = MARK + json.dumps(SUMMARY)
    (one,) = read_events(marked([event] if batch else event), 0.0)
    assert isinstance(one, SummaryEvent)
    assert one.snapshot.raw == json.dumps(SUMMARY).encode()


async def test_of_what_twilio_answers() -> None:
    """A summary, a page, an annotation and an error; it is not passed on in `raw`."""
    seen = await client_of(answering(200, marked(SUMMARY))).summary(ACCOUNT, SID, "complete")
    assert isinstance(seen, Snapshot)
    assert not seen.raw.startswith(BOM_UTF8)
    body = marked({"call_summaries": [SUMMARY], "meta": {}})
    page = await client_of(answering(200, body)).page(ACCOUNT, QUESTION, FIRST_PAGE)
    assert [one.sid for one in page.snapshots] == [SID]
    said = await client_of(answering(200, marked({"call_sid": SID}))).annotation(ACCOUNT, SID)
    assert isinstance(said, bytes)
    assert not said.startswith(BOM_UTF8)
    absent = answering(404, marked({"code": 17001}))
    why = await client_of(absent).summary(ACCOUNT, SID, "complete")
    assert isinstance(why, Absent)
    assert why.why is Absence.NOT_READY


async def test_a_mark_alone_is_no_body(gateway: Gateway) -> None:
    """What follows it has to be JSON all the same; in UTF-16 it is not."""
    for body in (BOM_UTF8, BOM_UTF8 * 2 + b"{}", json.dumps(ASKED).encode("utf-16")):
        answer: httpx.Response = await gateway.http.post(
            "/graphql", content=body, headers={"Content-Type": "application/json"}
        )
        assert answer.status_code == 400
        assert "not JSON in UTF-8" in answer.text
