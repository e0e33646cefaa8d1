"""Below the summary: the metrics and events of a call, over all its edges."""

import asyncio
import json
from typing import Any

import httpx
import pytest
from httpx import ASGITransport

from gateway.config.kinds import CacheKeys
from gateway.config.settings import Settings
from gateway.instrumentation import FieldDropped
from gateway.sandbox import Fault, Sandbox
from tests.conftest import Clock, Gateway
from tests.live import life
from tests.servers import RedisServer
from tests.viewers import ALL, READ, Asker, People, open_to

METRICS = """
query($sid: CallSid!, $first: Int, $after: String) {
  call(sid: $sid) {
    metrics(first: $first, after: $after) {
      status
      nodes { timestamp edge direction carrierEdge { cumulative { packetsReceived packetsSent } } }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
  }
}
"""
WHOLE = """
query($sid: CallSid!) {
  call(sid: $sid) {
    type
    metrics(first: 1000) { status nodes { edge timestamp } pageInfo { hasNextPage } }
    events(first: 1000) { status nodes { edge timestamp name } pageInfo { hasNextPage } }
  }
}
"""
EVENTS = """
query($sid: CallSid!, $edges: [MediaEdgeKind!], $levels: [EventLevel!]) {
  call(sid: $sid) {
    events(edges: $edges, levels: $levels, first: 1000) { nodes { edge level group name } }
  }
}
"""
SAMPLES = """
query($sid: CallSid!, $edges: [MediaEdgeKind!], $directions: [StreamDirection!]) {
  call(sid: $sid) {
    metrics(edges: $edges, directions: $directions, first: 1000) { nodes { edge direction } }
  }
}
"""
EDGE = {"metrics": {"inbound": {"packets_received": 1}}}

RANK = ["CARRIER", "SIP", "CLIENT", "SDK"]


def asked(requests: list[Any]) -> list[tuple[str, str | None]]:
    """Of each request for metrics or events, the resource and the edge."""
    details = [one for one in requests if one.path.endswith(("/Metrics", "/Events"))]
    return [(one.path.rpartition("/")[2], one.params.get("Edge")) for one in details]


def samples(count: int, edge: str = "carrier_edge") -> list[dict[str, Any]]:
    return [
        {
            "timestamp": f"2026-11-23T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}Z",
            "edge": edge,
            "direction": "inbound",
            edge: {"interval": {"packets_received": second}},
        }
        for second in range(count)
    ]


async def test_the_drill_down_of_a_trunking_call_costs_as_many_requests_as_it_has_edges(
    gateway: Gateway,
) -> None:
    """One for each edge and resource, for each fits on a page; the second time none."""
    sid = gateway.sandbox.examples()["trunking"]
    await gateway.ask("query($sid: CallSid!) { call(sid: $sid) { sid } }", sid=sid)
    with gateway.upstream() as requests:
        whole = await gateway.ask(WHOLE, sid=sid)
    with gateway.upstream() as again:
        known = await gateway.ask(WHOLE, sid=sid)

    edges = ("carrier_edge", "sip_edge")
    assert sorted(asked(requests)) == [(one, e) for one in ("Events", "Metrics") for e in edges]
    assert len(requests) == 4
    assert again == []
    assert known == whole
    for connection in (whole["call"]["metrics"], whole["call"]["events"]):
        assert connection["status"] == "COMPLETE"
        assert connection["pageInfo"]["hasNextPage"] is False
        assert {node["edge"] for node in connection["nodes"]} == {"CARRIER", "SIP"}


async def test_each_page_of_twilio_s_costs_one_request_more(sandbox: Sandbox, clock: Clock) -> None:
    """A page holds 1,000: 2,500 samples of one edge are three requests, and later none."""
    sid = sandbox.add(
        {"processing_state": "complete", "carrier_edge": EDGE},
        metrics=samples(2500),
    )
    async with Gateway(sandbox, clock, Settings()) as gateway:
        found: list[str] = []
        with gateway.upstream() as requests:
            cursor = None
            while True:
                data = await gateway.ask(METRICS, sid=sid, first=999, after=cursor)
                found += [node["timestamp"] for node in data["call"]["metrics"]["nodes"]]
                info = data["call"]["metrics"]["pageInfo"]
                assert info["hasPreviousPage"] is (cursor is not None)
                cursor = info["endCursor"]
                if not info["hasNextPage"]:
                    break

    assert asked(requests) == [("Metrics", "carrier_edge")] * 3
    assert len(found) == len(set(found)) == 2500
    assert found == sorted(found)


