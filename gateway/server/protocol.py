"""HTTP/1.1 as uvicorn speaks it, with bounds on clients, and answers that are known at once.

uvicorn bounds neither the time that a request takes to arrive, nor the size of its head, nor the
time for which a client may leave its answer unread: each would let anybody hold memory and sockets
for nothing. And it reads each request as HTTP, though most came before (`gateway.server.again`).
"""

import asyncio
from collections.abc import Sequence
from http import HTTPStatus

from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from gateway.server.again import EXTENSION, LONGEST, Named, Repeats, lacks_its_body, written

MAX_HEAD_BYTES = 64 * 1024
"""Of the request line and the headers; a read from the socket more may pass."""


class _ReadInTime(asyncio.Protocol):
    """A connection whose client reads what it is sent, or is let go of."""

    read_within = 30.0
    """Seconds that a client has to take in what waits for it, once that is more than 64 KiB."""

    loop: asyncio.AbstractEventLoop
    transport: asyncio.Transport
    _unread: asyncio.TimerHandle | None = None

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing waits to be read any more."""
        self._it_was_read()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """The client does not keep up with what it is sent: give it some time."""
        super().pause_writing()
        self._expect_to_be_read()

    def resume_writing(self) -> None:
        """It does again."""
        self._it_was_read()
        super().resume_writing()

    def _expect_to_be_read(self) -> None:
        self._it_was_read()
        self._unread = self.loop.call_later(self.read_within, self.transport.abort)

    def _it_was_read(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None


class BoundedWebSocket(_ReadInTime, WebSocketsSansIOProtocol):
    """One connection that has become a WebSocket."""


class BoundedProtocol(_ReadInTime, HttpToolsProtocol):
    """One connection. The application learns from it that the server stops, before it is over."""

    sent_within = 30.0
    """Seconds in which a request must have come whole, from its first byte."""

    last_word_within = 0.5
    """Seconds that a new connection has for its first request, once the server stops."""

    _answering: RequestResponseCycle | None = None
    """The request that is answered; uvicorn knows the last one that came, which may be another."""

    _arriving: asyncio.TimerHandle | None = None
    _head = 0
    _leaving = False
    _between = True
    """Whether all that came so far is whole requests, and the head that waits for its body."""

    _head_alone = b""
    """A head whose body is to come: many clients send them apart, and as one they may be known."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A request is waited for from now on."""
        super().connection_made(transport)
        self._expect_the_rest()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for any more; what is answered learns of it."""
        self._it_came()
        if self._answering is not None:
            self._answering.disconnected = True
            self._answering.message_event.set()
        super().connection_lost(exc)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._answering = cycle
        super()._start_asgi_task(cycle, app)

    def data_received(self, data: bytes) -> None:
        """Read on; whoever sends too much, or too slowly, is told and let go of."""
        data, self._head_alone = self._head_alone + data, b""
        named, repeats = None, self._repeats()
        if repeats is not None and len(data) <= LONGEST:
            if lacks_its_body(data):
                self._head_alone = data
                self._unset_keepalive_if_required()
                self._expect_the_rest()
                return
            named = repeats.name(data)
            if named is not None and (answer := repeats.answer(named)) is not None:
                self._send_again(answer)
                return
        self._read(data, named)

    def _read(self, data: bytes, named: Named | None = None) -> None:
        """Read as HTTP; a request that is whole now may be known by its name again."""
        super().data_received(data)
        cycle = self.cycle
        self._between = False
        if cycle is not None and cycle.scope is self.scope:
            self._head = 0
            if self._leaving:
                cycle.keep_alive = False
            if not cycle.more_body:
                self._it_came()
                self._between = True
                if named is not None and cycle.keep_alive and not self.pipeline:
                    cycle.scope["extensions"] = {EXTENSION: {"name": named.name}}
                return
        else:
            self._head += len(data)
            if self._head > MAX_HEAD_BYTES:
                self._let_go(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
                return
        self._expect_the_rest()

    def handle_websocket_upgrade(self) -> None:
        """From here on another protocol reads, which has bounds of its own."""
        self._it_came()
        self.sent_within = 0
        super().handle_websocket_upgrade()

    def timeout_keep_alive_handler(self) -> None:
        """Close an idle connection; what nobody reads does not keep it open."""
        if self.transport.get_write_buffer_size():
            self._expect_to_be_read()
        super().timeout_keep_alive_handler()

    def shutdown(self) -> None:
        """The server stops; what was asked on a new connection may still be on its way."""
        if (stopping := self.app_state.get("stopping")) is not None:
            stopping.set()
        if self._head_alone:
            data, self._head_alone = self._head_alone, b""
            self._read(data)
        if self.cycle is None:
            self._leaving = True
            self.loop.call_later(self.last_word_within, super().shutdown)
        else:
            super().shutdown()

    def _repeats(self) -> Repeats | None:
        """What knows requests again, if one may begin now and be answered at once."""
        if not self._between or self._leaving:
            return None
        if self.flow.write_paused or self.transport.is_closing():
            return None
        idle = self.cycle is None or self.cycle.response_complete
        return self.app_state.get("repeats") if idle else None

    def _send_again(self, answer: Sequence[bytes]) -> None:
        """Answer a request as it was answered before."""
        self._it_came()
        head = STATUS_LINE[HTTPStatus.OK] + written(self.server_state.default_headers)
        self.transport.write(b"".join([head, *answer]))
        self.on_response_complete()

    def _expect_the_rest(self) -> None:
        if self._arriving is None and self.sent_within:
            self._arriving = self.loop.call_later(
                self.sent_within, self._let_go, HTTPStatus.REQUEST_TIMEOUT
            )

    def _it_came(self) -> None:
        if self._arriving is not None:
            self._arriving.cancel()
            self._arriving = None

    def _is_answering(self) -> bool:
        """Whether a line of ours would stand in an answer, or behind the one to this request."""
        cycle = self.cycle
        if cycle is None:
            return False
        begun = cycle.scope is self.scope and not self._head_alone
        return cycle.response_started if begun else not cycle.response_complete

    def _let_go(self, status: HTTPStatus) -> None:
        """Say why, where no answer has begun, and close the connection."""
        if self.transport.is_closing():
            return
        if not self._is_answering():
            line = f"HTTP/1.1 {status} {status.phrase}\r\nConnection: close\r\nContent-Length: 0"
            self.transport.write(f"{line}\r\n\r\n".encode("ascii"))
        self.transport.close()
