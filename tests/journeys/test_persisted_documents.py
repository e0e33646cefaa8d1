"""Clients name their documents instead of sending them; and a gateway may run no others."""

import hashlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect

from gateway.cache.redis_cache import RedisCache
from gateway.cli import main
from gateway.config.settings import Settings
from gateway.insights.rank import NO_MOMENT
from gateway.sandbox import Sandbox
from tests.conftest import Clock, Gateway
from tests.server.conftest import listening
from tests.servers import RedisServer

DASHBOARD = "query Dashboard($sid: CallSid!) { call(sid: $sid) { sid state } }"
FOLLOW = "subscription Follow($sid: CallSid!) { callUpdates(sid: $sid) { status } }"
SPAM = (
    "mutation Spam($sid: CallSid!) { annotateCall(input: {sid: $sid, spam: true}) "
    "{ userErrors { code } } }"
)
INTROSPECTION = "{ __schema { queryType { name } } }"


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def named(text: str, **variables: Any) -> dict[str, Any]:
    """A request for a document by its hash, as Apollo's clients write it."""
    asked = {"version": 1, "sha256Hash": sha256(text)}
    return {"extensions": {"persistedQuery": asked}, "variables": variables}


async def post(gateway: Gateway, body: dict[str, Any]) -> dict[str, Any]:
    answer = await gateway.http.post("/graphql", json=body)
    said: dict[str, Any] = answer.json()
    return said


def codes(said: dict[str, Any]) -> list[str]:
    return [error["extensions"]["code"] for error in said["errors"]]


async def test_a_document_registered_at_one_replica_is_known_to_the_other(
    sandbox: Sandbox, clock: Clock, redis: RedisServer
) -> None:
    """A load balancer may send a client anywhere; what it registered is there."""
    settings = Settings(gateway_cache_url=redis.url)
    sid = sandbox.examples()["client"]
    async with (
        Gateway(sandbox, clock, settings) as one,
        Gateway(sandbox, clock, settings) as other,
    ):
        assert codes(await post(one, named(DASHBOARD))) == ["PERSISTED_QUERY_NOT_FOUND"]
        await post(one, {**named(DASHBOARD, sid=sid), "query": DASHBOARD})
        by_get = {key: json.dumps(value) for key, value in named(DASHBOARD, sid=sid).items()}
        answer = await other.http.get("/graphql", params=by_get)
        assert answer.json()["data"]["call"]["sid"] == sid
        redis.stop()
        assert (await post(other, named(DASHBOARD, sid=sid)))["data"]["call"]["sid"] == sid


async def test_no_number_gets_into_redis_by_way_of_a_document(
    sandbox: Sandbox, clock: Clock, redis: RedisServer
) -> None:
    """The document is answered; what the server holds of documents is nothing."""
    query = '{ calls(filter: {from: "+14155550100"}) { nodes { sid } } }'
    async with Gateway(sandbox, clock, Settings(gateway_cache_url=redis.url)) as gateway:
        assert "data" in await post(gateway, {**named(query), "query": query})
        assert redis.command("KEYS", "*apq*") == []
        await post(gateway, {**named(DASHBOARD), "query": DASHBOARD})
        assert redis.command("KEYS", "*apq*") == [b"insights:apq:" + sha256(DASHBOARD).encode()]


@pytest.mark.parametrize(
    "planted", [SPAM.encode(), b"\xff" * 40, b""], ids=["another", "no text", "empty"]
)
async def test_a_document_that_was_exchanged_on_the_cache_server_is_not_run(
    sandbox: Sandbox, clock: Clock, redis: RedisServer, planted: bytes
) -> None:
    """Its SHA-256 is not the one that was asked for: it counts as not there, and is replaced."""
    sid = sandbox.examples()["client"]
    cache = RedisCache(redis.url)
    await cache.set(f"apq:{sha256(DASHBOARD)}", NO_MOMENT + planted, ttl=60)
    async with Gateway(sandbox, clock, Settings(gateway_cache_url=redis.url)) as gateway:
        asked = named(DASHBOARD, sid=sid)
        assert codes(await post(gateway, asked)) == ["PERSISTED_QUERY_NOT_FOUND"]
        await post(gateway, {**asked, "query": DASHBOARD})
        assert (await post(gateway, asked))["data"]["call"]["sid"] == sid
    assert await cache.get(f"apq:{sha256(DASHBOARD)}") == NO_MOMENT + DASHBOARD.encode()
    await cache.close()


