"""What scanners of GraphQL servers try: each gets its refusal at once, and harms nobody else.

The list follows those of graphql-cop, of the OWASP cheat sheet, and of what broke other servers.
Tricks with tokens are in `tests/server/access/test_jwt.py`.
"""

import time
from collections.abc import AsyncIterator, Mapping
from typing import NamedTuple
from urllib.parse import urlencode

import httpx
import pytest

from gateway.config.settings import Settings
from gateway.sandbox import Sandbox
from tests.conftest import Clock, Gateway
from tests.server.conftest import listening

BOUND = 3.0
"""Seconds of processor time, of client and gateway; most take some milliseconds."""

JSON = "application/json"
SID = "CA" + "0" * 32


class Probe(NamedTuple):
    """A request, and how it is to be refused: by a status, and the code of an error."""

    document: str | None
    status: int
    code: str
    method: str = "POST"
    media_type: str = JSON
    body: bytes | None = None


def many(one: str, times: int = 1000) -> str:
    """The same again and again; `#` stands for a number."""
    return " ".join(one.replace("#", str(number)) for number in range(times))


def nested(opening: str, inner: str, times: int) -> str:
    """A selection in a selection in a selection."""
    return opening * times + inner + " }" * opening.count("{") * times


CALL = f'call(sid: "{SID}")'
LINKS = " ".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(60))
BOMB = f"{{ ...F0 }} {LINKS} fragment F60 on Query {{ __typename }}"
PROBES = {
    "aliases": Probe(f"{{ {many('a#: __typename')} }}", 200, "QUERY_TOO_COMPLEX"),
    "aliased calls": Probe(f"{{ {many(f'a#: {CALL} {{ sid }}')} }}", 200, "QUERY_TOO_COMPLEX"),
    "directives": Probe(f"{{ __typename {many('@skip(if: false)')} }}", 200, "QUERY_TOO_COMPLEX"),
    "unknown directives": Probe(f"{{ __typename {many('@a#')} }}", 200, "QUERY_TOO_COMPLEX"),
    "fields": Probe(f"{{ {CALL} {{ {many('sid', 9000)} }} }}", 200, "QUERY_TOO_COMPLEX"),
    "overlapping fields": Probe(
        f"{{ {CALL} {{ {many('... { ' + 'state ' * 8 + '}', 270)} }} }}",
        200,
        "GRAPHQL_VALIDATION_FAILED",
    ),
    "conflicting fragments": Probe(
        f"{{ {many('...F#', 40)} }} {many('fragment F# on Query { x: a# { b } }', 40)}",
        200,
        "GRAPHQL_VALIDATION_FAILED",
    ),
    "tokens": Probe("{ " + "a " * 20_000 + "}", 200, "QUERY_TOO_COMPLEX"),
    "operations": Probe(many("query Q# { __typename }"), 200, "QUERY_TOO_COMPLEX"),
    "depth": Probe(
        f"{{ {CALL} {{ {nested('parentCall { ', 'sid', 100)} }} }}", 200, "QUERY_TOO_COMPLEX"
    ),
    "depth beyond the parser": Probe("{ a " * 5000, 200, "GRAPHQL_PARSE_FAILED"),
    "lists in lists": Probe(f"{{ a(b: {'[' * 9000}) }}", 200, "GRAPHQL_PARSE_FAILED"),
    "a bomb of fragments": Probe(BOMB, 200, "QUERY_TOO_COMPLEX"),
    "circular fragments": Probe(
        "{ ...F } fragment F on Query { ...G } fragment G on Query { ...F }",
        200,
        "GRAPHQL_VALIDATION_FAILED",
    ),
    "circular introspection": Probe(
        f"{{ __schema {{ types {{ {nested('fields { type { ', 'name', 6)} }} }} }}",
        200,
        "GRAPHQL_VALIDATION_FAILED",
    ),
    "lists": Probe(
        f"{{ {many('a#: calls(first: 1000) { nodes { parentCall { sid } } }', 40)} }}",
        200,
        "COST_ESTIMATED_TOO_EXPENSIVE",
    ),
    "a list without end": Probe(
        "{ calls(first: 2147483647) { nodes { sid } } }", 200, "BAD_USER_INPUT"
    ),
    "a list of less than nothing": Probe(
        "{ calls(first: -1) { nodes { sid } } }", 200, "BAD_USER_INPUT"
    ),
    "a batch": Probe(None, 400, "BAD_USER_INPUT", body=b"[" + b'{"query":"{a}"},' * 500 + b"{}]"),
    "a mutation by GET": Probe(
        f'mutation {{ annotateCall(input: {{sid: "{SID}"}}) {{ call {{ sid }} }} }}',
        405,
        "BAD_USER_INPUT",
        method="GET",
    ),
    "a form": Probe(
        None,
        415,
        "BAD_USER_INPUT",
        media_type="application/x-www-form-urlencoded",
        body=urlencode({"query": "{__typename}"}).encode(),
    ),
    "plain text": Probe("{__typename}", 415, "BAD_USER_INPUT", media_type="text/plain"),
    "a multipart form": Probe(
        "{__typename}", 415, "BAD_USER_INPUT", media_type="multipart/form-data"
    ),
    "a media type that ends in JSON": Probe(
        "{__typename}", 415, "BAD_USER_INPUT", media_type="x/application/json"
    ),
    "a JSON patch": Probe(
        "{__typename}", 415, "BAD_USER_INPUT", media_type="application/json-patch+json"
    ),
    "a huge body": Probe(
        None, 413, "BAD_USER_INPUT", body=b'{"query":"' + b"x" * 5_000_000 + b'"}'
    ),
    "a deep body": Probe(None, 400, "BAD_USER_INPUT", body=b"[" * 200_000),
    "deep variables": Probe(
        None,
        400,
        "BAD_USER_INPUT",
        body=b'{"query":"{__typename}","variables":' + b'{"a":' * 40_000 + b"1" + b"}" * 40_001,
    ),
}


