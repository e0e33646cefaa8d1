"""Automatic persisted queries as Apollo's clients speak them, and names of documents in general."""

import hashlib
import json
from typing import Any

import httpx
import pytest

from gateway.cache.memory_cache import MemoryCache
from gateway.schema.documents.document import Documents
from gateway.schema.documents.persisted_queries import KEPT_FOR, MAX_KEPT, PersistedQueries
from gateway.schema.documents.request import Request
from gateway.schema.operations import build_schema
from tests.conftest import Clock, Gateway

JSON = "application/json"
GRAPHQL = "application/graphql-response+json"
QUERY = "query Q($name: String!) { __type(name: $name) { name } }"
NAMED = {"name": "Call"}
ANSWER = {"data": {"__type": {"name": "Call"}}}
NUMBER = "+14155550100"
PERSONAL = f'{{ calls(filter: {{from: "{NUMBER}"}}) {{ nodes {{ sid }} }} }}'


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def apq(query: str) -> dict[str, Any]:
    """The extension by which a request names a document."""
    return {"persistedQuery": {"version": 1, "sha256Hash": sha256(query)}}


async def post(gateway: Gateway, body: dict[str, Any], accept: str = JSON) -> httpx.Response:
    return await gateway.http.post("/graphql", json=body, headers={"Accept": accept})


async def get(gateway: Gateway, **said: Any) -> httpx.Response:
    params = {
        name: value if isinstance(value, str) else json.dumps(value) for name, value in said.items()
    }
    return await gateway.http.get("/graphql", params=params, headers={"Accept": JSON})


def code_of(answer: httpx.Response) -> str:
    (error,) = answer.json()["errors"]
    code: str = error["extensions"]["code"]
    return code


async def test_a_document_is_registered_once_and_asked_for_by_its_hash(gateway: Gateway) -> None:
    """The hash alone is not found; with the document it is registered; from then on it is enough.

    Once registered, it may be asked for by POST and by GET.
    """
    by_hash = {"extensions": apq(QUERY), "variables": NAMED}
    assert code_of(await post(gateway, by_hash)) == "PERSISTED_QUERY_NOT_FOUND"
    assert (await post(gateway, {**by_hash, "query": QUERY})).json() == ANSWER
    assert (await post(gateway, by_hash)).json() == ANSWER
    assert (await get(gateway, **by_hash)).json() == ANSWER


async def test_a_document_may_be_registered_by_get(gateway: Gateway) -> None:
    """Clients that send everything by GET need no other way."""
    by_hash = {"extensions": apq(QUERY), "variables": NAMED}
    assert (await get(gateway, query=QUERY, **by_hash)).json() == ANSWER
    assert (await get(gateway, **by_hash)).json() == ANSWER


@pytest.mark.parametrize(("accept", "status"), [(JSON, 200), (GRAPHQL, 400)])
async def test_an_unknown_hash_is_told_as_apollos_clients_expect(
    gateway: Gateway, accept: str, status: int
) -> None:
    """By message and by code, and with the status of any request that could not be executed."""
    answer = await post(gateway, {"extensions": apq(QUERY)}, accept)
    assert answer.status_code == status
    assert answer.json() == {
        "errors": [
            {
                "message": "PersistedQueryNotFound",
                "extensions": {"code": "PERSISTED_QUERY_NOT_FOUND"},
            }
        ]
    }


async def test_a_document_that_is_not_the_one_named_is_refused(gateway: Gateway) -> None:
    """Nobody registers one document under the name of another."""
    body = {"query": QUERY, "extensions": apq("{__typename}"), "variables": NAMED}
    assert code_of(await post(gateway, body)) == "BAD_USER_INPUT"
    answer = await post(gateway, {"extensions": apq("{__typename}")})
    assert code_of(answer) == "PERSISTED_QUERY_NOT_FOUND"


@pytest.mark.parametrize("query", ["{", "{nope}", 'query { call(sid: "no") { sid } }'])
async def test_a_wrong_document_is_told_and_not_kept(gateway: Gateway, query: str) -> None:
    """What cannot be executed takes no room."""
    answer = await post(gateway, {"query": query, "extensions": apq(query)})
    assert code_of(answer).startswith(("GRAPHQL_", "BAD_USER"))
    assert code_of(await post(gateway, {"extensions": apq(query)})) == "PERSISTED_QUERY_NOT_FOUND"


@pytest.mark.parametrize(
    "query",
    [
        pytest.param(PERSONAL, id="a literal of a personal filter"),
        pytest.param(
            'query($n: String = "client:jane") { calls(filter: {to: $n}) { nodes { sid } } }',
            id="the default of a variable",
        ),
        pytest.param(f"# for {NUMBER}\n{{ __typename }}", id="a comment"),
    ],
)
async def test_a_document_that_may_hold_personal_data_is_answered_and_not_kept(
    gateway: Gateway, query: str
) -> None:
    """No phone number gets into the cache, nor into a Redis, by way of a document."""
    answer = await post(gateway, {"query": query, "extensions": apq(query)})
    assert "errors" not in answer.json()
    assert code_of(await post(gateway, {"extensions": apq(query)})) == "PERSISTED_QUERY_NOT_FOUND"