def _apollo(text: str) -> tuple[str, str]:
    """An id and a manifest, as Apollo's tool makes them."""
    name = sha256(text)
    operation = {"id": name, "name": "Dashboard", "type": "query", "body": text}
    manifest = {"format": "apollo-persisted-query-manifest", "version": 1}
    return name, json.dumps({**manifest, "operations": [operation]})


def _relay(text: str) -> tuple[str, str]:
    """An id and a manifest, as Relay's compiler makes them."""
    name = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
    return name, json.dumps({name: text})


@pytest.fixture(params=[_apollo, _relay], ids=["Apollo", "Relay"])
async def strict(
    request: pytest.FixtureRequest, sandbox: Sandbox, clock: Clock, tmp_path: Path
) -> AsyncIterator[tuple[Gateway, str]]:
    """A gateway that runs one document, and the id of that."""
    name, manifest = request.param(DASHBOARD)
    file = tmp_path / "manifest.json"
    file.write_text(manifest)
    settings = Settings(gateway_trusted_documents=str(file), gateway_trusted_documents_only=True)
    async with Gateway(sandbox, clock, settings) as gateway:
        yield gateway, name


async def test_a_trusted_document_runs_by_its_id_however_that_is_written(
    strict: tuple[Gateway, str],
) -> None:
    """As Apollo's extension, as GraphQL over HTTP's `documentId`, as Relay's `doc_id`; by GET too.

    The document itself may come along: it is the same.
    """
    gateway, name = strict
    variables = {"sid": gateway.sandbox.examples()["client"]}
    ways: list[dict[str, Any]] = [
        {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": name}}},
        {"documentId": name},
        {"doc_id": name},
        {"doc_id": name, "query": DASHBOARD, "operationName": "Dashboard"},
    ]
    for way in ways:
        assert (await post(gateway, {**way, "variables": variables}))["data"]["call"] is not None
    params = {"documentId": name, "variables": json.dumps(variables)}
    answer = await gateway.http.get("/graphql", params=params)
    assert answer.json()["data"]["call"]["sid"] == variables["sid"]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"query": "{ __typename }"}, id="another document"),
        pytest.param({"query": DASHBOARD}, id="a trusted document, not by its id"),
        pytest.param({"query": INTROSPECTION}, id="introspection"),
        pytest.param({"query": "{"}, id="no document at all"),
        pytest.param({"query": SPAM}, id="a mutation"),
        pytest.param(named("{ __typename }"), id="an unknown hash"),
        pytest.param({"documentId": "unknown"}, id="an unknown id"),
        pytest.param({**named("{ __typename }"), "query": "{ __typename }"}, id="a registration"),
    ],
)
async def test_nothing_else_runs(strict: tuple[Gateway, str], body: dict[str, Any]) -> None:
    """By POST, by GET and as a stream; and clients are not asked to send the document."""
    gateway, _ = strict
    params = {key: v if isinstance(v, str) else json.dumps(v) for key, v in body.items()}
    with gateway.upstream() as requests:
        assert codes(await post(gateway, body)) == ["PERSISTED_QUERY_REQUIRED"]
        answer = await gateway.http.get("/graphql", params=params)
        assert codes(answer.json()) == ["PERSISTED_QUERY_REQUIRED"]
        events = await gateway.http.post(
            "/graphql", json=body, headers={"Accept": "text/event-stream"}
        )
        assert "PERSISTED_QUERY_REQUIRED" in events.text
    assert requests == []


@pytest.mark.parametrize("body", [{"documentId": "list-of-may"}, named("{ __typename }")])
async def test_an_unknown_id_is_named(strict: tuple[Gateway, str], body: dict[str, Any]) -> None:
    """Ours: a client that is newer than the manifest learns that, and which id is missing."""
    gateway, _ = strict
    name = body.get("documentId") or body["extensions"]["persistedQuery"]["sha256Hash"]
    (error,) = (await post(gateway, body))["errors"]

    assert f"none with the id '{name}'" in error["message"]
    assert "manifest may be older" in error["message"]
    assert "names none" in (await post(gateway, {"query": DASHBOARD}))["errors"][0]["message"]


