"""The floor: the same bytes from a bare ASGI application on the same uvicorn.

No server in Python answers faster than this one. Run by `servers.py` with the port and a file that
says which body of a request is answered by which bytes.
"""

import sys
from pathlib import Path
from typing import Any

import msgspec
import uvicorn
from starlette.types import Receive, Scope, Send

from gateway.server.run import UVICORN


class Floor:
    """Answers each body with its bytes."""

    def __init__(self, answers: dict[bytes, bytes]) -> None:
        self._answers = answers

    async def __call__(self, _: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        message = await receive()
        asked = message["body"]
        while message["more_body"]:
            message = await receive()
            asked += message["body"]
        body = self._answers.get(asked, b"none such")
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def main(port: int, answers: Path) -> None:
    """Serve them, for as long as the process lives."""
    known: dict[bytes, bytes] = msgspec.msgpack.decode(
        answers.read_bytes(), type=dict[bytes, bytes]
    )
    options: dict[str, Any] = {**UVICORN, "lifespan": "off"}
    uvicorn.run(Floor(known), port=port, **options)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
