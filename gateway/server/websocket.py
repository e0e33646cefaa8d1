"""GraphQL over WebSocket: the protocol `graphql-transport-ws`.

The specification: https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md. Close codes
4400 to 4499 tell a client not to come back as it is; any other end, a restart of this server
among them, tells it to reconnect and ask again.
"""

import asyncio
import secrets
from collections.abc import Mapping
from contextlib import aclosing, suppress
from typing import Any
from urllib.parse import urlsplit

import msgspec
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from gateway.schema.execution import Executor
from gateway.server.bodies import BadRequest, request_of
from gateway.server.graphql import MakeContext

SUBPROTOCOL = "graphql-transport-ws"

INIT_WITHIN = 10.0
"""Seconds that a client has for its `connection_init`."""

PING_EVERY = 15.0
"""Seconds between two pings, by which a connection that died is found."""

MAX_OPERATIONS = 100
"""At once on one connection."""


class Closed(Exception):
    """The connection has to be closed, with this code and reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class WebSocketEndpoint:
    """Serves operations of any kind over WebSocket connections from the same origin."""

    def __init__(self, executor: Executor, context: MakeContext) -> None:
        self._executor = executor
        self._context = context

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection to its end."""
        socket = WebSocket(scope, receive, send)
        if not _same_origin(socket):
            await socket.close(1008, "Another origin")
            return
        await socket.accept(SUBPROTOCOL if SUBPROTOCOL in scope["subprotocols"] else None)
        connection = _Connection(socket, self._executor, self._context)
        try:
            await connection.serve()
        except Closed as end:
            if socket.application_state is not WebSocketState.DISCONNECTED:
                await socket.close(end.code, end.reason)
        except WebSocketDisconnect:
            pass  # the client left


class _Connection:
    def __init__(self, socket: WebSocket, executor: Executor, context: MakeContext) -> None:
        self._socket = socket
        self._executor = executor
        self._context = context
        self._acknowledged = False
        self._operations: dict[str, asyncio.Task[None]] = {}

    async def serve(self) -> None:
        """Read messages until the client leaves. Raises Closed and WebSocketDisconnect."""
        if self._socket.scope["subprotocols"].count(SUBPROTOCOL) == 0:
            raise Closed(4406, "Subprotocol not acceptable")
        pinging = asyncio.create_task(self._ping())
        try:
            async with asyncio.timeout(INIT_WITHIN):
                while not self._acknowledged:
                    await self._handle(await self._receive())
            while True:
                await self._handle(await self._receive())
        except TimeoutError:
            raise Closed(4408, "Connection initialisation timeout") from None
        finally:
            for task in (pinging, *self._operations.values()):
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

    async def _receive(self) -> Mapping[str, Any]:
        try:
            message = msgspec.json.decode(await self._socket.receive_text())
        except (msgspec.MsgspecError, UnicodeError, KeyError, RecursionError):
            raise Closed(4400, "Invalid message received") from None
        if not isinstance(message, dict):
            raise Closed(4400, "Invalid message received")
        return message

    async def _handle(self, message: Mapping[str, Any]) -> None:
        match message:
            case {"type": "connection_init"}:
                if self._acknowledged:
                    raise Closed(4429, "Too many initialisation requests")
                self._acknowledged = True
                await self._send({"type": "connection_ack"})
            case {"type": "ping"}:
                await self._send({"type": "pong"})
            case {"type": "pong"}:
                pass
            case {"type": "subscribe", "id": str(name), "payload": dict(payload)} if name:
                self._subscribe(name, payload)
            case {"type": "complete", "id": str(name)}:
                if (operation := self._operations.pop(name, None)) is not None:
                    operation.cancel()
            case _:
                raise Closed(4400, "Invalid message received")

    def _subscribe(self, name: str, payload: dict[str, Any]) -> None:
        if not self._acknowledged:
            raise Closed(4401, "Unauthorized")
        if name in self._operations:
            raise Closed(4409, f"Subscriber for {name[:64]} already exists")
        if len(self._operations) >= MAX_OPERATIONS:
            raise Closed(4429, f"More than {MAX_OPERATIONS} operations at once")
        self._operations[name] = asyncio.create_task(self._operate(name, payload))

    async def _operate(self, name: str, payload: dict[str, Any]) -> None:
        try:
            request = request_of(payload)
        except BadRequest as problem:
            error = {"message": str(problem), "extensions": {"code": "BAD_USER_INPUT"}}
            await self._end(name, {"id": name, "type": "error", "payload": [error]})
            return
        context = self._context(secrets.token_hex(8))
        document = await self._executor.read(request)
        async with aclosing(self._executor.stream(request, document, context)) as answers:
            async for answer in answers:
                if not answer.executed:
                    errors = answer.body["errors"]
                    await self._end(name, {"id": name, "type": "error", "payload": errors})
                    return
                await self._send({"id": name, "type": "next", "payload": answer.body})
        await self._end(name, {"id": name, "type": "complete"})

    async def _end(self, name: str, message: Mapping[str, Any]) -> None:
        self._operations.pop(name, None)
        await self._send(message)

    async def _ping(self) -> None:
        while True:
            await asyncio.sleep(PING_EVERY)
            await self._send({"type": "ping"})

    async def _send(self, message: Mapping[str, Any]) -> None:
        with suppress(WebSocketDisconnect, RuntimeError):  # it left: reading will say so
            await self._socket.send_text(msgspec.json.encode(message).decode())


def _same_origin(socket: WebSocket) -> bool:
    """Whether a page of this server opened the connection, or no browser at all."""
    origin = socket.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == socket.headers.get("host")
