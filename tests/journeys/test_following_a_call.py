"""A page follows a call from its first version to the last, and nobody asks too often."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from gateway.accounts import Account
from gateway.calls import polling
from gateway.instrumentation import FollowersChanged
from gateway.sandbox import Sandbox
from gateway.server.app import create_app
from gateway.settings import Secret, Settings
from tests.conftest import Clock, Gateway
from tests.servers import RedisServer, serving

UPDATES = """
subscription($sid: CallSid!) {
  callUpdates(sid: $sid) { status call { processing { version state } } }
}
"""
WAIT = """
query($sid: CallSid!, $for: ProcessingState, $seconds: Int) {
  callLookup(sid: $sid, waitFor: $for, timeoutSeconds: $seconds) {
    status retryAfterSeconds call { processing { version } }
  }
}
"""


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Polling in hundredths of the usual time, so that tests need not wait."""
    monkeypatch.setattr(polling, "OFTEN", 0.05)
    monkeypatch.setattr(polling, "SELDOM", 0.1)


class Life:
    """A sandbox whose time is moved by hand, minute by minute, while somebody follows."""

    def __init__(self, sandbox: Sandbox, clock: Clock) -> None:
        self.sandbox = sandbox
        self.clock = clock

    async def pass_by(self, minutes: int = 45) -> None:
        for _ in range(minutes):
            self.clock.advance(60)
            await asyncio.sleep(0.12)


@asynccontextmanager
async def _sse(address: str, sid: str) -> AsyncIterator[AsyncIterator[dict[str, Any] | None]]:
    async with (
        httpx.AsyncClient(base_url=address, timeout=30) as client,
        client.stream(
            "POST",
            "/graphql",
            json={"query": UPDATES, "variables": {"sid": sid}},
            headers={"Accept": "text/event-stream"},
        ) as response,
    ):
        assert response.headers["content-type"].startswith("text/event-stream")

        async def events() -> AsyncIterator[dict[str, Any] | None]:
            async for line in response.aiter_lines():
                if line.startswith("data: "):
                    yield json.loads(line.removeprefix("data: "))
                elif line == "event: complete":
                    yield None

        yield events()


def _serving(sandbox: Sandbox, clock: Clock, settings: Settings, heard: list[Any]) -> Any:
    sid = sandbox.account_sid
    app = create_app(
        settings,
        Account(sid, sid, Secret(sandbox.auth_token)),
        transport=httpx.ASGITransport(app=sandbox.app),
        clock=clock,
        hooks=[heard.append],
    )
    return serving(app)


@pytest.mark.usefixtures("impatient")
async def test_a_follower_gets_each_version_once_and_in_order(
    sandbox: Sandbox, clock: Clock
) -> None:
    """The state now, then each new version, then COMPLETE, then the end."""
    sid = sandbox.examples()["not_ready"]
    with _serving(sandbox, clock, Settings(), []) as address:
        life = asyncio.create_task(Life(sandbox, clock).pass_by())
        async with _sse(address, sid) as events:
            told = [event async for event in events]
        life.cancel()
    assert told[-1] is None
    states = [event["data"]["callUpdates"] for event in told[:-1] if event]
    assert states[0] == {"status": "NOT_READY", "call": None}
    assert [state["status"] for state in states[1:-1]] == ["PARTIAL"] * (len(states) - 2)
    assert states[-1]["status"] == "COMPLETE"
    versions = [state["call"]["processing"]["version"] for state in states[1:]]
    assert versions == sorted(set(versions))
    assert len(versions) > 2


@pytest.mark.usefixtures("impatient")
async def test_a_hundred_followers_cost_as_much_as_one(sandbox: Sandbox, clock: Clock) -> None:
    """One question per interval, however many follow; each of them gets every version."""
    async with Gateway(sandbox, clock, Settings()) as gateway:
        sid = sandbox.examples()["partial"]
        with gateway.upstream() as requests:
            answers = await asyncio.gather(
                *(gateway.ask(WAIT, sid=sid, seconds=1, **{"for": "COMPLETE"}) for _ in range(100))
            )
    assert {answer["callLookup"]["status"] for answer in answers} == {"PARTIAL"}
    # About one question each 0.05 seconds, of two requests each: not a hundred times that.
    assert len(requests) < 100


