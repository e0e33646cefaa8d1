"""Writes responses to HTTP/1.0, without chunks: the end of the connection ends the body.

RFC 9112 §6.1 and §6.3; uvicorn sends chunks whatever the version.
"""

import sys
from typing import Any

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

_UNKNOWN = sys.maxsize
"""A length that no response has."""


def until_closed(cycle: RequestResponseCycle) -> None:
    """Have a response whose length is unknown sent as it is, and the connection closed after it."""
    send = cycle.send

    async def send_plainly(message: Any) -> None:
        if message["type"] == "http.response.start":
            names = {name.lower() for name, _ in message.get("headers", ())}
            if b"content-length" not in names:
                cycle.chunked_encoding, cycle.expected_content_length = False, _UNKNOWN
        elif cycle.expected_content_length == _UNKNOWN and not message.get("more_body", False):
            cycle.expected_content_length = len(message.get("body", b""))
        await send(message)

    cycle.send = send_plainly  # type: ignore[method-assign]
    cycle.waiting_for_100_continue = False  # RFC 9110 §10.1.1
