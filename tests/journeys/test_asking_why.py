"""Why a call sounded bad: the diagnosis through the graph, with its evidence."""

import time
from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from graphql import (
    FragmentDefinitionNode,
    GraphQLObjectType,
    get_named_type,
    is_leaf_type,
    parse,
    print_ast,
)

from gateway.calls.call import LookupStatus
from gateway.config.settings import Settings
from gateway.sandbox import Sandbox
from gateway.schema.operations import build_schema
from gateway.server.explorer import SOURCES
from tests.conftest import Clock, Gateway
from tests.viewers import ALL, READ, Asker, People, open_to

FINDING = """
  rule severity edge direction heardBy field value threshold unit message advice basis source
"""
DIAGNOSIS = f"""
  diagnosis {{
    headline
    suspects {{ where findings {{ {FINDING} }} }}
    findings {{ {FINDING} }}
  }}
"""
WHY = f"query($sid: CallSid!) {{ call(sid: $sid) {{ sid {DIAGNOSIS} }} }}"
PAGE = f'{{ calls(first: 100, filter: {{startTime: "7d"}}) {{ nodes {{ sid {DIAGNOSIS} }} }} }}'
ROW = """
  sid type state startTime duration tags from { carrier countryCode } to { carrier countryCode }
  processing { state isFinal }
  carrierEdge { metrics { inbound { packetsLossPercentage jitter { avg max } } } }
"""


def explorer_row() -> str:
    """What the explorer's list selects of a call, without the diagnosis."""
    document = parse((SOURCES / "src" / "documents" / "call-row.graphql").read_text())
    (row,) = document.definitions
    assert isinstance(row, FragmentDefinitionNode)
    fields = [print_ast(one) for one in row.selection_set.selections]
    kept = [one for one in fields if not one.startswith("diagnosis")]
    assert len(kept) == len(fields) - 1
    return "\n".join(kept)


async def test_who_is_to_blame_who_heard_it_and_by_how_much(gateway: Gateway) -> None:
    """Of the demo's `bad_carrier`, which loses packets on their way from the carrier to Twilio."""
    data = await gateway.ask(WHY, sid=gateway.sandbox.examples()["bad_carrier"])
    diagnosis = data["call"]["diagnosis"]
    suspect = diagnosis["suspects"][0]
    evidence = suspect["findings"][0]

    assert diagnosis["headline"].startswith("The carrier (")
    assert suspect["where"] == "CARRIER"
    assert (evidence["rule"], evidence["severity"]) == ("HIGH_PACKET_LOSS", "CRITICAL")
    assert (evidence["edge"], evidence["direction"]) == ("CARRIER", "INBOUND")
    assert evidence["heardBy"] in (["CALLER"], ["CALLEE"])
    assert evidence["value"] > evidence["threshold"] == 5
    assert evidence["unit"] == "%"
    assert evidence["source"].startswith("https://")
    assert evidence in diagnosis["findings"]


async def test_a_diagnosis_takes_no_request_to_twilio(gateway: Gateway) -> None:
    """It is of the summary alone: a page with it costs the requests of a page without it."""
    with gateway.upstream() as requests:
        await gateway.ask(PAGE)

    assert [request.path for request in requests] == ["/v1/Voice/Summaries"]


def selection_of(path: str, kind: Any) -> str:
    """The selection of a path below a type, with all that is at its end."""
    name, _, rest = path.partition(".")
    inner = get_named_type(kind.fields[name].type)
    if is_leaf_type(inner):
        assert not rest
        return name
    assert isinstance(inner, GraphQLObjectType)
    if rest:
        return f"{name} {{ {selection_of(rest, inner)} }}"
    return f"{name} {{ __typename }}"


def at(path: str, value: Any) -> Any:
    for name in path.split("."):
        value = None if value is None else value[name]
    return value


async def test_a_finding_names_a_field_that_says_what_it_says(gateway: Gateway) -> None:
    """The path can be selected as it stands, and a number there is the value of the finding.

    So whoever shows a diagnosis can show its evidence. Over all stories of the sandbox.
    """
    schema, seen = build_schema(), set[str]()
    nodes = (await gateway.ask(PAGE))["calls"]["nodes"]
    for node in nodes:
        for finding in node["diagnosis"]["findings"]:
            path = finding["field"]
            if path is None:
                continue
            seen.add(path)
            selection = selection_of(path, schema.type_map["Call"])
            query = f"query($sid: CallSid!) {{ call(sid: $sid) {{ {selection} }} }}"
            there = at(path, (await gateway.ask(query, sid=node["sid"]))["call"])
            if isinstance(there, int | float) and not isinstance(there, bool):
                assert there == finding["value"], path
    assert len(seen) > 15


