"""Extends uvicorn's HTTP/1.1 protocol: one request at a time, and bounds in time and size.

uvicorn bounds neither the time that a request takes to arrive, nor the size of its head, its
trailers and the framing of its chunks, nor what a client sends ahead of its answers or leaves
unread: each would let anybody hold memory and sockets for nothing. And it reads each request as
HTTP, though most came before (`gateway.server.protocols.replay`).
"""

import asyncio
from collections.abc import Sequence
from http import HTTPStatus

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from gateway.server.protocols.connection_limits import Connection
from gateway.server.protocols.heads import BadHead, length_of_body, size_of_head, without_upgrade
from gateway.server.protocols.http_1_0 import until_closed
from gateway.server.protocols.refusals import MAX_BODY_BYTES, MAX_HEAD_BYTES, refusal
from gateway.server.protocols.replay import (
    EXTENSION,
    LONGEST,
    Named,
    Replay,
    lacks_its_body,
    written,
)

MAX_AHEAD = 64 * 1024
"""Bytes that a client may send ahead of the answer to what it sent before."""

_SLICE = 16 * 1024
"""Bytes of a body in chunks that are read at once."""


class _Ahead(Exception):
    """Another request begins where the last one has no answer yet."""


class BoundedProtocol(Connection, HttpToolsProtocol):
    """One connection. The application learns from it that the server stops, before it is over."""

    sent_within = 30.0
    """Seconds in which a request must have come whole, from its first byte."""

    last_word_within = 0.5
    """Seconds that a new connection has for its first request, once the server stops."""

    _arriving: asyncio.TimerHandle | None = None
    _leaving = False

    _rest = b""
    """What came and was not read yet: a part of a head, or requests ahead of their turn."""

    _between = True
    """Whether all that was read is whole requests."""

    _expected = False
    """Whether the first byte of another one is read next."""

    _lacking: int | None = None
    """Bytes that its body lacks; None where that is not known, for it comes in chunks."""

    _read = _body = 0
    """Bytes of it that were read, and those of its body among them."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A request is waited for from now on, if there is room for another connection."""
        super().connection_made(transport)
        if self.enter(transport):
            self._expect_the_rest()
        else:
            self._stop_reading()
            self._send_refusal(HTTPStatus.SERVICE_UNAVAILABLE)
            transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for any more."""
        self._stop_reading()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on; whoever sends too much, or too slowly, is told and let go of."""
        if self.discarded is not None:
            self.discard(data)
            return
        if self._rest:
            data, self._rest = self._rest + data, b""
        named, replay = None, self._replay()
        if replay is not None and len(data) <= LONGEST:
            if lacks_its_body(data):
                self._rest = data
                self._wait()
                return
            named = replay.name(data)
            if named is not None and (response := replay.response(named)) is not None:
                self._send_at_once(response)
                return
        self._rest = data
        self._go_on(named)

    def on_message_begin(self) -> None:
        """See that it is the turn of this request."""
        if not self._expected:
            self._end_after_the_answer()
            raise _Ahead
        self._expected = self._between = False
        super().on_message_begin()

    def on_body(self, body: bytes) -> None:
        """Take in a part of the body."""
        self._body += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is whole: now it is the client that waits."""
        self._between = True
        if self._is_answering():
            self.bounds.answers(self)
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Read on where other requests came ahead."""
        super().on_response_complete()
        self.bounds.waits(self)
        if self._rest:
            self.loop.call_soon(self.data_received, b"")

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's words
        """Refuse what is no request."""
        self._let_go(HTTPStatus.BAD_REQUEST)

    def handle_websocket_upgrade(self) -> None:
        """From here on another protocol reads, which has bounds of its own."""
        self._stop_reading()
        self.leave()
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
        if self._rest:
            self._go_on()
        if self.cycle is None:
            self._leaving = True
            self.loop.call_later(self.last_word_within, super().shutdown)
        else:
            super().shutdown()

    def _go_on(self, named: Named | None = None) -> None:
        """Read as HTTP; a request that is whole now may be known by its name again."""
        while self._rest and not self.transport.is_closing():
            if not self._between:
                self._read_body()
            elif self._is_answering() or not self._read_head():
                break
        if self.transport.is_closing() or self.discarded is not None:
            return
        whole = self._between and not self._rest and self._is_answering()  # no blank lines alone
        if named is not None and whole and self.cycle.keep_alive:
            self.cycle.scope["extensions"] = {EXTENSION: {"name": named.name}}
        self._wait()

    def _read_head(self) -> bool:
        """Read a head that is there, and of its body what is there if its length is known."""
        self._rest = self._rest.lstrip(b"\r\n")  # RFC 9112 §2.2
        try:
            size = size_of_head(self._rest)
        except BadHead as problem:
            self._let_go(problem.status)
            return False
        if not size:
            return False
        head, tail = without_upgrade(self._rest[:size]), self._rest[size:]
        length = length_of_body(head)
        body = tail[: length or 0]
        self._rest = tail[len(body) :]
        self._lacking = None if length is None else length - len(body)
        self._read, self._body, self._expected = len(head) + len(body), 0, True
        super().data_received(head + body)
        if length is not None and length > MAX_BODY_BYTES:
            self._let_go(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        elif self.discarded is None and not self.transport.is_closing():
            self._begin()
        return True

    def _begin(self) -> None:
        """Settle how a request is answered, before the application is asked."""
        self.headers = []  # what comes yet are trailers, which are no headers (RFC 9110 §6.5.1)
        if self.scope["http_version"] != "1.1":
            until_closed(self.cycle)
        if self._leaving:
            self.cycle.keep_alive = False

    def _read_body(self) -> None:
        """Read on in a body, to its end at most where that is known."""
        size = self._lacking or _SLICE
        piece, self._rest = self._rest[:size], self._rest[size:]
        if self._lacking:
            self._lacking -= len(piece)
        self._read += len(piece)
        super().data_received(piece)
        if self._read - self._body > MAX_HEAD_BYTES:
            self._let_go(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        elif self._body > MAX_BODY_BYTES:
            self._let_go(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)

    def _wait(self) -> None:
        """Wait for the rest of a request; or with what came ahead, until the answer is sent."""
        answering = self._between and self._is_answering()
        if answering or (self._between and not self._rest):
            self._it_came()
        if not answering:
            self._expect_the_rest()
        elif len(self._rest) > MAX_AHEAD:
            self._end_after_the_answer()
        self.hold(len(self._rest) + (0 if self._between else self._read))

    def _replay(self) -> Replay | None:
        """What replays responses, if a request may begin now and be answered at once."""
        if not self._between or self._leaving:
            return None
        if self.flow.write_paused or self.transport.is_closing():
            return None
        idle = self.cycle is None or self.cycle.response_complete
        return self.app_state.get("replay") if idle else None

    def _send_at_once(self, response: Sequence[bytes]) -> None:
        """Send the rest of a response, which has no need of the application."""
        self._it_came()
        head = STATUS_LINE[HTTPStatus.OK] + written(self.server_state.default_headers)
        self.transport.write(b"".join([head, *response]))
        self.on_response_complete()

    def _is_answering(self) -> bool:
        """Whether a request has no whole answer yet."""
        return self.cycle is not None and not self.cycle.response_complete

    def _expect_the_rest(self) -> None:
        self._unset_keepalive_if_required()
        if self._arriving is None:
            self._arriving = self.loop.call_later(
                self.sent_within, self._let_go, HTTPStatus.REQUEST_TIMEOUT
            )

    def _it_came(self) -> None:
        if self._arriving is not None:
            self._arriving.cancel()
            self._arriving = None

    def _let_go(self, status: HTTPStatus) -> None:
        """Say why, where no answer has begun, and end the connection."""
        if self.transport.is_closing() or self.discarded is not None:
            return
        if self._has_begun_to_answer():
            self.transport.close()
            return
        if (
            not self._between and self._is_answering()
        ):  # what the application says is not sent any more
            self.cycle.disconnected, self.cycle.waiting_for_100_continue = True, False
            self.cycle.message_event.set()
        self._stop_reading()
        self._send_refusal(status)
        self.linger()

    def _has_begun_to_answer(self) -> bool:
        """Whether a line of ours would stand in an answer, or behind the one to this request."""
        if self._between or self.cycle is None or self.cycle.scope is not self.scope:
            return self._is_answering()
        return self.cycle.response_started

    def _end_after_the_answer(self) -> None:
        """Close the connection once what was read is answered: the client will ask again."""
        if self._is_answering():
            self.cycle.keep_alive = False
        else:
            self.transport.close()
        self._stop_reading()

    def _stop_reading(self) -> None:
        self._it_came()
        self._rest, self.discarded = b"", 0
        self.hold(0)

    def _send_refusal(self, status: HTTPStatus) -> None:
        self.transport.write(refusal(status, self.server_state.default_headers))
