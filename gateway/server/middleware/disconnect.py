"""Cancels the work on a request when its client disconnects.

A server tells so by the message `http.disconnect` to whoever receives (ASGI). Most requests are
answered before anybody has to listen, so only those are listened to that wait for a moment.
"""

import asyncio
from collections import deque
from types import TracebackType

from starlette.types import Message, Receive

from gateway.concurrency.per_loop import PerLoop
from gateway.server.graphql.bodies import MAX_BODY_BYTES

EVERY = 0.2
"""Seconds between two looks for clients that wait: at the second one they are listened to."""


class ClientLeft(Exception):
    """Nobody waits for the answer any more."""


class Incoming:
    """What a client sends; what comes while it is listened for its leaving is kept."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._kept: deque[Message] = deque()
        self._size = 0

    async def __call__(self) -> Message:
        """The next message."""
        return self._kept.popleft() if self._kept else await self._receive()

    async def leaving(self) -> None:
        """Return once the client has left; not before, if it sends more than a request may hold."""
        while self._size <= MAX_BODY_BYTES:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                return
            self._kept.append(message)
            self._size += len(message.get("body", b""))
        await asyncio.get_running_loop().create_future()


class WhileConnected:
    """Ends what is done inside the `with` block once the client has left: ClientLeft."""

    __slots__ = ("_cancelling", "_incoming", "_left", "_listening", "_task", "_waiting")

    def __init__(self, incoming: Incoming) -> None:
        self._incoming = incoming
        self._listening: asyncio.Task[None] | None = None
        self._left = False

    def __enter__(self) -> None:
        """Begin."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - requests are tasks
        self._task, self._cancelling = task, task.cancelling()
        self._waiting = _waiting_here()
        self._waiting.add(self)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End; who cancelled the task is told apart as `asyncio.timeout` does."""
        self._waiting.discard(self)
        if self._listening is not None:
            self._listening.remove_done_callback(self._leave)
            self._listening.cancel()
        disconnected = self._left and self._task.uncancel() <= self._cancelling
        if disconnected and kind is asyncio.CancelledError:
            raise ClientLeft from None

    def listen(self) -> None:
        """Notice from now on that the client leaves."""
        self._listening = asyncio.create_task(self._incoming.leaving())
        self._listening.add_done_callback(self._leave)

    def _leave(self, _: "asyncio.Task[None]") -> None:
        self._left = True
        self._task.cancel()


class _Waiting:
    """Whoever waits, in one event loop: a timer for each would take longer than most answers."""

    def __init__(self) -> None:
        self._came: set[WhileConnected] = set()
        self._stayed: set[WhileConnected] = set()
        self._looking = False

    def add(self, one: WhileConnected) -> None:
        self._came.add(one)
        if not self._looking:
            self._looking = True
            asyncio.get_running_loop().call_later(EVERY, self._look)

    def discard(self, one: WhileConnected) -> None:
        self._came.discard(one)
        self._stayed.discard(one)

    def _look(self) -> None:
        for one in self._stayed:
            one.listen()
        self._stayed, self._came = self._came, set()
        self._looking = bool(self._stayed)
        if self._looking:
            asyncio.get_running_loop().call_later(EVERY, self._look)


_waiting_here = PerLoop(_Waiting)
