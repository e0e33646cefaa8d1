"""Streams results over HTTP: as server-sent events, or as multipart.

Both are kept alive while nothing happens. A client that leaves is noticed at once, and whatever
it was told about is let go of. A server that stops breaks the stream off without its end, by
which clients know that they should come back.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, suppress
from typing import NamedTuple

from starlette.types import Scope, Send

from gateway.concurrency.background import task_scope
from gateway.schema.execution.incremental import Dialect
from gateway.server.graphql.negotiation import EVENTS, PARTS
from gateway.server.graphql.streamed_response import (
    Bodies,
    StreamedResponse,
    send_chunk,
    send_end,
    stopping,
)
from gateway.server.graphql.subscription_events import Ending

KEEP_ALIVE = 5.0
"""Seconds without an answer after which something is sent; Apollo's routers do the same."""


class _Format(NamedTuple):
    """How a media type writes an answer, nothing, and the end."""

    content_type: str
    opening: bytes
    answer: Callable[[bytes], bytes]
    nothing: bytes
    end: bytes


def _part(body: bytes) -> bytes:
    return b"\r\nContent-Type: application/json\r\n\r\n" + body + b"\r\n--graphql"


_FORMATS: dict[str, _Format] = {
    EVENTS: _Format(
        content_type=f"{EVENTS}; charset=utf-8",
        opening=b":\n\n",
        answer=lambda body: b"event: next\ndata: " + body + b"\n\n",
        nothing=b":\n\n",
        end=b"event: complete\ndata:\n\n",
    ),
    PARTS: _Format(
        content_type=f"{PARTS}; boundary=graphql; subscriptionSpec=1.0",
        opening=b"\r\n--graphql",
        answer=lambda body: _part(b'{"payload":' + body + b"}"),
        nothing=_part(b"{}"),
        end=b"--\r\n",
    ),
} | {
    dialect: _Format(
        content_type=f"{PARTS}; boundary=graphql; {dialect}",
        opening=b"\r\n--graphql",
        answer=_part,
        nothing=_part(b'{"hasNext":true}'),
        end=b"--\r\n",
    )
    for dialect in Dialect
}


class Stream(StreamedResponse):
    """A streamed answer of `bodies`, each the JSON of one GraphQL result, or of a part of it.

    The event `stopping` in the state of the lifespan, if there is one, says that the server stops;
    after `lasting` seconds, or once `withdrawn` is set, the stream breaks off in the same way.
    `ending` says which of them it was, before the bodies are closed.
    """

    def __init__(
        self,
        form: str,
        bodies: Bodies,
        lasting: float | None = None,
        withdrawn: asyncio.Event | None = None,
        ending: Ending | None = None,
    ) -> None:
        self._ending = ending or Ending()
        self._lasting = lasting
        self._withdrawn = withdrawn or asyncio.Event()
        self._format = _FORMATS[form]
        self._bodies = bodies
        headers = {
            "Content-Type": self._format.content_type,
            "Cache-Control": "no-store",
        }
        super().__init__(bodies, headers)

    async def ended(self, scope: Scope) -> None:
        """Return when the server stops, the token expires, or its viewer changes."""
        stops = stopping(scope)
        with suppress(TimeoutError):
            async with (
                asyncio.timeout(self._lasting),
                task_scope(stops.wait(), self._withdrawn.wait()) as tasks,
            ):
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        self._ending.reason = "stopping" if stops.is_set() else "withdrawn"

    async def break_off(self, send: Send) -> None:
        """End the body without the end of its format, by which clients know."""
        with suppress(TimeoutError):
            async with asyncio.timeout(1):  # a client that does not read is left as it is
                await send_end(send)

    async def send_pieces(self, send: Send) -> None:
        """Send all bodies as they come, and the end."""
        form = self._format
        await send_chunk(send, form.opening)
        async with aclosing(_kept_alive(self._bodies)) as bodies:
            async for body in bodies:
                await send_chunk(send, form.nothing if body is None else form.answer(body))
        await send_chunk(send, form.end)
        await send_end(send)


async def _kept_alive(bodies: AsyncIterator[bytes]) -> AsyncGenerator[bytes | None, None]:
    """The bodies, and None whenever none came for a while."""
    while True:
        coming = asyncio.ensure_future(anext(bodies, _END))
        try:
            while not (await asyncio.wait({coming}, timeout=KEEP_ALIVE))[0]:
                yield None
        finally:
            if not coming.done():
                coming.cancel()
                with suppress(asyncio.CancelledError):
                    await coming
        body = coming.result()
        if body is _END:
            return
        yield body


_END = b""
