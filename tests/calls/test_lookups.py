"""A frontend asks for one call, for a call that is not there, and for twenty at once."""

import asyncio

import pytest

from gateway.config.settings import Settings
from gateway.sandbox import Fault, Sandbox
from gateway.upstream import retry
from tests.conftest import Clock, Gateway

LOOKUP = """
query($sid: CallSid!) {
  callLookup(sid: $sid) {
    status message retryAfterSeconds
    call { sid processing { state version isFinal source asOf refreshAfter } }
  }
}
"""
CALL = "query($sid: CallSid!) { call(sid: $sid) { sid processing { source } } }"


async def test_the_jitter_of_a_call_is_one_question_away(gateway: Gateway) -> None:
    """The path of a field in Twilio's documentation is its path in the graph."""
    data = await gateway.ask(
        "query($sid: CallSid!) { call(sid: $sid) { carrierEdge { metrics { inbound { jitter "
        "{ max } } } } } }",
        sid=gateway.sandbox.examples()["bad_carrier"],
    )
    assert data["call"]["carrierEdge"]["metrics"]["inbound"]["jitter"]["max"] > 30


@pytest.mark.parametrize(
    ("example", "status", "asked"),
    [
        ("bad_carrier", "COMPLETE", ["complete"]),
        ("partial", "PARTIAL", ["complete", "partial"]),
        ("not_ready", "NOT_READY", ["complete", "partial"]),
        ("not_found", "NOT_FOUND", ["complete"]),
        ("expired", "EXPIRED", ["complete"]),
        ("not_enabled", "INSIGHTS_NOT_ENABLED", ["complete"]),
    ],
)
async def test_a_lookup_tells_states_apart(
    gateway: Gateway, example: str, status: str, asked: list[str]
) -> None:
    """Complete is asked for first, partial only where that may help, and every state has a name."""
    sid = gateway.sandbox.examples()[example]
    with gateway.upstream() as requests:
        lookup = (await gateway.ask(LOOKUP, sid=sid))["callLookup"]
    assert lookup["status"] == status
    assert [request.params["ProcessingState"] for request in requests] == asked
    assert (lookup["call"] is not None) == (status in {"COMPLETE", "PARTIAL"})
    assert lookup["message"].startswith("There is a summary, ") == (lookup["call"] is not None)
    assert (lookup["retryAfterSeconds"] is not None) == (status in {"PARTIAL", "NOT_READY"})
    assert (await gateway.ask(CALL, sid=sid))["call"] is None or lookup["call"]["sid"] == sid


async def test_credentials_that_are_refused_are_a_failure_and_no_state(gateway: Gateway) -> None:
    """A 401 means two things; only the one about Voice Insights is a state of the call."""
    gateway.sandbox.inject(Fault(kind="refused_credentials", times=1))
    error = await gateway.fail(CALL, sid=gateway.sandbox.examples()["client"])
    assert error["extensions"]["code"] == "UPSTREAM_CREDENTIALS"
    assert error["extensions"]["twilioCode"] == 20003


async def test_a_complete_summary_is_asked_for_once(gateway: Gateway, clock: Clock) -> None:
    """What cannot change is kept for a week, and says so."""
    sid = gateway.sandbox.examples()["client"]
    with gateway.upstream() as requests:
        first = (await gateway.ask(LOOKUP, sid=sid))["callLookup"]["call"]["processing"]
        clock.advance(3600)
        second = (await gateway.ask(LOOKUP, sid=sid))["callLookup"]["call"]["processing"]
    assert len(requests) == 1
    assert (first["source"], second["source"]) == ("UPSTREAM", "CACHE")
    assert first["asOf"] == second["asOf"]
    assert second["isFinal"] is True
    assert second["refreshAfter"] is None


async def test_a_partial_summary_is_asked_for_every_time(gateway: Gateway, clock: Clock) -> None:
    """What changes is never answered from memory; one day it is complete, and stays."""
    sid = gateway.sandbox.examples()["partial"]
    versions = []
    for _ in range(40):
        lookup = (await gateway.ask(LOOKUP, sid=sid))["callLookup"]
        assert lookup["call"]["processing"]["source"] == "UPSTREAM"
        versions.append(lookup["call"]["processing"]["version"])
        if lookup["status"] == "COMPLETE":
            break
        assert lookup["call"]["processing"]["isFinal"] is False
        clock.advance(60)
    assert lookup["status"] == "COMPLETE"
    assert versions == sorted(versions)
    assert len(set(versions)) > 2


async def test_fifty_askers_of_one_call_cost_one_upstream_request(gateway: Gateway) -> None:
    """Whoever asks for what is being fetched waits for that fetch."""
    sid = gateway.sandbox.examples()["client"]
    with gateway.upstream() as requests:
        answers = await asyncio.gather(*(gateway.ask(CALL, sid=sid) for _ in range(50)))
    assert len(requests) == 1
    assert {answer["call"]["sid"] for answer in answers} == {sid}


