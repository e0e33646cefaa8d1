"""Clients by bare sockets, who may leave at any moment, and a Twilio that can be held back."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import TypeAlias
from urllib.parse import quote

from starlette.types import Receive, Scope, Send

from gateway.sandbox import Sandbox
from tests.server.conftest import Address

Leave: TypeAlias = Callable[[], Awaitable[None]]


class Held:
    """A Twilio that answers nobody until it is let go, and counts who is there."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._app = sandbox.app
        self.asked = 0
        self.under_way = 0
        self.gate = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.asked += 1
        self.under_way += 1
        try:
            await self.gate.wait()
            await self._app(scope, receive, send)
        finally:
            self.under_way -= 1


def post(
    query: str, accept: str = "application/json", token: str | None = None, **variables: object
) -> bytes:
    """A POST as it goes over the wire."""
    body = json.dumps({"query": query, "variables": variables}).encode()
    shown = "" if token is None else f"Authorization: Bearer {token}\r\n"
    head = (
        f"POST /graphql HTTP/1.1\r\nHost: localhost\r\nAccept: {accept}\r\n{shown}"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def get(query: str, **variables: object) -> bytes:
    """A GET as it goes over the wire."""
    asked = f"query={quote(query)}&variables={quote(json.dumps(variables))}"
    return f"GET /graphql?{asked} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


async def over_http(address: Address, request: bytes) -> Leave:
    """Send a request; to leave is to close the connection."""
    _, writer = await asyncio.open_connection(*address)
    writer.write(request)
    await writer.drain()

    async def leave() -> None:
        writer.close()
        await writer.wait_closed()

    return leave
