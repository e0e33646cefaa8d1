"""Runs uvicorn with the bounds that the gateway needs, and closes streams at shutdown.

At the end, uvicorn closes WebSockets with the code of a restart (1012), streamed answers break off
without their end, and who waits for a better answer is given the one that there is.
"""

import os
import socket
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import uvicorn
from uvicorn.config import STARTUP_FAILURE

from gateway.errors import WrongSettings
from gateway.server.graphql.bodies import MAX_BODY_BYTES
from gateway.server.open_files import raise_limit
from gateway.server.protocols.http import BoundedProtocol
from gateway.server.protocols.websocket import BoundedWebSocket
from gateway.server.server import Server
from gateway.server.signals import ignore_stops
from gateway.server.telemetry.prometheus import SHARED_DIRECTORY
from gateway.server.workers import Workers

UVICORN: Mapping[str, Any] = {
    "http": BoundedProtocol,
    "ws": BoundedWebSocket,
    "ws_max_size": MAX_BODY_BYTES,
    "ws_per_message_deflate": False,  # answers are small, and followers many
    "ws_ping_interval": None,  # the subprotocol has pings of its own
    "timeout_keep_alive": 75,  # longer than load balancers: who closes first breaks no request
    "timeout_graceful_shutdown": 15,  # seconds that requests under way have
    "timeout_worker_healthcheck": 30,  # a machine may be busy while a worker starts
    "log_config": None,
    "access_log": False,
    "server_header": False,
}


def run(app: object, listening: socket.socket, workers: int = 1) -> int:
    """Serve an application, or with several workers a factory by its name; gives the status."""
    raise_limit()
    factory = isinstance(app, str)
    config = uvicorn.Config(app, factory=factory, workers=workers, **UVICORN)  # type: ignore[arg-type]
    if workers > 1:
        with _shared_metrics() as directory:
            supervisor = Workers(config, listening, directory)
            supervisor.run()
        ignore_stops()
        return STARTUP_FAILURE if supervisor.failed else 0
    server = Server(config)
    with suppress(KeyboardInterrupt):
        server.run([listening])
    return 0 if server.started else STARTUP_FAILURE


@contextmanager
def _shared_metrics() -> Iterator[str]:
    """A directory in which workers count together, for as long as the `with` block lasts."""
    try:
        directory = tempfile.TemporaryDirectory(prefix="gateway-metrics-")
    except OSError as error:
        raise WrongSettings(
            "GATEWAY_WORKERS above 1 needs a temporary directory for metrics, and none can be made "
            f"({error.strerror}): mount one at /tmp, or name it in TMPDIR."
        ) from error
    with directory as name:
        os.environ[SHARED_DIRECTORY] = name
        yield name
