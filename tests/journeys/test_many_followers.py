"""A thousand follow one call, on two replicas, and Twilio is asked as if it were one."""

import asyncio
import time

from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.calls.polling import shortest
from gateway.sandbox import Sandbox
from tests.impatient import INTERVAL
from tests.live import HurriedClock, Replica, events, life, replica, statuses, versions
from tests.node import Json
from tests.servers import RedisServer, serving

EACH = 500
"""Followers of one replica."""

SOME_MEGABYTES = 5 * 2**20


class Questions:
    """Counts the questions for a call: each begins with that for its complete summary."""

    def __init__(self, app: ASGIApp, sid: str) -> None:
        self._app = app
        self._sid = sid
        self.count = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = scope["type"] == "http" and self._sid in scope["path"]
        if asked and b"complete" in scope["query_string"]:
            self.count += 1
        await self._app(scope, receive, send)


class Crowd:
    """Followers of one call on some replicas."""

    def __init__(self, replicas: tuple[Replica, ...], sid: str) -> None:
        self._addresses = [one.address for one in replicas for _ in range(EACH)]
        self._sid = sid
        self._begun = asyncio.Semaphore(0)

    async def follow(self) -> list[list[Json]]:
        """What each of them is told."""
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._follow(address)) for address in self._addresses]
        return [task.result() for task in tasks]

    async def begin(self) -> None:
        """Wait until each of them was told something."""
        for _ in self._addresses:
            await self._begun.acquire()

    async def _follow(self, address: str) -> list[Json]:
        async with events(address, self._sid) as answers:
            told = [await anext(answers)]
            self._begun.release()
            return told + [answer async for answer in answers]


async def test_a_thousand_followers_on_two_replicas_are_one_question_per_interval(
    redis: RedisServer,
) -> None:
    """Each of them gets each version once and in order; memory stays flat over the run."""
    clock = HurriedClock()
    sandbox = Sandbox(calls=50, clock=clock, arrivals=False)
    sid = sandbox.examples()["not_ready"]
    questions = Questions(sandbox.app, sid)
    with (
        serving(questions) as upstream,
        replica(sandbox, upstream, redis) as one,
        replica(sandbox, upstream, redis) as other,
    ):
        began = time.monotonic()
        crowd = Crowd((one, other), sid)
        following = asyncio.create_task(crowd.follow())
        await crowd.begin()
        one_before, other_before = one.memory(), other.memory()
        passing = asyncio.create_task(life(clock, minute=0.2))
        told = await following
        passing.cancel()
        grown = max(one.memory() - one_before, other.memory() - other_before)
        intervals = (time.monotonic() - began) / shortest(INTERVAL)

    assert len(told) == 2 * EACH
    assert {statuses(results)[-1] for results in told} == {"COMPLETE"}
    assert {tuple(versions(results)) for results in told} == {(1, 2, 3, 4, 5, 6)}
    assert questions.count <= intervals + 1
    assert grown < SOME_MEGABYTES
