"""The way to Twilio: a pool of connections, and the bounds that each request is held to.

httpx keeps its interface and aiohttp does the work: httpx's own pool rescans all connections at
each request and fails in bursts (500 at once: half of them `PoolTimeout`), aiohttp's does not.
This is the one module that knows.
"""

import asyncio

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

MAX_BODY_BYTES = 64 * 2**20
"""No answer is read beyond this: a page of 1,000 summaries is 4 MB."""


_OF_WIRE = {b"content-encoding", b"content-length", b"transfer-encoding"}
"""Headers that are true of a body on its way, and no longer of one that was read."""


class BodyTooLarge(Exception):
    """The upstream sent more than `MAX_BODY_BYTES`."""


def connect() -> httpx.AsyncBaseTransport:
    """A pooled transport; cookies are not kept, proxies of the environment not used."""
    trusted = httpx.create_ssl_context(trust_env=False)  # to be read before somebody waits
    return AiohttpTransport(
        trust_env=False,
        client=lambda: aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, ssl=trusted),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None),
        ),
    )


class Bounded(httpx.AsyncBaseTransport):
    """Holds each request to a time, its body included, and its answer to a size.

    Raises TimeoutError and BodyTooLarge.
    """

    def __init__(self, inner: httpx.AsyncBaseTransport, seconds: float) -> None:
        self._inner = inner
        self._seconds = seconds

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and read its answer whole."""
        async with asyncio.timeout(self._seconds):
            response = await self._inner.handle_async_request(request)
            try:
                body = await self._read(response)
            finally:
                await response.aclose()
        headers = [header for header in response.headers.raw if header[0].lower() not in _OF_WIRE]
        return httpx.Response(response.status_code, headers=headers, content=body)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()

    @staticmethod
    async def _read(response: httpx.Response) -> bytes:
        """The body, decompressed; it is the decompressed size that is bounded."""
        chunks, size = [], 0
        async for chunk in response.aiter_bytes():
            chunks.append(chunk)
            size += len(chunk)
            if size > MAX_BODY_BYTES:
                raise BodyTooLarge
        return b"".join(chunks)