async def test_a_trusted_id_is_no_door_for_another_document(strict: tuple[Gateway, str]) -> None:
    """What comes along with the id must be what the id stands for."""
    gateway, name = strict
    said = await post(gateway, {"documentId": name, "query": INTROSPECTION})
    assert codes(said) == ["BAD_USER_INPUT"]


async def test_nothing_else_runs_over_websocket(strict: tuple[Gateway, str]) -> None:
    """One rule for all transports; the connection stays, and what is trusted runs on it."""
    gateway, name = strict
    variables = {"sid": gateway.sandbox.examples()["client"]}
    async with (
        listening(gateway.app) as (host, port),
        connect(f"ws://{host}:{port}/graphql", subprotocols=["graphql-transport-ws"]) as socket,  # type: ignore[list-item]
    ):

        async def ask(message: dict[str, Any]) -> dict[str, Any]:
            await socket.send(json.dumps(message))
            told: dict[str, Any] = json.loads(await socket.recv())
            return told

        assert (await ask({"type": "connection_init"}))["type"] == "connection_ack"
        for number, payload in enumerate([{"query": FOLLOW}, {"query": DASHBOARD}, named(FOLLOW)]):
            request = {"type": "subscribe", "id": f"no {number}", "payload": payload}
            refused = await ask(request)
            assert refused["type"] == "error"
            assert refused["payload"][0]["extensions"]["code"] == "PERSISTED_QUERY_REQUIRED"
        payload = {"documentId": name, "variables": variables}
        told = await ask({"type": "subscribe", "id": "yes", "payload": payload})
        assert told["payload"]["data"]["call"]["sid"] == variables["sid"]


async def test_the_page_says_why_it_cannot_ask(strict: tuple[Gateway, str]) -> None:
    """GraphiQL still opens; what it sends is refused in words that it shows."""
    gateway, _ = strict
    page = await gateway.http.get("/", headers={"Accept": "text/html"})
    assert page.status_code == 200
    (error,) = (await post(gateway, {"query": INTROSPECTION}))["errors"]
    assert error["message"].startswith("This gateway runs trusted documents alone")


async def test_trusted_documents_stand_beside_others(
    sandbox: Sandbox, clock: Clock, tmp_path: Path
) -> None:
    """Without the strict mode a manifest only spares the first request its registration."""
    name, manifest = _relay(DASHBOARD)
    file = tmp_path / "manifest.json"
    file.write_text(manifest)
    variables = {"sid": sandbox.examples()["client"]}
    async with Gateway(sandbox, clock, Settings(gateway_trusted_documents=str(file))) as gateway:
        assert "data" in await post(gateway, {"doc_id": name, "variables": variables})
        assert "data" in await post(gateway, {"query": INTROSPECTION})
        assert "data" in await post(gateway, {**named(INTROSPECTION), "query": INTROSPECTION})
        assert "data" in await post(gateway, named(INTROSPECTION))


@pytest.mark.parametrize("command", ["serve", "check", "demo"])
def test_a_wrong_manifest_is_told_before_anything_is_started(
    command: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A line for each document, and exit status 2: no worker starts, fails and starts again."""
    file = tmp_path / "manifest.json"
    file.write_text(json.dumps({"a": "{ nope }", "b": DASHBOARD, "c": "{"}))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GATEWAY_TRUSTED_DOCUMENTS", str(file))
    assert main([command]) == 2
    printed = capsys.readouterr()
    assert not printed.out
    lines = printed.err.splitlines()
    assert [line.partition("document ")[2][:3] for line in lines] == ["'a'", "'c'"]
    assert all(line.startswith("gateway: GATEWAY_TRUSTED_DOCUMENTS is ") for line in lines)


async def test_a_subscription_runs_by_its_hash_as_a_stream(gateway: Gateway) -> None:
    """Names of documents are understood wherever documents are."""
    sid = gateway.sandbox.examples()["client"]
    headers = {"Accept": "text/event-stream"}
    body = named(FOLLOW, sid=sid)
    for said in ({**body, "query": FOLLOW}, body):
        answer: httpx.Response = await gateway.http.post("/graphql", json=said, headers=headers)
        assert '"status":"COMPLETE"' in answer.text
