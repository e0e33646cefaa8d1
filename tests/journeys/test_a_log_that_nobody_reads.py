"""Standard error that nobody reads: requests are answered all the same."""

import asyncio
import os
import re
import subprocess
from urllib.parse import urlsplit

import httpx
import pytest

from gateway.sandbox import Sandbox
from gateway.server.telemetry.event_loop import EVERY, LOOKS
from tests.live import becomes, started
from tests.servers import serving

pytestmark = pytest.mark.processes

REQUESTS, PATH = 12_000, b"/a-path-that-fills-lines-of-the-log/" + b"-" * 80
"""Their lines are more than a pipe and the gateway hold together."""

DROPPED = re.compile(rb"(\d+) lines of log were dropped")


@pytest.fixture
def sandbox() -> Sandbox:
    return Sandbox(calls=20, arrivals=False)


async def test_nobody_waits_for_whoever_reads_the_log(sandbox: Sandbox) -> None:
    """All are answered; later, each line was either written or is among those told as dropped.

    The rule is ours: a log is of use to operators, and no reason to keep clients waiting.
    """
    with (
        serving(sandbox.app) as upstream,
        started(sandbox, upstream, {"GATEWAY_LOG_LEVEL": "info"}, subprocess.PIPE) as one,
    ):
        assert await dropped(one.address) == 0
        async with asyncio.timeout(60):
            await ask(one.address, REQUESTS)
        reader, log = one.process.stderr, bytearray()
        assert reader is not None
        os.set_blocking(reader.fileno(), False)

        def all_told() -> bool:
            log.extend(reader.read() or b"")
            return log.count(PATH) + told(log) == REQUESTS

        assert await becomes(all_told)
        assert told(log) > 0
        await asyncio.sleep(EVERY * LOOKS + 0.5)
        assert await dropped(one.address) == told(log)


async def ask(address: str, number: int) -> None:
    """Ask so often, each time once the last answer was read whole."""
    where = urlsplit(address)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    for _ in range(number):
        writer.write(b"GET %b HTTP/1.1\r\nHost: localhost\r\n\r\n" % PATH)
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 404 ")
        await reader.readexactly(len("Not Found"))
    writer.close()


def told(log: bytes | bytearray) -> int:
    """How many lines it says were dropped."""
    return sum(map(int, DROPPED.findall(log)))


async def dropped(address: str) -> int:
    """What `/metrics` tells."""
    async with httpx.AsyncClient() as client:
        page = (await client.get(f"{address}/metrics")).text
    (line,) = re.findall(r"^gateway_log_lines_dropped_total (\S+)$", page, re.MULTILINE)
    return int(float(line))
