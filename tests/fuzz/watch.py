"""What counts as a finding: a fault in the log, an answer of 500, a wait, a task that stays."""

import asyncio
import faulthandler
import logging
import re
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

PATIENCE = 10.0
"""Seconds within which everything has to happen."""

FROZEN = 60.0
"""Seconds after which a process that does nothing is ended, with the stacks of its threads."""

_FAULTS = re.compile(rb"HTTP/1\.[01] 5(?!03)\d\d|INTERNAL_SERVER_ERROR")


class Found(AssertionError):
    """Something that must not happen."""


class Watch(logging.Handler):
    """Hears of faults that the gateway logs, and of those that end in the event loop."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.faults: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep what is logged as an error."""
        self.faults.append(logging.Formatter().format(record))

    def hear(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Keep what the event loop tells of an exception that nobody took."""
        failure = context.get("exception")
        told = traceback.format_exception(failure) if failure is not None else []
        self.faults.append(f"{context['message']}\n{''.join(told)}")

    def check(self, answer: bytes = b"") -> None:
        """See that nothing went wrong so far. Raises Found."""
        if self.faults:
            raise Found("\n".join(self.faults))
        if found := _FAULTS.search(answer):
            raise Found(f"{answer[max(0, found.start() - 300) : found.end() + 1000]!r}")


@contextmanager
def watching() -> Iterator[Watch]:
    """Watch what happens inside the `with` block, in a running event loop."""
    watch, root, loop = Watch(), logging.getLogger(), asyncio.get_running_loop()
    root.addHandler(watch)
    loop.set_exception_handler(watch.hear)
    try:
        yield watch
    finally:
        faulthandler.cancel_dump_traceback_later()
        root.removeHandler(watch)
        loop.set_exception_handler(None)


def still_alive() -> None:
    """Put off the end of a process that froze."""
    faulthandler.dump_traceback_later(FROZEN, exit=True)
