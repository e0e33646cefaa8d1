import pytest

from tests.schema.many_calls.conftest import CALLS, Filled

pytestmark = pytest.mark.asyncio(loop_scope="session")

SHARES = """
query ($tagged: CallWhere!, $loss: CallField!, $isWanted: Boolean!) {
  callStatistics {
    total {
      count
      countWhere(where: $tagged)
      of(field: $loss) @include(if: $isWanted) { count }
      ...Left @skip(if: $isWanted)
    }
  }
}
fragment Left on CallGroup { distinct(field: $loss) }
"""


async def test_what_is_measured_may_be_named_by_variables(gateway: Filled) -> None:
    """Variables are allowed in arguments at any depth (GraphQL §2.10), and in directives."""
    tagged = {"tags": {"isEmpty": False}}
    loss = "CARRIER_EDGE_METRICS_INBOUND_PACKETS_LOSS_PERCENTAGE"
    data = await gateway.ask(SHARES, tagged=tagged, loss=loss, isWanted=True)
    total = data["callStatistics"]["total"]
    assert 0 < total["countWhere"] < total["count"] == CALLS
    assert total["of"]["count"] > 0
    assert "distinct" not in total
