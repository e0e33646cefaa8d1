"""Drains a process at SIGTERM: `/readyz` returns 503 while requests are still taken.

Load balancers see that at `/readyz`, and send no more. Who comes all the same is answered, and its
connection is closed, so that it goes elsewhere next time. Then the server stops.
"""

import asyncio
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Drain:
    """Whether this process leaves, `seconds` before its server stops."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.begun = False

    @contextmanager
    def at_sigterm(self) -> Iterator[None]:
        """Stand before the server's own handler of SIGTERM inside the `with` block."""
        server = signal.getsignal(signal.SIGTERM)
        here = threading.current_thread() is threading.main_thread()
        if not here or not callable(server):
            yield
            return
        loop = asyncio.get_running_loop()

        def leave(number: int, frame: FrameType | None) -> None:
            self.begun = True
            loop.call_soon_threadsafe(loop.call_later, self._seconds, server, number, frame)

        signal.signal(signal.SIGTERM, leave)
        try:
            with _at_the_end_of_its_parent(loop):
                yield
        finally:
            signal.signal(signal.SIGTERM, server)


@contextmanager
def _at_the_end_of_its_parent(loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """Have a worker leave when the process that started it is no more."""
    parent = multiprocessing.parent_process()
    if parent is None:
        yield
        return

    def follow() -> None:
        loop.remove_reader(parent.sentinel)
        os.kill(os.getpid(), signal.SIGTERM)

    loop.add_reader(parent.sentinel, follow)
    try:
        yield
    finally:
        loop.remove_reader(parent.sentinel)
