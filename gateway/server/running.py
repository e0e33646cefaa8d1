"""How uvicorn runs the application: with the bounds that it needs, and an end that tells all.

At SIGTERM, uvicorn closes WebSockets with the code of a restart (1012), streamed answers break off
without their end, and who waits for a better answer is given the one that there is.
"""

from collections.abc import Mapping
from typing import Any

from gateway.server.bodies import MAX_BODY_BYTES
from gateway.server.protocol import BoundedProtocol

UVICORN: Mapping[str, Any] = {
    "http": BoundedProtocol,
    "ws_max_size": MAX_BODY_BYTES,
    "ws_per_message_deflate": False,  # answers are small, and followers many
    "ws_ping_interval": None,  # the subprotocol has pings of its own
    "timeout_graceful_shutdown": 15,  # seconds that requests under way have
    "log_config": None,
    "access_log": False,
    "server_header": False,
}