async def test_twenty_calls_in_one_document_are_fetched_once_each_and_together(
    sandbox: Sandbox, clock: Clock, settings: Settings
) -> None:
    """Aliases cost no more than their calls, and no call waits for another."""
    gateway = Gateway(sandbox, clock, settings)
    listed = await gateway.ask("{ calls(first: 25) { nodes { sid } } }")
    sids = [node["sid"] for node in listed["calls"]["nodes"][:20]]
    fresh = Gateway(sandbox, clock, settings)
    sandbox.inject(Fault(kind="slow", seconds=0.2, times=None))
    document = "{" + " ".join(f'c{i}: call(sid: "{sid}") {{ sid }}' for i, sid in enumerate(sids))
    document += f' again: call(sid: "{sids[0]}") {{ sid }} }}'
    started = asyncio.get_running_loop().time()
    with fresh.upstream() as requests:
        data = await fresh.ask(document)
    assert [data[f"c{i}"]["sid"] for i in range(20)] == sids
    assert sorted(request.path for request in requests) == sorted(
        f"/v1/Voice/{sid}/Summary" for sid in sids
    )
    assert asyncio.get_running_loop().time() - started < 20 * 0.2 / 2


async def test_a_failure_is_not_remembered(gateway: Gateway) -> None:
    """The next asker after a failure gets an answer."""
    sid = gateway.sandbox.examples()["sip"]
    gateway.sandbox.inject(Fault(kind="server_error", times=retry.MOST))
    error = await gateway.fail(CALL, sid=sid)
    assert error["extensions"]["code"] == "UPSTREAM_UNAVAILABLE"
    assert (await gateway.ask(CALL, sid=sid))["call"]["sid"] == sid


async def test_a_list_fills_the_cache_of_its_calls(gateway: Gateway) -> None:
    """A call that was seen in a list needs no upstream request of its own."""
    listed = await gateway.ask("{ calls(first: 25) { nodes { sid } } }")
    with gateway.upstream() as requests:
        for node in listed["calls"]["nodes"]:
            data = await gateway.ask(CALL, sid=node["sid"])
            assert data["call"]["processing"]["source"] == "CACHE"
    assert requests == []


async def test_a_call_leads_to_its_parent_and_back_by_id(gateway: Gateway) -> None:
    """`parentCall` is a call like any other; `node` and `nodes` find calls by their ids."""
    examples = gateway.sandbox.examples()
    data = await gateway.ask(
        "query($sid: CallSid!) { call(sid: $sid) { id parentCallSid parentCall { id sid } } }",
        sid=examples["child"],
    )
    child, parent = data["call"], data["call"]["parentCall"]
    assert parent["sid"] == child["parentCallSid"] == examples["parent"]
    data = await gateway.ask(
        "query($id: ID!, $ids: [ID!]!) { node(id: $id) { id __typename ... on Call { sid } } "
        "nodes(ids: $ids) { id } }",
        id=parent["id"],
        ids=[child["id"], parent["id"]],
    )
    assert data["node"] == {"id": parent["id"], "__typename": "Call", "sid": parent["sid"]}
    assert data["nodes"] == [{"id": child["id"]}, {"id": parent["id"]}]


@pytest.mark.parametrize("bad", ["", "abc", "Q2FsbDoqKg==", "VXNlcjox", "💥"])
@pytest.mark.parametrize(
    ("field", "argument"), [("node(id: $id)", "id"), ("nodes(ids: [$id])", "ids")]
)
async def test_an_id_of_something_else_is_the_askers_mistake(
    gateway: Gateway, field: str, argument: str, bad: str
) -> None:
    """An id that this graph did not make is refused before anything is asked."""
    with gateway.upstream() as requests:
        error = await gateway.fail(f"query($id: ID!) {{ {field} {{ id }} }}", id=bad)
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert error["extensions"]["argument"] == argument
    assert error["message"].startswith(f"`{argument}` is no id of this graph.")
    assert requests == []


@pytest.mark.parametrize(
    "bad",
    ["", "CA", "CA../../../v1/Voice/Summaries", "CA" + "g" * 32, "ca" + "0" * 32, "CA" + "0" * 33],
)
async def test_a_sid_is_checked_before_it_comes_near_a_url(gateway: Gateway, bad: str) -> None:
    """Nothing but `CA` and 32 hexadecimal digits becomes part of an upstream path."""
    with gateway.upstream() as requests:
        error = await gateway.fail(CALL, sid=bad)
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert "32 hexadecimal digits" in error["message"]
    assert requests == []
