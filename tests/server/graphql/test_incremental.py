"""What a query defers comes later, in parts, to clients that ask for that."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

import httpx
import pytest

from gateway.config.settings import Settings
from gateway.instrumentation import Happening, OperationAnswered
from gateway.sandbox import Fault, Sandbox
from gateway.server.graphql import streams
from tests.conftest import Clock, Gateway
from tests.live import application, becomes, followers, life
from tests.node import Json, Lines
from tests.servers import serving

BY_ID = "incrementalSpec=v0.2"
BY_PATH = "deferSpec=20220824"
BOTH = pytest.mark.parametrize("dialect", [BY_ID, BY_PATH])
QUERY = """
query($known: CallSid!, $sid: CallSid!) {
  call(sid: $known) { state }
  ... @defer(label: "live") { later: call(sid: $sid) { state ...Start @defer } }
}
fragment Start on Call { startTime }
"""
WAITING = """
query($known: CallSid!, $sid: CallSid!) {
  call(sid: $known) { state }
  ... @defer { callLookup(sid: $sid, waitFor: COMPLETE, timeoutSeconds: 60) { status } }
}
"""
DEFERRED_LOOKUP = """
query($known: CallSid!, $sid: CallSid!) {
  call(sid: $known) { state }
  ... @defer(label: "live") { callLookup(sid: $sid) { status } }
}
"""


def accepting(dialect: str) -> dict[str, str]:
    """As Apollo Client asks for it."""
    return {"accept": f"multipart/mixed;{dialect},application/graphql-response+json"}


def parts(text: str) -> list[Json]:
    """The JSON of each part of a body that ends as it should."""
    first, *told, end = text.split("\r\n--graphql")
    assert (first, end) == ("", "--\r\n")
    return [json.loads(part.split("\r\n\r\n", 1)[1]) for part in told]


async def post(gateway: Gateway, accept: dict[str, str], query: str = QUERY) -> httpx.Response:
    examples = gateway.sandbox.examples()
    variables = {"known": examples["client"], "sid": examples["trunking"]}
    body = {"query": query, "variables": variables}
    return await gateway.http.post("/graphql", json=body, headers=accept)


@asynccontextmanager
async def told(address: str, dialect: str, body: Json) -> AsyncIterator[Lines]:
    """The parts of an answer, as they come."""

    async def each(response: httpx.Response) -> Lines:
        async for line in response.aiter_lines():
            if line.startswith("{"):
                yield json.loads(line)

    async with (
        httpx.AsyncClient() as http,
        http.stream(
            "POST", f"{address}/graphql", json=body, headers=accepting(dialect), timeout=30
        ) as response,
        aclosing(each(response)) as lines,
    ):
        yield lines


async def test_parts_are_told_by_id(gateway: Gateway) -> None:
    """In the dialect of incremental delivery 0.2: pending, told and completed by an id."""
    response = await post(gateway, accepting(BY_ID))
    assert response.headers["content-type"] == f"multipart/mixed; boundary=graphql; {BY_ID}"
    first, *rest = parts(response.text)
    assert first == {
        "data": {"call": {"state": "COMPLETED"}},
        "pending": [{"id": "0", "path": [], "label": "live"}],
        "hasNext": True,
    }
    pieces = [piece for part in rest for piece in part["incremental"]]
    assert pieces[0] == {"id": "0", "data": {"later": {"state": "COMPLETED"}}}
    assert pieces[1]["id"] == "1"
    assert set(pieces[1]["data"]) == {"startTime"}
    assert [one for part in rest for one in part.get("pending", [])] == [
        {"id": "1", "path": ["later"]}
    ]
    assert [one for part in rest for one in part["completed"]] == [{"id": "0"}, {"id": "1"}]
    assert [part["hasNext"] for part in rest][-1] is False


async def test_parts_are_told_by_path(gateway: Gateway) -> None:
    """In the dialect of August 2022: each says where it belongs."""
    response = await post(gateway, accepting(BY_PATH))
    assert response.headers["content-type"] == f"multipart/mixed; boundary=graphql; {BY_PATH}"
    first, *rest = parts(response.text)
    assert first == {"data": {"call": {"state": "COMPLETED"}}, "hasNext": True}
    pieces = [piece for part in rest for piece in part["incremental"]]
    assert pieces[0] == {
        "path": [],
        "label": "live",
        "data": {"later": {"state": "COMPLETED"}},
    }
    assert pieces[1]["path"] == ["later"]
    assert set(pieces[1]["data"]) == {"startTime"}
    assert [part["hasNext"] for part in rest][-1] is False


@pytest.mark.parametrize(
    "accept",
    [
        {},
        {"accept": "application/json"},
        {"accept": "multipart/mixed"},
        {"accept": f"application/json, multipart/mixed;{BY_ID};q=0.5"},
    ],
)
async def test_others_are_answered_whole(gateway: Gateway, accept: dict[str, str]) -> None:
    """To whoever does not ask for parts, or would rather not, `@defer` changes nothing."""
    response = await post(gateway, accept)
    assert response.headers["content-type"] == "application/json; charset=utf-8"
    assert set(response.json()) == {"data"}
    later = response.json()["data"]["later"]
    assert set(later) == {"state", "startTime"}


@BOTH
async def test_what_is_not_deferred_is_answered_whole(gateway: Gateway, dialect: str) -> None:
    """Without `@defer`, or with one that is switched off, there are no parts."""
    query = QUERY.replace('(label: "live")', "(if: false)").replace("...Start @defer", "...Start")
    response = await post(gateway, accepting(dialect), query)
    assert response.headers["content-type"].startswith("application/graphql-response+json")
    assert set(response.json()["data"]["later"]) == {"state", "startTime"}


@BOTH
async def test_each_call_is_asked_for_once(gateway: Gateway, dialect: str) -> None:
    """Parts cost at Twilio what the whole would."""
    with gateway.upstream() as in_parts:
        await post(gateway, accepting(dialect))
    assert len(in_parts) == len({request.path for request in in_parts}) > 0
    with gateway.upstream() as again:
        await post(gateway, {})
    assert again == []


@BOTH
async def test_a_part_that_fails_does_so_alone(
    gateway: Gateway, sandbox: Sandbox, dialect: str
) -> None:
    """What was told stays told; the error has its code, and is where its field would be."""
    sandbox.inject(Fault(kind="refused_credentials", path_contains=sandbox.examples()["trunking"]))
    first, *rest = parts((await post(gateway, accepting(dialect))).text)
    assert first["data"] == {"call": {"state": "COMPLETED"}}
    (piece,) = [piece for part in rest for piece in part["incremental"]]
    assert piece["data"] == {"later": None}
    (error,) = piece["errors"]
    assert error["path"] == ["later"]
    assert error["extensions"]["code"] == "UPSTREAM_CREDENTIALS"


@BOTH
async def test_a_part_that_may_not_be_null_never_comes(
    gateway: Gateway, sandbox: Sandbox, dialect: str
) -> None:
    """It is completed by its error alone; in the older dialect, by null."""
    sandbox.inject(Fault(kind="refused_credentials", path_contains=sandbox.examples()["trunking"]))
    response = await post(gateway, accepting(dialect), DEFERRED_LOOKUP)
    *_, last = parts(response.text)
    (failed,) = last["completed" if dialect == BY_ID else "incremental"]
    (error,) = failed.pop("errors")
    assert error["extensions"]["code"] == "UPSTREAM_CREDENTIALS"
    by_path: Json = {"path": [], "label": "live", "data": None}
    assert failed == ({"id": "0"} if dialect == BY_ID else by_path)
    assert last["hasNext"] is False


@BOTH
async def test_a_refused_request_is_answered_whole(gateway: Gateway, dialect: str) -> None:
    """What cannot be executed has its status, as ever."""
    response = await post(gateway, accepting(dialect), QUERY.replace("startTime", "startTim"))
    assert response.status_code == httpx.codes.BAD_REQUEST
    assert response.json()["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


async def test_parts_do_not_multiply(gateway: Gateway) -> None:
    """Each fragment that is deferred twice, in one that is, counts as often as it would come."""
    twice = "...F{0} @defer ...F{0} @defer"
    fragments = [f"fragment F{n} on Call {{ {twice.format(n + 1)} }}" for n in range(7)]
    query = "query($sid: CallSid!) { call(sid: $sid) { ...F0 } } fragment F7 on Call { state }"
    response = await post(gateway, accepting(BY_ID), " ".join((query, *fragments)))
    (error,) = response.json()["errors"]
    assert error["extensions"]["code"] == "QUERY_TOO_COMPLEX"
    assert "directives" in error["message"]


@pytest.mark.usefixtures("impatient")
@BOTH
async def test_what_is_there_is_told_before_the_rest(
    sandbox: Sandbox, clock: Clock, dialect: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A call that is waited for comes when it is complete; until then there are signs of life."""
    monkeypatch.setattr(streams, "KEEP_ALIVE", 0.02)
    examples = sandbox.examples()
    variables = {"known": examples["client"], "sid": examples["partial"]}
    with serving(application(sandbox, clock, Settings())) as address:
        async with told(address, dialect, {"query": WAITING, "variables": variables}) as lines:
            first, second = await anext(lines), await anext(lines)
            passing = asyncio.create_task(life(clock, minute=0.02))
            *between, last = [line async for line in lines]
            passing.cancel()
    assert first["data"] == {"call": {"state": "COMPLETED"}}
    assert all(sign == {"hasNext": True} for sign in (second, *between))
    assert last["incremental"][0]["data"] == {"callLookup": {"status": "COMPLETE"}}


