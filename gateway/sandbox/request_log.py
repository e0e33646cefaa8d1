"""Records requests to the sandbox, and signs its responses as Twilio does."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.sandbox.faults import API

KEPT = 100_000  # requests


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked: `params` are those of the query string and of the form together."""

    method: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    status: int = 0


class RequestLog:
    """Notes every request to the API, faulty answers included, and forgets the oldest."""

    def __init__(self, app: ASGIApp, seed: int) -> None:
        """Stand in front of `app`; the seed gives the request ids."""
        self._app = app
        self._ids = random.Random(f"{seed}/requests")
        self._concurrent = 0
        self.requests: list[Request] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, note it, and put Twilio's headers on the answer."""
        if scope["type"] != "http" or not scope["path"].startswith(API):
            await self._app(scope, receive, send)
            return
        form: list[bytes] = []
        status = 0

        async def read() -> Message:
            message = await receive()
            form.append(message.get("body", b""))
            return message

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["Twilio-Request-Id"] = f"RQ{self._ids.getrandbits(128):032x}"
                headers["Twilio-Concurrent-Requests"] = str(self._concurrent)
            await send(message)

        self._concurrent += 1
        try:
            await self._app(scope, read, answer)
        finally:
            self._concurrent -= 1
            self._note(scope, b"".join(form), status)

    def _note(self, scope: Scope, form: bytes, status: int) -> None:
        written = f"{scope['query_string'].decode()}&{form.decode(errors='replace')}"
        params = dict(parse_qsl(written, keep_blank_values=True))
        if len(self.requests) >= KEPT:
            del self.requests[: KEPT // 2]
        self.requests.append(Request(scope["method"], scope["path"], params, status))
