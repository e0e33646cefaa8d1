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
        counters = self._counters
        if budget is None or counters is None:
            return self.charge(cost, viewer, now)
        spent = await self._count(counters, viewer.name, now, cost)
        if spent > budget:
            await self._count(counters, viewer.name, now, -cost)
        return _left(cost, spent, budget, now)

    def is_alone_with(self, viewer: Viewer) -> bool:
        """Whether no other replica has to be told what the viewer spends."""
        return self._counters is None or viewer.budget_per_minute is None

    def charge(self, cost: int, viewer: Viewer, now: float) -> Allowance | None:
        """Charge what may be admitted to a viewer it is alone with. Raises Refused."""
        budget = viewer.budget_per_minute
        if budget is None:
            return None
        spent = self._count_here(viewer.name, now, cost)
        if spent > budget:
            self._count_here(viewer.name, now, -cost)
        return _left(cost, spent, budget, now)

    def _count_here(self, name: str, now: float, cost: int) -> int:
        window = int(now // WINDOW)
        known, here = self._spent.get(name, (window, 0))
        here = (here if known == window else 0) + cost
        self._spent[name] = window, here
        return here

    async def _count(self, counters: Counters, name: str, now: float, cost: int) -> int:
        here = self._count_here(name, now, cost)
        key = f"budget:{name}:{int(now // WINDOW)}"
        everywhere = await counters.increment(key, cost)
        if everywhere == cost:
            await counters.expire(key, 2 * WINDOW)
        return max(here, everywhere)


def _left(cost: int, spent: int, budget: int, now: float) -> Allowance:
    """What is left of a budget. Raises Refused if the last of what is spent is beyond it."""
    reset = max(1, math.ceil(WINDOW - now % WINDOW))
    if spent <= budget:
        return Allowance(budget, budget - spent, reset)
    left = Allowance(budget, max(0, budget - spent + cost), reset)
    raise Refused(BudgetSpent(cost, left.remaining, budget, reset), left)


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