@pytest.mark.usefixtures("impatient")
async def test_who_leaves_waits_for_nothing_any_more(sandbox: Sandbox, clock: Clock) -> None:
    """Twilio is asked no more for a part that nobody is there to read."""
    examples = sandbox.examples()
    variables = {"known": examples["client"], "sid": examples["partial"]}
    heard: list[Happening] = []
    with serving(application(sandbox, clock, Settings(), heard)) as address:
        async with told(address, BY_ID, {"query": WAITING, "variables": variables}) as lines:
            await anext(lines)
            assert await becomes(lambda: followers(heard) == 1)
        assert await becomes(lambda: followers(heard) == 0)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("after", [0.0, 0.05, 0.15])
async def test_who_leaves_before_the_first_part_waits_for_nothing_either(
    sandbox: Sandbox, clock: Clock, after: float
) -> None:
    """What is deferred begins at once, and ends with whoever asked for it."""
    examples, heard = sandbox.examples(), list[Happening]()
    sandbox.inject(Fault(kind="slow", seconds=0.2, times=None, path_contains=examples["client"]))
    variables = {"known": examples["client"], "sid": examples["partial"]}
    body = json.dumps({"query": WAITING, "variables": variables}).encode()
    with serving(application(sandbox, clock, Settings(), heard)) as address:
        url = httpx.URL(address)
        _, writer = await asyncio.open_connection(url.host, url.port)
        head = f"Accept: {accepting(BY_ID)['accept']}\r\nContent-Length: {len(body)}".encode()
        writer.write(
            b"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            b"Content-Type: application/json\r\n" + head + b"\r\n\r\n" + body
        )
        await writer.drain()
        await asyncio.sleep(after)
        writer.transport.abort()
        await asyncio.sleep(0.6)
        assert await becomes(lambda: followers(heard) == 0, within=3)


async def test_the_line_of_log_has_the_errors_of_all_parts(gateway: Gateway) -> None:
    """Not those of the last one alone."""
    failing = gateway.sandbox.examples()["client"]
    gateway.sandbox.inject(Fault(kind="server_error", times=None, path_contains=failing))
    response = await post(gateway, accepting(BY_PATH), DEFERRED_LOOKUP)
    first, *_, last = parts(response.text)
    assert "errors" in first
    assert "COMPLETE" in str(last)
    (answered,) = [one for one in gateway.happenings if isinstance(one, OperationAnswered)]
    assert (answered.outcome, answered.codes) == ("partial", ("UPSTREAM_UNAVAILABLE",))
