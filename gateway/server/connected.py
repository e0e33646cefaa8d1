"""Ends the work on a request whose client has left.

A server tells so by the message `http.disconnect` to whoever receives (ASGI). Most requests are
answered before anybody has to listen: so that begins after a moment, and until then costs a timer.
"""

import asyncio
from collections import deque
from types import TracebackType

from starlette.types import Message, Receive

from gateway.server.bodies import MAX_BODY_BYTES

AFTER = 0.25
"""Seconds after which it is listened whether the client is still there."""


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
    """Ends what is done inside the `async with` block once the client has left: ClientLeft."""

    def __init__(self, incoming: Incoming) -> None:
        self._incoming = incoming
        self._bound = asyncio.timeout(None)
        self._listening: asyncio.Task[None] | None = None

    async def __aenter__(self) -> None:
        """Begin."""
        self._beginning = asyncio.get_running_loop().call_later(AFTER, self._listen)
        await self._bound.__aenter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End."""
        self._beginning.cancel()
        if self._listening is not None:
            self._listening.remove_done_callback(self._end)
            self._listening.cancel()
        try:
            await self._bound.__aexit__(kind, error, trace)
        except TimeoutError:
            raise ClientLeft from None

    def _listen(self) -> None:
        self._listening = asyncio.create_task(self._incoming.leaving())
        self._listening.add_done_callback(self._end)

    def _end(self, _: "asyncio.Task[None]") -> None:
        self._bound.reschedule(asyncio.get_running_loop().time())
