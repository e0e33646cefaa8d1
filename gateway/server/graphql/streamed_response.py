"""Sends the body of a response piece by piece, until the client leaves or the server stops."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, suppress
from typing import Any, TypeAlias

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.concurrency.background import task_scope
from gateway.server.graphql.incremental import Parts

Bodies: TypeAlias = AsyncGenerator[Any, None] | Parts
"""What a body is made of; to close it ends whatever that is made by."""


class StreamedResponse(Response):
    """A response without a length, made of `pieces`.

    A client that leaves is noticed at once. If the server stops, the body breaks off: it ends
    without its last chunk, unless `break_off` sends that.
    """

    def __init__(self, pieces: Bodies, headers: Mapping[str, str]) -> None:
        self._pieces = pieces
        super().__init__(None, 200, {**headers, "X-Accel-Buffering": "no"})
        del self.headers["content-length"]

    async def unsent(self) -> Response:
        """Its headers, for a HEAD; its pieces end without having begun."""
        await self._pieces.aclose()
        response = Response(None, self.status_code, self.headers)
        del response.headers["content-length"]
        return response

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the pieces, until they end or something ends them."""
        start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        async with aclosing(self._pieces):
            await send(start)
            async with task_scope(
                self.send_pieces(send), _left(receive), self.ended(scope)
            ) as tasks:
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                sending, leaving, ending = tasks
                sent, ended = sending.done(), ending.done() and not leaving.done()
            if sent and not sending.cancelled():
                with suppress(OSError):  # the client left meanwhile
                    sending.result()
            elif ended:
                await self.break_off(send)

    async def send_pieces(self, send: Send) -> None:
        """Send all pieces, and the end."""
        raise NotImplementedError

    async def ended(self, scope: Scope) -> None:
        """Return when the body is to break off: once the server stops."""
        await stopping(scope).wait()

    async def break_off(self, send: Send) -> None:
        """End a body that is not whole."""


def stopping(scope: Scope) -> asyncio.Event:
    """The event of the lifespan that says that the server stops, if there is one."""
    event: asyncio.Event | None = scope.get("state", {}).get("stopping")
    return asyncio.Event() if event is None else event


async def _left(receive: Receive) -> None:
    """Return once the client has left."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def send_chunk(send: Send, body: bytes) -> None:
    """Send a piece of a body; an empty one would end it."""
    if body:
        await send({"type": "http.response.body", "body": body, "more_body": True})


async def send_end(send: Send) -> None:
    """Send the last chunk of a body."""
    await send({"type": "http.response.body", "body": b""})
