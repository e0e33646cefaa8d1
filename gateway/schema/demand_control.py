"""Demand control: what a request may cost, and what it did."""

from collections.abc import Mapping
from typing import Any

from gateway.errors import TooExpensive
from gateway.schema.price import Cost, Price
from gateway.schema.spending import Allowance, Budgets, Refused
from gateway.tally import Tally, noted
from gateway.viewers import Viewer


class DemandControl:
    """Lets requests pass that cost no more than `limit`, and that their viewers can pay for."""

    def __init__(self, limit: int, budgets: Budgets | None = None) -> None:
        self._limit = limit
        self.budgets = budgets or Budgets()

    async def admit(
        self, price: Price, variables: Mapping[str, Any] | None, viewer: Viewer, now: float
    ) -> Allowance | None:
        """Charge a request to its viewer, who then has so much left. Raises Refused."""
        cost = noted().cost = price.total(variables)
        limit = viewer.max_cost or self._limit
        if viewer.budget_per_minute is not None:
            limit = min(limit, viewer.budget_per_minute)
        if cost > limit:
            raise Refused(TooExpensive(cost, limit, price.cure(variables, limit)), None)
        return await self.budgets.charge(cost, viewer, now)


def told(tally: Tally, data: object) -> dict[str, int]:
    """`extensions.cost` of an answer: what it was priced at, and what it took."""
    return {
        "requested": tally.cost or 0,
        "actual": Cost(tally.upstream_requests, _values(data)).total,
        "upstreamRequests": tally.upstream_requests,
        "cacheHits": tally.cache_hits,
    }


def _values(data: object) -> int:
    """How many values there are in an answer."""
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