@pytest.mark.parametrize("name", ["bad_carrier", "client", "trunking", "sip", "agent"])
async def test_small_steps_meet_what_one_large_step_does(gateway: Gateway, name: str) -> None:
    """Edge after edge, by time within one; each sample once, and no further request."""
    sid = gateway.sandbox.examples()[name]
    whole = await gateway.ask(METRICS, sid=sid, first=1000)
    nodes = whole["call"]["metrics"]["nodes"]
    steps: list[Any] = []
    with gateway.upstream() as requests:
        cursor = None
        for _ in range(len(nodes) // 7 + 2):
            page = (await gateway.ask(METRICS, sid=sid, first=7, after=cursor))["call"]["metrics"]
            steps += page["nodes"]
            cursor = page["pageInfo"]["endCursor"]
            if not page["pageInfo"]["hasNextPage"]:
                break

    assert steps == nodes
    assert nodes
    places = [(RANK.index(node["edge"]), node["timestamp"]) for node in nodes]
    assert places == sorted(places)
    assert requests == []


async def test_filters_leave_out_what_was_not_asked_for(gateway: Gateway) -> None:
    """Of an edge that is not asked for, Twilio is not asked either."""
    sid = gateway.sandbox.examples()["client"]
    await gateway.ask("query($sid: CallSid!) { call(sid: $sid) { sid } }", sid=sid)
    with gateway.upstream() as requests:
        sdk = await gateway.ask(SAMPLES, sid=sid, edges=["SDK"], directions=["INBOUND"])
        none = await gateway.ask(SAMPLES, sid=sid, edges=["SIP"])
        nothing = await gateway.ask(SAMPLES, sid=sid, edges=[])
    assert asked(requests) == [("Metrics", "sdk_edge")]
    assert {(n["edge"], n["direction"]) for n in sdk["call"]["metrics"]["nodes"]} == {
        ("SDK", "BOTH")
    }
    assert none["call"]["metrics"]["nodes"] == nothing["call"]["metrics"]["nodes"] == []

    every = (await gateway.ask(SAMPLES, sid=sid))["call"]["metrics"]["nodes"]
    inbound = await gateway.ask(SAMPLES, sid=sid, directions=["INBOUND"])
    assert [one for one in every if one["direction"] != "OUTBOUND"] == (
        inbound["call"]["metrics"]["nodes"]
    )
    assert len(every) > len(inbound["call"]["metrics"]["nodes"]) > 0

    events = (await gateway.ask(EVENTS, sid=sid))["call"]["events"]["nodes"]
    warned = (await gateway.ask(EVENTS, sid=sid, levels=["WARNING", "ERROR"]))["call"]["events"]
    assert warned["nodes"] == [one for one in events if one["level"] in {"WARNING", "ERROR"}]
    assert {one["level"] for one in events} > {"WARNING"}


async def test_events_of_a_voice_agent_belong_to_no_edge(gateway: Gateway) -> None:
    """They come with those of the default edge, and are left out when edges are asked for."""
    sid = gateway.sandbox.examples()["agent"]
    every = (await gateway.ask(EVENTS, sid=sid))["call"]["events"]["nodes"]
    edges = sorted({one["edge"] for one in every if one["edge"]})
    of_edges = (await gateway.ask(EVENTS, sid=sid, edges=edges))["call"]["events"]["nodes"]

    assert "conversation_relay" in {one["group"] for one in every if one["edge"] is None}
    assert of_edges == [one for one in every if one["edge"]]


async def test_a_cursor_opens_its_own_list_alone(gateway: Gateway) -> None:
    """Of another call, resource or filter it is refused, as any other text is."""
    examples = gateway.sandbox.examples()
    data = await gateway.ask(METRICS, sid=examples["client"], first=3)
    cursor = data["call"]["metrics"]["pageInfo"]["endCursor"]
    elsewhere = await gateway.fail(METRICS, sid=examples["trunking"], after=cursor)
    query = "query($sid: CallSid!, $after: String) { call(sid: $sid) { %s { status } } }"
    others = [
        await gateway.fail(query % one, sid=examples["client"], after=cursor)
        for one in ("events(after: $after)", "metrics(edges: [SDK], after: $after)")
    ]
    broken = await gateway.fail(METRICS, sid=examples["client"], after="abc")

    for error in (elsewhere, *others, broken):
        assert error["extensions"]["code"] == "INVALID_CURSOR"
        assert "`after`" in error["message"]


@pytest.mark.parametrize("first", [0, -1, 1001])
async def test_a_size_that_cannot_be_is_refused(gateway: Gateway, first: int) -> None:
    """1 to 1,000, as of calls; the message says so."""
    error = await gateway.fail(METRICS, sid=gateway.sandbox.examples()["client"], first=first)
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert "1 to 1000" in error["message"]


async def test_personal_data_in_events_is_masked(sandbox: Sandbox, clock: Clock) -> None:
    """The name of the client by its first letter, a location to the degree, no address and city."""
    query = """
    query($sid: CallSid!) {
      call(sid: $sid) {
        events(edges: [SDK], first: 1000) {
          nodes {
            name
            sdkEdge {
              metadata { clientName ipAddress city countryCode location { lat lon } }
            }
          }
        }
      }
    }
    """
    people = People(sandbox)
    people.add("operator", None, ALL)
    people.add("dashboard", None, READ)
    sid = sandbox.examples()["client"]
    async with open_to(sandbox, clock, people) as gateway:
        whole = await gateway.http.get(
            "/graphql",
            params={"query": query, "variables": json.dumps({"sid": sid})},
            headers={"authorization": "Bearer operator"},
        )
        masked = await Asker(gateway, "dashboard").ask(query, sid=sid)

    assert whole.headers["cache-control"] == "private, no-store"
    seen = whole.json()["data"]["call"]["events"]["nodes"]
    shown = masked["call"]["events"]["nodes"]
    assert [one["name"] for one in seen] == [one["name"] for one in shown]
    told = [one["sdkEdge"]["metadata"] for one in seen if one["sdkEdge"]["metadata"]]
    hidden = [one["sdkEdge"]["metadata"] for one in shown if one["sdkEdge"]["metadata"]]
    assert told
    for real, mask in zip(told, hidden, strict=True):
        assert real["clientName"]
        assert real["ipAddress"]
        assert mask["clientName"] != real["clientName"]
        assert mask["clientName"].endswith("•••")
        assert mask["ipAddress"] is mask["city"] is None
        assert mask["countryCode"] == real["countryCode"]
        degrees = real["location"] and {name: round(at) for name, at in real["location"].items()}
        assert mask["location"] == degrees


class WithoutDetails(httpx.AsyncBaseTransport):
    """Twilio, which refuses metrics and events in one way."""

    def __init__(self, sandbox: Sandbox, code: int, status: int) -> None:
        self._inner = ASGITransport(app=sandbox.app)
        self._status = status
        self._refusal = {"code": code, "message": "no", "more_info": "", "status": status}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answered = await self._inner.handle_async_request(request)
        if not request.url.path.endswith(("/Metrics", "/Events")):
            return answered
        return httpx.Response(self._status, json=self._refusal)


@pytest.mark.parametrize(
    ("code", "http", "status", "asked_edges"),
    [
        (17007, 401, "INSIGHTS_NOT_ENABLED", 1),
        (17002, 404, "EXPIRED", 1),
        (20404, 404, "COMPLETE", 2),
    ],
)
async def test_without_metrics_there_is_a_state_and_no_error(  # noqa: PLR0913, PLR0917 - a table
    sandbox: Sandbox, clock: Clock, code: int, http: int, status: str, asked_edges: int
) -> None:
    """Twilio's 17007 comes with HTTP 401 and says nothing about credentials.

    What holds for the whole call is asked of one edge; an edge of which Twilio has nothing is
    without samples.
    """
    transport = WithoutDetails(sandbox, code, http)
    sid = sandbox.examples()["trunking"]
    query = "query($sid: CallSid!) { call(sid: $sid) { metrics { status nodes { edge } } } }"
    async with Gateway(sandbox, clock, Settings(), transport=transport) as gateway:
        with gateway.upstream() as requests:
            data = await gateway.ask(query, sid=sid)
            again = await gateway.ask(query, sid=sid)

    assert data == again == {"call": {"metrics": {"status": status, "nodes": []}}}
    assert len(asked(requests)) == asked_edges


RUNNING = """
query($sid: CallSid!) {
  call(sid: $sid) { metrics(first: 1000) { status nodes { timestamp } } }
}
"""


async def test_metrics_of_a_call_under_way_are_cached_for_seconds(
    gateway: Gateway, clock: Clock
) -> None:
    """A sample takes ten seconds; once the summary is complete they are kept as long as that."""
    sid = gateway.sandbox.examples()["running"]
    counts, known = [], 0
    for wait in (0.0, 5.0, 6.0, 60.0):
        clock.advance(wait)
        with gateway.upstream() as requests:
            found = (await gateway.ask(RUNNING, sid=sid))["call"]["metrics"]
        counts.append(len(asked(requests)))
        assert found["status"] == "PARTIAL"
        assert len(found["nodes"]) >= known
        known = len(found["nodes"])
    assert counts[1] == 0
    assert counts[0] == counts[2] == counts[3] > 0

    clock.advance(3 * 3600)
    found = (await gateway.ask(RUNNING, sid=sid))["call"]["metrics"]
    clock.advance(24 * 3600)
    with gateway.upstream() as requests:
        assert (await gateway.ask(RUNNING, sid=sid))["call"]["metrics"] == found
    assert found["status"] == "COMPLETE"
    assert len(found["nodes"]) > known
    assert asked(requests) == []


async def test_a_page_that_was_seen_before_the_end_is_asked_for_again(
    gateway: Gateway, clock: Clock
) -> None:
    """Its call is complete by now, and had more to come when the page was seen."""
    sid = gateway.sandbox.examples()["partial"]
    before = (await gateway.ask(RUNNING, sid=sid))["call"]["metrics"]
    clock.advance(3600)
    with gateway.upstream() as requests:
        after = (await gateway.ask(RUNNING, sid=sid))["call"]["metrics"]

    assert (before["status"], after["status"]) == ("PARTIAL", "COMPLETE")
    assert asked(requests)


async def test_who_asks_at_the_same_time_shares_a_request(gateway: Gateway) -> None:
    """Twenty askers of the metrics of one call: a request for each of its edges."""
    sid = gateway.sandbox.examples()["trunking"]
    with gateway.upstream() as requests:
        answers = await asyncio.gather(*(gateway.ask(RUNNING, sid=sid) for _ in range(20)))

    assert sorted(asked(requests)) == [("Metrics", "carrier_edge"), ("Metrics", "sip_edge")]
    assert all(answer == answers[0] for answer in answers)


async def test_replicas_share_what_one_has_fetched(
    sandbox: Sandbox, clock: Clock, redis: RedisServer
) -> None:
    """Through Redis, encrypted as summaries are: the other one asks Twilio nothing."""
    settings = Settings(gateway_cache_url=redis.url, gateway_cache_key=CacheKeys("A" * 43 + "="))
    sid = sandbox.examples()["trunking"]
    async with (
        Gateway(sandbox, clock, settings) as one,
        Gateway(sandbox, clock, settings) as other,
    ):
        fetched = await one.ask(WHOLE, sid=sid)
        with other.upstream() as requests:
            shared = await other.ask(WHOLE, sid=sid)

    assert shared == fetched
    assert requests == []
    names = [name for name in redis.command("KEYS", "*") if b":details:" in name]
    assert len(names) == 4
    assert not any(b"carrier_edge" in redis.command("GET", name) for name in names)


async def test_older_metrics_are_told_while_twilio_fails(gateway: Gateway, clock: Clock) -> None:
    """As summaries are, for `GATEWAY_STALE_IF_ERROR`; without any there is an error."""
    sid = gateway.sandbox.examples()["running"]
    known = await gateway.ask(RUNNING, sid=sid)
    clock.advance(30)
    gateway.sandbox.inject(Fault(kind="server_error", path_contains="/Metrics"))
    stale = await gateway.ask(RUNNING, sid=sid)
    other = await gateway.fail(RUNNING, sid=gateway.sandbox.examples()["client"])

    assert stale == known
    assert other["extensions"]["code"] == "UPSTREAM_UNAVAILABLE"
    assert other["path"] == ["call", "metrics"]


async def test_samples_of_another_call_are_no_answer(sandbox: Sandbox, clock: Clock) -> None:
    """Whoever may see one call is never shown another's."""
    others = [{**one, "call_sid": f"CA{0:031x}e"} for one in samples(2)]
    sid = sandbox.add({"processing_state": "complete", "carrier_edge": EDGE}, metrics=others)
    async with Gateway(sandbox, clock, Settings()) as gateway:
        error = await gateway.fail(RUNNING, sid=sid)

    assert error["extensions"]["code"] == "UPSTREAM_INVALID_RESPONSE"


class Odd(httpx.AsyncBaseTransport):
    """Twilio, with one and the same page of metrics whatever is asked."""

    def __init__(self, sandbox: Sandbox, page: dict[str, Any]) -> None:
        self._inner = ASGITransport(app=sandbox.app)
        self._page = page

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/Metrics"):
            return httpx.Response(200, json=self._page)
        return await self._inner.handle_async_request(request)


async def test_an_odd_item_costs_itself_alone(sandbox: Sandbox, clock: Clock) -> None:
    """What is no sample, or one of another edge than was asked for, is left out; the rest stays."""
    good, other = samples(1, "sip_edge")[0], samples(1, "sdk_edge")[0]
    page = {"metrics": [17, good, other, "text", None], "meta": {}}
    query = "query($sid: CallSid!) { call(sid: $sid) { metrics(edges: [SIP]) { nodes { edge } } } }"
    async with Gateway(sandbox, clock, Settings(), transport=Odd(sandbox, page)) as gateway:
        data = await gateway.ask(query, sid=sandbox.examples()["sip"])
        dropped = [one for one in gateway.happenings if isinstance(one, FieldDropped)]

    assert data["call"]["metrics"]["nodes"] == [{"edge": "SIP"}]
    assert [one.field for one in dropped] == ["metrics"] * 3


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("https://elsewhere.example/?Page=1&PageToken=again", "UPSTREAM_INVALID_RESPONSE"),
        ("https://elsewhere.example/?Page=x&PageToken=a", "UPSTREAM_INVALID_RESPONSE"),
        ("https://elsewhere.example/?Page=1", "UPSTREAM_INVALID_RESPONSE"),
    ],
)
async def test_pages_that_lead_nowhere_end(
    sandbox: Sandbox, clock: Clock, url: str, code: str
) -> None:
    """A page after which the same one comes again, or one without number or token, is an error.

    Of an address only the token and the number are taken: no other host is asked.
    """
    page = {"metrics": [], "meta": {"next_page_url": url}}
    async with Gateway(sandbox, clock, Settings(), transport=Odd(sandbox, page)) as gateway:
        error = await gateway.fail(RUNNING, sid=sandbox.examples()["sip"])

    assert error["extensions"]["code"] == code


