"""Following calls in tests: time that is hurried, and followers of every kind on real sockets."""

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeVar
from urllib.parse import urlsplit

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from gateway.config.accounts import Account
from gateway.config.settings import Secret, Settings
from gateway.instrumentation import FollowersChanged, Happening
from gateway.sandbox import Sandbox
from gateway.server.app import create_app
from tests.node import Json, Lines
from tests.servers import DEADLINE, RedisServer, free_port

T = TypeVar("T")

ROOT = Path(__file__).parent.parent
UPDATES = """
subscription($sid: CallSid!) {
  callUpdates(sid: $sid) { status call { processing { version state } } }
}
"""


class Movable(Protocol):
    """A clock that can be moved on."""

    def advance(self, seconds: float) -> None: ...


class HurriedClock:
    """The real time, which other processes have, and as much more as it was moved on."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead

    def advance(self, seconds: float) -> None:
        self.ahead += seconds


async def to_the_end(telling: AsyncIterator[T], clock: Movable) -> list[T]:
    """All that is told of a call: the first of it now, the rest while time goes by."""
    first = await anext(telling)
    passing = asyncio.create_task(life(clock, minute=0.03))
    try:
        return [first, *[one async for one in telling]]
    finally:
        passing.cancel()


async def life(clock: Movable, *, minute: float = 0.12, minutes: int = 45) -> None:
    """Minutes go by, each within that many seconds: with 45, a summary becomes complete."""
    for _ in range(minutes):
        clock.advance(60)
        await asyncio.sleep(minute)


def application(
    sandbox: Sandbox,
    clock: Callable[[], float],
    settings: Settings,
    heard: list[Happening] | None = None,
) -> Any:
    """The gateway over a sandbox."""
    sid = sandbox.account_sid
    return create_app(
        settings,
        Account(sid, sid, Secret(sandbox.auth_token)),
        transport=httpx.ASGITransport(app=sandbox.app),
        clock=clock,
        hooks=[] if heard is None else [heard.append],
    )


def followers(heard: list[Happening]) -> int:
    """How many follow a call now."""
    return sum(happening.by for happening in heard if isinstance(happening, FollowersChanged))


async def becomes(question: Callable[[], bool], within: float = 10.0) -> bool:
    """Whether it becomes true in time."""
    until = time.monotonic() + within
    while not question():
        if time.monotonic() > until:
            return False
        await asyncio.sleep(0.01)
    return True


@asynccontextmanager
async def events(address: str, sid: str, query: str = UPDATES) -> AsyncIterator[Lines]:
    """The answers to a subscription as server-sent events; by a bare socket, to afford many."""
    host, port = urlsplit(address).hostname, urlsplit(address).port
    body = json.dumps({"query": query, "variables": {"sid": sid}}).encode()
    reader, writer = await asyncio.open_connection(host, port, limit=2**24)
    writer.write(
        b"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n"
        b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
    )
    try:
        async with aclosing(_answers(reader)) as answers:
            yield answers
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def _answers(reader: asyncio.StreamReader) -> Lines:
    status = await reader.readline()
    assert b" 200 " in status, status
    async for line in reader:  # an event is a chunk: no line is torn
        if line.startswith(b"data: "):
            yield json.loads(line.removeprefix(b"data: "))
        elif line == b"event: complete\n":
            return
    raise ConnectionResetError("the stream broke off")


@asynccontextmanager
async def web_socket(
    address: str, *, path: str = "/graphql", **options: Any
) -> AsyncIterator[ClientConnection]:
    """A WebSocket to the gateway on which nothing was said yet."""
    url = address.replace("http:", "ws:") + path
    options.setdefault("subprotocols", [Subprotocol("graphql-transport-ws")])
    async with connect(url, proxy=None, compression=None, **options) as connection:
        yield connection


def narrow(address: str) -> socket.socket:
    """A connection to the gateway in which little fits: who does not read is felt soon."""
    host, port = urlsplit(address).hostname, urlsplit(address).port
    narrow = socket.socket()
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    narrow.connect((host, port))
    narrow.settimeout(0)
    return narrow


async def say(connection: ClientConnection, **message: Any) -> None:
    """Send a message."""
    await connection.send(json.dumps(message))


async def hear(connection: ClientConnection) -> Json:
    """The next message."""
    async with asyncio.timeout(30):
        message: Json = json.loads(await connection.recv())
    return message


async def subscribe(
    connection: ClientConnection, query: str, name: str = "1", **variables: Any
) -> None:
    """Say hello, and subscribe."""
    await say(connection, type="connection_init")
    assert await hear(connection) == {"type": "connection_ack"}
    payload = {"query": query, "variables": variables}
    await say(connection, type="subscribe", id=name, payload=payload)


@contextlib.contextmanager
def replica(
    sandbox: Sandbox, upstream: str, redis: RedisServer | None = None, **settings: str
) -> Iterator["Replica"]:
    """`gateway serve` as a process of its own, over a sandbox, and impatient."""
    said = {"GATEWAY_CACHE_URL": "memory://" if redis is None else redis.url, **settings}
    with started(sandbox, upstream, said) as one:
        yield one


@contextlib.contextmanager
def started(
    sandbox: Sandbox, upstream: str, settings: Mapping[str, str], log: int | None = None
) -> Iterator["Replica"]:
    """The same, with its log to go elsewhere than that of the tests."""
    port = settings.get("GATEWAY_PORT", str(free_port()))
    environment = {
        **os.environ,
        "TWILIO_ACCOUNT_SID": sandbox.account_sid,
        "TWILIO_AUTH_TOKEN": sandbox.auth_token,
        "GATEWAY_UPSTREAM_URL": upstream,
        "GATEWAY_LOG_LEVEL": "error",
        "GATEWAY_PORT": port,
        **settings,
    }
    command = [sys.executable, "-m", "tests.impatient", "serve"]
    process = subprocess.Popen(command, env=environment, cwd=ROOT, stderr=log)
    address = f"http://127.0.0.1:{port}"
    try:
        until = time.monotonic() + DEADLINE
        while True:
            with contextlib.suppress(httpx.TransportError):
                httpx.get(f"{address}/healthz", timeout=DEADLINE)
                break
            assert process.poll() is None, "the gateway ended"
            assert time.monotonic() < until, "the gateway did not start"
            time.sleep(0.05)
        yield Replica(address, process)
    finally:
        process.kill()
        process.communicate(timeout=DEADLINE)


class Replica(NamedTuple):
    """A gateway that runs as a process of its own."""

    address: str
    process: "subprocess.Popen[bytes]"

    def memory(self) -> int:
        """Resident bytes."""
        pages = Path(f"/proc/{self.process.pid}/statm").read_text("ascii").split()[1]
        return int(pages) * os.sysconf("SC_PAGESIZE")


def versions(results: list[Json]) -> list[int]:
    """Of all results that have a call, the version."""
    lookups = [result["data"]["callUpdates"] for result in results if result.get("data")]
    return [lookup["call"]["processing"]["version"] for lookup in lookups if lookup["call"]]


def statuses(results: list[Json]) -> list[str]:
    """Of all results, the status."""
    return [result["data"]["callUpdates"]["status"] for result in results if result.get("data")]
