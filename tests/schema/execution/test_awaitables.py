"""A client that leaves while graphql-core makes its answer leaves no coroutine behind."""

import asyncio
import contextlib
import gc
import tempfile
import warnings

import httpx
import pytest

from gateway.config.settings import Settings
from gateway.sandbox import Sandbox
from tests.conftest import Clock, Gateway
from tests.live import started, subscribe, web_socket
from tests.servers import serving
from tests.wire import over_http, post

SCHEMA = "{ __schema { types { name fields { name args { name } type { name } } } } }"
LISTS = "{ calls(first: 30) { nodes { sid tags parentCall { sid } annotation { comment } } } }"
SLOW = f"{{ {' '.join(f'a{n}: {SCHEMA[2:-2]}' for n in range(10))} }}"
DEFERRED = "{ calls(first: 30) { nodes { sid ... @defer { tags annotation { comment } } } } }"
UPDATES = "subscription($sid: CallSid!) { callUpdates(sid: $sid) { status call { tags } } }"
PARTS = "multipart/mixed; deferSpec=20220824, application/json"
STEPS = (*range(1, 40), *range(40, 400, 23))
"""Passes of the event loop after which the client leaves: what is pending then differs."""


async def leaves_after(gateway: Gateway, query: str, steps: int, accept: str) -> None:
    """Ask, and leave."""
    variables = {"sid": gateway.sandbox.examples()["partial"]} if "$sid" in query else {}
    body = {"query": query, "variables": variables}
    asking = asyncio.create_task(
        gateway.http.post("/graphql", json=body, headers={"Accept": accept})
    )
    for _ in range(steps):
        await asyncio.sleep(0)
    asking.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await asking


@pytest.mark.parametrize(
    ("query", "accept"),
    [
        (SCHEMA, "application/json"),
        (LISTS, "application/json"),
        (DEFERRED, PARTS),
        (UPDATES, "text/event-stream"),
    ],
)
async def test_no_coroutine_is_dropped(
    sandbox: Sandbox, clock: Clock, query: str, accept: str
) -> None:
    """Ours: Python warns of a coroutine that was never awaited, and so fills the log."""
    async with Gateway(sandbox, clock, Settings(gateway_compiled=False)) as gateway:
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            for steps in STEPS:
                await leaves_after(gateway, query, steps, accept)
            gc.collect()
    assert not [str(one.message) for one in told]


@pytest.mark.processes
async def test_nothing_is_said_of_clients_that_leave(sandbox: Sandbox) -> None:
    """Over real sockets, HTTP and WebSocket: the log of the process has no warning."""
    with serving(sandbox.app) as upstream, tempfile.TemporaryFile() as log:
        with started(sandbox, upstream, {"GATEWAY_LOG_LEVEL": "warning"}, log.fileno()) as one:
            host, port = one.address.removeprefix("http://").split(":")
            async with httpx.AsyncClient(base_url=one.address, timeout=60) as staying:
                await staying.post("/graphql", json={"query": SLOW})  # it is read once
                for wait in (0.02, 0.1, 0.2, 0.4, 0.6):
                    leave = await over_http((host, int(port)), post(SLOW))
                    async with web_socket(one.address) as connection:
                        await subscribe(connection, SLOW)
                        await asyncio.sleep(wait)
                        connection.transport.abort()
                    await leave()
                for _ in range(5):  # so that the collector of garbage comes
                    await staying.post("/graphql", json={"query": SLOW})
        log.seek(0)
        assert log.read() == b""
