"""Delays SIGHUP while a process starts, and ignores SIGTERM once its server has stopped.

Unless somebody handles it, a signal ends the process. So SIGHUP waits, from the first moment of a
process, until the process can obey it; and SIGTERM is ignored once the server has stopped.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

STOPS = (signal.SIGINT, signal.SIGTERM)

_HANGUP = {signal.SIGHUP} if hasattr(signal, "SIGHUP") else set()


def let_hangup_wait() -> None:
    """Block SIGHUP in this thread, and in threads and processes that it starts from now on."""
    if _HANGUP:
        signal.pthread_sigmask(signal.SIG_BLOCK, _HANGUP)


@contextmanager
def hangup_is_handled() -> Iterator[None]:
    """Let SIGHUP through inside the `with` block, one that waits among them."""
    before = signal.pthread_sigmask(signal.SIG_UNBLOCK, _HANGUP)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def took_hangup() -> bool:
    """Take a SIGHUP that waits; whether there was one."""
    waits = bool(_HANGUP) and not _HANGUP.isdisjoint(signal.sigpending())
    if waits:
        signal.sigwait(_HANGUP)
    return waits


def is_main_thread() -> bool:
    """Whether this thread may handle signals."""
    return threading.current_thread() is threading.main_thread()


def ignore_stops() -> None:
    """Ignore what tells a process to stop that is about to end."""
    for number in STOPS:
        signal.signal(number, signal.SIG_IGN)
