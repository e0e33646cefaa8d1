"""Pushes events to a webhook, signed and at least once."""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

import msgspec
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.sandbox.calls import Json
from gateway.sandbox.events import EventStream, deliveries

logger = logging.getLogger("gateway.sandbox")

EVERY = 1.0  # seconds between two looks at the world
KEPT = 10_000  # deliveries that wait for a sink that does not answer
TOO_MANY_REQUESTS = 429
CLIENT_ERRORS = range(400, 500)

Post: TypeAlias = Callable[[str, bytes, Mapping[str, str]], Awaitable[int]]
"""POSTs a body with headers to a URL, and gives the status of the answer: 0 if there was none."""


class EventPusher:
    """Tells a sink what happens in a world from now on; `key` is the account's auth token."""

    def __init__(
        self, stream: EventStream, url: str, key: str, post: Post, clock: Callable[[], float]
    ) -> None:
        """Push to `url` by `post`."""
        self._stream = stream
        self._url = url
        self._key = key.encode()
        self._post = post
        self._clock = clock
        self._pushed_until = clock()
        self._rng = random.Random(f"{stream.seed}/deliveries")
        self._waiting: list[list[Json]] = []

    async def push(self) -> None:
        """Push what happened since the last time, and before that what was not taken then."""
        since, self._pushed_until = self._pushed_until, self._clock()
        events = self._stream.between(since, self._pushed_until)
        due, self._waiting = self._waiting + deliveries(self._rng, events), []
        for batch in due[-KEPT:]:
            if not await self._taken(batch):
                self._waiting.append(batch)

    async def run(self) -> None:
        """Push for ever, whatever becomes of a delivery."""
        while True:
            await asyncio.sleep(EVERY)
            try:
                await self.push()
            except Exception:
                logger.exception("Events could not be pushed; the next ones will be")

    def beside(self, app: ASGIApp) -> ASGIApp:
        """The application, with events pushed for as long as a server runs it."""

        async def both(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "lifespan":
                await app(scope, receive, send)
                return
            pushing = asyncio.create_task(self.run())
            try:
                await app(scope, receive, send)
            finally:
                pushing.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await pushing

        return both

    async def _taken(self, batch: list[Json]) -> bool:
        """Whether the sink took a delivery, or refused it in a way that another try won't mend."""
        body = msgspec.json.encode(batch)
        url, signature = signed(self._url, body, self._key)
        headers = {"Content-Type": "application/json", "X-Twilio-Signature": signature}
        status = await self._post(url, body, headers)
        refused = status in CLIENT_ERRORS and status != TOO_MANY_REQUESTS
        return refused or status // 100 == 2  # noqa: PLR2004  (HTTP's own)


def signed(url: str, body: bytes, key: bytes) -> tuple[str, str]:
    """The URL with the hash of the body in its query, and the signature of that URL."""
    mark = "&" if "?" in url else "?"
    whole = f"{url}{mark}bodySHA256={hashlib.sha256(body).hexdigest()}"
    return whole, base64.b64encode(hmac.digest(key, whole.encode(), "sha1")).decode()