async def test_a_price_holds_the_requests_of_all_edges(gateway: Gateway) -> None:
    """Of four edges and both resources, and the lookup: what is spent stays below the price."""
    body = {
        "query": WHOLE,
        "variables": {"sid": gateway.sandbox.examples()["trunking"]},
        "extensions": {"cost": True},
    }
    first = (await gateway.http.post("/graphql", json=body)).json()["extensions"]["cost"]
    again = (await gateway.http.post("/graphql", json=body)).json()["extensions"]["cost"]

    assert first["requested"] >= 10 * (2 + 4 + 4)
    assert first["requested"] >= first["actual"]
    assert first["upstreamRequests"] == 5  # the summary, and two edges of two resources
    assert again["upstreamRequests"] == 0


async def test_pages_beyond_the_price_are_charged(sandbox: Sandbox, clock: Clock) -> None:
    """A request that may cost no more ends with what it has, and a cursor to go on from."""
    many = samples(5000)
    many[-1]["direction"] = "outbound"
    sid = sandbox.add({"processing_state": "complete", "carrier_edge": EDGE}, metrics=many)
    query = """
    query($sid: CallSid!, $after: String) {
      call(sid: $sid) {
        metrics(directions: [OUTBOUND], first: 5, after: $after) {
          nodes { timestamp } pageInfo { hasNextPage }
        }
      }
    }
    """
    async with Gateway(sandbox, clock, Settings(gateway_max_cost=62)) as gateway:
        error = await gateway.fail(query, sid=sid)
        cursor = error["extensions"]["endCursor"]
        data = await gateway.ask(query, sid=sid, after=cursor)

    assert error["extensions"]["code"] == "COST_ESTIMATED_TOO_EXPENSIVE"
    assert [node["timestamp"] for node in data["call"]["metrics"]["nodes"]] == [
        many[-1]["timestamp"]
    ]


