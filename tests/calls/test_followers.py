"""A page follows a call from its first version to the last, and nobody asks too often."""

import asyncio
import json
from typing import Any

import httpx
import pytest

from gateway.calls import polling
from gateway.concurrency import background
from gateway.config.settings import Settings
from gateway.instrumentation import Happening
from gateway.sandbox import Fault, Sandbox
from gateway.subscription_instrumentation import VersionsDropped
from tests.conftest import Clock
from tests.live import (
    UPDATES,
    application,
    becomes,
    events,
    followers,
    hear,
    life,
    narrow,
    statuses,
    subscribe,
    versions,
    web_socket,
)
from tests.servers import RedisServer, serving


@pytest.mark.usefixtures("impatient")
async def test_a_follower_gets_each_version_once_and_in_order(
    sandbox: Sandbox, clock: Clock
) -> None:
    """The state now, then each new version, then COMPLETE, then the end."""
    sid = sandbox.examples()["not_ready"]
    with serving(application(sandbox, clock, Settings())) as address:
        async with events(address, sid) as answers:
            told = [await anext(answers)]
            passing = asyncio.create_task(life(clock))
            told += [answer async for answer in answers]
            passing.cancel()
    assert statuses(told) == ["NOT_READY", *["PARTIAL"] * (len(told) - 2), "COMPLETE"]
    assert versions(told) == [1, 2, 3, 4, 5, 6]