async def test_who_may_not_see_personal_data_sees_the_same_diagnosis(
    sandbox: Sandbox, clock: Clock
) -> None:
    """Masking changes nothing but what it hides, and a diagnosis says nothing that is hidden."""
    people = People(sandbox)
    people.add("operator", None, ALL)
    people.add("dashboard", None, READ)
    async with open_to(sandbox, clock, people, gateway_max_cost=10**6) as gateway:
        whole = await Asker(gateway, "operator").ask(PAGE)
        masked = await Asker(gateway, "dashboard").ask(PAGE)
        parties = '{ calls(first: 100, filter: {startTime: "7d"}) { nodes { from { caller } } } }'
        callers = await Asker(gateway, "operator").ask(parties)

    assert whole == masked
    told = str(whole)
    known = {node["from"]["caller"] for node in callers["calls"]["nodes"] if node["from"]}
    assert len(known) > 20
    assert not [caller for caller in known if caller and caller in told]


LOOKUP = """
query($sid: CallSid!) {
  callLookup(sid: $sid) { status message call { properties { lastSipResponseNum } } }
}
"""


@pytest.mark.parametrize(
    ("properties", "edge", "words"),
    [
        (
            {"last_sip_response_num": 486, "q850_cause": 17},
            17,
            "SIP response 486, called party busy, and Q.850 cause 17, user busy.",
        ),
        (
            {"last_sip_response_num": 608},
            16,
            "SIP response 608, rejected by a network's analytics.",
        ),
        ({"last_sip_response_num": 499}, None, "refused by the other side."),
        ({"last_sip_response_num": 200, "q850_cause": 17}, 17, None),
        ({"last_sip_response_num": 0}, None, None),
        ({}, None, None),
    ],
)
async def test_a_lookup_says_in_words_how_a_call_failed(
    gateway: Gateway, properties: dict[str, int], edge: int | None, words: str | None
) -> None:
    """Response and cause by RFC 3261 and ITU-T Q.850; of a call that ended well, nothing."""
    sid = gateway.sandbox.add(
        {
            "processing_state": "complete",
            "properties": properties,
            "carrier_edge": {"properties": {"q850_cause": edge, "media_region": "us1"}},
        }
    )
    message = (await gateway.ask(LOOKUP, sid=sid))["callLookup"]["message"]

    if words is None:
        assert message == LookupStatus.COMPLETE.meaning
    else:
        assert message.startswith(f"{LookupStatus.COMPLETE.meaning} The call ended with SIP")
        assert message.endswith(words)


class Recorded(httpx.AsyncBaseTransport):
    """The sandbox, which takes no time for what it was asked before."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._inner = httpx.ASGITransport(app=sandbox.app)
        self._known: dict[str, tuple[bytes, Mapping[str, str]]] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        name = str(request.url)
        if name not in self._known:
            answered = await self._inner.handle_async_request(request)
            kind = {"Content-Type": answered.headers["Content-Type"]}
            self._known[name] = await answered.aread(), kind
        body, headers = self._known[name]
        return httpx.Response(200, content=body, headers=headers)


@pytest.mark.parametrize(
    ("row", "times_as_long"),
    [pytest.param(explorer_row(), 2.0, id="explorer"), pytest.param(ROW, 2.5, id="few fields")],
)
async def test_a_page_with_diagnoses_takes_twice_as_long_at_most(
    sandbox: Sandbox, clock: Clock, row: str, times_as_long: float
) -> None:
    """Our choice. Of 50 calls that were never seen before, against the row that the explorer shows.

    A list of few fields reads one edge or none of a call, and a diagnosis reads them all. Processor
    time, and the best of several attempts: others use the machine, too.
    """
    upstream, times = Recorded(sandbox), {"": list[float](), DIAGNOSIS: list[float]()}
    for attempt in range(8):
        for more, taken in times.items():
            async with Gateway(
                sandbox, clock, Settings(gateway_max_cost=10**6), transport=upstream
            ) as gateway:
                document = (
                    'query($a: String) { calls(first: 50, after: $a, filter: {startTime: "7d"}) '
                    f"{{ nodes {{ {row} {more} }} pageInfo {{ endCursor }} }} }}"
                )
                first = await gateway.ask(document)
                asked = {"a": first["calls"]["pageInfo"]["endCursor"]}
                began = time.process_time()
                page = await gateway.http.post(
                    "/graphql", json={"query": document, "variables": asked}
                )
                if attempt:
                    taken.append(time.process_time() - began)
                assert len(page.json()["data"]["calls"]["nodes"]) == 50

    assert min(times[DIAGNOSIS]) < times_as_long * min(times[""])