async def test_a_document_of_any_size_is_answered_and_small_ones_are_kept(
    gateway: Gateway,
) -> None:
    """Padding cannot drive out what is remembered of calls."""
    for size, code in ((MAX_KEPT, None), (MAX_KEPT + 1, "PERSISTED_QUERY_NOT_FOUND")):
        query = "{ __typename } #".ljust(size, "x")
        answer = await post(gateway, {"query": query, "extensions": apq(query)})
        assert answer.json() == {"data": {"__typename": "Query"}}
        again = await post(gateway, {"extensions": apq(query)})
        assert (code_of(again) if "errors" in again.json() else None) == code


async def test_a_variable_is_no_part_of_the_document(gateway: Gateway) -> None:
    """The way to ask for a number: its document is registered, and knows no number."""
    query = "query($f: CallFilter) { calls(filter: $f) { nodes { sid } } }"
    body = {"extensions": apq(query), "variables": {"f": {"from": NUMBER}}}
    await post(gateway, {**body, "query": query})
    assert "errors" not in (await post(gateway, body)).json()


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param({"version": 2, "sha256Hash": sha256(QUERY)}, id="another version"),
        pytest.param({"sha256Hash": sha256(QUERY)}, id="no version"),
        pytest.param({"version": 1}, id="no hash"),
        pytest.param({"version": 1, "sha256Hash": ""}, id="an empty hash"),
        pytest.param({"version": 1, "sha256Hash": 5}, id="a number for a hash"),
        pytest.param([], id="a list"),
        pytest.param("x", id="text"),
    ],
)
async def test_what_is_not_the_protocol_is_a_400(gateway: Gateway, asked: object) -> None:
    """With a document beside it, too: a client that means something else is told so."""
    for query in ({}, {"query": QUERY}):
        answer = await post(gateway, {**query, "extensions": {"persistedQuery": asked}})
        assert answer.status_code == 400
        assert code_of(answer) == "BAD_USER_INPUT"


@pytest.mark.parametrize("name", [{"documentId": 5}, {"doc_id": ["x"]}])
async def test_a_name_that_is_no_text_is_a_400(gateway: Gateway, name: dict[str, Any]) -> None:
    """Before anything is looked up."""
    answer = await post(gateway, name)
    assert answer.status_code == 400
    assert "must be text" in answer.json()["errors"][0]["message"]


@pytest.mark.parametrize(
    "name",
    [{"documentId": sha256(QUERY)}, {"documentId": f"sha256:{sha256(QUERY)}"}],
    ids=["hash", "prefixed"],
)
async def test_a_registered_document_has_a_document_id(
    gateway: Gateway, name: dict[str, str]
) -> None:
    """GraphQL over HTTP writes a hash as `sha256:…`; it names the same document."""
    await post(gateway, {"query": QUERY, "extensions": apq(QUERY), "variables": NAMED})
    assert (await post(gateway, {**name, "variables": NAMED})).json() == ANSWER
    assert (await get(gateway, **name, variables=NAMED)).json() == ANSWER


@pytest.mark.parametrize(
    "digest", ["x", "0" * 63, "F" * 64, "é" * 64, "0" * 64 + "\n", "0" * 200_000]
)
async def test_a_name_that_is_no_hash_is_simply_not_found(gateway: Gateway, digest: str) -> None:
    """And never reaches the cache as a key."""
    asked = {"persistedQuery": {"version": 1, "sha256Hash": digest}}
    assert code_of(await post(gateway, {"extensions": asked})) == "PERSISTED_QUERY_NOT_FOUND"


async def test_a_mutation_by_its_hash_is_not_executed_by_get(gateway: Gateway) -> None:
    """What a document does is known when it was found."""
    mutation = (
        "mutation($s: CallSid!) { annotateCall(input: {sid: $s, spam: true}) { userErrors { code } "
        "} }"
    )
    sid = gateway.sandbox.examples()["client"]
    await post(gateway, {"query": mutation, "extensions": apq(mutation), "variables": {"s": sid}})
    with gateway.upstream() as requests:
        answer = await get(gateway, extensions=apq(mutation), variables={"s": sid})
    assert answer.status_code == 405
    assert requests == []


async def test_an_empty_persisted_query_is_none(gateway: Gateway) -> None:
    """Clients that write null for what they do not use are served."""
    body = {"query": QUERY, "variables": NAMED, "extensions": {"persistedQuery": None}}
    assert (await post(gateway, body)).json() == ANSWER


async def test_a_document_is_forgotten_after_its_time() -> None:
    """Who still uses it registers it again, by itself."""
    clock = Clock()
    documents = Documents(build_schema(), introspection=True)
    cache = MemoryCache(max_bytes=2**20, clock=clock)
    queries = PersistedQueries(documents, cache, {}, only=False)
    by_hash = Request(None, document_id=sha256(QUERY))
    await queries.read(Request(QUERY, document_id=sha256(QUERY)))
    clock.advance(KEPT_FOR - 1)
    assert (await queries.read(by_hash)).errors == ()
    clock.advance(1)
    assert (await queries.read(by_hash)).code == "PERSISTED_QUERY_NOT_FOUND"


async def test_registered_documents_are_bounded_with_all_else_that_is_kept() -> None:
    """Whoever registers without end drives out old entries, and fills no memory."""
    documents = Documents(build_schema(), introspection=True)
    cache = MemoryCache(max_bytes=10_000)
    queries = PersistedQueries(documents, cache, {}, only=False)
    for number in range(100):
        query = f"query Q{number} {{ __typename }}"
        await queries.read(Request(query, document_id=sha256(query)))
    assert cache.size <= 10_000
    assert cache.evictions > 0
