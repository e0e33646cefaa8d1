import pytest

from tests.conftest import NOON
from tests.schema.many_calls.conftest import CALLS, DAY, Filled
from tests.warehouse.conftest import WORLD

pytestmark = pytest.mark.asyncio(loop_scope="session")

BAD = """
query ($since: DateTime!) {
  searchCalls(
    first: 1000
    where: {
      endTime: {gte: $since}
      or: [{tags: {has: HIGH_JITTER}}, {edges: {metrics: {inbound: {packetsLost: {gt: 100}}}}}]
    }
  ) {
    totalCount
    nodes { sid processing { source } }
  }
}
"""


async def test_calls_are_found_without_a_request_to_twilio(gateway: Filled) -> None:
    """Nodes are read from the warehouse, and say so (the issue)."""
    with gateway.upstream() as made:
        data = await gateway.ask(BAD, since="2026-05-26T00:00:00+02:00")
    nodes = data["searchCalls"]["nodes"]
    expected = {
        one.sid
        for one in WORLD
        if one.summary.end_time is not None
        and one.summary.end_time.timestamp() >= NOON // DAY * DAY - 2 * DAY - 7200
        and (
            "high_jitter" in (one.summary.tags or ())
            or any(
                edge.metrics is not None
                and edge.metrics.inbound is not None
                and (edge.metrics.inbound.packets_lost or 0) > 100
                for edge in one.summary.media_edges
            )
        )
    }

    assert {node["sid"] for node in nodes} == expected
    assert data["searchCalls"]["totalCount"] == len(expected) > 5
    assert {node["processing"]["source"] for node in nodes} == {"WAREHOUSE"}
    assert not made


async def test_what_is_not_selected_is_not_asked_for(gateway: Filled) -> None:
    """`totalCount` is counted only when it is selected (the issue)."""
    gateway.engine.asked.clear()
    await gateway.ask("{ searchCalls(first: 3) { nodes { sid } } }")
    page = [one.sql for one in gateway.engine.asked if "gateway_filed >=" in one.sql]
    data = await gateway.ask("{ searchCalls(first: 3) { totalCount nodes { sid } } }")
    both = [one.sql for one in gateway.engine.asked if "gateway_filed >=" in one.sql]

    assert len(page) == 1
    assert len(both) == 2
    assert data["searchCalls"]["totalCount"] == CALLS
