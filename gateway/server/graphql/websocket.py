"""Serves GraphQL over WebSocket, by the protocol `graphql-transport-ws`.

The specification: https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md.
"""

import asyncio
import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager, suppress
from typing import Any, TypeAlias

import msgspec
from graphql import GraphQLError, OperationType
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketDisconnected

from gateway.concurrency.background import cancel_all
from gateway.concurrency.deadlines import OneAsker, ask_for
from gateway.concurrency.quotas import Place, QuotaSpent
from gateway.config.viewers import Viewer
from gateway.errors import BadUserInput, KeysUnavailable, TooManyFollowers, Unauthenticated
from gateway.request_stats import Tally, current
from gateway.schema.execution.answers import Answer
from gateway.schema.results.error_policy import Shown, failure
from gateway.server.graphql.bodies import MAX_BODY_BYTES, BadRequest, request_of
from gateway.server.graphql.close_codes import (
    END_REASONS,
    EXPIRED,
    REFUSED,
    TRY_AGAIN_LATER,
    Closed,
)
from gateway.server.graphql.cors import may_connect
from gateway.server.graphql.load_shedding import too_many
from gateway.server.graphql.service import Service
from gateway.server.graphql.subscription_events import Ending, reported
from gateway.server.telemetry.clients import client_of
from gateway.server.telemetry.request_log import RequestLog, note

SUBPROTOCOL = "graphql-transport-ws"

INIT_WITHIN = 10.0
"""Seconds that a client has for its `connection_init`."""

PING_EVERY = 15.0
"""Seconds between two pings."""

SILENT_FOR = 40.0
"""Seconds after which a client that answers no ping is taken for dead."""

CLOSE_WITHIN = 1.0
"""Seconds for the goodbye to a client that may not read it."""

MAX_OPERATIONS = 100
"""At once on one connection."""

_Message: TypeAlias = Mapping[str, Any]


