"""Extends uvicorn's WebSocket protocol with bounds.

uvicorn reads whatever comes, and answers each ping at once, whether or not its client reads: a
client could have it hold answers without end, or keep it busy with frames that say nothing.
"""

import asyncio
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import CloseCode, Frame

from gateway.server.protocols.connection_limits import Connection
from gateway.server.protocols.refusals import refusal

_SLICE = 1024
"""Bytes that are read at once: what comes behind a message waits until that is taken."""


class BoundedWebSocket(Connection, WebSocketsSansIOProtocol):
    """One connection that has become a WebSocket; it reads as long as its client does."""

    burst, per_second = 1000, 100
    """Frames that are no message, pings, pongs and fragments: so many may come at once, and on."""

    _is_answered = False
    _fragments = 0
    _spared_at = 0.0

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._spare = float(self.burst)
        self._rest = bytearray()
        self._sending = asyncio.Lock()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the place that the connection had when it was one of HTTP."""
        super().connection_made(transport)
        self.enter(transport)

    def data_received(self, data: bytes) -> None:
        """Take what came, and read it when its turn comes."""
        if self.discarded is not None:
            self.discard(data)
            return
        self._rest += data
        self._go_on()
        if not (self.handshake_initiated or self._rest):  # it has lines longer than 8 KiB
            status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
            self.transport.write(refusal(status, self.default_headers))
            self.transport.close()

    def pause_writing(self) -> None:
        """Read no more until the client does."""
        super().pause_writing()
        self._go_on()

    def resume_writing(self) -> None:
        """Read on."""
        super().resume_writing()
        self._go_on()

    async def receive(self) -> Any:
        """The next message; what came behind it is read from now on."""
        message = await self.queue.get()
        if self.read_paused and self.queue.empty():
            self.read_paused = False
            self.loop.call_soon(self._go_on)
        return message

    async def send(self, message: Any) -> None:
        """Send a message when its client reads: one at a time, for each may be large."""
        async with self._sending:
            await super().send(message)
        if message["type"] != "websocket.send":
            self._go_on()
        elif not self._is_answered:
            self._is_answered = True
            self.bounds.answers(self)

    def handle_ping(self) -> None:
        """Answer a ping, unless what came before it ended the connection."""
        if self._within_rate() and self.discarded is None:
            super().handle_ping()

    def handle_pong(self, event: Frame) -> None:
        """Take note of a pong."""
        if self._within_rate():
            super().handle_pong(event)

    def handle_text(self, event: Frame) -> None:
        """Take in a text, or its first part."""
        if event.fin or self._within_rate():
            self._fragments = len(event.data)
            super().handle_text(event)

    def handle_bytes(self, event: Frame) -> None:
        """Take in bytes, or a first part."""
        if event.fin or self._within_rate():
            self._fragments = len(event.data)
            super().handle_bytes(event)

    def handle_cont(self, event: Frame) -> None:
        """Take in the next part."""
        if event.fin or self._within_rate():
            self._fragments += len(event.data)
            super().handle_cont(event)

    def send_receive_event_to_app(self) -> None:
        """Hand a whole message over, and read no more until it is taken."""
        data, self.frames, self._fragments = b"".join(self.frames), [], 0
        if self.close_sent:
            self._within_rate()
        elif self.curr_msg_data_type == "bytes":
            self._hand_over(bytes=data)
        else:
            try:
                self._hand_over(text=data.decode())
            except UnicodeDecodeError:
                self._fail(CloseCode.INVALID_DATA, "Invalid UTF-8")

    def handle_parser_exception(self) -> None:
        """Say why the connection ends, and end it."""
        if self.discarded is None and not self.transport.is_closing():
            self._rest.clear()
            self.transport.write(b"".join(self.conn.data_to_send()))
            code = CloseCode.ABNORMAL_CLOSURE
            self.queue.put_nowait({"type": "websocket.disconnect", "code": code})
            self.close_sent, self.close_timer = True, self.linger()

    def _hand_over(self, **message: Any) -> None:
        self.read_paused = True
        self.queue.put_nowait({"type": "websocket.receive", **message})  # type: ignore[arg-type]

    def _go_on(self) -> None:
        """Read what came, as far as its time is there."""
        while self._rest and self._may_read():
            piece = bytes(self._rest[:_SLICE])
            del self._rest[:_SLICE]
            super().data_received(piece)
        if self.transport.is_closing() or self.discarded is not None:
            return
        if self._may_read():
            self.transport.resume_reading()
        else:
            self.transport.pause_reading()
        self.hold(len(self._rest) + len(self.conn.reader.buffer) + self._fragments)

    def _may_read(self) -> bool:
        """Whether the client has the answer to its handshake, and the application its messages."""
        if self.handshake_initiated and not self.handshake_complete:
            return False
        return not self.read_paused and self.writable.is_set() and not self.transport.is_closing()

    def _within_rate(self) -> bool:
        """Count a frame that is no message; whether there were not too many."""
        now = self.loop.time()
        self._spare = min(self.burst, self._spare + (now - self._spared_at) * self.per_second) - 1
        self._spared_at = now
        if self._spare < 0:
            self._fail(CloseCode.POLICY_VIOLATION, "Too many frames that are no message")
        return self._spare >= 0

    def _fail(self, code: CloseCode, reason: str) -> None:
        if not self.close_sent:
            self.conn.fail(code, reason)
        self.handle_parser_exception()
