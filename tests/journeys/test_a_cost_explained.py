"""A client asks why a request cost what it did, and is told field by field."""

import asyncio
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import httpx
import pytest

from gateway.config.settings import Settings
from gateway.sandbox import Fault, Sandbox
from tests.conftest import Clock, Gateway
from tests.live import hear, say, subscribe
from tests.node import Json
from tests.server.conftest import listening, opened
from tests.servers import RedisServer
from tests.viewers import ALL, READ, People, open_to

DEBUG = {"GraphQL-Cost-Debug": "1"}
CALL = "query($sid: CallSid!) { call(sid: $sid) { sid duration } }"
LIST = """
query($from: String, $after: String, $first: Int = 30) {
  calls(
    first: $first, after: $after, filter: { startTime: "2d", from: $from, type: [CARRIER, SIP] }
  ) {
    nodes {
      sid
      parentCall { sid }
      metrics(edges: [CARRIER], directions: [INBOUND]) { nodes { timestamp } }
    }
    pageInfo { endCursor }
  }
}
"""


async def post(
    gateway: Gateway, query: str, headers: Mapping[str, str] = DEBUG, **variables: Any
) -> httpx.Response:
    body = {"query": query, "variables": variables}
    return await gateway.http.post("/graphql", json=body, headers=headers)


async def explained(gateway: Gateway, query: str, **variables: Any) -> Json:
    """`extensions.cost` of an answer without errors."""
    answer = (await post(gateway, query, **variables)).json()
    assert "errors" not in answer, answer
    cost: Json = answer["extensions"]["cost"]
    return cost


def at(cost: Json, *path: str) -> Json:
    """One field of an explanation."""
    found: Json
    (found,) = [field for field in cost["fields"] if field["path"] == list(path)]
    return found


def requests(fields: Iterable[Json]) -> dict[str, int]:
    """Requests to Twilio of all fields, by resource."""
    total: dict[str, int] = {}
    for field in fields:
        for resource, counted in field.get("requests", {}).items():
            total[resource] = total.get(resource, 0) + counted["requests"]
    return total


async def test_each_filter_has_the_one_who_applied_it(gateway: Gateway) -> None:
    """Twilio's with the parameter that was sent, and the gateway's own (the issue)."""
    cost = await explained(gateway, LIST)
    calls, metrics = at(cost, "calls"), at(cost, "calls", "nodes", "metrics")
    sent = gateway.sandbox.requests[0].params
    for one in calls["filters"]:
        assert one["appliedBy"] == "TWILIO"
        assert one["value"] == sent[one["parameter"]]
    assert [one["argument"] for one in calls["filters"]] == [
        "filter.startTime",
        "filter.endTime",
        "filter.type",
    ]
    assert metrics["filters"] == [
        {"argument": "edges", "appliedBy": "TWILIO", "value": ["CARRIER"], "parameter": "Edge"},
        {"argument": "directions", "appliedBy": "GATEWAY", "value": ["INBOUND"]},
    ]


async def test_requests_are_those_that_twilio_had(gateway: Gateway) -> None:
    """By field and resource, with retries and failures; together they are `upstreamRequests`."""
    gateway.sandbox.inject(Fault(kind="server_error", times=1))
    with gateway.upstream() as made:
        cost = await explained(gateway, LIST)
    assert at(cost, "calls")["requests"] == {
        "Summaries": {"requests": 2, "retries": 1, "failed": 1}
    }
    assert set(at(cost, "calls", "nodes", "metrics")["requests"]) == {"Metrics"}
    assert sum(requests(cost["fields"]).values()) == cost["upstreamRequests"] == len(made)
    assert cost["cachedAnswer"] is False


async def test_pages_of_a_walk_are_counted_and_those_from_the_cache(gateway: Gateway) -> None:
    """Thirty calls stand on a page of fifty: the next thirty need that one again, and the next."""
    query = "query($a: String) { calls(first: 30, after: $a) { pageInfo { endCursor } } }"
    query = query.replace("first: 30,", 'first: 30, filter: { startTime: "7d" },')
    first = await post(gateway, query)
    cursor = first.json()["data"]["calls"]["pageInfo"]["endCursor"]
    with gateway.upstream() as made:
        second = await explained(gateway, query, a=cursor)
    assert at(first.json()["extensions"]["cost"], "calls")["pages"] == {"total": 1, "cached": 0}
    assert at(second, "calls")["pages"] == {"total": 2, "cached": 1}
    assert requests(second["fields"]) == {"Summaries": 1}
    assert len(made) == 1
    filters = at(second, "calls")["filters"]
    assert filters == at(first.json()["extensions"]["cost"], "calls")["filters"]


