"""Hours of traffic in one command: memory, open sockets and tasks of a gateway stay flat.

Run it with `python -m tests.benchmarks.soak --minutes 60`. A gateway runs as a process of its own
over a sandbox, with summaries that age. Clients ask for calls and pages, follow calls over
server-sent events and WebSockets, leave in the middle, and ask nonsense. After a quarter of the
time and at its end they all stay away for a moment: what the gateway holds then is compared, for
under way it holds what its clients of the moment need. It is read from `/metrics`; the exit status
is 1 if it grew. The figures go into `docs/operations/running.md`.
"""

import argparse
import asyncio
import contextlib
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator

import httpx
from prometheus_client.parser import text_string_to_metric_families

from gateway.sandbox import Sandbox
from tests.live import UPDATES, events, hear, subscribe, web_socket
from tests.servers import DEADLINE, free_port, serving

CALLS = 400
LOOKS = 60
"""How often the gateway is measured while clients come."""

REST = 10
"""Seconds without clients before what is held is compared: unused connections are closed in 5."""

CACHE = 2**22
"""Bytes of a cache that is soon full: what grows after that is not what it remembers."""

ALLOWED = {"gateway_memory_bytes": 8e6, "gateway_open_files": 3, "gateway_tasks": 3}
"""By how much more may be held at the end than after a quarter of the time."""

CALL = (
    "query Call($sid: CallSid!) { callLookup(sid: $sid) { status call { tags state duration } } }"
)
LIST = """
query List {
  calls(first: 20, filter: {startTime: "7d"}) { nodes { sid state } pageInfo { endCursor } }
}
"""
NONSENSE = "query Nonsense { calls(first: 10 { nothing }"


Held = dict[str, float]
"""What the gateway holds at a time, by the name of the metric."""


@contextlib.contextmanager
def gateway(sandbox: Sandbox, upstream: str, workers: int) -> Iterator[str]:
    """`gateway serve` as a process of its own; gives its address."""
    port = free_port()
    environment = {
        **os.environ,
        "TWILIO_ACCOUNT_SID": sandbox.account_sid,
        "TWILIO_AUTH_TOKEN": sandbox.auth_token,
        "GATEWAY_UPSTREAM_URL": upstream,
        "GATEWAY_LOG_FORMAT": "json",
        "GATEWAY_CACHE_MAX_BYTES": str(CACHE),
    }
    command = [sys.executable, "-m", "gateway", "serve", "--port", str(port)]
    process = subprocess.Popen(
        [*command, "--workers", str(workers)], env=environment, stderr=subprocess.DEVNULL
    )
    address = f"http://127.0.0.1:{port}"
    try:
        until = time.monotonic() + DEADLINE
        while True:
            with contextlib.suppress(httpx.TransportError):
                httpx.get(f"{address}/healthz")
                break
            assert time.monotonic() < until, "the gateway did not start"
            time.sleep(0.05)
        yield address
    finally:
        process.terminate()
        process.wait(DEADLINE)


