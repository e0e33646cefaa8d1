"""Extends uvicorn's server for one process: accepts many connections at once, and drains."""

import asyncio
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

import uvicorn

from gateway.server.signals import STOPS, ignore_stops, is_main_thread

ACCEPTED_AT_ONCE = 64
"""Connections, besides the one that the event loop accepts."""


class Server(uvicorn.Server):
    """To be told to stop, and to have done so, is no failure: the status of its process is 0."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._accepting: set[asyncio.Task[Any]] = set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen. Where one connection is accepted, so are those that came at the same time.

        libuv accepts one in each turn of the event loop: behind a crowd, the next would wait for
        as many turns.
        """
        protocol = self.config.http_protocol_class

        def make(**options: Any) -> asyncio.Protocol:
            self._accept(sockets or (), partial(protocol, **options))
            return protocol(**options)

        self.config.http_protocol_class = make  # type: ignore[assignment]
        await super().startup(sockets)

    def _accept(
        self, sockets: Sequence[socket.socket], make: Callable[[], asyncio.Protocol]
    ) -> None:
        loop = asyncio.get_running_loop()
        with suppress(OSError):  # there is nobody more, or no room
            for listening in sockets:
                for _ in range(ACCEPTED_AT_ONCE):
                    one, _ = listening.accept()
                    task = loop.create_task(loop.connect_accepted_socket(make, one))
                    self._accepting.add(task)
                    task.add_done_callback(self._accepting.discard)

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