async def test_each_root_field_has_its_price(gateway: Gateway) -> None:
    """By response key; with one field it is that of the request, with more each is rounded up."""
    sid = gateway.sandbox.examples()["client"]
    one = await explained(gateway, CALL, sid=sid)
    roots = "a: call(sid: $sid) { sid } b: calls { nodes { sid } } viewer { name }"
    query = f"query($sid: CallSid!) {{ {roots} }}"
    two = await explained(gateway, query, sid=sid)
    assert at(one, "call")["requested"] == one["requested"] == 21
    prices = {field["path"][0]: field["requested"] for field in two["fields"]}
    assert prices == {"a": 21, "b": 11, "viewer": 1}
    assert two["requested"] <= sum(prices.values()) <= two["requested"] + len(prices)
    assert at(two, "viewer") == {"path": ["viewer"], "requested": 1}, "it did nothing"


async def test_who_waits_for_the_request_of_another_is_told_so(gateway: Gateway) -> None:
    """Two at the same time cost one request; it is that of one of them (the gateway coalesces)."""
    gateway.sandbox.inject(Fault(kind="slow", seconds=0.2, times=1))
    sid = gateway.sandbox.examples()["client"]
    with gateway.upstream() as made:
        costs = await asyncio.gather(*(explained(gateway, CALL, sid=sid) for _ in range(2)))
    fields = sorted((at(cost, "call") for cost in costs), key=lambda one: "requests" in one)
    assert [one["cache"]["coalesced"] for one in fields] == [1, 0]
    assert [requests([one]) for one in fields] == [{}, {"Summary": 1}]
    assert len(made) == 1


async def test_hits_are_told_by_tier(sandbox: Sandbox, clock: Clock, redis: RedisServer) -> None:
    """What another replica fetched comes from Redis once, and then from the memory of this one."""
    settings, sid = Settings(gateway_cache_url=redis.url), sandbox.examples()["client"]
    async with (
        Gateway(sandbox, clock, settings) as one,
        Gateway(sandbox, clock, settings) as other,
    ):
        missed = at(await explained(one, CALL, sid=sid), "call")
        far = at(await explained(other, CALL, sid=sid), "call")
        near = at(await explained(other, CALL, sid=sid), "call")
    assert missed["cache"] == {"hits": 0, "stale": 0, "misses": 1, "coalesced": 0}
    assert missed["tiers"]["far"]["hits"] == 0
    assert missed["tiers"]["far"]["misses"] > 0
    assert missed["requests"] == {"Summary": {"requests": 1, "retries": 0, "failed": 0}}
    assert far["cache"] == near["cache"] == {"hits": 1, "stale": 0, "misses": 0, "coalesced": 0}
    assert far["tiers"]["far"] == {"hits": 1, "misses": 0}
    assert near["tiers"] == {"near": {"hits": 1, "misses": 0}, "far": {"hits": 0, "misses": 0}}
    assert "requests" not in far
    assert "requests" not in near


async def test_who_does_not_ask_is_told_nothing(gateway: Gateway) -> None:
    """No other value of the header asks; with `"cost": true` there are numbers and no fields."""
    sid = gateway.sandbox.examples()["client"]
    for headers in ({}, {"GraphQL-Cost-Debug": "0"}, {"GraphQL-Cost-Debug": "yes"}):
        assert "extensions" not in (await post(gateway, CALL, headers, sid=sid)).json()
    body = {"query": CALL, "variables": {"sid": sid}, "extensions": {"cost": True}}
    told = (await gateway.http.post("/graphql", json=body)).json()["extensions"]["cost"]
    assert set(told) == {"requested", "actual", "upstreamRequests", "cacheHits", "rowsRead"}


