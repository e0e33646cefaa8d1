"""How uvicorn runs the application: with the bounds that it needs, and an end that tells all.

At SIGTERM, uvicorn closes WebSockets with the code of a restart (1012), streamed answers break off
without their end, and who waits for a better answer is given the one that there is.
"""

from collections.abc import Mapping
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from gateway.server.bodies import MAX_BODY_BYTES


class _Protocol(HttpToolsProtocol):
    """HTTP, by which the application learns that the server stops before its requests are over."""

    def shutdown(self) -> None:
        if (stopping := self.app_state.get("stopping")) is not None:
            stopping.set()
        super().shutdown()


UVICORN: Mapping[str, Any] = {
    "http": _Protocol,
    "ws_max_size": MAX_BODY_BYTES,
    "ws_per_message_deflate": False,  # answers are small, and followers many
    "ws_ping_interval": None,  # the subprotocol has pings of its own
    "timeout_graceful_shutdown": 15,  # seconds that requests under way have
    "log_config": None,
    "access_log": False,
    "server_header": False,
}