async def test_what_is_deferred_comes_after_the_summary(gateway: Gateway) -> None:
    """`@defer` sends the summary before Twilio answered of the metrics."""
    query = """
    query($sid: CallSid!) {
      call(sid: $sid) {
        sid
        ... @defer { metrics(first: 1000) { status nodes { timestamp } } }
      }
    }
    """
    sid = gateway.sandbox.examples()["client"]
    gateway.sandbox.inject(Fault(kind="slow", seconds=0.2, path_contains="/Metrics"))
    answer = await gateway.http.post(
        "/graphql",
        json={"query": query, "variables": {"sid": sid}},
        headers={"accept": "multipart/mixed;incrementalSpec=v0.2,application/json"},
    )
    parts = [part.split("\r\n\r\n", 1)[1] for part in answer.text.split("\r\n--graphql")[1:-1]]
    first, *rest = map(json.loads, parts)

    assert first["data"] == {"call": {"sid": sid}}
    assert first["hasNext"] is True
    later = [piece for one in rest for piece in one["incremental"]]
    assert later[0]["data"]["metrics"]["status"] == "COMPLETE"
    assert later[0]["data"]["metrics"]["nodes"]


async def test_an_answer_says_how_long_it_holds(gateway: Gateway) -> None:
    """Of a call under way ten seconds, and of a complete one days: for HTTP caches."""
    kept = {}
    for name in ("running", "trunking"):
        variables = json.dumps({"sid": gateway.sandbox.examples()[name]})
        params = {"query": RUNNING, "variables": variables}
        answer = await gateway.http.get("/graphql", params=params)
        kept[name] = answer.headers["cache-control"]

    assert kept["running"] in {"private, no-cache", "private, max-age=10"}
    assert int(kept["trunking"].rpartition("=")[2]) > 86400


@pytest.mark.usefixtures("impatient")
async def test_followers_get_the_metrics_so_far_with_each_version(
    gateway: Gateway, clock: Clock
) -> None:
    """`callUpdates` may select them; with the last version comes all there is."""
    query = """
    subscription($sid: CallSid!) {
      callUpdates(sid: $sid) {
        status
        call { processing { version } metrics(first: 1000) { status nodes { timestamp } } }
      }
    }
    """
    sid = gateway.sandbox.examples()["running"]
    body = {"query": query, "variables": {"sid": sid}}
    passing = asyncio.create_task(life(clock, minute=0.03, minutes=120))
    try:
        answer = await gateway.http.post(
            "/graphql", json=body, headers={"accept": "text/event-stream"}, timeout=30
        )
    finally:
        passing.cancel()
    lines = [line for line in answer.text.splitlines() if line.startswith("data: {")]
    results = [json.loads(line.removeprefix("data: "))["data"]["callUpdates"] for line in lines]
    counts = [len(one["call"]["metrics"]["nodes"]) for one in results if one["call"]]

    assert results[-1]["status"] == results[-1]["call"]["metrics"]["status"] == "COMPLETE"
    assert len(results) > 2
    assert counts == sorted(counts)
    assert counts[-1] > counts[0]
