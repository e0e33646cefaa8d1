"""Several gateways on one Redis behave as one."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from gateway.config.settings import Settings
from gateway.instrumentation import TierAsked
from gateway.sandbox import Fault, Sandbox
from tests.conftest import Clock, Gateway
from tests.servers import DEADLINE, RedisServer, free_port, serving

CALL = "query($sid: CallSid!) { call(sid: $sid) { sid processing { version source } } }"
SCORE = "query($sid: CallSid!) { call(sid: $sid) { annotation { callScore } } }"


@pytest.fixture
async def replicas(
    sandbox: Sandbox, clock: Clock, redis: RedisServer
) -> AsyncIterator[tuple[Gateway, Gateway]]:
    settings = Settings(gateway_cache_url=redis.url, gateway_annotation_max_age=5)
    async with (
        Gateway(sandbox, clock, settings) as one,
        Gateway(sandbox, clock, settings) as other,
    ):
        yield one, other


async def test_a_hundred_askers_over_two_replicas_cost_one_upstream_request(
    replicas: tuple[Gateway, Gateway],
) -> None:
    """One of the replicas asks; the other waits for what it learns."""
    one, other = replicas
    sid = one.sandbox.examples()["client"]
    one.sandbox.inject(Fault(kind="slow", seconds=0.2, times=None))
    with one.upstream() as requests:
        answers = await asyncio.gather(
            *(replica.ask(CALL, sid=sid) for _ in range(50) for replica in replicas)
        )
    assert len(requests) == 1
    assert {answer["call"]["sid"] for answer in answers} == {sid}
    assert other.happenings


async def test_what_one_replica_saw_the_other_knows(replicas: tuple[Gateway, Gateway]) -> None:
    """A complete summary is fetched once for all; a list fills the cache of all."""
    one, other = replicas
    listed = (await one.ask("{ calls(first: 25) { nodes { sid } } }"))["calls"]["nodes"]
    with other.upstream() as requests:
        for node in listed:
            call = (await other.ask(CALL, sid=node["sid"]))["call"]
            assert call["processing"]["source"] == "CACHE"
        again = (await other.ask("{ calls(first: 25) { nodes { sid } } }"))["calls"]["nodes"]
    assert again == listed
    assert requests == []


async def test_a_document_of_many_calls_asks_redis_once(replicas: tuple[Gateway, Gateway]) -> None:
    """Questions of one document go to the shared tier as one."""
    one, other = replicas
    listed = (await one.ask("{ calls(first: 25) { nodes { sid } } }"))["calls"]["nodes"]
    fields = (f'c{i}: call(sid: "{node["sid"]}") {{ sid }}' for i, node in enumerate(listed))
    await other.ask("{" + " ".join(fields) + "}")
    (asked,) = [h for h in other.happenings if isinstance(h, TierAsked) and h.tier == "far"]
    assert (asked.hits, asked.misses) == (25, 0)


async def test_a_newer_version_is_known_to_all_within_a_second(
    replicas: tuple[Gateway, Gateway], clock: Clock
) -> None:
    """A replica drops its own copy when another one learns more."""
    one, other = replicas
    sid = one.sandbox.examples()["annotated"]
    score = (await other.ask(SCORE, sid=sid))["call"]["annotation"]["callScore"]
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=one.sandbox.app),
        base_url="http://twilio",
        auth=(one.sandbox.account_sid, one.sandbox.auth_token),
    ) as twilio:
        new = 1 if score != 1 else 5
        await twilio.post(f"/v1/Voice/{sid}/Annotation", data={"CallScore": str(new)})
    clock.advance(6)
    assert (await one.ask(SCORE, sid=sid))["call"]["annotation"]["callScore"] == new
    until = time.monotonic() + 1
    with other.upstream() as requests:
        while (await other.ask(SCORE, sid=sid))["call"]["annotation"]["callScore"] != new:
            assert time.monotonic() < until
            await asyncio.sleep(0.01)
    assert len(requests) <= 1


async def test_redis_may_come_and_go_under_load(
    sandbox: Sandbox, clock: Clock, redis: RedisServer
) -> None:
    """No request fails while the server is gone, wiped and back; `/readyz` tells which."""
    settings = Settings(gateway_cache_url=redis.url)
    async with Gateway(sandbox, clock, settings) as gateway:
        sids = [
            node["sid"]
            for node in (await gateway.ask("{ calls(first: 100) { nodes { sid } } }"))["calls"][
                "nodes"
            ]
        ]

        async def ask_for(seconds: float) -> int:
            until, asked = time.monotonic() + seconds, 0
            while time.monotonic() < until:
                await asyncio.gather(*(gateway.ask(CALL, sid=sid) for sid in sids[:20]))
                asked += 20
                await asyncio.sleep(0.01)
            return asked

        assert await ask_for(0.3)
        redis.stop()
        assert await ask_for(0.5)
        assert (await gateway.http.get("/readyz")).json()["cache"] == "failing"
        fresh = sandbox.examples()["trunking"]
        assert (await gateway.ask(CALL, sid=fresh))["call"]["sid"] == fresh
        redis.start()
        until = time.monotonic() + 5
        while (await gateway.http.get("/readyz")).json()["cache"] != "ok":
            assert time.monotonic() < until, "it does not come back by itself"
            assert await ask_for(0.1)
        await gateway.ask(CALL, sid=sandbox.examples()["sip"])
    assert redis.command("DBSIZE") > 0


@contextlib.contextmanager
def _process(sandbox: Sandbox, upstream: str, redis: RedisServer) -> Iterator[tuple[str, int]]:
    """A gateway in a process of its own: its address and process id."""
    port = free_port()
    environment = {
        **os.environ,
        "TWILIO_ACCOUNT_SID": sandbox.account_sid,
        "TWILIO_AUTH_TOKEN": sandbox.auth_token,
        "GATEWAY_UPSTREAM_URL": upstream,
        "GATEWAY_CACHE_URL": redis.url,
        "GATEWAY_LOG_LEVEL": "error",
    }
    command = [sys.executable, "-m", "gateway", "serve", "--port", str(port)]
    process = subprocess.Popen(command, env=environment)
    address = f"http://127.0.0.1:{port}"
    try:
        until = time.monotonic() + DEADLINE
        while True:
            with contextlib.suppress(httpx.TransportError):
                httpx.get(f"{address}/healthz")
                break
            assert time.monotonic() < until, "the gateway did not start"
            time.sleep(0.05)
        yield address, process.pid
    finally:
        process.kill()
        process.wait(DEADLINE)


async def test_the_askers_of_one_replica_outlive_the_death_of_the_other(
    redis: RedisServer,
) -> None:
    """The replica that was asking Twilio is killed: the other takes its turn, and answers."""
    sandbox = Sandbox(calls=50, arrivals=False)
    sid = sandbox.examples()["client"]
    with (
        serving(sandbox.app) as upstream,
        _process(sandbox, upstream, redis) as (dying, pid),
        _process(sandbox, upstream, redis) as (living, _),
    ):
        sandbox.inject(Fault(kind="slow", seconds=3.0, times=1))
        async with httpx.AsyncClient(timeout=DEADLINE) as client:

            async def ask(address: str) -> httpx.Response:
                body = {"query": CALL, "variables": {"sid": sid}}
                return await client.post(f"{address}/graphql", json=body)

            lost = [asyncio.create_task(ask(dying)) for _ in range(50)]
            while not redis.command("KEYS", "insights:lease:*"):
                await asyncio.sleep(0.01)
            kept = [asyncio.create_task(ask(living)) for _ in range(50)]
            await asyncio.sleep(0.3)
            os.kill(pid, signal.SIGKILL)
            answers = await asyncio.gather(*kept)
            await asyncio.gather(*lost, return_exceptions=True)
        assert {answer.json()["data"]["call"]["sid"] for answer in answers} == {sid}
        # The request of the killed one was cut short, and never told its status.
        assert len([request for request in sandbox.requests if sid in request.path]) == 1
