"""What questions about many calls take over HTTP: `python -m tests.benchmarks.warehouse_http`.

The warehouse is filled as in `tests.benchmarks.warehouse`; the gateway over it answers on a socket
of this process. Each question is asked anew in each round, nothing remembered, and so are its own
statements of the engine, alone. Times are the best of some rounds; ratios are of the same run.
"""

import argparse
import asyncio
import gc
import json
import shutil
import tempfile
import time
from base64 import b64encode
from collections.abc import Awaitable
from pathlib import Path
from statistics import median
from typing import Any

import httpx

from gateway.config.accounts import Account
from gateway.config.kinds import CacheKeys
from gateway.config.settings import Secret, Settings
from gateway.sandbox import Sandbox
from gateway.server.app import create_app
from gateway.warehouse.embedded import Embedded
from gateway.warehouse.engine import Statement
from gateway.warehouse.warehouse import Warehouse
from tests.benchmarks.warehouse import ACCOUNT, Bench, resident, say
from tests.live import becomes
from tests.servers import served
from tests.warehouse.lent import Lent, lent

CARRIERS = """{ callStatistics(groupBy: [{field: FROM_CARRIER}], first: 100) { groups {
  key { value } count
  p95: of(field: CARRIER_EDGE_METRICS_INBOUND_JITTER_MAX) { quantile(q: 0.95) }
  jittery: share(where: {tags: {has: HIGH_JITTER}})
  busy: share(where: {state: {eq: BUSY}})
} } }"""
HOURLY = """{ callStatistics(
  groupBy: [{time: {every: "1h", timeZone: "Europe/Berlin"}}], where: {endTime: {since: "30d"}}
  first: 1000
) { groups { key { value } count } } }"""
SEARCH = """{ searchCalls(where: {
  from: {countryCode: {eq: "US"}}, tags: {has: HIGH_JITTER}
  carrierEdge: {metrics: {inbound: {jitter: {max: {gt: 20}}}}}
}) { totalCount nodes { sid endTime to { carrier } tags } } }"""
ROUNDS = 20
QUESTIONS = {
    "carriers with p95 and two shares": CARRIERS,
    "an hourly series of a month": HOURLY,
    "a search: three conditions, count, 25 calls": SEARCH,
}
WALK = """query ($after: String) { calls(first: 1000, after: $after, filter: {startTime: "30d"}) {
  nodes { sid endTime tags to { carrier }
    carrierEdge { metrics { inbound { jitter { max } } } } }
  pageInfo { endCursor hasNextPage }
} }"""
TABLE = """{ searchCalls { nodes {
  sid endTime state duration from { countryCode } to { carrier } tags
  carrierEdge { metrics { inbound { jitter { max avg } } } }
} } }"""
CALL = "query ($sid: CallSid!) { call(sid: $sid) { sid state tags to { carrier } } }"


class Timed:
    """A gateway on a socket, what it asks of its engine, and its warehouse."""

    def __init__(self, http: httpx.AsyncClient, engine: Lent, warehouse: Warehouse) -> None:
        self._http = http
        self._engine = engine
        self._warehouse = warehouse

    async def ask(self, query: str, **variables: Any) -> Any:
        """The data of an answer."""
        body = {"query": query, "variables": variables}
        answer = json.loads((await self._http.post("/graphql", json=body)).content)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    async def rows(self, query: str) -> int:
        """Export all rows of a query as CSV, and count them."""
        rows, headers = -1, {"Accept": "text/csv"}  # the first line has the names of the columns
        async with self._http.stream(
            "POST", "/graphql", json={"query": query}, headers=headers
        ) as answer:
            async for chunk in answer.aiter_bytes():
                rows += chunk.count(b"\n")
        return rows

    async def anew(self, query: str) -> None:
        """Ask, with nothing remembered."""
        self._warehouse.forgetting.forgotten += 1
        await self.ask(query)

    async def statements(self, query: str) -> list[Statement]:
        """What a question asks of the engine, but for what is known of coverage."""
        await self.anew(query)
        self._engine.asked.clear()
        await self.anew(query)
        return [one for one in self._engine.asked if "FROM calls" in one.sql]

    async def directly(self, statements: list[Statement]) -> None:
        """The same statements, asked of the engine alone."""
        await asyncio.gather(*(self._engine.query(one) for one in statements))


async def taken(work: Awaitable[None]) -> float:
    """How long something takes, in seconds."""
    before = time.perf_counter()
    await work
    return time.perf_counter() - before


