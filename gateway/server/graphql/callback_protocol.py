"""Speaks Apollo's HTTP callback protocol for subscriptions, `callback/1.0`, to one callback URL.

A router sends a subscription with its `callbackUrl`. The gateway confirms it there by `check`, and
again in intervals; it sends each answer by `next`, and the end by `complete`. The protocol:
https://www.apollographql.com/docs/graphos/routing/operations/subscriptions/callback-protocol
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any, TypeAlias

import msgspec
from msgspec import Meta, Struct

from gateway.http_library import httpx
from gateway.schema.documents.request import Request
from gateway.schema.results.error_policy import Shown
from gateway.server.graphql.bodies import BadRequest
from gateway.upstream.failures import TRANSPORT_FAILURES

PROTOCOL = {"subscription-protocol": "callback/1.0"}
"""The header of all messages, and of the response to the router's request."""

ATTEMPTS = 5
"""How often a message is sent, and how many heartbeats may fail one after the other."""

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 1.0
"""Seconds between two attempts; they double."""

SHORTEST_INTERVAL = 1.0
"""Seconds between two heartbeats, at least."""

Sleep: TypeAlias = Callable[[float], Awaitable[None]]


class Subscription(Struct, frozen=True, rename="camel"):
    """What a router says in `extensions.subscription`; a heartbeat interval of 0 means none."""

    callback_url: Annotated[str, Meta(max_length=2048)]
    subscription_id: Annotated[str, Meta(min_length=1, max_length=256)]
    verifier: Annotated[str, Meta(max_length=4096)]
    heartbeat_interval_ms: Annotated[int, Meta(ge=0, le=3_600_000)] = 5000


def subscription_of(request: Request) -> Subscription:
    """What the request says. Raises BadRequest."""
    subscription = (request.extensions or {}).get("subscription")
    try:
        return msgspec.convert(subscription, Subscription)
    except msgspec.ValidationError as error:
        raise BadRequest(400, f"`extensions.subscription` is wrong: {error}.") from None


class RouterGone(Exception):
    """The router knows nothing of the subscription any more, or cannot be reached."""


class _Failed(Exception):
    """The router failed, or could not be reached: another attempt may succeed."""


class Router(Struct, eq=False):
    """Sends the messages of one subscription. Raises RouterGone; redirects are not followed."""

    client: httpx.AsyncClient
    subscription: Subscription
    sleep: Sleep = asyncio.sleep

    async def check(self) -> None:
        """Ask whether the router still wants the subscription."""
        await self._insist("check")

    async def next(self, body: bytes) -> None:
        """Send an answer, which is JSON."""
        await self._insist("next", payload=msgspec.Raw(body))

    async def complete(self, errors: Sequence[Shown] = ()) -> None:
        """Say that the subscription is over, and what was wrong if it did not end by itself."""
        await self._insist("complete", **({"errors": errors} if errors else {}))

    async def beat(self) -> None:
        """Check in the interval that the router wants, until it is gone."""
        milliseconds = self.subscription.heartbeat_interval_ms
        if not milliseconds:
            await asyncio.Event().wait()
        failures = 0
        while failures < ATTEMPTS:
            await self.sleep(max(SHORTEST_INTERVAL, milliseconds / 1000))
            try:
                await self._send("check")
                failures = 0
            except _Failed:
                failures += 1
        raise RouterGone

    async def _insist(self, action: str, **rest: Any) -> None:
        pause = FIRST_PAUSE
        for _ in range(ATTEMPTS - 1):
            try:
                return await self._send(action, **rest)
            except _Failed:
                await self.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
        try:
            await self._send(action, **rest)
        except _Failed:
            raise RouterGone from None

    async def _send(self, action: str, **rest: Any) -> None:
        subscription = self.subscription
        message = {"kind": "subscription", "action": action, "id": subscription.subscription_id}
        body = msgspec.json.encode({**message, "verifier": subscription.verifier, **rest})
        headers = {"content-type": "application/json", **PROTOCOL}
        try:
            response = await self.client.post(
                subscription.callback_url, content=body, headers=headers
            )
        except TRANSPORT_FAILURES as error:
            raise _Failed from error
        if response.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise _Failed
        if not response.is_success:
            raise RouterGone
