"""Calls are found and counted by what their diagnosis says, and by the estimated MOS."""

from collections import Counter

import pytest

from gateway.insights.diagnosis.diagnosis import diagnose
from gateway.insights.mos import estimated_mos
from tests.insights.diagnosis.names import rules_of, suspects_by_name
from tests.schema.many_calls.conftest import Filled
from tests.warehouse.conftest import WORLD

pytestmark = pytest.mark.asyncio(loop_scope="session")

DIAGNOSES = {one.sid: diagnose(one.summary) for one in WORLD}

BLAMED = """
{
  searchCalls(
    first: 1000
    where: {diagnosis: {suspects: {has: CARRIER} rules: {hasAny: [HIGH_PACKET_LOSS, HIGH_JITTER]}}}
  ) {
    totalCount
    nodes { sid diagnosis { suspects { where } findings { rule } } }
  }
}
"""
COUNTED = """
{
  callStatistics(groupBy: [{field: DIAGNOSIS_SUSPECTS}], first: 100) {
    groups { key { value } count }
  }
}
"""
POOR = """
{
  searchCalls(
    first: 1000
    where: {carrierEdge: {metrics: {inbound: {estimatedMos: {lt: 3.5}}}}}
    orderBy: [{field: CARRIER_EDGE_METRICS_INBOUND_ESTIMATED_MOS, direction: ASC}]
  ) {
    nodes { sid carrierEdge { metrics { inbound { estimatedMos } } } }
  }
}
"""


async def test_calls_are_found_by_their_rules_and_suspects(gateway: Filled) -> None:
    """Columns and `Call.diagnosis` are made by the same function, so each call shows why."""
    found = (await gateway.ask(BLAMED))["searchCalls"]
    expected = {
        sid
        for sid, one in DIAGNOSES.items()
        if "CARRIER" in suspects_by_name(one)
        and {"HIGH_PACKET_LOSS", "HIGH_JITTER"} & set(rules_of(one))
    }

    assert {node["sid"] for node in found["nodes"]} == expected
    assert found["totalCount"] == len(expected) > 3
    for node in found["nodes"]:
        rules = [finding["rule"] for finding in node["diagnosis"]["findings"]]
        assert list(dict.fromkeys(rules)) == rules_of(DIAGNOSES[node["sid"]])
        assert "CARRIER" in [one["where"] for one in node["diagnosis"]["suspects"]]


async def test_calls_are_counted_by_suspect(gateway: Filled) -> None:
    """A call counts for each of its suspects; those without one are in no group."""
    groups = (await gateway.ask(COUNTED))["callStatistics"]["groups"]
    counts = {group["key"][0]["value"]: group["count"] for group in groups}
    counts.pop(None, None)

    assert counts == Counter(where for one in DIAGNOSES.values() for where in suspects_by_name(one))
    assert len(counts) > 3


async def test_calls_are_found_by_their_estimated_score(gateway: Filled) -> None:
    """The column holds what the field says, to the last digit."""
    nodes = (await gateway.ask(POOR))["searchCalls"]["nodes"]
    expected = {}
    for one in WORLD:
        edge = one.summary.carrier_edge
        stream = edge.metrics.inbound if edge and edge.metrics else None
        score = None if stream is None else estimated_mos(stream)
        if score is not None and score < 3.5:
            expected[one.sid] = score
    scores = {
        node["sid"]: node["carrierEdge"]["metrics"]["inbound"]["estimatedMos"] for node in nodes
    }

    assert scores == expected
    assert list(scores.values()) == sorted(scores.values())
    assert expected
