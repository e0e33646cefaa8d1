"""Signals at the wrong moment: while processes start, while they leave, and far too many."""

import asyncio
import os
import signal
import time
from pathlib import Path

import httpx
import pytest

from gateway.sandbox import Sandbox
from tests.configured import Configured, bearer, token_of
from tests.journeys.test_workers import both_are_there, workers_of
from tests.live import becomes
from tests.servers import DEADLINE, serving

pytestmark = pytest.mark.processes

NAME = {"query": "{ viewer { name } }"}


@pytest.fixture
def sandbox() -> Sandbox:
    return Sandbox(calls=5, arrivals=False)


@pytest.fixture
def configured(tmp_path: Path, sandbox: Sandbox) -> Configured:
    configured = Configured(tmp_path, sandbox)
    configured.allow("ana")
    return configured


def status(address: str, viewer: str) -> int:
    answer = httpx.post(f"{address}/graphql", json=NAME, headers=bearer(token_of(viewer)))
    return answer.status_code


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_a_hangup_while_it_starts_waits(
    configured: Configured, sandbox: Sandbox, workers: str
) -> None:
    """And has viewers read again once somebody can: nothing is lost, and no process ends."""
    configured.hurried = True
    with (
        serving(sandbox.app) as upstream,
        configured.running(upstream, GATEWAY_WORKERS=workers) as process,
    ):
        assert await configured.told("Accounts and viewers are reloaded: 1 account, 1 viewer.")
        assert process.poll() is None
        assert "died" not in configured.log()


async def test_a_hangup_while_a_worker_starts_waits(
    configured: Configured, sandbox: Sandbox
) -> None:
    """The worker that takes the place of a dead one is not killed by it, nor is it an outage."""
    with (
        serving(sandbox.app) as upstream,
        configured.running(upstream, GATEWAY_WORKERS="2") as process,
    ):
        assert await both_are_there(configured.address)
        killed, other = workers_of(process.pid)
        os.kill(killed, signal.SIGKILL)
        configured.allow("ana", "eve")
        assert await becomes(lambda: len(workers_of(process.pid) - {killed}) == 2)
        began = time.monotonic()
        while time.monotonic() < began + 3:
            configured.reload()
            await asyncio.sleep(0.01)
        assert await becomes(
            lambda: configured.log().count("are reloaded: 1 account, 2 viewers.") >= 2
        )
        assert other in workers_of(process.pid)
        assert len(workers_of(process.pid)) == 2
        assert configured.log().count("died") == 1
        assert {status(configured.address, "eve") for _ in range(10)} == {200}


async def test_a_stop_is_heard_while_a_worker_does_not_answer(
    configured: Configured, sandbox: Sandbox
) -> None:
    """Nobody waits for the answer of one that is stuck: with SIGCONT it leaves like all."""
    with (
        serving(sandbox.app) as upstream,
        configured.running(upstream, GATEWAY_WORKERS="2") as process,
    ):
        assert await both_are_there(configured.address)
        stuck, _ = workers_of(process.pid)
        os.kill(stuck, signal.SIGSTOP)
        await asyncio.sleep(1.5)  # until it was asked whether it lives
        process.send_signal(signal.SIGTERM)
        assert await becomes(lambda: len(workers_of(process.pid)) == 1, within=5)
        os.kill(stuck, signal.SIGCONT)
        assert await asyncio.to_thread(process.wait, DEADLINE) == 0


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_it_ends_with_0_however_often_it_is_told_to_stop(
    configured: Configured, sandbox: Sandbox, workers: str
) -> None:
    """The last of 50 SIGTERMs came when nobody handled it any more, and the status was -15."""
    with (
        serving(sandbox.app) as upstream,
        configured.running(upstream, GATEWAY_WORKERS=workers, GATEWAY_DRAIN="0.2") as process,
    ):
        while process.poll() is None:
            process.send_signal(signal.SIGTERM)
            await asyncio.sleep(0.002)
        assert process.returncode == 0


async def test_a_hangup_while_it_leaves_does_not_end_it(
    configured: Configured, sandbox: Sandbox
) -> None:
    """Nor does it read anything again then."""
    with serving(sandbox.app) as upstream, configured.running(upstream) as process:
        process.send_signal(signal.SIGTERM)
        while process.poll() is None:
            process.send_signal(signal.SIGHUP)
            await asyncio.sleep(0.002)
        assert process.returncode == 0
