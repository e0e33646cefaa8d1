"""Measures the lag of the event loop, and the memory, files and tasks of the process."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from gateway.concurrency.background import keep_running, task_scope
from gateway.instrumentation import Hook, LogLinesDropped, LoopLagged, ProcessMeasured
from gateway.server.telemetry.logs import lines_dropped

EVERY = 0.25
"""Seconds between two looks at the loop."""

LOOKS = 20
"""After so many, the process is measured too."""

_PROC = Path("/proc/self")


@asynccontextmanager
async def pulse(measured: Hook, hook: Hook) -> AsyncIterator[None]:
    """Tell `measured` how the process is, inside the `async with` block, and `hook` of faults."""
    async with task_scope(keep_running("measuring", lambda: _beat(measured), hook)):
        yield


async def _beat(hook: Hook) -> None:
    loop, dropped = asyncio.get_running_loop(), 0
    while True:
        hook(_measured())
        before, dropped = dropped, lines_dropped()
        hook(LogLinesDropped(max(0, dropped - before)))
        for _ in range(LOOKS):
            due = loop.time() + EVERY
            await asyncio.sleep(EVERY)
            hook(LoopLagged(max(0.0, loop.time() - due)))


def _measured() -> ProcessMeasured:
    """What this process holds; where there is no `/proc`, its tasks alone."""
    tasks = len(asyncio.all_tasks())
    try:
        pages = int((_PROC / "statm").read_text("ascii").split()[1])
        files = sum(1 for _ in (_PROC / "fd").iterdir())
        return ProcessMeasured(pages * os.sysconf("SC_PAGESIZE"), files, tasks)
    except OSError:
        return ProcessMeasured(0, 0, tasks)