@pytest.mark.usefixtures("impatient")
async def test_a_follower_who_leaves_is_gone_within_a_second(
    sandbox: Sandbox, clock: Clock
) -> None:
    """The last one to leave stops the polling."""
    heard: list[Any] = []
    sid = sandbox.examples()["partial"]
    with _serving(sandbox, clock, Settings(), heard) as address:
        async with _sse(address, sid) as events:
            await anext(events)
            assert _followers(heard) == 1
        for _ in range(100):
            if _followers(heard) == 0:
                break
            await asyncio.sleep(0.01)
        assert _followers(heard) == 0
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
        _serving(sandbox, clock, settings, []) as one,
        _serving(sandbox, clock, settings, []) as other,
    ):
        async with _sse(one, sid) as first, _sse(other, sid) as second:
            life = asyncio.create_task(Life(sandbox, clock).pass_by())
            told = await asyncio.gather(_versions(first), _versions(second))
            life.cancel()
    assert told[0][-1] == told[1][-1]
    for versions in told:
        assert versions == sorted(set(versions))


@pytest.mark.usefixtures("impatient")
async def test_waiting_ends_as_soon_as_the_state_is_there(sandbox: Sandbox, clock: Clock) -> None:
    """`waitFor: PARTIAL` answers with the first version, `COMPLETE` with the last."""
    async with Gateway(sandbox, clock, Settings()) as gateway:
        life = asyncio.create_task(Life(sandbox, clock).pass_by())
        sid = sandbox.examples()["not_ready"]
        waited = await gateway.ask(WAIT, sid=sid, seconds=20, **{"for": "PARTIAL"})
        assert waited["callLookup"]["status"] == "PARTIAL"
        waited = await gateway.ask(WAIT, sid=sid, seconds=20, **{"for": "COMPLETE"})
        assert waited["callLookup"]["status"] == "COMPLETE"
        life.cancel()


async def test_waiting_in_vain_ends_with_what_there_is(gateway: Gateway) -> None:
    """At the timeout the answer is the state now, and when to ask again."""
    sid = gateway.sandbox.examples()["partial"]
    lookup = (await gateway.ask(WAIT, sid=sid, seconds=1, **{"for": "COMPLETE"}))["callLookup"]
    assert lookup["status"] == "PARTIAL"
    assert lookup["retryAfterSeconds"] == 30


@pytest.mark.parametrize("example", ["expired", "not_enabled", "client"])
async def test_waiting_for_what_will_not_change_ends_at_once(
    gateway: Gateway, example: str
) -> None:
    """A state that is the last one is told without waiting."""
    sid = gateway.sandbox.examples()[example]
    async with asyncio.timeout(1):
        lookup = (await gateway.ask(WAIT, sid=sid, seconds=60, **{"for": "COMPLETE"}))["callLookup"]
    assert lookup["status"] in {"EXPIRED", "INSIGHTS_NOT_ENABLED", "COMPLETE"}


@pytest.mark.parametrize(
    ("seconds", "state"), [(0, "COMPLETE"), (61, "COMPLETE"), (5, "UNRECOGNIZED")]
)
async def test_waiting_has_bounds(gateway: Gateway, seconds: int, state: str) -> None:
    """1 to 60 seconds, for a state that there is."""
    sid = gateway.sandbox.examples()["partial"]
    error = await gateway.fail(WAIT, sid=sid, seconds=seconds, **{"for": state})
    assert error["extensions"]["code"] == "BAD_USER_INPUT"


def _followers(heard: list[Any]) -> int:
    return sum(happening.by for happening in heard if isinstance(happening, FollowersChanged))


async def _versions(events: AsyncIterator[dict[str, Any] | None]) -> list[int]:
    return [
        event["data"]["callUpdates"]["call"]["processing"]["version"]
        async for event in events
        if event and event["data"]["callUpdates"]["call"]
    ]