async def compare(timed: Timed, walked: float) -> None:
    """Each question over HTTP, in turns with its statements; beside a walk through pages."""
    for name, query in QUESTIONS.items():
        statements = await timed.statements(query)
        sql, http = [], []
        for _ in range(ROUNDS):
            sql.append(await taken(timed.directly(statements)))
            http.append(await taken(timed.anew(query)))
        ratio = f"{min(http) / min(sql):.2f} of its SQL, medians {median(http) / median(sql):.2f}"
        times = f"{min(http) * 1000:.1f} ms, {ratio}"
        say(name, f"{times}; a walk takes {walked / min(http):,.0f} times as long")


async def walk(timed: Timed, calls: int) -> float:
    """Seconds of a walk through so many calls, of which three pages are walked."""
    pages, after, began = 0, None, time.perf_counter()
    while True:
        told = (await timed.ask(WALK, after=after))["calls"]
        pages += 1
        after = told["pageInfo"]["endCursor"]
        if not told["pageInfo"]["hasNextPage"] or pages == 3:
            break
    each = (time.perf_counter() - began) / pages
    say("a page of 1,000 of the sandbox", f"{each * 1000:.0f} ms, so {each * calls / 1000:.0f} s")
    return each * calls / 1000


async def beside(timed: Timed, sid: str) -> None:
    """The p99 of a warm single call, alone and beside ten questions at once."""

    async def p99() -> float:
        times = []
        for _ in range(1000):
            before = time.perf_counter()
            await timed.ask(CALL, sid=sid)
            times.append(time.perf_counter() - before)
        return sorted(times)[-10] * 1000

    async def busy() -> None:
        while True:
            await timed.anew(CARRIERS)

    alone = await p99()
    tasks = [asyncio.create_task(busy()) for _ in range(10)]
    crowded = await p99()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    say("p99 of a warm call", f"{alone:.1f} ms alone, {crowded:.1f} ms beside ten questions")


async def export(timed: Timed) -> None:
    """All calls as CSV; how long that holds the event loop in one pass, and the memory it takes."""
    gc.collect()
    gc.freeze()  # as `gateway serve` does once it has started
    longest, largest = 0.0, 0.0
    exporting = asyncio.create_task(timed.rows(TABLE))
    passed = time.thread_time()
    while not exporting.done():
        await asyncio.sleep(0)
        longest = max(longest, time.thread_time() - passed)
        largest = max(largest, resident())
        passed = time.thread_time()
    say("exported as CSV", f"{await exporting} rows, at most {largest:.0f} MB")
    say("a pass of the event loop meanwhile", f"at most {longest * 1000:.0f} ms of CPU")


async def main(calls: int, folder: Path) -> None:
    engine = await Embedded.open(folder)
    bench = Bench(engine)
    await bench.prepare()
    ((there,),) = (await engine.query(Statement("SELECT count() FROM calls"))).rows
    if not there:  # a folder that is given may be full already
        await bench.fill(calls)
        await engine.command(Statement("OPTIMIZE TABLE calls FINAL"))
    world = Sandbox(calls=3500, arrivals=False)
    settings = Settings(
        gateway_warehouse_url="chdb:///",
        gateway_cache_key=CacheKeys(b64encode(b"k" * 32).decode()),
    )
    account = Account(ACCOUNT, world.account_sid, Secret(world.auth_token))
    with lent(engine) as borrowed:
        app = create_app(settings, account, transport=httpx.ASGITransport(app=world.app))
        serving = served(app, lifespan="off")
        async with app.router.lifespan_context(app) as state, serving as address:
            assert state is not None
            warehouse = state["call_service"].warehouse
            assert await becomes(lambda: warehouse.connection.problem is None, within=60)
            async with httpx.AsyncClient(base_url=address, timeout=120) as http:
                timed = Timed(http, borrowed, warehouse)
                await compare(timed, await walk(timed, calls))
                await beside(timed, world.examples()["bad_carrier"])
                await export(timed)
    await engine.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=100_000)
    parser.add_argument("--folder", type=Path, default=None)
    arguments = parser.parse_args()
    own = arguments.folder or Path(tempfile.mkdtemp(prefix="warehouse-"))
    try:
        asyncio.run(main(arguments.calls, own))
    finally:
        if arguments.folder is None:
            shutil.rmtree(own, ignore_errors=True)
