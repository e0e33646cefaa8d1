"""The right people see their own calls, and no phone number by accident."""

import asyncio
import json
import logging
import re
from base64 import b64encode
from collections.abc import AsyncIterator
from hashlib import sha256
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.config.viewers import Scope
from gateway.sandbox import Sandbox
from tests.conftest import Clock, Gateway
from tests.server.conftest import listening
from tests.servers import RedisServer
from tests.viewers import ALL, READ, Asker, People, open_to

PARTIES = """
query($sid: CallSid!) {
  call(sid: $sid) {
    from { caller callerHash countryCode ipAddress city location { lat lon } }
    to { callee calleeHash }
    sipEdge { properties { externalMediaIp userAgent } }
    annotation { comment }
  }
}
"""


@pytest.fixture
async def office(sandbox: Sandbox, clock: Clock) -> AsyncIterator[Gateway]:
    """A gateway with an operator, a dashboard without personal data, and an annotator."""
    people = People(sandbox)
    people.add("operator", None, ALL)
    people.add("dashboard", frozenset(), READ)
    people.add("annotator", frozenset(), frozenset({Scope.CALLS_READ, Scope.ANNOTATIONS_WRITE}))
    people.add("nobody", frozenset(), frozenset({Scope.PII_READ}))
    async with open_to(sandbox, clock, people) as gateway:
        yield gateway


@pytest.mark.parametrize(
    "shown", [None, "", "Bearer", "Bearer ", "Bearer wrong", "Basic b3BlcmF0b3I=", "operator"]
)
async def test_strangers_are_turned_away(office: Gateway, shown: str | None) -> None:
    """401, a code, and what to send instead; Twilio is not asked, the token not repeated."""
    headers = {} if shown is None else {"Authorization": shown}
    with office.upstream() as requests:
        answer = await office.http.post(
            "/graphql", json={"query": "{ calls { nodes { sid } } }"}, headers=headers
        )
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert "wrong" not in answer.text
    assert requests == []


async def test_a_viewer_can_ask_who_it_is(office: Gateway) -> None:
    """A page shows what its viewer may do, and no more."""
    query = "{ viewer { name account subaccounts scopes } }"
    account = office.sandbox.account_sid
    assert (await Asker(office, "dashboard").ask(query))["viewer"] == {
        "name": "dashboard",
        "account": account,
        "subaccounts": [],
        "scopes": ["CALLS_READ"],
    }
    operator = (await Asker(office, "operator").ask(query))["viewer"]
    assert operator["subaccounts"] is None
    assert operator["scopes"] == sorted(scope.name for scope in ALL)


async def test_personal_data_is_masked_for_those_who_may_not_see_it(office: Gateway) -> None:
    """The same call: plain for the operator, masked for the dashboard, with the same stand-ins."""
    sid = office.sandbox.examples()["bad_carrier"]
    plain = (await Asker(office, "operator").ask(PARTIES, sid=sid))["call"]
    masked = (await Asker(office, "dashboard").ask(PARTIES, sid=sid))["call"]
    number = plain["from"]["caller"]
    assert number.startswith("+")
    assert masked["from"]["caller"] == number[:5] + "•" * (len(number) - 7) + number[-2:]
    assert masked["from"]["countryCode"] == plain["from"]["countryCode"]
    assert masked["from"]["callerHash"] == plain["from"]["callerHash"]
    assert number not in json.dumps(masked)
    for kind in ("sip", "client", "annotated"):
        sid = office.sandbox.examples()[kind]
        masked = (await Asker(office, "dashboard").ask(PARTIES, sid=sid))["call"]
        assert masked["from"]["ipAddress"] is None
        assert masked["from"]["city"] is None
        assert (masked["annotation"] or {}).get("comment") is None
        location = masked["from"]["location"]
        assert location is None or location["lat"] == round(location["lat"])


@pytest.mark.parametrize(
    ("token", "query", "code"),
    [
        ("dashboard", '{ calls(filter: {from: "+14155550100"}) { nodes { sid } } }', "FORBIDDEN"),
        ("dashboard", '{ calls(filter: {to: "client:ana"}) { nodes { sid } } }', "FORBIDDEN"),
        ("dashboard", "query($sid: CallSid!) { call(sid: $sid) { raw } }", "FORBIDDEN"),
        ("nobody", "query($sid: CallSid!) { call(sid: $sid) { sid } }", "FORBIDDEN"),
        ("nobody", "{ calls { nodes { sid } } }", "FORBIDDEN"),
        (
            "dashboard",
            "mutation($sid: CallSid!) {annotateCall(input: {sid: $sid, spam: true}) {call {sid}}}",
            "FORBIDDEN",
        ),
    ],
)
async def test_what_needs_a_scope_is_refused_without_it(
    office: Gateway, token: str, query: str, code: str
) -> None:
    """The refusal names the scope; the number that was filtered by is not repeated."""
    variables = {"sid": office.sandbox.examples()["client"]} if "$sid" in query else {}
    asker = Asker(office, token)
    body = await asker.send(query, **variables)
    assert body["errors"][0]["extensions"]["code"] == code
    assert "scope `" in body["errors"][0]["message"]
    assert "+14155550100" not in json.dumps(body)
    assert not [request for request in office.sandbox.requests if request.method == "POST"]


