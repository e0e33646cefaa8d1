"""Admits a request if it is within limits and budget, and charges the viewer for it."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from gateway.concurrency.cooperative import in_turns
from gateway.errors import TooExpensive
from gateway.request_stats import Tally, noted
from gateway.schema.context import Context
from gateway.schema.demand_control.budgets import Budgets, Refused
from gateway.schema.demand_control.cost import Cost, Price
from gateway.schema.demand_control.limits import Limits

_AT_ONCE, _PARTS = 16 * 1024, 10
"""Bytes of JSON whose values are counted at once, and how many such parts are in a turn."""


class DemandControl:
    """Lets requests pass that cost no more than `limit`, and that their viewers can pay for."""

    def __init__(self, limit: int = Limits().cost, budgets: Budgets | None = None) -> None:
        self._limit = limit
        self.budgets = budgets or Budgets()

    async def admit(
        self, price: Price, variables: Mapping[str, Any] | None, context: Context
    ) -> None:
        """Charge a request to its viewer; its `expenses` go on from its price. Raises Refused."""
        viewer, now = context.viewer, context.now
        cost = noted().cost = price.total(variables)
        limit = viewer.max_cost or self._limit
        if viewer.budget_per_minute is not None:
            limit = min(limit, viewer.budget_per_minute)
        if cost > limit:
            raise Refused(TooExpensive(cost, limit, price.cure(variables, limit)), None)
        allowance = await self.budgets.charge(cost, viewer, now)
        context.expenses.admitted(cost, allowance, (self.budgets, limit, viewer, now))


async def cost_extension(tally: Tally, *data: bytes) -> dict[str, object]:
    """`extensions.cost` of an answer with this data: what it was priced at, and what it took.

    Of a stream of answers, that is what all of them took until now.
    """
    for json in data:
        tally.values += await values_in(json)
    cost: dict[str, object] = {
        "requested": tally.cost or 0,
        "actual": Cost(tally.upstream_requests, tally.values, tally.warehouse_queries).total,
        "upstreamRequests": tally.upstream_requests,
        "cacheHits": tally.cache_hits,
        "rowsRead": tally.rows_read,
    }
    if tally.explanation is not None:
        cost |= {"cachedAnswer": tally.explanation.cached, "fields": tally.explanation.shown()}
    return cost


async def values_in(json: bytes) -> int:
    """How many values there are in JSON, counted in turns with others."""
    if len(json) <= _AT_ONCE:
        return _count(msgspec.json.decode(json))
    parts = _parts_of(json)
    if parts is None:
        return 1
    return sum([await values_in(part) async for part in in_turns(parts, _PARTS)])


def _parts_of(json: bytes) -> Iterable[bytes] | None:
    """What an object or a list holds; None of anything else."""
    if json.startswith(b"{"):
        return map(bytes, msgspec.json.decode(json, type=dict[str, msgspec.Raw]).values())
    if json.startswith(b"["):
        return map(bytes, msgspec.json.decode(json, type=list[msgspec.Raw]))
    return None


def _count(data: object) -> int:
    values, waiting = 0, [data]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)
        else:
            values += 1
    return values
