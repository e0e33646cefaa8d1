"""How much memory remembered summaries take, in process and in Redis.

Run it with `python -m tests.benchmarks.memory [SUMMARIES]`. Summaries are the sandbox's complete
ones, of all kinds, each under many SIDs; keys, overhead and whatever else the process grew by are
counted. Then all of them are decoded, and the JSON of all fields is kept of each, in a cache with
the bound that the gateway has unless told otherwise. The figures go into `docs/caching.md` and
`docs/performance.md`.
"""

import asyncio
import gc
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import msgspec

from gateway.cache.backends import Backend
from gateway.cache.encoding import seen_in
from gateway.cache.memory_cache import MemoryCache
from gateway.cache.policy import Freshness
from gateway.cache.redis_cache import RedisCache
from gateway.cache.store import Store, call_key
from gateway.cache.tiered_cache import TieredCache
from gateway.config.accounts import Account
from gateway.config.settings import Secret, Settings
from gateway.insights.catalogue import CallSid
from gateway.insights.paging import PageRef, Question
from gateway.insights.snapshot import Snapshot, snapshot_of
from gateway.insights.windows import Window
from gateway.sandbox import Sandbox
from gateway.upstream.client import InsightsClient
from tests.servers import RedisServer

ACCOUNT = "AC" + "0" * 32
BATCH = 1000
JSON = 3300
"""Bytes of all fields of a call."""

MEGABYTE = 2**20


def resident() -> int:
    """Bytes of this process that are in memory."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * 4096


async def patterns() -> list[Snapshot]:
    """Complete summaries of all kinds."""
    sandbox = Sandbox(calls=3000, arrivals=False)
    client = InsightsClient(httpx.ASGITransport(app=sandbox.app), "http://twilio")
    account = Account(sandbox.account_sid, sandbox.account_sid, Secret(sandbox.auth_token))
    now = int(time.time())
    ref = PageRef(Window(now - 7 * 86400, now), BATCH)
    page = await client.page(account, Question(account.sid, (), "end_time"), ref)
    await client.aclose()
    return list(page.snapshots)


def copies(of: list[Snapshot], count: int) -> Iterator[list[Snapshot]]:
    """So many summaries, each with a SID of its own, in batches."""
    for start in range(0, count, BATCH):
        batch = []
        for number in range(start, min(start + BATCH, count)):
            raw = msgspec.json.decode(of[number % len(of)].raw)
            raw["call_sid"] = f"CA{number:032x}"
            batch.append(snapshot_of(msgspec.json.encode(raw), time.time()))
        yield batch


async def fill(backend: Backend, of: list[Snapshot], count: int) -> float:
    """Keep so many summaries, and nothing made of them; the mean size of their JSON."""
    store, size = Store(backend, Freshness(), time.time), 0
    for batch in copies(of, count):
        size += sum(len(snapshot.raw) for snapshot in batch)
        for kept in await store.keep(ACCOUNT, batch):
            entry = backend.entry(call_key(ACCOUNT, kept.sid))
            if entry is not None and entry.owner is not None:
                entry.owner.forget_derived(entry)
    return size / count


async def make_all(memory: MemoryCache, count: int) -> None:
    """Decode what is kept, and keep beside it as many bytes as all fields of it take as JSON."""
    for number in range(count):
        entry = memory.entry(call_key(ACCOUNT, CallSid(f"CA{number:032x}")))
        if entry is not None:
            seen = seen_in(entry)
            entry.keep("all fields", seen, bytes(JSON), JSON)


async def full(count: int) -> None:
    """Fill a cache of the usual bound with summaries, and with what is made of them."""
    of = await patterns()
    before = resident()
    bound = Settings().gateway_cache_max_bytes
    memory = MemoryCache(max_bytes=bound)
    await fill(memory, of, count)
    for _ in range(2):
        await make_all(memory, count)
    grown = resident() - before
    print(
        f"bounded to {bound / MEGABYTE:.0f} MB: {len(memory)} kept, "
        f"{memory.size_of_derived / MEGABYTE:.0f} MB of {memory.size / MEGABYTE:.0f} counted were "
        f"made of them, {grown / MEGABYTE:.0f} MB resident",
        flush=True,
    )


def alone(measuring: str, count: int) -> None:
    """Measure in a process of its own: what another left behind would be used again."""
    subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.memory", str(count), measuring], check=True
    )


async def main(count: int) -> None:
    """Fill both, and print what that took."""
    of = await patterns()
    before = resident()
    memory = MemoryCache(max_bytes=2**40)
    mean = await fill(memory, of, count)
    grown = resident() - before
    print(f"{count} summaries of {mean:.0f} bytes of JSON in the mean")
    print(f"in process: {grown / MEGABYTE:.0f} MB resident, {memory.size / MEGABYTE:.0f} counted")
    await memory.clear()
    with RedisServer() as server:
        used = server.command("INFO", "memory")["used_memory"]
        near = MemoryCache(max_bytes=MEGABYTE)
        shared = TieredCache(near, RedisCache(server.url, timeout=5))
        await fill(shared, of, count)
        used = server.command("INFO", "memory")["used_memory"] - used
        await shared.close()
    print(f"in Redis:   {used / MEGABYTE:.0f} MB")


if __name__ == "__main__":
    summaries = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    if sys.argv[2:] == ["full"]:
        asyncio.run(full(summaries))
    else:
        alone("full", summaries)
        asyncio.run(main(summaries))
