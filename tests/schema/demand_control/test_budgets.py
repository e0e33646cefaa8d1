"""A budget is never exceeded, whoever spends it, and is there to be spent."""

import asyncio
from collections import Counter
from collections.abc import Awaitable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from gateway.config.accounts import Account
from gateway.config.settings import Secret
from gateway.config.viewers import Realm, Scope, Viewer
from gateway.schema.demand_control.budgets import IN_ADVANCE, WINDOW, Allowance, Budgets, Refused

NOON = 1_780_000_000.0  # 40 seconds of a minute are over
REALM = Realm(Account("AC" + "1" * 32, "AC" + "1" * 32, Secret("secret")))
SPENDINGS = st.lists(st.tuples(st.integers(0, 2), st.integers(1, 400)), max_size=30)
FEW = settings(max_examples=50)


class Counted:
    """Counters that take their time, and count how often they are asked to count."""

    def __init__(self) -> None:
        self._totals = Counter[str]()
        self.asked = 0
        self.ahead = 0.0

    async def count(self, key: str, delta: int, ttl: float) -> int:
        assert ttl > 0
        self.asked += 1
        await asyncio.sleep(0)
        self._totals[key] += delta
        return self._totals[key]


class Forgetful(Counted):
    """One that cannot be asked."""

    async def count(self, key: str, delta: int, ttl: float) -> int:
        del key, delta, ttl
        return 0


def viewer(budget: int | None) -> Viewer:
    return Viewer("wallboard", REALM, frozenset(Scope), budget_per_minute=budget)


async def paid(charging: Awaitable[Allowance | None]) -> bool:
    try:
        await charging
    except Refused:
        return False
    return True


@FEW
@given(st.integers(1, 20_000), SPENDINGS)
def test_replicas_spend_a_budget_and_no_more(budget: int, spendings: list[tuple[int, int]]) -> None:
    """One is refused only what is not left, but for what the others took in advance."""

    async def spend() -> None:
        cache = Counted()
        replicas = [Budgets(cache) for _ in range(3)]
        spent = 0
        for replica, cost in spendings:
            if await paid(replicas[replica].charge(cost, viewer(budget), NOON)):
                spent += cost
            else:
                assert cost > budget - spent - 2 * (budget // IN_ADVANCE)
            assert spent <= budget

    asyncio.run(spend())


@FEW
@given(st.integers(1, 20_000), SPENDINGS)
def test_one_alone_spends_it_to_the_last(budget: int, spendings: list[tuple[int, int]]) -> None:
    """With a cache that others could share, with one that cannot be asked, and with none."""

    async def spend() -> None:
        for budgets in (Budgets(), Budgets(Counted()), Budgets(Forgetful())):
            spent = 0
            for _, cost in spendings:
                fits = spent + cost <= budget
                assert await paid(budgets.charge(cost, viewer(budget), NOON)) is fits
                spent += cost if fits else 0

    asyncio.run(spend())


@FEW
@given(st.integers(1, 20_000), SPENDINGS)
def test_those_who_spend_at_the_same_time_do_not_exceed_it(
    budget: int, spendings: list[tuple[int, int]]
) -> None:
    """While the cache is asked, others spend what was taken."""

    async def spend() -> None:
        cache = Counted()
        replicas = [Budgets(cache) for _ in range(3)]
        who = viewer(budget)
        charging = (paid(replicas[one].charge(cost, who, NOON)) for one, cost in spendings)
        done = await asyncio.gather(*charging)
        spent = sum(cost for (_, cost), was_paid in zip(spendings, done, strict=True) if was_paid)
        assert spent <= budget
        if sum(cost for _, cost in spendings) + 3 * (budget // IN_ADVANCE) <= budget:
            assert all(done)

    asyncio.run(spend())


async def test_a_clock_that_was_ahead_refuses_nobody_once_it_is_set_right() -> None:
    """What was charged an hour ahead is not of this minute; who comes a little late still is."""
    budgets, poor = Budgets(), viewer(10)
    await budgets.charge(10, poor, NOON + 3600)
    assert not await paid(budgets.charge(1, poor, NOON + 3600))
    assert await budgets.charge(1, poor, NOON) == Allowance(10, 9, 20)
    assert await budgets.charge(4, poor, NOON - 30) == Allowance(10, 5, 50)


async def test_replicas_are_in_the_same_minute_whatever_their_clocks_show() -> None:
    """That of the cache server: else one whose clock is ahead would have a budget of its own."""
    shared = Counted()

    class AnHourAhead(Counted):
        async def count(self, key: str, delta: int, ttl: float) -> int:
            return await shared.count(key, delta, ttl)

    ahead = AnHourAhead()
    ahead.ahead = -3600.0
    one, other, poor = Budgets(shared), Budgets(ahead), viewer(10)
    await one.charge(6, poor, NOON)
    assert not await paid(other.charge(6, poor, NOON + 3600))
    assert await other.charge(4, poor, NOON + 3600) == Allowance(10, 0, 20)


async def test_the_cache_is_asked_now_and_then() -> None:
    """The less there is left, the more often."""
    cache = Counted()
    budgets = Budgets(cache)
    rich = viewer(100_000)
    for _ in range(1000):
        await budgets.charge(21, rich, NOON)
    assert cache.asked < 1000 / 40
    assert budgets.cover(21, rich, NOON)
    assert budgets.pay(21, rich, NOON) == Allowance(100_000, 100_000 - 1001 * 21, 20)


@pytest.mark.parametrize("counters", [None, Counted()])
async def test_a_budget_that_is_changed_holds_at_once(counters: Counted | None) -> None:
    """What was spent of the old one is spent of the new one."""
    budgets = Budgets(counters)
    before = viewer(1000)
    await budgets.charge(400, before, NOON)
    less = replace(before, budget_per_minute=500)
    told = await budgets.charge(50, less, NOON)
    assert told is not None
    assert (told.limit, told.reset) == (500, 20)
    assert 50 - 1000 // IN_ADVANCE <= told.remaining <= 50
    assert not await paid(budgets.charge(51, less, NOON))
    assert await budgets.charge(500, less, NOON + WINDOW) == Allowance(500, 0, 20)
    assert await budgets.charge(10**9, viewer(None), NOON) is None


async def test_who_comes_late_spends_of_the_present_minute() -> None:
    """A request that began in the minute before does not make what was spent since be forgotten."""
    budgets, one = Budgets(), viewer(100)
    soon = NOON + WINDOW
    assert await paid(budgets.charge(60, one, soon))
    assert await paid(budgets.charge(30, one, NOON))
    assert not await paid(budgets.charge(20, one, soon))
