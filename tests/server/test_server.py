"""The server of a process accepts the connections of a crowd in few turns of its event loop."""

import asyncio
import socket
import threading

import uvicorn
import uvloop
from starlette.types import Receive, Scope, Send

from gateway.server.protocols.http import BoundedProtocol
from gateway.server.server import Server

CROWD = 300


class Counted(BoundedProtocol):
    """The same; it counts connections."""

    made = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        Counted.made += 1


async def nothing(scope: Scope, receive: Receive, send: Send) -> None:
    """An application without any answer."""


async def turns() -> int:
    """The turns that a loop takes to accept a crowd that came at once."""
    with socket.create_server(("127.0.0.1", 0), backlog=CROWD) as listener:
        config = uvicorn.Config(nothing, http=Counted, lifespan="off", log_config=None)
        server = Server(config)
        serving = asyncio.create_task(server.serve([listener]))
        while not server.started:
            await asyncio.sleep(0.01)
        crowd = [socket.create_connection(listener.getsockname()) for _ in range(CROWD)]
        taken = 0
        while Counted.made < CROWD:
            await asyncio.sleep(0)
            taken += 1
        for one in crowd:
            one.close()
        server.should_exit = True
        await serving
    return taken


def test_a_crowd_is_accepted_in_few_turns() -> None:
    """Libuv accepts one connection of a listening socket in each; a new one waited for seconds."""
    taken: list[int] = []
    thread = threading.Thread(target=lambda: taken.append(uvloop.run(turns())))  # no signals there
    thread.start()
    thread.join(30)
    assert taken
    assert taken[0] < CROWD / 8