async def test_a_subscription_that_is_refused_ends_with_an_error_of_no_place(
    office: Gateway,
) -> None:
    """There is but one field; the error has its code and its message, and no more."""
    query = "subscription($sid: CallSid!) { callUpdates(sid: $sid) { status } }"
    answer = await office.http.post(
        "/graphql",
        json={"query": query, "variables": {"sid": office.sandbox.examples()["client"]}},
        headers={"Authorization": "Bearer nobody", "Accept": "text/event-stream"},
    )
    (data,) = re.findall(r"^data: (.+)$", answer.text, re.MULTILINE)
    (error,) = json.loads(data)["errors"]
    assert error.keys() == {"message", "extensions"}
    assert error["extensions"] == {"code": "FORBIDDEN"}


async def test_who_may_annotate_does(office: Gateway) -> None:
    """`annotations:write` is enough for one's own calls."""
    sid = office.sandbox.examples()["client"]
    mutation = (
        "mutation($sid: CallSid!) { annotateCall(input: {sid: $sid, callScore: 2}) "
        "{ userErrors { code } call { annotation { callScore } } } }"
    )
    payload = (await Asker(office, "annotator").ask(mutation, sid=sid))["annotateCall"]
    assert payload == {"userErrors": [], "call": {"annotation": {"callScore": 2}}}


ENTRANCES = {
    "call": "query($sid: CallSid!) { call(sid: $sid) { sid } }",
    "callLookup": "query($sid: CallSid!) { callLookup(sid: $sid) { status message call { sid } } }",
    "waiting": (
        "query($sid: CallSid!) { callLookup(sid: $sid, waitFor: PARTIAL, timeoutSeconds: 1) "
        "{ status call { sid } } }"
    ),
    "node": "query($id: ID!) { node(id: $id) { id } }",
    "nodes": "query($id: ID!) { nodes(ids: [$id]) { id } }",
    "_entities": (
        'query($sid: CallSid!) { _entities(representations: [{__typename: "Call", sid: $sid}]) '
        "{ ... on Call { sid } } }"
    ),
    "a persisted query": "query Kept($sid: CallSid!) { call(sid: $sid) { sid } }",
    "annotateCall": (
        "mutation($sid: CallSid!) { annotateCall(input: {sid: $sid, spam: true}) "
        "{ userErrors { code message path } call { sid } } }"
    ),
}


def _node_id(sid: str) -> str:
    return b64encode(f"Call:{sid}".encode()).decode()


async def _through(asker: Asker, entrance: str, sid: str) -> dict[str, Any]:
    query = ENTRANCES[entrance]
    if "Kept" in query:
        named = {"version": 1, "sha256Hash": sha256(query.encode()).hexdigest()}
        said = {"variables": {"sid": sid}, "extensions": {"persistedQuery": named}}
        await asker.post(query, **said)
        told: dict[str, Any] = (await asker.post(None, **said)).json()
        return told
    return await asker.send(query, **({"id": _node_id(sid)} if "$id" in query else {"sid": sid}))