class WebSocketEndpoint:
    """Serves operations of any kind over WebSocket connections from the same origin.

    Pages of `origins` may connect too.
    """

    def __init__(
        self, service: Service, *, request_log: RequestLog, origins: frozenset[str] = frozenset()
    ) -> None:
        self._service = service
        self._request_log = request_log
        self._origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection to its end."""
        socket = WebSocket(scope, receive, send)
        try:
            await self._serve(socket)
        except Closed as end:
            with suppress(TimeoutError, WebSocketDisconnect, RuntimeError):
                async with asyncio.timeout(CLOSE_WITHIN):
                    await socket.close(end.code, end.reason)
        except (WebSocketDisconnect, WebSocketDisconnected):
            pass  # the client left, or was found to have left when something was said to it

    async def _serve(self, socket: WebSocket) -> None:
        offered = SUBPROTOCOL in socket.scope["subprotocols"]
        await socket.accept(SUBPROTOCOL if offered else None)
        if not may_connect(socket.headers, self._origins):  # a refused handshake tells no reason
            raise Closed(1008, "GATEWAY_CORS_ORIGINS does not name the origin of this page")
        if not offered:
            raise Closed(4406, "Subprotocol not acceptable")
        await _Connection(socket, self._service, self._request_log).serve()


class _Connection:
    def __init__(self, socket: WebSocket, service: Service, request_log: RequestLog) -> None:
        self._socket = socket
        self._request_log = request_log
        self._service = service
        self._viewer: Viewer | None = None
        self._place: Place | None = None
        self._lasting: float | None = None
        self._withdrawn = asyncio.Event()
        self._ending = Ending()
        self._operations: dict[str, asyncio.Task[None]] = {}

    async def serve(self) -> None:
        """Read messages until the client leaves. Raises Closed and WebSocketDisconnect."""
        tasks = [asyncio.create_task(self._ping())]
        try:
            async with _patience(INIT_WITHIN, Closed(4408, "Connection initialisation timeout")):
                while self._viewer is None:
                    await self._handle(await self._receive())
            ended = Closed(EXPIRED, "The token has expired, or its viewer has changed")
            async with _patience(self._lasting, ended) as bound:
                ending = asyncio.create_task(_end_once(self._withdrawn, bound))
                tasks.append(ending)
                while True:
                    async with _patience(SILENT_FOR, Closed(1001, "No answer to a ping")):
                        await self._handle(await self._receive())
        except (Closed, WebSocketDisconnect) as end:
            self._ending.reason = END_REASONS.get(end.code, "left")
            raise
        finally:
            await cancel_all([*tasks, *self._operations.values()])
            if self._place is not None:
                self._place.give_back()

    async def _receive(self) -> _Message:
        try:
            text = await self._socket.receive_text()
            if len(text) > MAX_BODY_BYTES:
                raise Closed(1009, f"Messages have up to {MAX_BODY_BYTES} bytes")
            message = msgspec.json.decode(text.removeprefix("\ufeff"))
        except (msgspec.MsgspecError, UnicodeError, KeyError, RecursionError):
            raise Closed(4400, "Invalid message received") from None
        if not isinstance(message, dict) or not isinstance(message.get("payload"), dict | None):
            raise Closed(4400, "Invalid message received")
        return message

    async def _handle(self, message: _Message) -> None:
        match message:
            case {"type": "connection_init"}:
                if self._viewer is not None:
                    raise Closed(4429, "Too many initialisation requests")
                await self._recognise(message.get("payload") or {})
                await self._send({"type": "connection_ack"})
            case {"type": "ping"}:
                payload = message.get("payload")
                await self._send({"type": "pong"} | ({"payload": payload} if payload else {}))
            case {"type": "pong"}:
                pass
            case {"type": "subscribe", "id": str(name), "payload": dict(payload)} if name:
                await self._subscribe(name, payload)
            case {"type": "complete", "id": str(name)}:
                if (operation := self._operations.pop(name, None)) is not None:
                    operation.cancel()
            case _:
                raise Closed(4400, "Invalid message received")

    async def _recognise(self, payload: _Message) -> None:
        """Learn who it is from the payload of `connection_init`, or else from the handshake."""
        authorization = payload.get("Authorization", payload.get("authorization"))
        if not isinstance(authorization, str):
            authorization = self._socket.headers.get("authorization")
        try:
            admission = await self._service.authenticator.admit(authorization)
        except KeysUnavailable as problem:
            raise Closed(TRY_AGAIN_LATER, str(problem)) from None
        except Unauthenticated as problem:
            raise Closed(REFUSED, str(problem)) from None
        try:
            self._place = self._service.quotas.connections.enter(admission.viewer.name)
        except QuotaSpent as spent:
            raise Closed(TRY_AGAIN_LATER, str(spent)) from None
        self._viewer = admission.viewer
        self._lasting = admission.lasting(self._service.clock())
        self._withdrawn = admission.withdrawn

    async def _subscribe(self, name: str, payload: dict[str, Any]) -> None:
        if self._viewer is None:
            raise Closed(REFUSED, "Unauthorized")
        if name in self._operations:
            raise Closed(4409, f"Subscriber for {name:.64} already exists")
        if len(self._operations) >= MAX_OPERATIONS:
            problem = f"This connection has {MAX_OPERATIONS} operations: complete one of them."
            await self._refuse(name, _shown(problem, TooManyFollowers.code))
            return
        operation = self._operate(name, payload, self._viewer)
        self._operations[name] = asyncio.create_task(operation)

    async def _operate(self, name: str, payload: dict[str, Any], viewer: Viewer) -> None:
        tally = Tally(secrets.token_hex(8))
        tally.viewer = viewer.name
        tally.client = client_of(self._socket.headers, payload.get("extensions"))
        current.set(tally)  # in the context of this task, which ends with the operation
        ask_for(OneAsker(viewer.name))
        try:
            if errors := await self._answer(name, payload, viewer, tally):
                await self._refuse(name, *errors)
            else:
                await self._end({"id": name, "type": "complete"})
        finally:
            self._request_log.operation(tally)

    async def _answer(
        self, name: str, payload: dict[str, Any], viewer: Viewer, tally: Tally
    ) -> list[Shown]:
        """Send the answers to an operation; the errors of one that was refused, or broke."""
        errors: list[Shown] = []
        try:
            with self._service.quotas.requests.enter(viewer.name) as place:
                async with aclosing(self._answers(payload, viewer, tally, place)) as answers:
                    async for answer in answers:
                        tally.answered(answer.errors, executed=answer.executed, empty=answer.empty)
                        if not answer.executed:
                            errors = [*answer.errors]
                            break
                        encoded = msgspec.Raw(answer.body)
                        await self._send({"id": name, "type": "next", "payload": encoded})
        except QuotaSpent as spent:
            errors = [failure(GraphQLError("", original_error=too_many(spent)), tally.request_id)]
            tally.answered(errors, executed=False, empty=True)
        except BadRequest as problem:
            errors = [_shown(str(problem), BadUserInput.code)]
            tally.answered(errors, executed=False, empty=True)
        except Exception as fault:  # noqa: BLE001 - the client learns of it, the log knows it whole
            errors = [failure(GraphQLError("", original_error=fault), tally.request_id)]
            tally.answered(errors, executed=True, empty=True)
        return errors

    async def _answers(
        self, payload: dict[str, Any], viewer: Viewer, tally: Tally, place: Place
    ) -> AsyncGenerator[Answer, None]:
        """The answers to an operation, which has a place until it is a subscription that begins."""
        request = request_of(payload)
        context = self._service.context(tally.request_id, viewer)
        if (cached := self._service.executor.cached(request, context)) is not None:
            yield cached
            return
        document = await self._service.executor.read(request)
        operation = document.operation(request.operation_name)
        note(tally, operation)
        stream = self._service.executor.stream(request, document, context)
        if operation is not None and operation.operation is OperationType.SUBSCRIPTION:
            place.give_back()
            stream = reported(stream, "websocket", self._ending, self._service.hook)
        async with aclosing(stream) as answers:
            async for answer in answers:
                yield answer

    async def _refuse(self, name: str, *errors: Shown) -> None:
        await self._end({"id": name, "type": "error", "payload": errors})

    async def _end(self, message: _Message) -> None:
        if self._operations.get(message["id"]) is asyncio.current_task():
            del self._operations[message["id"]]
        await self._send(message)

    async def _ping(self) -> None:
        while True:
            await asyncio.sleep(PING_EVERY)
            await self._send({"type": "ping"})

    async def _send(self, message: _Message) -> None:
        with suppress(WebSocketDisconnect, RuntimeError):  # it left: reading will say so
            await self._socket.send_text(msgspec.json.encode(message).decode())


@asynccontextmanager
async def _patience(seconds: float | None, end: Closed) -> AsyncIterator[asyncio.Timeout]:
    try:
        async with asyncio.timeout(seconds) as bound:
            yield bound
    except TimeoutError:
        raise end from None


async def _end_once(event: asyncio.Event, bound: asyncio.Timeout) -> None:
    await event.wait()
    bound.reschedule(asyncio.get_running_loop().time())


def _shown(message: str, code: str) -> Shown:
    return {"message": message, "extensions": {"code": code}}
