"""`--workers 2`: several processes behave as one."""

import asyncio
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parsed
from prometheus_client.parser import text_string_to_metric_families

from gateway.sandbox import Sandbox
from tests.configured import Configured, bearer, token_of
from tests.live import Replica, becomes, replica
from tests.servers import DEADLINE, serving

pytestmark = pytest.mark.processes

NAME = "query Name { viewer { name } }"


@pytest.fixture
def sandbox() -> Sandbox:
    return Sandbox(calls=50, arrivals=False)


@pytest.fixture
def two(sandbox: Sandbox) -> Iterator[Replica]:
    with serving(sandbox.app) as upstream, replica(sandbox, upstream, GATEWAY_WORKERS="2") as two:
        yield two


def metrics(address: str) -> dict[str, float]:
    """The sum of all series of a name, as any worker tells it."""
    sums: dict[str, float] = {}
    for family in text_string_to_metric_families(httpx.get(f"{address}/metrics").text):
        for sample in family.samples:
            sums[sample.name] = sums.get(sample.name, 0) + sample.value
    return sums


def open_metrics(address: str) -> str:
    """The page as Prometheus asks for it."""
    accept = {"Accept": "application/openmetrics-text;version=1.0.0"}
    return httpx.get(f"{address}/metrics", headers=accept).text


def workers_of(parent: int) -> set[int]:
    """The processes that another one started, but for what watches over its resources."""
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text("ascii").split()
    return {
        int(child)
        for child in children
        if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()
    }


def status(address: str, viewer: str) -> int:
    """Whether a viewer is let in, by any worker."""
    body = {"query": NAME}
    return httpx.post(f"{address}/graphql", json=body, headers=bearer(token_of(viewer))).status_code


async def both_are_there(address: str) -> bool:
    """Whether two workers count within the time that a server may take to start."""
    return await becomes(lambda: metrics(address)["gateway_workers"] == 2, DEADLINE)


async def ask(address: str, times: int) -> None:
    """Each over a connection of its own, so that any worker may take it."""
    for _ in range(times):
        async with httpx.AsyncClient(timeout=DEADLINE) as client:
            answer = await client.post(f"{address}/graphql", json={"query": NAME})
            assert answer.json()["data"]


async def test_what_they_count_adds_up(two: Replica) -> None:
    """`/metrics` tells the sum, whichever answers, and forgets nothing of one that died."""
    assert await both_are_there(two.address)
    await ask(two.address, 40)
    for _ in range(10):
        assert metrics(two.address)["gateway_operations_total"] == 40
    killed, *_ = workers_of(two.process.pid)
    os.kill(killed, signal.SIGKILL)
    assert await becomes(
        lambda: len(alive := workers_of(two.process.pid)) == 2 and killed not in alive
    )
    assert await both_are_there(two.address)
    await ask(two.address, 10)
    assert metrics(two.address)["gateway_operations_total"] == 50


async def test_they_read_their_viewers_again_together(tmp_path: Path, sandbox: Sandbox) -> None:
    """SIGHUP reaches each of them by their parent, and none is started anew for it."""
    configured = Configured(tmp_path, sandbox)
    configured.allow("ana")
    with (
        serving(sandbox.app) as upstream,
        configured.running(upstream, GATEWAY_WORKERS="2") as process,
    ):
        before = workers_of(process.pid)
        assert await both_are_there(configured.address)
        configured.allow("eve")
        configured.reload()
        reloaded = "Accounts and viewers are reloaded: 1 account, 1 viewer."
        assert await becomes(lambda: configured.log().count(reloaded) == 2)
        for _ in range(10):
            assert status(configured.address, "eve") == 200
            assert status(configured.address, "ana") == 401
        assert workers_of(process.pid) == before


async def test_none_outlives_its_parent(two: Replica) -> None:
    """When the parent is killed, its workers leave: the port is free for others."""
    assert await both_are_there(two.address)
    workers = workers_of(two.process.pid)
    two.process.kill()
    await asyncio.to_thread(two.process.wait, DEADLINE)
    assert await becomes(lambda: not any(Path(f"/proc/{worker}").exists() for worker in workers))


async def test_open_metrics_of_several_have_no_exemplars(two: Replica) -> None:
    """The sums are the same; their files have no place for exemplars (prometheus_client)."""
    assert await both_are_there(two.address)
    await ask(two.address, 5)
    page = open_metrics(two.address)
    families = {one.name: one for one in parsed(page)}  # type: ignore[no-untyped-call]
    samples = families["gateway_operations"].samples
    assert sum(sample.value for sample in samples) == 5
    assert not any(s.exemplar for one in families.values() for s in one.samples)