async def test_who_joins_later_costs_nothing(
    sandbox: Sandbox, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those who follow a call already know its state: it is told at once, unasked."""
    monkeypatch.setattr(polling, "OFTEN", 60)
    sid = sandbox.examples()["partial"]
    with serving(application(sandbox, clock, Settings())) as address:
        async with events(address, sid) as first:
            told = [await anext(first)]
            before = len(sandbox.requests)
            for _ in range(10):
                async with events(address, sid) as later:
                    told.append(await anext(later))
    assert len(sandbox.requests) == before
    assert len({*versions(told)}) == 1


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("by", ["events", "socket"])
async def test_a_follower_who_leaves_is_gone_within_a_second(
    sandbox: Sandbox, clock: Clock, by: str
) -> None:
    """Whatever they follow by; and the last one to leave stops the polling."""
    heard: list[Happening] = []
    sid = sandbox.examples()["partial"]
    with serving(application(sandbox, clock, Settings(), heard)) as address:
        if by == "events":
            async with events(address, sid) as answers:
                await anext(answers)
                assert followers(heard) == 1
        else:
            async with web_socket(address) as connection:
                await subscribe(connection, UPDATES, sid=sid)
                await hear(connection)
                assert followers(heard) == 1
                connection.transport.abort()
        assert await becomes(lambda: followers(heard) == 0, within=1)
        before = len(sandbox.requests)
        await asyncio.sleep(0.3)
        assert len(sandbox.requests) - before <= 2


@pytest.mark.usefixtures("impatient")
async def test_followers_on_two_replicas_share_one_poll(
    sandbox: Sandbox, clock: Clock, redis: RedisServer
) -> None:
    """What the poll of one replica learns, the followers of all are told."""
    settings = Settings(gateway_cache_url=redis.url)
    sid = sandbox.examples()["not_ready"]
    with (
        serving(application(sandbox, clock, settings)) as one,
        serving(application(sandbox, clock, settings)) as other,
    ):
        async with events(one, sid) as first, events(other, sid) as second:
            passing = asyncio.create_task(life(clock))
            told = [[answer async for answer in answers] for answers in (first, second)]
            passing.cancel()
    for answers in told:
        assert statuses(answers)[-1] == "COMPLETE"
        assert versions(answers) == sorted({*versions(answers)})
    assert versions(told[0])[-1] == versions(told[1])[-1]


@pytest.mark.usefixtures("impatient")
async def test_followers_outlive_the_cache_server(
    sandbox: Sandbox, clock: Clock, redis: RedisServer
) -> None:
    """Without it each replica asks for itself, and its followers are told all the same."""
    settings = Settings(gateway_cache_url=redis.url)
    sid = sandbox.examples()["not_ready"]
    with (
        serving(application(sandbox, clock, settings)) as one,
        serving(application(sandbox, clock, settings)) as other,
    ):
        async with events(one, sid) as first, events(other, sid) as second:
            told = [[await anext(first)], [await anext(second)]]
            redis.stop()
            passing = asyncio.create_task(life(clock))
            told[0] += [answer async for answer in first]
            told[1] += [answer async for answer in second]
            passing.cancel()
    for answers in told:
        assert statuses(answers)[-1] == "COMPLETE"
        assert versions(answers) == sorted({*versions(answers)})


@pytest.mark.usefixtures("impatient")
async def test_who_is_slow_gets_the_newest_alone(sandbox: Sandbox, clock: Clock) -> None:
    """What happened while a client did not read is not kept for it, but where it led to.

    Versions that it was not sent are counted, so an operator sees who is slow (ours).
    """
    sid = sandbox.add(_large(1))
    heard: list[Happening] = []
    with serving(application(sandbox, clock, Settings(), heard)) as address:
        async with web_socket(
            address, sock=narrow(address), max_size=2**24, max_queue=1
        ) as connection:
            await subscribe(connection, UPDATES.replace("call {", "call { raw"), sid=sid)
            for version in range(2, 30):
                sandbox.add({**_large(version), "call_sid": sid})
                await asyncio.sleep(0.1)
            sandbox.add({**_large(30, "complete"), "call_sid": sid})
            told = [await hear(connection)]
            while told[-1]["type"] == "next":
                told.append(await hear(connection))
    results = [message["payload"] for message in told[:-1]]
    assert versions(results) == sorted({*versions(results)})
    assert versions(results)[-1] == 30
    assert len(results) < 20
    dropped = sum(one.number for one in heard if isinstance(one, VersionsDropped))
    assert 30 - len(results) - 5 <= dropped <= 30 - len(results)


async def test_too_many_followers_are_told_so(sandbox: Sandbox, clock: Clock) -> None:
    """The limit of a process reaches the client as an error and an end, not as silence."""
    sid = sandbox.examples()["partial"]
    with serving(application(sandbox, clock, Settings(gateway_max_followers=0))) as address:
        async with events(address, sid) as answers:
            (told,) = [answer async for answer in answers]
        async with web_socket(address) as connection:
            await subscribe(connection, UPDATES, sid=sid)
            told_there, end = await hear(connection), await hear(connection)
    assert told["errors"][0]["extensions"]["code"] == "QUERY_TOO_COMPLEX"
    assert "0 (GATEWAY_MAX_FOLLOWERS)" in told["errors"][0]["message"]
    assert told_there["payload"] == told
    assert end["type"] == "complete"


@pytest.mark.usefixtures("impatient")
async def test_following_goes_on_after_failures_of_twilio(sandbox: Sandbox, clock: Clock) -> None:
    """Who has a first state keeps the connection, and is told when there is news again."""
    sid = sandbox.examples()["partial"]
    with serving(application(sandbox, clock, Settings())) as address:
        async with events(address, sid) as answers:
            told = [await anext(answers)]
            sandbox.inject(Fault(kind="server_error", times=10))
            sandbox.inject(Fault(kind="garbage", times=4))
            passing = asyncio.create_task(life(clock))
            told += [answer async for answer in answers]
            passing.cancel()
    assert all("errors" not in answer for answer in told)
    assert statuses(told)[-1] == "COMPLETE"


class BrokenClock(Clock):
    """A fault of our own, for a while."""

    is_broken = False

    def __call__(self) -> float:
        if self.is_broken:
            raise ArithmeticError
        return super().__call__()


@pytest.mark.usefixtures("impatient")
async def test_following_goes_on_after_a_fault_of_ours(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The fault is logged, and does not silently end the polling for all who follow the call.

    `/readyz` tells of it, and metrics count it.
    """
    monkeypatch.setattr(background, "FIRST_PAUSE", 0.05)
    clock = BrokenClock()
    sandbox = Sandbox(calls=50, clock=lambda: clock.now, arrivals=False)
    sid = sandbox.examples()["partial"]
    with serving(application(sandbox, clock, Settings())) as address:
        async with events(address, sid) as answers:
            told = [await anext(answers)]
            clock.is_broken = True
            assert await becomes(lambda: "ArithmeticError" in caplog.text)
            assert await becomes(lambda: tasks_at(address)["polling of a call"] == "failing")
            clock.is_broken = False
            assert await becomes(lambda: tasks_at(address)["polling of a call"] == "ok")
            metrics = page_at(address, "/metrics")
            passing = asyncio.create_task(life(clock))
            told += [answer async for answer in answers]
            passing.cancel()
    assert statuses(told)[-1] == "COMPLETE"
    assert 'gateway_background_failures_total{task="polling of a call"}' in metrics


def tasks_at(address: str) -> dict[str, str]:
    tasks: dict[str, str] = json.loads(page_at(address, "/readyz"))["tasks"]
    return tasks


def page_at(address: str, path: str) -> str:
    return httpx.get(f"{address}{path}").text


def _large(version: int, state: str = "partial") -> dict[str, Any]:
    """A summary that no buffer holds twice."""
    said = {"processing_state": state, "processing_version": version}
    return {**said, "attributes": {"note": "x" * 500_000}}


async def test_a_follower_does_not_begin_with_an_absence_of_long_ago(
    sandbox: Sandbox, clock: Clock, redis: RedisServer
) -> None:
    """That there was no call is remembered for who is told of it, and no answer after 5 s."""
    sid = "CA" + "12" * 16
    heard: list[Happening] = []
    settings = Settings(gateway_cache_url=redis.url)
    with serving(application(sandbox, clock, settings, heard)) as address:
        async with events(address, sid) as answers:
            assert statuses([await anext(answers)]) == ["NOT_FOUND"]
        assert await becomes(lambda: followers(heard) == 0)
        (key,) = redis.command("KEYS", f"insights:AC*:call:{sid}")
        assert redis.command("PTTL", key) > 50_000
        sandbox.add({"call_sid": sid, "processing_state": "partial", "processing_version": 1})
        clock.advance(6)
        async with events(address, sid) as answers:
            assert statuses([await anext(answers)]) == ["PARTIAL"]
