"""How soon the explorer can be read: `python -m tests.benchmarks.first_paint [--calls N]`.

A demo fills its warehouse with a month of calls; Chromium then opens views with an empty cache.
Times are the median of some loads: until the first contentful paint, and until the first answers
are on the screen. Beside them is the CPU time of the page and of the server, which other
processes change less.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median

import httpx
from playwright.async_api import Browser

from tests.benchmarks.servers import Server, wait
from tests.benchmarks.warehouse import say
from tests.browser import browsing
from tests.first_paint import Load, load
from tests.servers import free_port

DEMO = """
import sys
import gateway.cli
sys.modules["gateway.cli.demo"].MONTH = int(sys.argv[1])
sys.exit(gateway.cli.main(["demo", "--port", sys.argv[2]]))
"""
"""The demo as it is, with another number of calls of the last month."""

COUNT = "{ callStatistics { total { count } } }"
SLOWEST_FILL = 900
"""Seconds."""

VIEWS = {
    "overview, 4 hours": ("", ".figures strong"),
    "overview, 30 days": ("#/?since=30d", ".figures strong"),
    "calls, 30 days": ("#/calls?since=30d", "tbody tr[data-sid]"),
}
SETTLED = 4.0
"""Seconds between two loads: the demo has new calls by then, so no answer is a cached one."""


@contextmanager
def demo(calls: int) -> Iterator[Server]:
    """The demo, once its warehouse holds so many calls."""
    port = free_port()
    command = [sys.executable, "-c", DEMO, str(calls), str(port)]
    with (
        tempfile.TemporaryFile() as log,
        subprocess.Popen(command, stdout=log, stderr=log) as process,
    ):
        try:
            server = Server(process, ("127.0.0.1", port))
            wait(server)
            _fill(server, calls)
            yield server
        finally:
            process.terminate()


def _fill(server: Server, calls: int) -> None:
    until = time.monotonic() + SLOWEST_FILL
    there = 0
    while there < calls:
        assert time.monotonic() < until, f"{there} calls are there"
        time.sleep(2)
        answer = httpx.post(
            f"{server.url}/graphql", json={"query": COUNT}, timeout=SLOWEST_FILL
        ).json()
        there = answer["data"]["callStatistics"]["total"]["count"] if answer.get("data") else 0
    say("calls in the warehouse", f"{there:,}")


async def measure(server: Server, loads: int) -> None:
    """Open each view so many times."""
    async with browsing() as browser:
        for name, (address, selector) in VIEWS.items():
            await _load(browser, server, address, selector)  # the engine reads its files once
            found = []
            for _ in range(loads):
                await asyncio.sleep(SETTLED)
                found.append(await _load(browser, server, address, selector))
            say(name, _words(found))


async def _load(browser: Browser, server: Server, address: str, selector: str) -> Load:
    return await load(browser, server.url, address, selector, server.cpu)


def _words(found: list[Load]) -> str:
    painted, answered, longest, thread, cpu = (
        median(figures) for figures in zip(*found, strict=True)
    )
    return (
        f"painted {painted:.0f} ms, answered {answered:.0f} ms; CPU: page {thread:.0f} ms, "
        f"longest task {longest:.0f} ms, server {cpu:.0f} ms; load {os.getloadavg()[0]:.1f}"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=100_000)
    parser.add_argument("--loads", type=int, default=5)
    arguments = parser.parse_args()
    with demo(arguments.calls) as running:
        asyncio.run(measure(running, arguments.loads))
