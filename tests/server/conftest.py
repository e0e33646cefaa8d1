import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeAlias

import pytest
import uvicorn
from starlette.types import ASGIApp

from tests.conftest import Gateway

Address: TypeAlias = tuple[str, int]


@asynccontextmanager
async def listening(app: ASGIApp) -> AsyncIterator[Address]:
    """Serve an application on a free port for as long as the block lasts."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, ws="websockets-sansio"))
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        host, port = listener.getsockname()
        yield host, port
        server.should_exit = True
        await serving


@pytest.fixture
async def address(gateway: Gateway) -> AsyncIterator[Address]:
    """Where the gateway listens on a real socket."""
    async with listening(gateway.app) as address:
        yield address
