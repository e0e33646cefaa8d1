"""Several gateways are told as one, in time, whatever the load and the cache server."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from gateway.config.settings import Settings
from gateway.sandbox import Sandbox
from tests.conftest import Clock, Gateway
from tests.event_streams import HOUR, URL, events_of, look_up, outcomes, push
from tests.servers import RedisServer

TWILIO_WAITS = 5.0
BURST = 300  # requests at once; a slow machine that also counts lines has 15 ms for each
"""Seconds after which Twilio takes a request for lost."""

WAIT = """
query($sid: CallSid!, $for: ProcessingState) {
  callLookup(sid: $sid, waitFor: $for, timeoutSeconds: 20) { status }
}
"""


@pytest.fixture
def settings() -> Settings:
    return Settings(gateway_webhook_url=URL, gateway_partial_max_age=2 * HOUR)


@pytest.fixture
async def replicas(
    sandbox: Sandbox, clock: Clock, settings: Settings, redis: RedisServer
) -> AsyncIterator[tuple[Gateway, Gateway]]:
    shared = Settings(
        gateway_webhook_url=settings.gateway_webhook_url,
        gateway_partial_max_age=settings.gateway_partial_max_age,
        gateway_cache_url=redis.url,
    )
    async with (
        Gateway(sandbox, clock, shared) as one,
        Gateway(sandbox, clock, shared) as other,
    ):
        yield one, other


async def test_what_one_replica_is_told_wakes_who_waits_at_another(
    replicas: tuple[Gateway, Gateway],
) -> None:
    """Within a second, and without a question to Twilio."""
    one, other = replicas
    sid = one.sandbox.examples()["partial"]
    events = events_of(one.sandbox, "partial")
    await push(one, events[0])
    with other.upstream() as requests:
        assert (await look_up(other, sid))[0] == "PARTIAL"
        waiting = asyncio.create_task(other.ask(WAIT, sid=sid, **{"for": "COMPLETE"}))
        await asyncio.sleep(0.1)
        assert not waiting.done()
        for event in events[1:]:
            await push(one, event)
        async with asyncio.timeout(1):
            assert (await waiting)["callLookup"]["status"] == "COMPLETE"
        assert (await look_up(other, sid))[1]["source"] == "EVENT"
    assert requests == []


async def test_an_event_repeated_to_another_replica_is_known_there(
    replicas: tuple[Gateway, Gateway],
) -> None:
    """Twilio's next try may reach any of them."""
    one, other = replicas
    event = events_of(one.sandbox, "partial")[-1]
    await push(one, event)
    await push(other, event)

    assert (outcomes(one), outcomes(other)) == ([("complete", "kept")], [("complete", "known")])


async def test_a_slow_or_missing_cache_server_does_not_keep_twilio_waiting(
    replicas: tuple[Gateway, Gateway], redis: RedisServer
) -> None:
    """The replica that was told knows it all the same."""
    one, _ = replicas
    events = events_of(one.sandbox, "partial")
    redis.command("CLIENT", "PAUSE", "3000")
    started = time.monotonic()
    assert (await push(one, *events[:3])).status_code == 200
    assert time.monotonic() - started < TWILIO_WAITS / 2
    redis.stop()
    started = time.monotonic()
    assert (await push(one, *events[3:])).status_code == 200
    assert time.monotonic() - started < TWILIO_WAITS / 2
    with one.upstream() as requests:
        assert (await look_up(one, one.sandbox.examples()["partial"]))[0] == "COMPLETE"
    assert requests == []


async def test_a_burst_of_events_is_answered_in_time(gateway: Gateway) -> None:
    """Each within the time that Twilio waits, and whoever asks meanwhile is answered too."""
    (*_, event) = events_of(gateway.sandbox, "not_ready")
    events = [
        {**event, "data": {**event["data"], "call_sid": f"CA{number:032x}"}}
        for number in range(BURST)
    ]

    async def timed(work: Any) -> tuple[Any, float]:
        started = time.monotonic()
        return await work, time.monotonic() - started

    pushes = [timed(push(gateway, event)) for event in events]
    question = timed(look_up(gateway, gateway.sandbox.examples()["client"]))
    *pushed, (answer, waited) = await asyncio.gather(*pushes, question)

    assert {answer.status_code for answer, _ in pushed} == {200}
    assert max(seconds for _, seconds in pushed) < TWILIO_WAITS
    assert (answer[0], waited < TWILIO_WAITS) == ("COMPLETE", True)
    assert outcomes(gateway) == [("complete", "kept")] * BURST
