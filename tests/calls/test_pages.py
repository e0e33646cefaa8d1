"""A walk meets every call that stays, once, whatever comes, goes and changes on the way.

The law is ours. Relay's specification says of cursors that they name an edge, and that a list goes
on behind it. Pages are asked for anew between the steps, so each step meets the list of its time.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from itertools import chain, count
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from gateway.config.accounts import Account
from gateway.config.settings import Secret, Settings
from gateway.config.viewers import Realm
from gateway.insights.paging import Cursors, Question
from gateway.sandbox import Sandbox
from tests.conftest import Clock, Gateway
from tests.shifting import ShiftingList, sid_of

FORWARD = """
query($size: Int, $cursor: String) {
  calls(first: $size, after: $cursor, filter: {processingState: PARTIAL}) {
    nodes { sid } pageInfo { more: hasNextPage cursor: endCursor }
  }
}
"""
BACKWARD = """
query($size: Int, $cursor: String) {
  calls(last: $size, before: $cursor, filter: {processingState: PARTIAL}) {
    nodes { sid } pageInfo { more: hasPreviousPage cursor: startCursor }
  }
}
"""
laws = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
)

SIZES = st.integers(1, 30)
GROUPS = st.lists(st.integers(1, 4), min_size=20, max_size=35)
"""How many calls ended in each of some seconds that follow each other."""

CHANGES = st.lists(
    st.tuples(st.sampled_from(["go", "come", "end"]), st.integers(0, 10**6), st.integers(0, 40)),
    max_size=6,
)
STEPS = st.lists(st.tuples(CHANGES, st.booleans()), max_size=12)
"""What happens after each step of a walk, and whether the pages are too old after it."""


class World:
    """A list of calls, and those of them that have stayed where they were all the time."""

    def __init__(self, groups: list[int], going_on: int) -> None:
        numbers = count(1000)
        ended: dict[int, int | None] = {next(numbers): None for _ in range(going_on)}
        for second, many in enumerate(groups):
            ended |= {next(numbers): second for _ in range(many)}
        self.list = ShiftingList(ended)
        self.stayed = set(ended)
        self._new = count(1)

    def change(self, what: str, which: int, second: int) -> None:
        """A call leaves the list, joins it, or ends."""
        ended = self.list.ended
        running = [number for number, end in ended.items() if end is None]
        if what == "come":
            first = which % 2  # of those that ended in its second, or the last
            ended[next(self._new) + 2000 * (1 - first)] = second
        elif what == "go" and ended:
            gone = [*ended][which % len(ended)]
            del ended[gone]
            self.stayed.discard(gone)
        elif what == "end" and running:
            now = running[which % len(running)]
            ended[now] = second
            self.stayed.discard(now)

    def order(self) -> list[str]:
        """Those that stayed, as they are listed."""
        places = sorted(self.list.place(number) for number in self.stayed)
        return [sid_of(number) for _, number in places]


class Walker:
    """Somebody who walks through the list, while what happens after each step happens."""

    def __init__(self, world: World, gateway: Gateway, clock: Clock) -> None:
        self._world = world
        self.gateway = gateway
        self._clock = clock

    async def walk(
        self, query: str, size: int, steps: list[Any] | None = None, cursor: str | None = None
    ) -> tuple[list[list[str]], str | None]:
        """The SIDs that are met, page by page, and the last cursor."""
        pages, happens = list[list[str]](), iter(steps or [])
        while True:
            found = (await self.gateway.ask(query, size=size, cursor=cursor))["calls"]
            pages.append([node["sid"] for node in found["nodes"]])
            cursor = found["pageInfo"]["cursor"] or cursor
            if not found["pageInfo"]["more"]:
                return pages, cursor
            changes, too_old = next(happens, ([], False))
            for change in changes:
                self._world.change(*change)
            if too_old:
                self._clock.advance(60)


@asynccontextmanager
async def in_a_world(groups: list[int], going_on: int) -> AsyncIterator[tuple[World, Walker]]:
    """A list, and somebody at a gateway in front of it."""
    world, clock = World(groups, going_on), Clock()
    account = Account("AC" + "1" * 32, "AC" + "1" * 32, Secret("secret"))
    sandbox = Sandbox(calls=0, clock=clock, arrivals=False)
    options = {"access": account, "transport": world.list}
    async with Gateway(sandbox, clock, Settings(), **options) as gateway:
        yield world, Walker(world, gateway, clock)


def holds(world: World, met: Iterable[str]) -> None:
    """Each call that stayed was met once, in its order."""
    stayed = world.order()
    assert [sid for sid in met if sid in stayed] == stayed


@laws
@given(GROUPS, st.integers(0, 3), SIZES, STEPS)
def test_a_walk_forward_meets_each_call_that_stays_once(
    groups: list[int], going_on: int, size: int, steps: list[Any]
) -> None:
    """From the first call to the last."""

    async def forward() -> None:
        async with in_a_world(groups, going_on) as (world, walker):
            pages, _ = await walker.walk(FORWARD, size, steps)
            holds(world, chain.from_iterable(pages))

    asyncio.run(forward())


@laws
@given(GROUPS, st.integers(0, 3), SIZES, STEPS)
def test_a_walk_backward_meets_each_call_that_stays_once(
    groups: list[int], going_on: int, size: int, steps: list[Any]
) -> None:
    """From the last call, which a walk forward found, to the first."""

    async def backward() -> None:
        async with in_a_world(groups, going_on) as (world, walker):
            found, cursor = await walker.walk(FORWARD, 25)
            pages, _ = await walker.walk(BACKWARD, size, steps, cursor)
            holds(world, [*chain.from_iterable(reversed(pages)), found[-1][-1]])

    asyncio.run(backward())


async def test_a_cursor_of_the_version_before_goes_on_from_its_place() -> None:
    """It names no call, and opens all the same: a deployment breaks off no walk."""
    account = Account("AC" + "1" * 32, "AC" + "1" * 32, Secret("secret"))
    asked = (("ProcessingState", "partial"),)
    question = Question(Realm(account).key, asked, "end_time", ("None", "None"))
    cursors = Cursors(account.signing_key)
    async with in_a_world([1] * 30, 0) as (world, walker):
        found = (await walker.gateway.ask(FORWARD, size=5, cursor=None))["calls"]
        position = cursors.decode(found["pageInfo"]["cursor"], question, "after")
        page = position.page
        older: Any = ((page.window, page.size, page.number, page.token), position.index, "", "")
        pages, _ = await walker.walk(FORWARD, 5, cursor=cursors.encode(older, question))
    assert [*chain.from_iterable(pages)] == world.order()[5:]