class World:
    """A sandbox with calls of the account and both subaccounts, complete and partial."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.sandbox = Sandbox(calls=0, clock=self.clock, arrivals=False)
        self.owners = (self.sandbox.account_sid, *self.sandbox.subaccounts)
        self.calls: dict[str, list[str]] = {owner: [] for owner in self.owners}
        for number in range(6):
            owner = self.owners[number % 3]
            summary = {
                "account_sid": owner,
                "call_sid": f"CA{number:032x}",
                "processing_state": "complete" if number < 3 else "partial",
                "processing_version": 2,
                "start_time": "2026-05-28T20:00:00Z",
                "end_time": "2026-05-28T20:10:00Z",
            }
            self.calls[owner].append(self.sandbox.add(summary))


questions = st.tuples(
    st.sampled_from(sorted(ENTRANCES)), st.integers(0, 2), st.integers(0, 1), st.booleans()
)


@pytest.mark.parametrize("backend", ["memory", "redis"])
@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    seen=st.sets(st.integers(1, 2)), asked=st.lists(questions, min_size=1, max_size=6, unique=True)
)
def test_somebody_elses_call_is_as_one_that_does_not_exist(
    redis: RedisServer, backend: str, seen: set[int], asked: list[tuple[str, int, int, bool]]
) -> None:
    """Through every entrance, warm and cold: the same answer, for as many upstream requests."""

    async def tell() -> None:
        world = World()
        redis.command("FLUSHALL")
        people = People(world.sandbox)
        people.add("operator", None, ALL)
        visible = frozenset(world.owners[number] for number in seen)
        people.add("viewer", visible, ALL)
        url = redis.url if backend == "redis" else "memory://"
        said = {"gateway_cache_url": url, "gateway_federation": True}
        async with open_to(world.sandbox, world.clock, people, **said) as gateway:
            viewer, operator = Asker(gateway, "viewer"), Asker(gateway, "operator")
            for entrance, owner, which, warm in asked:
                sid = world.calls[world.owners[owner]][which]
                if warm:  # somebody who may has seen it just now, in a list too
                    await operator.ask(ENTRANCES["call"], sid=sid)
                if owner == 0 or owner in seen:
                    told = await _through(viewer, entrance, sid)
                    assert sid in json.dumps(told) or _node_id(sid) in json.dumps(told)
                    continue
                nowhere = f"CAf{sid[3:]}"  # asked for as often before
                world.clock.advance(10)
                with gateway.upstream() as spent:
                    told = await _through(viewer, entrance, sid)
                with gateway.upstream() as spent_in_vain:
                    in_vain = await _through(viewer, entrance, nowhere)
                hidden = json.dumps(told).replace(sid, nowhere)
                assert hidden == json.dumps(in_vain)
                assert [r.method for r in spent] == [r.method for r in spent_in_vain]
            happened = str(gateway.happenings)
            sids = (sid for sids in world.calls.values() for sid in sids)
            assert all(one not in happened for one in (*world.owners[1:], *sids))

    asyncio.run(tell())


async def test_a_subaccount_that_was_not_given_cannot_be_listed() -> None:
    """Neither one that there is nor one that there is not; nothing is asked."""
    world = World()
    people = People(world.sandbox)
    people.add("viewer", frozenset({world.owners[1]}), READ)
    query = "query($s: String!) { calls(filter: {subaccount: $s}) { nodes { accountSid } } }"
    async with open_to(world.sandbox, world.clock, people) as gateway:
        viewer = Asker(gateway, "viewer")
        nodes = (await viewer.ask(query, s=world.owners[1]))["calls"]["nodes"]
        assert {node["accountSid"] for node in nodes} <= {world.owners[1]}
        with gateway.upstream() as requests:
            for subaccount in (world.owners[2], "AC" + "9" * 32):
                assert await viewer.fail(query, s=subaccount) == "FORBIDDEN"
        assert requests == []


async def test_somebody_elses_parent_is_as_one_that_does_not_exist() -> None:
    """The call that dialled one's own is null where one may not see it, whoever saw it before."""
    world = World()
    hidden = world.calls[world.owners[2]][0]
    children = {
        parent: world.sandbox.add(
            {
                "account_sid": world.owners[1],
                "call_sid": f"CA{number:032x}",
                "parent_call_sid": parent,
                "processing_state": "complete",
                "start_time": "2026-05-28T20:00:00Z",
                "end_time": "2026-05-28T20:10:00Z",
            }
        )
        for number, parent in enumerate((hidden, f"CAf{hidden[3:]}"), 20)
    }
    people = People(world.sandbox)
    people.add("operator", None, ALL)
    people.add("viewer", frozenset({world.owners[1]}), READ)
    query = "query($sid: CallSid!) { call(sid: $sid) { parentCall { sid } } }"
    async with open_to(world.sandbox, world.clock, people) as gateway:
        seen = await Asker(gateway, "operator").ask(query, sid=children[hidden])
        assert seen == {"call": {"parentCall": {"sid": hidden}}}
        spent: list[int] = []
        for child in children.values():
            with gateway.upstream() as requests:
                told = await Asker(gateway, "viewer").send(query, sid=child)
            assert told == {"data": {"call": {"parentCall": None}}}
            spent.append(len(requests))
        assert len(set(spent)) == 1


