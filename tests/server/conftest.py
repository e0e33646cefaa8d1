from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import pytest
from starlette.types import ASGIApp
from websockets.asyncio.client import ClientConnection

from gateway.server.protocols.http import BoundedProtocol
from gateway.server.protocols.websocket import BoundedWebSocket
from tests.conftest import Gateway
from tests.live import hear, say, web_socket
from tests.servers import served

Address: TypeAlias = tuple[str, int]


@asynccontextmanager
async def listening(
    app: ASGIApp,
    http: type[BoundedProtocol] = BoundedProtocol,
    ws: type[BoundedWebSocket] = BoundedWebSocket,
) -> AsyncIterator[Address]:
    """Serve an application on a free port for as long as the block lasts."""
    async with served(app, http=http, ws=ws) as address:
        parts = urlsplit(address)
        assert parts.hostname
        assert parts.port
        yield parts.hostname, parts.port


@pytest.fixture
async def address(gateway: Gateway) -> AsyncIterator[Address]:
    """Where the gateway listens on a real socket."""
    async with listening(gateway.app) as address:
        yield address


@asynccontextmanager
async def opened(address: Address, **options: Any) -> AsyncIterator[ClientConnection]:
    """A connection on which nothing was said yet."""
    host, port = address
    async with web_socket(f"http://{host}:{port}", **options) as connection:
        yield connection


@pytest.fixture
async def connection(address: Address) -> AsyncIterator[ClientConnection]:
    """A connection on which both said hello."""
    async with opened(address) as connection:
        await say(connection, type="connection_init")
        assert await hear(connection) == {"type": "connection_ack"}
        yield connection