class Traffic:
    """Clients of every kind, `rate` of them a second."""

    def __init__(self, address: str, sandbox: Sandbox, rate: float) -> None:
        self._address = address
        self._rate = rate
        self._examples = list(sandbox.examples().values())
        self._random = random.Random(7)
        self._running: set[asyncio.Task[None]] = set()
        self.outcomes: Counter[str] = Counter()

    async def flow(self, minutes: float) -> None:
        """Let them come for so long."""
        until = time.monotonic() + minutes * 60
        async with httpx.AsyncClient(base_url=self._address, timeout=30) as client:
            kinds = (self._look_up, self._list, self._be_nonsense, self._follow, self._connect)
            while time.monotonic() < until:
                (kind,) = self._random.choices(kinds, (70, 20, 4, 3, 3))
                task = asyncio.create_task(kind(client))
                self._running.add(task)
                task.add_done_callback(self._over)
                await asyncio.sleep(self._random.expovariate(self._rate))
            await asyncio.gather(*self._running, return_exceptions=True)

    def _over(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if (error := task.exception()) is not None:
            self.outcomes[repr(error)[:100]] += 1

    async def _look_up(self, client: httpx.AsyncClient) -> None:
        sid = self._random.choice(self._examples)
        await self._ask(client, {"query": CALL, "variables": {"sid": sid}})

    async def _list(self, client: httpx.AsyncClient) -> None:
        await self._ask(client, {"query": LIST})

    async def _be_nonsense(self, client: httpx.AsyncClient) -> None:
        await self._ask(client, {"query": f"{NONSENSE} #{self._random.random()}"})

    async def _ask(self, client: httpx.AsyncClient, body: dict[str, object]) -> None:
        answer = (await client.post("/graphql", json=body)).json()
        codes = [error["extensions"]["code"] for error in answer.get("errors", ())]
        self.outcomes[codes[0] if codes else "answered"] += 1

    async def _follow(self, _: httpx.AsyncClient) -> None:
        async with events(self._address, self._random.choice(self._examples)) as answers:
            await anext(answers)
            await asyncio.sleep(self._random.random() * 5)
        self.outcomes["followed over SSE"] += 1

    async def _connect(self, _: httpx.AsyncClient) -> None:
        async with web_socket(self._address) as connection:
            await subscribe(connection, UPDATES, sid=self._random.choice(self._examples))
            await hear(connection)
            await asyncio.sleep(self._random.random() * 5)
        self.outcomes["followed over WebSocket"] += 1


async def held(address: str) -> Held:
    """What the gateway holds now."""
    async with httpx.AsyncClient(base_url=address, timeout=30) as client:
        page = (await client.get("/metrics")).text
    families = text_string_to_metric_families(page)
    samples = (sample for family in families for sample in family.samples)
    return {sample.name: sample.value for sample in samples if sample.name in ALLOWED}


async def tell(address: str, began: float, minutes: float, looks: int) -> None:
    """Print what the gateway holds, so many times at equal distances."""
    for _ in range(looks):
        await asyncio.sleep(minutes * 60 / looks)
        figures = await held(address)
        told = "  ".join(f"{name} {value:,.0f}" for name, value in figures.items())
        print(f"{(time.monotonic() - began) / 60:7.1f} min  {told}", flush=True)


async def rested(address: str, traffic: Traffic, began: float, minutes: float, looks: int) -> Held:
    """What the gateway holds when clients came for so long, and have left."""
    await asyncio.gather(traffic.flow(minutes), tell(address, began, minutes, looks))
    await asyncio.sleep(REST)
    return await held(address)


async def soak(minutes: float, rate: float, workers: int) -> bool:
    """Whether nothing grew by more than is allowed, and every client got its answer."""
    sandbox = Sandbox(calls=CALLS, speed=20)
    with serving(sandbox.app) as upstream, gateway(sandbox, upstream, workers) as address:
        traffic, began = Traffic(address, sandbox, rate), time.monotonic()
        first = await rested(address, traffic, began, minutes / 4, LOOKS // 4)
        last = await rested(address, traffic, began, minutes * 3 / 4, LOOKS * 3 // 4)
    print(f"\n{traffic.outcomes.total()} clients: {dict(traffic.outcomes.most_common())}")
    for name, allowed in ALLOWED.items():
        grown = last[name] - first[name]
        print(f"{name}: {first[name]:,.0f} {grown:+,.0f} (allowed: {allowed:+,.0f})")
    known = {"answered", "GRAPHQL_PARSE_FAILED", "followed over SSE", "followed over WebSocket"}
    flat = all(last[name] - first[name] <= allowed for name, allowed in ALLOWED.items())
    return flat and traffic.outcomes.keys() <= known


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Let traffic flow, and see that nothing grows.")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--rate", type=float, default=50, help="clients a second")
    parser.add_argument("--workers", type=int, default=1)
    chosen = parser.parse_args()
    sys.exit(not asyncio.run(soak(chosen.minutes, chosen.rate, chosen.workers)))
