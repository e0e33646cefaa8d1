"""Replicas die, or are told to stop; those who follow a call come back and miss nothing."""

import asyncio
import re
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from gql.transport.websockets import WebsocketsTransport
from websockets.exceptions import ConnectionClosed

from gateway.sandbox import Sandbox
from tests.clients.gql import calls as gql
from tests.live import (
    UPDATES,
    HurriedClock,
    Replica,
    events,
    hear,
    life,
    replica,
    statuses,
    subscribe,
    versions,
    web_socket,
)
from tests.node import Json, Lines, install, lines
from tests.servers import DEADLINE, RedisServer, serving

PARTS = "multipart/mixed;boundary=graphql;subscriptionSpec=1.0"
WAIT = """
query($sid: CallSid!) {
  callLookup(sid: $sid, waitFor: COMPLETE, timeoutSeconds: 60) { status retryAfterSeconds }
}
"""


@asynccontextmanager
async def balancing(*replicas: Replica) -> AsyncIterator[str]:
    """An address that leads to the first of the replicas that can be reached."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for one in replicas:
            with suppress(OSError):
                there = await asyncio.open_connection("127.0.0.1", urlsplit(one.address).port)
                break
        else:
            writer.close()
            return
        async with asyncio.TaskGroup() as group:
            group.create_task(pipe(reader, there[1]))
            group.create_task(pipe(there[0], writer))

    async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(2**16):
                writer.write(data)
                await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def by_gql(url: str, sid: str) -> Lines:
    """What Python's gql is told, as programs print it."""
    async with aclosing(gql.follow(lambda: WebsocketsTransport(url=url), sid)) as lookups:
        async for lookup in lookups:
            yield {"data": {"callUpdates": lookup}}
    yield {"end": True}


async def test_followers_of_a_replica_that_is_killed_miss_nothing(redis: RedisServer) -> None:
    """Their clients come back to another one: no version goes backwards, and the end is told."""
    install()
    clock = HurriedClock()
    sandbox = Sandbox(calls=50, clock=clock, arrivals=False)
    sid = sandbox.examples()["not_ready"]

    async def follow(results: Lines, told: list[Json]) -> None:
        async with aclosing(results):
            async for result in results:
                told.append(result)  # noqa: PERF401 - it is looked at meanwhile

    with (
        serving(sandbox.app) as upstream,
        replica(sandbox, upstream, redis) as dying,
        replica(sandbox, upstream, redis) as living,
    ):
        async with balancing(dying, living) as address:
            urls = {
                "graphql-ws.mjs": f"ws://{address}/graphql",
                "apollo-ws.mjs": f"ws://{address}/graphql",
                "graphql-sse.mjs": f"http://{address}/graphql",
                "apollo-multipart.mjs": f"http://{address}/graphql",
                "gql": f"ws://{address}/graphql",
            }
            told: dict[str, list[Json]] = {name: [] for name in urls}
            async with asyncio.TaskGroup() as group:
                for name, url in urls.items():
                    source = by_gql(url, sid) if name == "gql" else lines(f"live/{name}", url, sid)
                    group.create_task(follow(source, told[name]))
                while not all(told.values()):
                    await asyncio.sleep(0.01)
                passing = asyncio.create_task(life(clock, minute=0.2))
                while not all(versions(results)[-1:] >= [2] for results in told.values()):
                    await asyncio.sleep(0.01)
                dying.process.kill()
                before = {name: len(results) for name, results in told.items()}
            passing.cancel()
    for name, results in told.items():
        assert results.pop() == {"end": True}, name
        assert statuses(results)[-1] == "COMPLETE", name
        assert versions(results) == sorted(versions(results)), name
        assert len(results) > before[name], name


async def break_off(answers: Lines) -> None:
    """Read a stream that must not come to its proper end."""
    with pytest.raises(ConnectionResetError):
        async for _ in answers:
            pass


async def break_off_in_parts(address: str, sid: str, begun: asyncio.Event) -> None:
    """Read a stream of parts that must not come to its proper end."""
    read = b""
    body = {"query": UPDATES, "variables": {"sid": sid}}
    with suppress(httpx.RemoteProtocolError):
        async with (
            httpx.AsyncClient(timeout=30) as client,
            client.stream(
                "POST", f"{address}/graphql", json=body, headers={"Accept": PARTS}
            ) as response,
        ):
            async for chunk in response.aiter_bytes():
                read += chunk
                if b"callUpdates" in read:
                    begun.set()
    assert b"--graphql--" not in read


@contextmanager
def demo(directory: Path) -> Iterator[tuple[Replica, str]]:
    """`gateway demo` as a process of its own, and the SID of a call that is partial."""
    command = [sys.executable, "-m", "gateway", "demo", "--port", "0", "--calls", "50"]
    with subprocess.Popen(
        command, cwd=directory, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdout is not None
        said = ""
        while "partial" not in said:
            said += process.stdout.readline().decode()
        address = re.findall(r"http://127\.0\.0\.1:\d+", said)[0]
        while True:
            with suppress(httpx.TransportError):
                httpx.get(f"{address}/healthz")
                break
            time.sleep(0.05)
        try:
            yield Replica(address, process), re.findall(r"partial +(\w+)", said)[0]
        finally:
            process.kill()


async def follow_to_its_stop(one: Replica, sid: str) -> None:
    """Follow a call in every way, and tell the process to stop."""
    begun = asyncio.Event()
    async with (
        web_socket(one.address) as connection,
        events(one.address, sid) as answers,
        httpx.AsyncClient(timeout=30) as client,
        asyncio.TaskGroup() as group,
    ):
        group.create_task(break_off_in_parts(one.address, sid, begun))
        asking = client.post(
            f"{one.address}/graphql", json={"query": WAIT, "variables": {"sid": sid}}
        )
        waiting = group.create_task(asking)
        await subscribe(connection, UPDATES, sid=sid)
        await hear(connection)
        await anext(answers)
        await begun.wait()
        await asyncio.sleep(0.3)  # until the one who waits has begun to, too

        one.process.send_signal(signal.SIGTERM)
        with pytest.raises(ConnectionClosed) as closed:
            await connection.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1012
        await break_off(answers)
    assert waiting.result().json()["data"]["callLookup"]["status"] == "PARTIAL"
    assert await asyncio.to_thread(one.process.wait, DEADLINE) == 0


async def test_a_gateway_that_is_told_to_stop_tells_its_followers(redis: RedisServer) -> None:
    """WebSockets are closed as for a restart, streams break off, waits end, the process ends."""
    sandbox = Sandbox(calls=50, arrivals=False)
    sid = sandbox.examples()["partial"]
    with serving(sandbox.app) as upstream, replica(sandbox, upstream, redis) as one:
        began = time.monotonic()
        await follow_to_its_stop(one, sid)
        assert time.monotonic() - began < 5


@pytest.mark.processes
async def test_so_does_the_demo(tmp_path: Path) -> None:
    """What newcomers start ends as well as what operators run."""
    with demo(tmp_path) as (one, sid):
        await follow_to_its_stop(one, sid)