@pytest.fixture
async def client(gateway: Gateway) -> AsyncIterator[httpx.AsyncClient]:
    async with (
        listening(gateway.app) as (host, port),
        httpx.AsyncClient(base_url=f"http://{host}:{port}", timeout=10) as client,
    ):
        yield client


@pytest.mark.parametrize("probe", PROBES.values(), ids=PROBES)
async def test_a_probe_is_refused_in_bounded_time(
    gateway: Gateway, client: httpx.AsyncClient, probe: Probe
) -> None:
    """With the right status and code, one small answer, and no request to Twilio."""
    with gateway.upstream() as requests:
        started = time.process_time()
        answer = await _send(client, probe)
        elapsed = time.process_time() - started
    assert answer.status_code == probe.status
    assert answer.json()["errors"][0]["extensions"]["code"] == probe.code
    assert answer.json().get("data") is None
    assert len(answer.content) < 60_000
    assert elapsed < BOUND
    assert requests == []


async def test_what_is_not_to_be_known_is_not_suggested(sandbox: Sandbox, clock: Clock) -> None:
    """Without introspection nobody learns the schema from errors, or from the page."""
    settings = Settings(gateway_introspection=False, gateway_graphiql=False)
    async with Gateway(sandbox, clock, settings) as hidden:
        misspelled = await hidden.fail(f"{{ {CALL} {{ parentCal }} }}")
        asked = await hidden.send("{ __schema { queryType { name } } }")
        page = await hidden.http.get("/", headers={"Accept": "text/html"})
        schema = await hidden.http.get("/schema.graphql")
    assert "parentCall" not in misspelled["message"]
    assert "data" not in asked
    assert (page.status_code, schema.status_code) == (404, 404)


async def _send(client: httpx.AsyncClient, probe: Probe) -> httpx.Response:
    if probe.method == "GET":
        said: Mapping[str, str] = {"query": probe.document or ""}
        return await client.get("/graphql", params=said, headers={"Accept": JSON})
    if probe.body is None and probe.media_type == JSON:
        return await client.post("/graphql", json={"query": probe.document})
    body = probe.body if probe.body is not None else b'{"query":"{__typename}"}'
    return await client.post("/graphql", content=body, headers={"Content-Type": probe.media_type})
