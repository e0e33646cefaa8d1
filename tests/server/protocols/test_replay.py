"""Who sends the very bytes that were answered before is answered the same, at once."""

import asyncio
import itertools
import json
import logging
import re
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from hashlib import sha256
from typing import Any, NamedTuple
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from starlette.types import Receive, Scope, Send

from gateway.config.settings import Settings
from gateway.insights.catalogue import CallSid
from gateway.instrumentation import (
    CacheAsked,
    OperationAnswered,
    OperationExecuted,
    RequestAnswered,
)
from gateway.sandbox import Sandbox
from gateway.schema.types.node import encode_id
from gateway.server.access.authentication import Admission, Authenticator
from gateway.server.protocols.replay import Names
from tests.conftest import Clock, Gateway
from tests.server.conftest import Address, listening
from tests.servers import RedisServer
from tests.viewers import ALL, READ, People, open_to

CALL = "query One($sid: CallSid!) { call(sid: $sid) { sid state duration from { caller } } }"
PAGE = '{ calls(first: 5, filter: {endTime: "2026-05-28T20:00:00Z"}) { nodes { sid duration } } }'
CHANGING = {"date", "x-request-id", "ratelimit-remaining", "ratelimit-reset"}
"""Headers that are other ones each time."""

ONCE = 2
"""How often the application is asked: for what Twilio tells, and for what the cache then tells."""


