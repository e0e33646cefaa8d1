"""Streams results over HTTP: as server-sent events, or as multipart.

Both are kept alive while nothing happens. A client that leaves is noticed at once, and whatever
it was told about is let go of. A server that stops breaks the stream off without its end, by
which clients know that they should come back.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, suppress
from typing import NamedTuple, Protocol

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.schema.execution.incremental import Dialect
from gateway.server.graphql.negotiation import EVENTS, PARTS
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


class Bodies(Protocol):
    """The bodies of a streamed answer; to close them ends whatever they are made by."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Themselves."""
        ...

    async def __anext__(self) -> bytes:
        """The next one."""
        ...

    async def aclose(self) -> None:
        """End."""
        ...


class Stream(Response):
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
            "X-Accel-Buffering": "no",
        }
        super().__init__(None, 200, headers)
        del self.headers["content-length"]

    async def unsent(self) -> Response:
        """Its headers, for a HEAD; its bodies end without having begun."""
        await self._bodies.aclose()
        response = Response(None, self.status_code, self.headers)
        del response.headers["content-length"]
        return response

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send what comes, until it ends, the client leaves or the server stops."""
        async with aclosing(self._bodies):
            await self._tell(scope, receive, send)

    async def _tell(self, scope: Scope, receive: Receive, send: Send) -> None:
        start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        await send(start)
        sending = asyncio.create_task(self._send(send))
        leaving = asyncio.create_task(left(receive))
        ending = asyncio.create_task(self._end(scope))
        tasks = (sending, leaving, ending)
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            gone, stopped = leaving.done(), not sending.done()
            if stopped and not gone:
                self._ending.reason = "stopping" if stopping(scope).is_set() else "withdrawn"
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        if stopped and not gone:
            with suppress(TimeoutError):
                async with asyncio.timeout(1):  # a client that does not read is left as it is
                    await _end_of_body(send)
        elif not sending.cancelled():
            with suppress(OSError):  # it left meanwhile
                sending.result()

    async def _end(self, scope: Scope) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._lasting):
                await _either(stopping(scope), self._withdrawn)

    async def _send(self, send: Send) -> None:
        form = self._format
        await _chunk(send, form.opening)
        async with aclosing(_kept_alive(self._bodies)) as bodies:
            async for body in bodies:
                await _chunk(send, form.nothing if body is None else form.answer(body))
        await _chunk(send, form.end)
        await _end_of_body(send)


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


def stopping(scope: Scope) -> asyncio.Event:
    """Is set when the server stops."""
    event: asyncio.Event | None = scope.get("state", {}).get("stopping")
    return asyncio.Event() if event is None else event


async def _either(*events: asyncio.Event) -> None:
    waiting = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()


async def left(receive: Receive) -> None:
    """Return once the client has left."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _chunk(send: Send, body: bytes) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": True})


async def _end_of_body(send: Send) -> None:
    await send({"type": "http.response.body", "body": b""})