@pytest.mark.parametrize("method", ["POST", "GET"])
async def test_an_explanation_is_never_that_of_another_request(
    gateway: Gateway, method: str
) -> None:
    """It is made for its request alone, which says whether others get a cached answer.

    Nor may HTTP caches keep it, or answer it with what they have: RFC 9111 §4.1 and §5.2.2.5.
    """
    sid = gateway.sandbox.examples()["client"]

    async def ask(headers: Mapping[str, str]) -> httpx.Response:
        if method == "POST":
            return await post(gateway, CALL, headers, sid=sid)
        params = {"query": CALL, "variables": json.dumps({"sid": sid})}
        return await gateway.http.get("/graphql", params=params, headers=headers)

    first, plain, again = await ask(DEBUG), await ask({}), await ask(DEBUG)
    known = {"If-None-Match": plain.headers.get("etag", "*")}
    unchanged, last = await ask({**DEBUG, **known}), await ask({})

    costs = [one.json()["extensions"]["cost"] for one in (first, again, unchanged)]
    assert [one["cachedAnswer"] for one in costs] == [False, True, True]
    assert [one["upstreamRequests"] for one in costs] == [1, 0, 0]
    assert plain.json() == last.json() == {"data": first.json()["data"]}
    for one in (first, again, unchanged):
        assert one.status_code == 200
        assert "GraphQL-Cost-Debug" in one.headers["vary"]
        if method == "GET":
            assert one.headers["cache-control"] == "private, no-store"
            assert "etag" not in one.headers


async def test_totals_are_not_for_http_caches_either(gateway: Gateway) -> None:
    """An answer with its cost is true of one request alone (RFC 9111 §5.2.2.5)."""
    params = {
        "query": CALL,
        "variables": json.dumps({"sid": gateway.sandbox.examples()["client"]}),
        "extensions": json.dumps({"cost": True}),
    }
    answer = await gateway.http.get("/graphql", params=params)
    assert answer.json()["extensions"]["cost"]["upstreamRequests"] == 1
    assert answer.headers["cache-control"] == "private, no-store"
    assert "etag" not in answer.headers


async def test_the_data_are_those_of_any_other_answer(gateway: Gateway) -> None:
    """An explanation changes nothing of what it explains."""
    plain = (await post(gateway, LIST, {})).json()
    assert (await post(gateway, LIST)).json()["data"] == plain["data"]


async def test_numbers_of_people_are_masked(sandbox: Sandbox, clock: Clock) -> None:
    """For everybody, since an explanation is passed on (our choice); without `pii:read`, refused.

    What the gateway itself leaves out for a viewer is a filter too.
    """
    people, mine = People(sandbox), sandbox.subaccounts[0]
    people.add("operator", None, ALL)
    people.add("reader", frozenset({mine}), READ)
    number = "+14155550142"

    async def ask(gateway: Gateway, name: str, **variables: Any) -> httpx.Response:
        headers = {**DEBUG, "Authorization": f"Bearer {name}"}
        return await post(gateway, LIST, headers, **variables)

    async with open_to(sandbox, clock, people) as gateway:
        told = await ask(gateway, "operator", **{"from": number})
        refused = await ask(gateway, "reader", **{"from": number})
        limited = await ask(gateway, "reader")

    masked = [one["value"] for one in at(told.json()["extensions"]["cost"], "calls")["filters"]]
    assert "+1415•••••42" in masked
    assert refused.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    for answer in (told, refused):
        assert number not in answer.text
    assert {"argument": "viewer.subaccounts", "appliedBy": "GATEWAY", "value": [mine]} in at(
        limited.json()["extensions"]["cost"], "calls"
    )["filters"]


@pytest.mark.parametrize("dialect", ["incrementalSpec=v0.2", "deferSpec=20220824"])
async def test_the_last_part_explains_all_of_them(gateway: Gateway, dialect: str) -> None:
    """With the work of what was deferred, at its path in the whole answer."""
    query = "query($sid: CallSid!) { viewer { name } ... @defer { call(sid: $sid) { sid } } }"
    headers = {**DEBUG, "Accept": f"multipart/mixed;{dialect}"}
    answer = await post(gateway, query, headers, sid=gateway.sandbox.examples()["client"])
    parts = [json.loads(line) for line in answer.text.splitlines() if line.startswith("{")]
    first, last = parts[0], parts[-1]
    assert len(parts) > 1
    assert "extensions" not in first
    cost = last["extensions"]["cost"]
    assert at(cost, "call")["requests"] == {"Summary": {"requests": 1, "retries": 0, "failed": 0}}
    assert cost["upstreamRequests"] == 1


