"""Runs background tasks: restarts each one that fails, with backoff, and logs the reason.

A task of asyncio that fails ends, and nobody is told. Whatever is to go on for as long as a process
or a connection is run by this.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from gateway.errors import GatewayError
from gateway.instrumentation import BackgroundTaskFailed, BackgroundTasksChanged, Hook

logger = logging.getLogger("gateway.background")

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
"""Seconds until work that failed begins again; they double as long as it fails soon."""


async def keep_running(name: str, work: Callable[[], Awaitable[None]], hook: Hook) -> None:
    """Do `work` to its end, from its beginning again whenever it fails.

    `name` says what it does, and is one of a few: the log, metrics and `/readyz` tell it.
    """
    loop, pause = asyncio.get_running_loop(), FIRST_PAUSE
    with _running(hook, name) as trouble:
        while True:
            began = loop.time()
            try:
                return await work()
            except Exception as error:
                pause = FIRST_PAUSE if loop.time() > began + LONGEST_PAUSE else pause
                logger.exception("The %s failed, and begins again in %g s", name, pause)
                trouble.begin(type(error).__name__)
            await asyncio.sleep(pause)
            trouble.end_after(pause)
            pause = min(LONGEST_PAUSE, 2 * pause)


class _Trouble:
    """Whether a task fails: from its first failure until it has run as long as it paused."""

    def __init__(self, hook: Hook, name: str) -> None:
        self._hook = hook
        self._name = name
        self._fails = False
        self._end: asyncio.TimerHandle | None = None

    def begin(self, reason: str) -> None:
        """The task failed."""
        self._hook(BackgroundTaskFailed(self._name))
        if self._end is not None:
            self._end.cancel()
        if not self._fails:
            self._fails = True
            self._hook(BackgroundTasksChanged(self._name, "failing", 1, reason))

    def end_after(self, seconds: float) -> None:
        """The task runs again."""
        self._end = asyncio.get_running_loop().call_later(seconds, self.end)

    def end(self) -> None:
        """The task has run for long enough, or ends."""
        if self._end is not None:
            self._end.cancel()
        if self._fails:
            self._fails = False
            self._hook(BackgroundTasksChanged(self._name, "failing", -1))


@contextmanager
def _running(hook: Hook, name: str) -> Iterator[_Trouble]:
    hook(BackgroundTasksChanged(name, "running", 1))
    trouble = _Trouble(hook, name)
    try:
        yield trouble
    finally:
        trouble.end()
        hook(BackgroundTasksChanged(name, "running", -1))


@asynccontextmanager
async def task_scope(
    *works: Coroutine[Any, Any, Any],
) -> AsyncIterator[list["asyncio.Task[Any]"]]:
    """Run tasks inside the `async with` block, which cancels those that have not ended."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        yield tasks
    finally:
        await cancel_all(tasks)


async def cancel_all(tasks: "Iterable[asyncio.Task[Any]]") -> None:
    """Cancel tasks, and wait until they have ended."""
    for task in (tasks := [*tasks]):
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def log_fault(task: "asyncio.Task[Any]") -> None:
    """Log why a task failed for which perhaps nobody waits, unless clients are told of it."""
    failure = None if task.cancelled() else task.exception()
    if failure is not None and not isinstance(failure, GatewayError):
        logger.error("A task failed: %s", task.get_name(), exc_info=failure)
