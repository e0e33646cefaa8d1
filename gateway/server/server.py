"""The server of one process: uvicorn's, which accepts more at once, and ends when it is told to."""

import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from gateway.server.signals import STOPS, ignore_stops, is_main_thread

ACCEPTED_IN_A_TURN = 16
"""Connections."""


class Server(uvicorn.Server):
    """To be told to stop, and to have done so, is no failure: the status of its process is 0."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen by several copies of each socket.

        libuv accepts one connection of each in a turn of the event loop: behind hundreds that come
        at once, the next would wait for as many turns.
        """
        copies = [one.dup() for one in sockets or () for _ in range(ACCEPTED_IN_A_TURN)]
        await super().startup(copies)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals stop the server; they are not raised again after it, as uvicorn does.

        The handlers that uvicorn puts back at its end are its own: others would end the process.
        """
        here = is_main_thread()
        for number in STOPS if here else ():
            signal.signal(number, self.handle_exit)
        with super().capture_signals():
            yield
            self._captured_signals.clear()
        if here:
            ignore_stops()