FOLLOWED = """
subscription($sid: CallSid!) {
  callUpdates(sid: $sid) { call { sid parentCall { sid } } }
}
"""


def assert_followed(events: Sequence[Json], sid: str) -> None:
    """Each event explains all that there was until then."""
    cost = events[-1]["extensions"]["cost"]
    assert events[-1]["data"]["callUpdates"]["call"]["sid"] == sid
    assert at(cost, "callUpdates")["requested"] == cost["requested"]
    assert at(cost, "callUpdates")["requests"] == {
        "Summary": {"requests": 1, "retries": 0, "failed": 0}
    }
    assert cost["upstreamRequests"] == sum(requests(cost["fields"]).values())


async def test_events_of_a_subscription_explain_themselves(gateway: Gateway) -> None:
    """Over HTTP by the header, as any other answer."""
    sid = gateway.sandbox.examples()["client"]
    headers = {**DEBUG, "Accept": "text/event-stream"}
    answer = await post(gateway, FOLLOWED, headers, sid=sid)
    lines = [line.removeprefix("data: ") for line in answer.text.splitlines()]
    assert_followed([json.loads(line) for line in lines if line.startswith("{")], sid)


async def test_a_websocket_asks_by_extension(gateway: Gateway) -> None:
    """Browsers set no headers there; `"cost": "explain"` means the same on any transport."""
    sid = gateway.sandbox.examples()["client"]
    async with listening(gateway.app) as address, opened(address) as connection:
        await subscribe(connection, "{ viewer { name } }")
        await hear(connection)
        await hear(connection)
        said = {"query": FOLLOWED, "variables": {"sid": sid}, "extensions": {"cost": "explain"}}
        message = {"type": "subscribe", "id": "2", "payload": said}
        await connection.send(json.dumps(message))
        event = await hear(connection)
    assert_followed([event["payload"]], sid)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("cost", [True, "explain"])
async def test_each_event_has_what_all_took_until_then(
    gateway: Gateway, clock: Clock, cost: object
) -> None:
    """The poll that a follower began is its work, too; with `true` there are totals alone."""
    sid = gateway.sandbox.examples()["partial"]
    said = {"query": FOLLOWED, "variables": {"sid": sid}, "extensions": {"cost": cost}}
    async with listening(gateway.app) as address, opened(address) as connection:
        await say(connection, type="connection_init")
        await hear(connection)
        await say(connection, type="subscribe", id="1", payload=said)
        events = [await hear(connection)]
        while events[-1]["type"] == "next":
            clock.advance(600)
            events.append(await hear(connection))
    costs = [one["payload"]["extensions"]["cost"] for one in events[:-1]]
    totals = [one["upstreamRequests"] for one in costs]
    assert len(totals) > 1
    assert totals == sorted(set(totals)), "each newer version was asked for"
    if cost is True:
        assert all("fields" not in one for one in costs)
    else:
        assert totals == [sum(requests(one["fields"]).values()) for one in costs]


async def test_a_change_is_explained_and_done_once(gateway: Gateway) -> None:
    """A mutation is executed as ever; its field has the requests of reading and of writing."""
    query = """
      mutation($sid: CallSid!) {
        annotateCall(input: { sid: $sid, spam: true }) { call { sid } userErrors { message } }
      }
    """
    with gateway.upstream() as made:
        cost = await explained(gateway, query, sid=gateway.sandbox.examples()["client"])
    assert [one.method for one in made].count("POST") == 1
    assert requests(cost["fields"])["Annotation"] >= 1
    assert sum(requests(cost["fields"]).values()) == len(made)


async def test_pages_of_other_origins_may_ask(sandbox: Sandbox, clock: Clock) -> None:
    """The preflight lets the header pass (Fetch, CORS protocol)."""
    origin = "https://app.example"
    async with Gateway(sandbox, clock, Settings(gateway_cors_origins=origin)) as gateway:
        asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        wanted = {"Access-Control-Request-Headers": "content-type,graphql-cost-debug"}
        preflight = await gateway.http.options("/graphql", headers={**asked, **wanted})
    assert preflight.status_code == 200
    assert "graphql-cost-debug" in preflight.headers["access-control-allow-headers"]
