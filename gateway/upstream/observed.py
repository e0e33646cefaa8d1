"""Tells of each request that really goes to Twilio, and of how it went."""

import time

import httpx

from gateway.instrumentation import Hook, UpstreamAnswered
from gateway.upstream.answers import request_id


class Observed(httpx.AsyncBaseTransport):
    """Has the hook hear of every attempt; `status` is 0 when no answer came."""

    def __init__(self, inner: httpx.AsyncBaseTransport, hook: Hook) -> None:
        self._inner = inner
        self._hook = hook

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Pass a request on, and tell of it."""
        started = time.perf_counter()
        status, twilio_id = 0, None
        try:
            response = await self._inner.handle_async_request(request)
            status, twilio_id = response.status_code, request_id(response)
        finally:
            asked, seconds = request.extensions, time.perf_counter() - started
            account, resource, attempt = (
                asked["account"],
                asked["resource"],
                asked.get("attempt", 1),
            )
            self._hook(UpstreamAnswered(account, resource, status, seconds, twilio_id, attempt))
        return response

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()
