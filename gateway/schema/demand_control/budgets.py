"""Counts what viewers spend of their budgets, minute by minute.

A budget is counted in this process, and in the cache if replicas share it. The cache is not asked
each time: a process takes a small part of what is left in advance, and asks again when that is
spent. So all together never spend more than the budget, and what one has taken and does not spend
is no more than that part. While the cache server cannot be asked, or has forgotten, each process
holds its viewers to what it knows itself.
"""

import asyncio
import math
from typing import Protocol

from msgspec import Struct

from gateway.config.viewers import Viewer
from gateway.errors import BudgetSpent, TooExpensive
from gateway.request_stats import noted

_GO_ON = "go on from the cursor that comes with this error, or narrow `filter`"

WINDOW = 60
"""Seconds of a budget; it begins with each minute of the clock."""

IN_ADVANCE = 100
"""What is left of a budget, divided by this, is taken in advance."""


class Counters(Protocol):
    """What is needed of the cache that replicas share."""

    @property
    def ahead(self) -> float:
        """Seconds that the clock which replicas share is ahead of that of this machine."""
        ...

    async def count(self, key: str, delta: int, ttl: float) -> int:
        """Count on, in a counter that ends after `ttl` seconds; its total, or 0 if unknown."""
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


class _BudgetWindow(Struct):
    """A viewer's budget in one window: what is in hand, what was spent, what may be taken."""

    window: int
    budget: int
    in_hand: int
    spent: int
    left: int
    taking: asyncio.Lock

    def pay(self, cost: int, now: float) -> Allowance:
        self.in_hand -= cost
        self.spent += cost
        return self.allowance(now)

    def allowance(self, now: float) -> Allowance:
        remaining = max(0, self.in_hand + self.left)
        return Allowance(self.budget, remaining, max(1, math.ceil(WINDOW - now % WINDOW)))


class Budgets:
    """The budgets of viewers; `counters` are what replicas share, without them each is alone."""

    def __init__(self, counters: Counters | None = None) -> None:
        self._counters = counters
        self._states: dict[str, _BudgetWindow] = {}

    def cover(self, cost: int, viewer: Viewer, now: float) -> bool:
        """Whether `pay` may be asked to charge this, for nobody else has to be."""
        budget = viewer.budget_per_minute
        return budget is None or cost <= self._state(viewer.name, budget, self._shared(now)).in_hand

    def pay(self, cost: int, viewer: Viewer, now: float) -> Allowance | None:
        """Charge what is covered to a viewer; None if it has no budget."""
        budget, now = viewer.budget_per_minute, self._shared(now)
        return None if budget is None else self._state(viewer.name, budget, now).pay(cost, now)

    async def charge(self, cost: int, viewer: Viewer, now: float) -> Allowance | None:
        """Charge a viewer, who then has so much left; None if it has no budget. Raises Refused."""
        budget, now = viewer.budget_per_minute, self._shared(now)
        if budget is None:
            return None
        state = self._state(viewer.name, budget, now)
        if cost <= state.in_hand:
            return state.pay(cost, now)
        async with state.taking:
            while cost > state.in_hand:  # what was taken may be spent by another request meanwhile
                if not await self._take(viewer.name, state, cost):
                    left = state.allowance(now)
                    raise Refused(BudgetSpent(cost, left.remaining, budget, left.reset), left)
            return state.pay(cost, now)

    def _shared(self, now: float) -> float:
        """A moment by the clock that replicas share, so that all are in the same minute."""
        return now if self._counters is None else now + self._counters.ahead

    def _state(self, name: str, budget: int, now: float) -> _BudgetWindow:
        window, state = int(now // WINDOW), self._states.get(name)
        if state is not None and window == state.window - 1:
            window = state.window  # some come late; who is later still had another clock
        if state is None or state.window != window or state.budget != budget:
            spent = state.spent if state is not None and state.window == window else 0
            alone, left = self._counters is None, max(0, budget - spent)
            in_hand, left = (left, 0) if alone else (0, left)
            state = _BudgetWindow(window, budget, in_hand, spent, left, asyncio.Lock())
            self._states[name] = state
        return state

    async def _take(self, name: str, state: _BudgetWindow, cost: int) -> bool:
        """Take what is missing, and some in advance, if there is so much left."""
        counters = self._counters
        if counters is None:
            return False
        missing, advance = cost - state.in_hand, state.left // IN_ADVANCE
        wanted = missing + advance
        key = f"budget:{name}:{state.window}"
        everywhere = await counters.count(key, wanted, 2 * WINDOW)
        taken = max(everywhere, state.spent + state.in_hand + wanted)
        excess = max(0, taken - state.budget)
        if excess:
            excess = excess if excess <= advance else wanted
            await counters.count(key, -excess, 2 * WINDOW)
        state.in_hand += wanted - excess
        state.left = max(0, state.budget - taken + excess)
        return excess < wanted


class Expenses:
    """What a request has cost so far; `allowance` is what its viewer has left, if it has a budget.

    What was never admitted costs nothing.
    """

    __slots__ = ("_admitted", "allowance", "cost")

    def __init__(self) -> None:
        self._admitted: tuple[Budgets, int, Viewer, float] | None = None
        self.allowance: Allowance | None = None
        self.cost = 0

    def admitted(
        self, cost: int, allowance: Allowance | None, account: tuple[Budgets, int, Viewer, float]
    ) -> None:
        """Begin with the price; further costs go to the account: up to which limit, whose, when."""
        self.cost, self.allowance, self._admitted = cost, allowance, account

    async def add(self, cost: int) -> None:
        """Charge so much more. Raises TooExpensive."""
        if self._admitted is None:
            return
        budgets, limit, viewer, now = self._admitted
        if self.cost + cost > limit:
            raise TooExpensive(self.cost + cost, limit, _GO_ON)
        try:
            self.allowance = await budgets.charge(cost, viewer, now)
        except Refused as refused:
            raise refused.problem from None
        self.cost += cost
        noted().cost = self.cost
