"""Strangers and one viewer take all that they can get, and another viewer does not notice.

Each of the things that they do stopped the gateway, or took 1.4 GB. The bounds are ours, with the
default settings: the other viewer, who asks every 100 ms, waits for less than a second, 99 times of
100; none of its answers fails; and the process takes no more than 256 MB beside what it remembers.
"""

import asyncio
import contextlib
import itertools
import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from gateway.config.settings import Settings
from tests.configured import Configured, bearer, token_of
from tests.servers import DEADLINE, free_port

pytestmark = pytest.mark.processes

SECONDS, PATIENCE = 15.0, 1.0
"""For which they go on, and for which the other viewer waits at most, 99 times of 100."""

MEMORY = 256 * 2**20
"""Bytes that the process takes at most, beside what it remembers."""

CALL = "query($sid: CallSid!) { call(sid: $sid) { sid state duration tags } }"
LIST = "query($n: Int!) { calls(first: $n) { nodes { sid state } pageInfo { endCursor } } }"


class Known(NamedTuple):
    """What is to be known of a sandbox that is a process of its own."""

    account_sid: str
    auth_token: str
    examples: dict[str, str]


@contextlib.contextmanager
def program(name: str, *arguments: str) -> Iterator[bytes]:
    """A program of `tests.attacks` for as long as the block lasts, and the first line it prints."""
    command = [sys.executable, "-m", f"tests.attacks.{name}", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline()
            assert process.poll() is None, f"{name} ended"
        finally:
            process.kill()


@contextlib.contextmanager
def lying_twilio() -> Iterator[tuple[str, Known]]:
    """Where the sandbox is, and what is to be known of it."""
    port = str(free_port())
    with program("lying_twilio", port) as told:
        yield f"http://127.0.0.1:{port}", Known(*json.loads(told))


def questions(known: Known) -> Iterator[dict[str, Any]]:
    """What the other viewer asks: what is remembered, what is not, and what is new, in turn."""
    partial, complete = known.examples["partial"], known.examples["client"]
    for number in itertools.count():
        yield {"query": CALL, "variables": {"sid": complete}}
        yield {"query": CALL, "variables": {"sid": partial}}
        yield {"query": LIST, "variables": {"n": 10 + number % 10}}
        yield {"query": f"query Q{number} {{ viewer {{ name a{number}: scopes }} }}"}


def most_memory(process: int) -> int:
    """The most bytes that were resident."""
    lines = Path(f"/proc/{process}/status").read_text("ascii").splitlines()
    (most,) = (line for line in lines if line.startswith("VmHWM:"))
    return int(most.split()[1]) * 1024


def waited(*processes: int) -> float:
    """Seconds for which the threads of these had work to do, and no core to do it on."""
    threads = (one for process in processes for one in Path(f"/proc/{process}/task").iterdir())
    return sum(int((one / "schedstat").read_text("ascii").split()[1]) for one in threads) / 1e9


def percentile(taken: list[float], share: float) -> float:
    """What so large a share takes no longer than."""
    return sorted(taken)[math.ceil(share * len(taken)) - 1]


async def asks(
    configured: Configured, process: int, known: Known, seconds: float, **headers: str
) -> list[float]:
    """How long each answer takes, of a question every 100 ms; what others take of the machine off.

    Those are the other programs of this machine, and the attackers, who would have their own.
    """
    taken, until = [], time.monotonic() + seconds
    async with httpx.AsyncClient(
        base_url=configured.address, headers=bearer(token_of("ana")) | headers, timeout=DEADLINE
    ) as client:
        for body in questions(known):
            began, waited_before = time.monotonic(), waited(process, os.getpid())
            answer = await client.post("/graphql", json=body)
            held_up = waited(process, os.getpid()) - waited_before
            taken.append(time.monotonic() - began - held_up)
            assert answer.status_code == 200, answer.text
            assert "errors" not in answer.json(), answer.text
            if time.monotonic() > until:
                break
            await asyncio.sleep(max(0.0, began + 0.1 - time.monotonic()))
    return taken


async def test_a_viewer_is_answered_whatever_another_and_strangers_do(tmp_path: Path) -> None:
    """All of it at once, while nobody reads the log; on one connection, and on one for each."""
    with contextlib.ExitStack() as stack:
        upstream, known = stack.enter_context(lying_twilio())
        configured = Configured(tmp_path, known)
        configured.allow("ana", "greedy", scopes='"calls:read", "pii:read"')
        configured.unread = True
        process = stack.enter_context(configured.running(upstream))
        await asks(configured, process.pid, known, 1)
        port = configured.address.rpartition(":")[2]
        pending = known.examples["not_ready"]
        stack.enter_context(program("strangers", port))
        stack.enter_context(program("greedy", port, token_of("greedy"), pending))
        taken, anew = await asyncio.gather(
            asks(configured, process.pid, known, SECONDS),
            asks(configured, process.pid, known, SECONDS, Connection="close"),
        )
        memory = most_memory(process.pid)
    assert percentile(taken, 0.99) < PATIENCE
    assert percentile(anew, 0.99) < PATIENCE
    assert memory < MEMORY + Settings().gateway_cache_max_bytes