async def test_somebody_elses_call_is_followed_as_one_that_does_not_exist() -> None:
    """The first state is NOT_FOUND, and what Twilio learns of the call wakes nobody."""
    world = World()
    people = People(world.sandbox)
    people.add("operator", None, ALL)
    people.add("viewer", frozenset({world.owners[1]}), READ)
    hidden = world.calls[world.owners[2]][1]
    query = "subscription($sid: CallSid!) { callUpdates(sid: $sid) { status message } }"
    states = []
    async with (
        open_to(world.sandbox, world.clock, people) as gateway,
        listening(gateway.app) as (host, port),
        httpx.AsyncClient(base_url=f"http://{host}:{port}", timeout=10) as client,
    ):
        for sid in (hidden, f"CAf{hidden[3:]}"):
            body = {"query": query, "variables": {"sid": sid}}
            headers = {"Authorization": "Bearer viewer", "Accept": "text/event-stream"}
            async with client.stream("POST", "/graphql", json=body, headers=headers) as answer:
                lines = answer.aiter_lines()
                states.append(await anext(line async for line in lines if line.startswith("data")))
                await Asker(gateway, "operator").ask(ENTRANCES["call"], sid=hidden)
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.5):
                        await anext(line async for line in lines if line.startswith("data"))
    assert '"NOT_FOUND"' in states[0]
    assert states[0] == states[1]


async def test_lists_hold_the_calls_of_ones_own_alone() -> None:
    """Of the account, and of each subaccount that was given; never of another."""
    world = World()
    people = People(world.sandbox)
    people.add("operator", None, ALL)
    people.add("viewer", frozenset({world.owners[1]}), READ)
    query = """query($s: String) {
      calls(filter: {subaccount: $s, processingState: ALL, startTime: "4w"}) { nodes { sid } }
    }"""
    async with open_to(world.sandbox, world.clock, people) as gateway:
        for name in ("operator", "viewer"):
            for number, owner in enumerate(world.owners[:2]):
                found = await Asker(gateway, name).ask(query, s=owner if number else None)
                sids = {node["sid"] for node in found["calls"]["nodes"]}
                assert sids <= {*world.calls[owner]}
                assert sids


async def test_the_cursor_of_one_is_no_cursor_of_another(sandbox: Sandbox, clock: Clock) -> None:
    """What may be seen is part of what a cursor is signed with."""
    people = People(sandbox)
    people.add("one", None, READ)
    people.add("other", frozenset(), READ)
    query = "query($a: String) { calls(first: 5, after: $a) { pageInfo { endCursor } } }"
    async with open_to(sandbox, clock, people) as gateway:
        cursor = (await Asker(gateway, "one").ask(query))["calls"]["pageInfo"]["endCursor"]
        assert await Asker(gateway, "other").fail(query, a=cursor) == "INVALID_CURSOR"


async def test_no_number_is_written_anywhere(
    sandbox: Sandbox, clock: Clock, redis: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    """Marked numbers, planted and asked for in every way: in no log, metric, key, cursor, error."""
    mark = "5550199"
    sid = sandbox.add(
        {
            "account_sid": sandbox.account_sid,
            "call_sid": f"CA{9:032x}",
            "processing_state": "complete",
            "start_time": "2026-05-28T20:00:00Z",
            "end_time": "2026-05-28T20:10:00Z",
            "from": {"caller": f"+1415{mark}"},
            "to": {"callee": f"client:{mark}"},
            "duration": "wrong type",
        }
    )
    people = People(sandbox)
    people.add("operator", None, ALL)
    people.add("dashboard", frozenset(), READ)
    caplog.set_level(logging.DEBUG)
    written: list[str] = []
    async with open_to(sandbox, clock, people, gateway_cache_url=redis.url) as gateway:
        operator, dashboard = Asker(gateway, "operator"), Asker(gateway, "dashboard")
        await operator.ask(PARTIES, sid=sid)
        listing = f'{{ calls(filter: {{from: "+1415{mark}"}}) {{ edges {{ cursor }} }} }}'
        written.append(json.dumps(await operator.ask(listing)))
        for query in (listing, f'{{ calls(filter: {{from: "{mark} "}}) {{ nodes {{ sid }} }} }}'):
            written.append(json.dumps(await dashboard.send(query)))
            written.append(json.dumps((await operator.send(query)).get("errors")))
        written.append(json.dumps(await dashboard.send(PARTIES, sid=sid)))
        written.append((await gateway.http.get("/metrics")).text)
        written.append(repr(gateway.happenings))
    written += [record.getMessage() for record in caplog.records]
    written += [key.decode() for key in redis.command("KEYS", "*")]
    assert len(written) > 10
    assert [text for text in written if mark in text] == []
