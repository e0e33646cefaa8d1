"""Demand control: what a request may cost, what a viewer may spend in a minute, and what it did.

A budget is counted in this process, and in the cache if replicas share it: while the cache server
cannot be asked, or has forgotten, each process holds its viewers to what it knows itself.
"""

import math
from collections.abc import Mapping
from typing import Any, Protocol

from msgspec import Struct

from gateway.errors import BudgetSpent, TooExpensive
from gateway.schema.price import Cost, Price
from gateway.tally import Tally, noted
from gateway.viewers import Viewer

WINDOW = 60
"""Seconds of a budget; it begins with each minute of the clock."""


class Counters(Protocol):
    """What is needed of a cache: aiocache's verbs."""

    async def increment(self, key: str, delta: int) -> int:
        """Count on; what it is then, or 0 when nobody knows."""
        ...

    async def expire(self, key: str, ttl: float) -> Any:
        """Forget a key after so many seconds."""
        ...


class Allowance(Struct, frozen=True):
    """What a viewer has left: `remaining` of `limit`, and anew after `reset` seconds."""

    limit: int
    remaining: int
    reset: int


class Refused(Exception):
    """A request that costs too much, and what its viewer has left if there is a budget."""

    def __init__(self, problem: TooExpensive, allowance: Allowance | None) -> None:
        super().__init__(str(problem))
        self.problem = problem
        self.allowance = allowance


class DemandControl:
    """Lets requests pass that cost no more than `limit`, and their viewers have left.

    `counters` are what replicas share; without them, this process counts alone.
    """

    def __init__(self, limit: int, counters: Counters | None = None) -> None:
        self._limit = limit
        self._counters = counters
        self._spent: dict[str, tuple[int, int]] = {}

    async def admit(
        self, price: Price, variables: Mapping[str, Any] | None, viewer: Viewer, now: float
    ) -> Allowance | None:
        """Charge a request to its viewer, who then has so much left. Raises Refused."""
        cost = noted().cost = price.total(variables)
        limit = viewer.max_cost or self._limit
        budget = viewer.budget_per_minute
        if budget is not None:
            limit = min(limit, budget)
        if cost > limit:
            raise Refused(TooExpensive(cost, limit, price.cure(variables, limit)), None)
        return None if budget is None else await self._charge(viewer.name, cost, budget, now)

    async def _charge(self, name: str, cost: int, budget: int, now: float) -> Allowance:
        window = int(now // WINDOW)
        reset = max(1, math.ceil((window + 1) * WINDOW - now))
        spent = await self._count(name, window, cost)
        if spent <= budget:
            return Allowance(budget, budget - spent, reset)
        spent = await self._count(name, window, -cost)
        remaining = max(0, budget - spent)
        allowance = Allowance(budget, remaining, reset)
        raise Refused(BudgetSpent(cost, remaining, budget, reset), allowance)

    async def _count(self, name: str, window: int, cost: int) -> int:
        known, here = self._spent.get(name, (window, 0))
        here = (here if known == window else 0) + cost
        self._spent[name] = window, here
        counters = self._counters
        if counters is None:
            return here
        key = f"budget:{name}:{window}"
        everywhere = await counters.increment(key, cost)
        if everywhere == cost:
            await counters.expire(key, 2 * WINDOW)
        return max(here, everywhere)


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