class Response(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def lasting(self) -> tuple[int, dict[str, str], bytes]:
        """All that is the same each time."""
        kept = {name: value for name, value in self.headers.items() if name not in CHANGING}
        return self.status, kept, self.body

    @property
    def data(self) -> Any:
        return json.loads(self.body)["data"]


class Wire:
    """A connection, over which bytes go as they are given."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def send(self, *pieces: bytes) -> None:
        """Send these bytes, each piece in a packet of its own."""
        for piece in pieces:
            self._writer.write(piece)
            await self._writer.drain()
            await asyncio.sleep(0.001)

    async def receive(self) -> Response:
        async with asyncio.timeout(10):
            head = await self._reader.readuntil(b"\r\n\r\n")
            first, *lines = head.decode().rstrip().split("\r\n")
            headers = dict(line.split(": ", 1) for line in lines)
            body = await self._reader.readexactly(int(headers["content-length"]))
        return Response(int(first.split()[1]), headers, body)

    async def interim(self) -> bytes:
        """The first line of an answer before the answer."""
        async with asyncio.timeout(10):
            return (await self._reader.readuntil(b"\r\n\r\n")).rstrip()

    async def ask(self, request: bytes) -> Response:
        await self.send(request)
        return await self.receive()


class Asked:
    """An application, and how often it was asked something over HTTP."""

    def __init__(self, gateway: Gateway) -> None:
        self._app = gateway.app
        self.times = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.times += scope["type"] == "http"
        await self._app(scope, receive, send)


@asynccontextmanager
async def connected(address: Address) -> AsyncIterator[Wire]:
    reader, writer = await asyncio.open_connection(*address)
    yield Wire(reader, writer)
    writer.close()


@asynccontextmanager
async def opened(gateway: Gateway) -> AsyncIterator[tuple[Wire, Asked]]:
    """A connection to a gateway, and how often that was asked."""
    asked = Asked(gateway)
    async with listening(asked) as address, connected(address) as wire:
        yield wire, asked


def request(query: str | None, *headers: str, method: str = "POST", **said: Any) -> bytes:
    """A request as it goes over the wire."""
    body = json.dumps({**({} if query is None else {"query": query}), **said}).encode()
    lines = (f"{method} /graphql HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json")
    head = "\r\n".join([*lines, *headers, f"Content-Length: {len(body)}"])
    return f"{head}\r\n\r\n".encode() + body


def call_of(sandbox: Sandbox, *headers: str, name: str = "client") -> bytes:
    return request(CALL, *headers, variables={"sid": sandbox.examples()[name]})


async def test_the_same_bytes_are_answered_the_same_without_asking_the_application(
    gateway: Gateway,
) -> None:
    """On any connection; each answer has an id of its own, and the time of day."""
    asking = call_of(gateway.sandbox)
    asked = Asked(gateway)
    async with listening(asked) as address:
        answers = []
        for _ in range(2):
            async with connected(address) as wire:
                answers += [await wire.ask(asking) for _ in range(3)]
    assert asked.times == ONCE
    assert answers[0].status == 200
    assert answers[0].data["call"]["state"]
    assert all(answer.lasting == answers[0].lasting for answer in answers)
    assert len({answer.headers["x-request-id"] for answer in answers}) == len(answers)
    assert all("date" in answer.headers for answer in answers)


async def test_each_is_counted_and_logged(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    """Operators see no difference, but that it takes less time."""
    caplog.set_level(logging.INFO, logger="gateway.requests")
    async with opened(gateway) as (wire, asked):
        answers = [await wire.ask(call_of(gateway.sandbox)) for _ in range(5)]
    assert asked.times == ONCE
    counted = Counter(type(one) for one in gateway.happenings)
    assert counted[RequestAnswered] == counted[OperationAnswered] == 5
    assert gateway.happenings.count(CacheAsked("summary", "hit")) == 4
    assert gateway.happenings.count(OperationExecuted("remembered")) == 3
    lines = [record for record in caplog.records if record.name == "gateway.requests"]
    told = [{**line.__dict__["msg"].fields, "milliseconds": 0} for line in lines]
    ids = [line.__dict__["request_id"] for line in lines]
    assert ids == [answer.headers["x-request-id"] for answer in answers]
    assert told[0].pop("twilio_request_ids")
    assert told[0].pop("upstream_requests") == 1
    assert all(line.pop("upstream_requests") == 0 for line in told[1:])
    assert all(line == told[0] for line in told)


async def test_head_and_body_may_come_apart(gateway: Gateway) -> None:
    """As httpx sends them; and whoever asks before sending the body is told to go on."""
    asking = call_of(gateway.sandbox)
    place = asking.index(b"\r\n\r\n") + 4
    expecting = call_of(gateway.sandbox, "Expect: 100-continue")
    there = expecting.index(b"\r\n\r\n") + 4
    async with opened(gateway) as (wire, asked):
        answers = [await wire.ask(asking)]
        for _ in range(3):
            await wire.send(asking[:place], asking[place:])
            answers.append(await wire.receive())
        assert asked.times == ONCE
        for _ in range(2):
            await wire.send(expecting[:there])
            assert await wire.interim() == b"HTTP/1.1 100 Continue"
            await wire.send(expecting[there:])
            answers.append(await wire.receive())
        await wire.send(b"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n")
        assert (await wire.receive()).status == 415
    assert all(answer.lasting == answers[0].lasting for answer in answers)


async def test_ids_that_each_request_has_are_no_part_of_its_name(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    """Proxies give them; each is told, and stands in the log, and what is no id is replaced."""
    caplog.set_level(logging.INFO, logger="gateway.requests")
    given = ["mine-0001", "mine-0002", "MINE-0003", "bad", "mine-0005"]
    async with opened(gateway) as (wire, asked):
        answers = [
            await wire.ask(
                call_of(
                    gateway.sandbox, f"x-Request-ID: {one} ", f"TraceParent: 00-{one}", f"b3:{one}"
                )
            )
            for one in given
        ]
        other = await wire.ask(call_of(gateway.sandbox, "X-Request-Id: mine-0006", "X-Other: 1"))
        assert asked.times == ONCE
    told = [answer.headers["x-request-id"] for answer in answers]
    assert [one for one in told if one in given] == [one for one in given if one != "bad"]
    lines = [record for record in caplog.records if record.name == "gateway.requests"]
    assert [line.__dict__["request_id"] for line in lines][:-1] == told
    assert other.body == answers[0].body


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (["Authorization: Bearer ana", "X-Request-Id: 1"], ["Authorization: Bearer ana", " 1"]),
        (
            ["Authorization: Bearer ana", "X-Request-Id: 1", " a"],
            ["Authorization: Bearer ana", " a"],
        ),
        (["Authorization: Bearer ana"], ["X: 1\nAuthorization: Bearer ana"]),
        (["Authorization: Bearer ana"], ["X: 1\rAuthorization: Bearer ana"]),
        (["Authorization: Bearer ana"], ["Authorization : Bearer ana"]),
        (["Authorization: Bearer ana"], ["X-Authorization: Bearer ana"]),
        (["X: 1"], ["X"]),
        (["X: 1"], [": 1"]),
        (["X-Request-Id: 1"], ["X-Request-Id"]),
        (["X: 1"], ["X: \0"]),
        (["Host: a"], ["Host: b"]),
        (["Origin: https://a.example"], ["Origin: https://b.example"]),
        (["Sec-Fetch-Site: none"], ["Sec-Fetch-Site: cross-site"]),
        (["Accept: text/event-stream"], ["Accept: application/json"]),
        (["Content-Encoding: gzip"], []),
        (["If-None-Match: *"], []),
        (["GraphQL-Cost-Debug: 1"], []),
        (["Connection: close"], ["Connection: keep-alive"]),
        (["Proxy-Connection: close"], []),
        (["Transfer-Encoding: chunked"], []),
        (["Expect: 100-continue"], []),
        (["Upgrade: h2c"], []),
    ],
)
def test_what_is_read_is_part_of_the_name(one: list[str], other: list[str]) -> None:
    """However headers are written: what is in doubt has no name; a body is never looked through.

    RFC 9112 §5 says what a head is, and §5.2 that lines may not be folded.
    """
    names = Names()
    first, second = (names.name(request(CALL, *headers)) for headers in (one, other))
    assert first is None or second is None or first.name != second.name
    bodies = [
        names.name(request(CALL) + rest) for rest in (b"", b"\r\nx-request-id: 1", b"\r\n\r\n")
    ]
    assert len({named and named.name for named in bodies}) == len(bodies)


async def _ask(gateway: Gateway, method: str, headers: dict[str, str]) -> Response:
    """Ask the application itself, so that nothing is replayed."""
    sid = gateway.sandbox.examples()["client"]
    if method == "POST":
        body = {"query": CALL, "variables": {"sid": sid}}
        answer = await gateway.http.post("/graphql", json=body, headers=headers)
    else:
        params = {"query": CALL, "variables": json.dumps({"sid": sid})}
        answer = await gateway.http.get("/graphql", params=params, headers=headers)
    return Response(answer.status_code, dict(answer.headers), answer.content)


UNREAD = {
    "Accept-Charset": "utf-8",
    "Accept-Encoding": "gzip, br",
    "Accept-Language": "de",
    "Access-Control-Request-Method": "GET",
    "Apollo-Require-Preflight": "true",
    "Cache-Control": "no-cache",
    "Cookie": "token=ben; session=1",
    "Date": "Tue, 15 Nov 1994 08:12:31 GMT",
    "Forwarded": "for=192.0.2.60;proto=https;host=example.com",
    "If-Match": "*",
    "If-Modified-Since": "Tue, 15 Nov 1994 08:12:31 GMT",
    "Keep-Alive": "timeout=5",
    "Pragma": "no-cache",
    "Prefer": "respond-async",
    "Priority": "u=1",
    "Proxy-Authorization": "Bearer ben",
    "Range": "bytes=0-1",
    "Referer": "https://example.com/",
    "TE": "trailers",
    "User-Agent": "Mozilla/5.0",
    "Via": "1.1 proxy",
    "X-Api-Key": "ben",
    "X-Forwarded-For": "192.0.2.60",
    "X-Forwarded-Host": "example.com",
    "X-Forwarded-Proto": "https",
    "X-Http-Method-Override": "DELETE",
    "X-Original-Url": "/healthz",
    "tracestate": "a=1",
}
"""Headers that means something elsewhere, with values that would."""


@pytest.mark.parametrize("header", UNREAD)
async def test_a_header_that_is_no_part_of_the_name_is_not_read(
    sandbox: Sandbox, clock: Clock, header: str
) -> None:
    """With it, the application answers as without it: so one may stand for the other.

    The rule is ours; GraphQL over HTTP reads none of them, and for `/graphql` no method of HTTP
    does that this gateway supports (RFC 9110 §10.1, §12.5, §14.2).
    """
    people = People(sandbox)
    people.add("ana", None, READ)
    people.add("ben", None, ALL)
    names, token = Names(), "Authorization: Bearer ana"
    asking = [call_of(sandbox, token), call_of(sandbox, token, f"{header}: {UNREAD[header]}")]
    named = [names.name(one) for one in asking]
    assert named[0] is not None
    assert named[0] == named[1]
    async with open_to(sandbox, clock, people) as gateway:
        for method in ("POST", "GET"):
            answers = [
                await _ask(gateway, method, {"Authorization": "Bearer ana", **more})
                for more in ({}, {}, {header: UNREAD[header]})
            ]
            assert answers[0].status == 200
            assert answers[1].lasting == answers[2].lasting


@pytest.mark.parametrize(
    "said",
    [
        {"query": "{ call(sid: 1) { sid } }"},
        {"query": "{ viewer { name } }"},
        {"query": "{ __typename }", "extensions": {"cost": True}},
        {"query": "{ nothing }"},
        {"query": None},
    ],
    ids=["invalid", "no call", "cost", "unknown field", "no query"],
)
async def test_what_is_not_remembered_goes_the_long_way(
    gateway: Gateway, said: dict[str, Any]
) -> None:
    """Only what entries of the cache alone tell is given again."""
    async with opened(gateway) as (wire, asked):
        answers = [await wire.ask(request(**said)) for _ in range(3)]
    assert asked.times == 3
    assert all(answer.lasting[2] != b"" for answer in answers)


async def test_what_a_call_costs_is_told_anew(gateway: Gateway) -> None:
    """`cacheHits` differ from one time to the next; of a document that is named, too."""
    variables = {"sid": gateway.sandbox.examples()["client"]}
    named = {"version": 1, "sha256Hash": sha256(CALL.encode()).hexdigest()}
    extensions = {"persistedQuery": named, "cost": True}
    registering = request(CALL, variables=variables, extensions=extensions)
    naming = request(None, variables=variables, extensions=extensions)
    plain = request(CALL, variables=variables, extensions={"cost": True})
    questions = [registering, registering, *[naming] * 3, *[plain] * 3]
    async with opened(gateway) as (wire, asked):
        answers = [json.loads((await wire.ask(one)).body) for one in questions]
    assert asked.times == len(questions)
    hits = [answer["extensions"]["cost"]["cacheHits"] for answer in answers]
    assert hits == [0, *[1] * (len(questions) - 1)]


async def test_an_explanation_is_made_for_each_who_asks_for_it(gateway: Gateway) -> None:
    """Who sends the same bytes without the header has no part in it, before and after. Our rule."""
    plain, debug = call_of(gateway.sandbox), call_of(gateway.sandbox, "GraphQL-Cost-Debug: 1")
    async with opened(gateway) as (wire, asked):
        first, second, replayed = [await wire.ask(plain) for _ in range(3)]
        before = asked.times
        explained = [json.loads((await wire.ask(debug)).body) for _ in range(3)]
        after, last = asked.times, await wire.ask(plain)
    assert (before, after, asked.times) == (ONCE, ONCE + 3, ONCE + 3)
    assert first.body == second.body == replayed.body == last.body
    costs = [one["extensions"]["cost"] for one in explained]
    assert [one["cachedAnswer"] for one in costs] == [True] * 3
    assert [one["fields"][0]["cache"]["hits"] for one in costs] == [1] * 3
    assert {json.dumps(one["data"]) for one in explained} == {json.dumps(first.data)}


async def test_who_registers_a_document_registers_it_each_time(gateway: Gateway) -> None:
    """The cache may have forgotten it meanwhile; who asks by its name is answered again."""
    variables = {"sid": gateway.sandbox.examples()["client"]}
    named = {"persistedQuery": {"version": 1, "sha256Hash": sha256(CALL.encode()).hexdigest()}}
    async with opened(gateway) as (wire, asked):
        for _ in range(3):
            await wire.ask(request(CALL, variables=variables, extensions=named))
        assert asked.times == 3
        for _ in range(3):
            answer = await wire.ask(request(None, variables=variables, extensions=named))
            assert answer.data["call"]
        assert asked.times == 4


async def test_other_bytes_are_another_request(gateway: Gateway) -> None:
    """Another value, or a header that is read: nothing of it is taken for the same."""
    async with opened(gateway) as (wire, asked):
        for _ in range(4):
            first = await wire.ask(call_of(gateway.sandbox))
            other = await wire.ask(call_of(gateway.sandbox, name="bad_carrier"))
            await wire.ask(call_of(gateway.sandbox, "X-Other: 1"))
            await wire.ask(call_of(gateway.sandbox, "Accept: application/graphql-response+json"))
    assert asked.times == 2 * ONCE + 1
    assert first.data != other.data


async def test_an_answer_that_is_too_old_is_made_anew(gateway: Gateway, clock: Clock) -> None:
    """A page is fresh for as long as the settings say, however it was asked for."""
    async with opened(gateway) as (wire, asked):
        with gateway.upstream() as fetched:
            answers = [await wire.ask(request(PAGE)) for _ in range(3)]
            clock.advance(3600)
            answers += [await wire.ask(request(PAGE)) for _ in range(3)]
    assert asked.times == 2 * ONCE
    assert len(fetched) == 2
    assert all(answer.data for answer in answers)


async def test_a_newer_summary_is_told_at_once(gateway: Gateway) -> None:
    """What was made of an older one goes with it."""
    sid = gateway.sandbox.examples()["client"]
    fields = "{ sid annotation { comment } }"
    asking = request(f'{{ call(sid: "{sid}") {fields} }}')
    change = "mutation($i: AnnotateCallInput!) { annotateCall(input: $i) { call { sid } } }"
    changing = request(change, variables={"i": {"sid": sid, "comment": "new"}})
    async with opened(gateway) as (wire, asked):
        before = [(await wire.ask(asking)).data["call"]["annotation"] for _ in range(4)]
        assert asked.times < len(before)
        assert json.loads((await wire.ask(changing)).body).get("errors") is None
        after = (await wire.ask(asking)).data["call"]["annotation"]
    assert before == [before[0]] * 4 != [after] * 4
    assert after["comment"] == "new"


async def test_an_answer_that_was_made_anew_has_its_own_length(gateway: Gateway) -> None:
    """Of two ways to ask one question, the one is replayed with what the other was answered.

    A response whose `Content-Length` is that of an older answer would end in the next one
    (RFC 9112 §6.3).
    """
    one, other = (gateway.sandbox.examples()[name] for name in ("client", "bad_carrier"))
    ids = f'"{encode_id(CallSid(one))}", "{encode_id(CallSid(other))}"'
    query = f"{{ nodes(ids: [{ids}]) {{ ... on Call {{ sid annotation {{ comment }} }} }} }}"
    change = "mutation($i: AnnotateCallInput!) { annotateCall(input: $i) { call { sid } } }"
    changing = request(change, variables={"i": {"sid": other, "comment": "a longer comment"}})
    async with opened(gateway) as (wire, asked):
        before = [await wire.ask(request(query)) for _ in range(3)]
        assert asked.times == ONCE
        await wire.ask(changing)
        after = [await wire.ask(request(query, "Accept: */*")) for _ in range(2)]
        times = asked.times
        after += [await wire.ask(request(query)) for _ in range(2)]
        assert asked.times == times
    assert before[-1].body != after[0].body
    assert [answer.body for answer in after] == [after[0].body] * 4


def get_of(sandbox: Sandbox, *headers: str, method: str = "GET") -> bytes:
    """A question in the URL, about nothing personal."""
    params = urlencode(
        {"query": f'{{ call(sid: "{sandbox.examples()["client"]}") {{ sid state }} }}'}
    )
    lines = (f"{method} /graphql?{params} HTTP/1.1", "Host: 127.0.0.1", *headers)
    return "\r\n".join([*lines, "", ""]).encode()


async def test_a_get_is_replayed_with_the_headers_of_the_moment(
    gateway: Gateway, clock: Clock
) -> None:
    """`Age` grows, the rest of `max-age` shrinks (RFC 9111 §5.1), and the tag is that of the body.

    The tag of a request, and HEAD, are for the application.
    """
    asking = get_of(gateway.sandbox, "Accept: application/graphql-response+json")
    async with opened(gateway) as (wire, asked):
        first = [await wire.ask(asking) for _ in range(ONCE)][-1]
        clock.advance(100)
        later = await wire.ask(asking)
        assert asked.times == ONCE
        known = get_of(gateway.sandbox, f"If-None-Match: {first.headers['etag']}", "Accept: */*")
        await wire.send(known)
        assert (await wire.interim()).startswith(b"HTTP/1.1 200")  # of another media type
        assert asked.times == ONCE + 1
    assert later.lasting == (200, {**first.lasting[1], "age": "100"}, first.body)
    assert first.headers["cache-control"].startswith("private, max-age=")


async def test_a_head_is_never_replayed_as_a_get(gateway: Gateway) -> None:
    """Its response ends with its head, whatever length that names (RFC 9110 §9.3.2)."""
    async with opened(gateway) as (wire, asked):
        for _ in range(ONCE + 1):
            await wire.ask(get_of(gateway.sandbox))
        assert asked.times == ONCE
        for _ in range(3):
            await wire.send(get_of(gateway.sandbox, method="HEAD"))
            assert (await wire.interim()).startswith(b"HTTP/1.1 200")
        assert asked.times == ONCE + 3
        assert (await wire.ask(get_of(gateway.sandbox))).data["call"]
        assert asked.times == ONCE + 3


async def test_each_is_charged_to_its_viewer(sandbox: Sandbox, clock: Clock) -> None:
    """A budget holds however fast its answers are, and begins anew with the next minute."""
    people = People(sandbox)
    people.add("wallboard", None, READ, budget_per_minute=100)
    asking = call_of(sandbox, "Authorization: Bearer wallboard")
    async with open_to(sandbox, clock, people) as gateway, opened(gateway) as (wire, asked):
        answers = [await wire.ask(asking) for _ in range(6)]
        assert asked.times == ONCE + 2
        clock.advance(60)
        answers.append(await wire.ask(asking))
    assert [answer.status for answer in answers] == [200] * 4 + [429] * 2 + [200]
    left = [int(answer.headers["ratelimit-remaining"]) for answer in answers]
    assert left == [79, 58, 37, 16, 16, 16, 79]
    assert answers[1].headers["ratelimit-limit"] == "100"
    assert answers[4].headers["retry-after"]


async def test_a_budget_that_replicas_share_is_charged_as_fast(
    sandbox: Sandbox, clock: Clock, redis: RedisServer
) -> None:
    """Redis is asked now and then; that one request goes the long way."""
    people = People(sandbox)
    people.add("wallboard", None, READ, budget_per_minute=100_000)
    asking = call_of(sandbox, "Authorization: Bearer wallboard")
    shared = open_to(sandbox, clock, people, gateway_cache_url=redis.url)
    async with shared as gateway, opened(gateway) as (wire, asked):
        answers = [await wire.ask(asking) for _ in range(50)]
        assert asked.times < 10
    left = [int(answer.headers["ratelimit-remaining"]) for answer in answers]
    assert left == [100_000 - 21 * number for number in range(1, 51)]


async def test_a_token_is_part_of_the_request(sandbox: Sandbox, clock: Clock) -> None:
    """Who has another, or none, is not told what was told to somebody else."""
    people = People(sandbox)
    people.add("ana", None, READ)
    people.add("ben", None, ALL)
    async with open_to(sandbox, clock, people) as gateway, opened(gateway) as (wire, _):
        known = [await wire.ask(call_of(sandbox, "Authorization: Bearer ana")) for _ in range(2)]
        for token in ("Bearer ben", "Bearer eve", "Bearer ana1", "Basic ana"):
            answer = await wire.ask(call_of(sandbox, f"Authorization: {token}"))
            assert answer.body != known[0].body
        assert (await wire.ask(call_of(sandbox))).status == 401


def test_nothing_of_a_request_is_kept_but_a_keyed_hash() -> None:
    """Its name tells nothing of its token, not even to who can guess it: the key is secret."""
    one, other = Names(), Names()
    names = [
        each.name(request(CALL, "Authorization: Bearer a token")) for each in (one, one, other)
    ]
    assert [len(named.name) for named in names if named] == [16] * 3
    assert names[0] == names[1] != names[2]


async def test_only_so_many_requests_are_known(gateway: Gateway) -> None:
    """Those that were asked last: GATEWAY_CACHE_MAX_BYTES bounds all that requests leave behind."""
    few = Settings(gateway_cache_max_bytes=4 * 2**20)
    async with (
        Gateway(gateway.sandbox, Clock(), few) as small,
        opened(small) as (wire, asked),
    ):
        first, *others = (call_of(small.sandbox, f"Accept: */*, a/{n}") for n in range(1200))
        for one in (first, first, first, *others):
            await wire.ask(one)
        before = asked.times
        await wire.ask(others[-1])
        assert asked.times == before
        await wire.ask(first)
        assert asked.times == before + 1


async def test_answers_come_in_the_order_of_their_questions(gateway: Gateway) -> None:
    """A known question does not overtake one that takes longer, on the same connection."""
    known = call_of(gateway.sandbox)
    waiting = request(
        "query($s: CallSid!) { callLookup(sid: $s, waitFor: COMPLETE, timeoutSeconds: 1) "
        "{ status } }",
        variables={"s": gateway.sandbox.examples()["partial"]},
    )
    async with opened(gateway) as (wire, _):
        expected = await wire.ask(known)
        await wire.ask(known)
        await wire.send(waiting, known)
        first, second = await wire.receive(), await wire.receive()
    assert "callLookup" in first.data
    assert second.lasting == expected.lasting


QUESTIONS = st.lists(st.integers(0, 3), min_size=1, max_size=6)
CUTS = st.lists(st.integers(0, 3000), max_size=8)


@given(asked=st.lists(st.tuples(QUESTIONS, CUTS), min_size=1, max_size=3))
@hypothesis_settings(max_examples=15, suppress_health_check=list(HealthCheck), deadline=None)
def test_however_the_bytes_are_cut_each_question_has_its_answer(
    asked: list[tuple[list[int], list[int]]],
) -> None:
    """In order, and as if it had come alone: together, in pieces, known or not."""
    asyncio.run(_cut(asked))


async def _cut(asked: Sequence[tuple[list[int], list[int]]]) -> None:
    clock = Clock()
    sandbox = Sandbox(calls=30, clock=clock, arrivals=False)
    questions = [
        call_of(sandbox),
        call_of(sandbox, name="bad_carrier"),
        request(PAGE),
        request("{ viewer { name } }"),
    ]
    async with Gateway(sandbox, clock, Settings()) as gateway, opened(gateway) as (wire, _):
        for _ in range(ONCE):
            alone = [(await wire.ask(question)).lasting for question in questions]
        for numbers, cuts in asked:
            stream = b"".join(questions[number] for number in numbers)
            heads = [match.end() for match in re.finditer(rb"\r\n\r\n", stream)]
            where = [cut if cut % 2 else heads[cut % len(heads)] for cut in cuts]
            places = sorted({0, len(stream), *(place for place in where if place < len(stream))})
            pieces = [stream[a:b] for a, b in itertools.pairwise(places)]
            sending = asyncio.create_task(wire.send(*pieces))
            found = [(await wire.receive()).lasting for _ in numbers]
            await sending
            assert found == [alone[number] for number in numbers]


async def test_a_viewer_that_was_removed_meanwhile_is_answered_no_more(
    sandbox: Sandbox, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even what was asked before the configuration was read again, and answered after."""
    before, after = People(sandbox), People(sandbox)
    before.add("ben", None, ALL)
    after.add("ana", None, READ)
    know, reading = Authenticator.admit_at_once, asyncio.Event()

    def know_and_reload(keeper: Authenticator, shown: str | None) -> Admission | None:
        admission = know(keeper, shown)
        if reading.is_set():
            keeper.replace(after.access.grants)
        return admission

    monkeypatch.setattr(Authenticator, "admit_at_once", know_and_reload)
    asking = call_of(sandbox, "Authorization: Bearer ben")
    async with (
        Gateway(sandbox, clock, Settings(), access=before.access) as gateway,
        opened(gateway) as (wire, _),
    ):
        assert (await wire.ask(asking)).status == 200
        reading.set()
        assert (await wire.ask(asking)).status == 200
        assert [(await wire.ask(asking)).status for _ in range(3)] == [401] * 3
