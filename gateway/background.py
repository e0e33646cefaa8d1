"""Runs work of the background without end: restarts it when it fails, and logs why.

A task of asyncio that fails ends, and nobody is told. Whatever is to go on for as long as a process
or a connection is run by this.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal

from gateway.errors import GatewayError
from gateway.instrumentation import BackgroundTasksChanged, Hook

logger = logging.getLogger("gateway.background")

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
"""Seconds until work that failed begins again; they double as long as it fails soon."""


async def keep_running(name: str, work: Callable[[], Awaitable[None]], hook: Hook) -> None:
    """Do `work` to its end, from its beginning again whenever it fails.

    `name` says what it does, and is one of a few: the log, metrics and `/readyz` tell it.
    """
    loop, pause = asyncio.get_running_loop(), FIRST_PAUSE
    with _counted(hook, name, "running"):
        while True:
            began = loop.time()
            try:
                return await work()
            except Exception:
                pause = FIRST_PAUSE if loop.time() > began + LONGEST_PAUSE else pause
                logger.exception("The %s failed, and begins again in %g s", name, pause)
            with _counted(hook, name, "failing"):
                await asyncio.sleep(pause)
            pause = min(LONGEST_PAUSE, 2 * pause)


@contextmanager
def _counted(hook: Hook, name: str, state: Literal["running", "failing"]) -> Iterator[None]:
    hook(BackgroundTasksChanged(name, state, 1))
    try:
        yield
    finally:
        hook(BackgroundTasksChanged(name, state, -1))


def log_fault(task: "asyncio.Task[Any]") -> None:
    """Log why a task failed for which perhaps nobody waits, unless clients are told of it."""
    failure = None if task.cancelled() else task.exception()
    if failure is not None and not isinstance(failure, GatewayError):
        logger.error("A task failed: %s", task.get_name(), exc_info=failure)
