"""Sends requests over a connection pool, within bounds of time and size.

httpx keeps its interface and aiohttp does the work: httpx's own pool rescans all connections at
each request and fails in bursts (500 at once: half of them `PoolTimeout`), aiohttp's does not.
This is the one module that knows.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from functools import lru_cache

import aiohttp

from gateway.http_library import httpx
from gateway.upstream.proxies import DIRECT, Proxies

MAX_BODY_BYTES = 64 * 2**20
"""No answer is read beyond this: a page of 1,000 summaries is 4 MB."""


_OF_WIRE = {b"content-encoding", b"content-length", b"transfer-encoding"}
"""Headers that are true of a body on its way, and no longer of one that was read."""


class BodyTooLarge(Exception):
    """The upstream sent more than `MAX_BODY_BYTES`."""


class Whole(httpx.Response):
    """A response that was read whole: not once more, as httpx reads what it is given."""

    def __init__(self, status: int, headers: Iterable[tuple[bytes, bytes]], body: bytes) -> None:
        kept = [header for header in headers if header[0].lower() not in _OF_WIRE]
        super().__init__(status, headers=kept, stream=httpx.ByteStream(body))
        self.is_closed = True
        self._content = body


class Wire(httpx.AsyncBaseTransport):
    """Asks over a pool of connections, and reads each answer whole, within a size.

    Cookies are not kept and redirects not followed. Of the environment, `proxies` is all that
    counts. Raises aiohttp's errors, OSError and BodyTooLarge.
    """

    def __init__(self, proxies: Proxies = DIRECT) -> None:
        self._proxy = lru_cache(maxsize=16)(proxies.leading_to)
        self._trusted = httpx.create_ssl_context(trust_env=False)  # read before somebody waits
        self._session: aiohttp.ClientSession | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and read its answer."""
        session = self._session = self._session or self._opened()
        asking = session.request(
            request.method,
            str(request.url),
            headers=[(name.decode(), value.decode()) for name, value in request.headers.raw],
            data=request.content or None,
            proxy=self._proxy(request.url.scheme, request.url.host, request.url.port),
            allow_redirects=False,
        )
        async with asking as answer:
            body = await _whole(answer.content.iter_any())
        return Whole(answer.status, answer.raw_headers, body)

    async def aclose(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    def _opened(self) -> aiohttp.ClientSession:
        session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, ssl=self._trusted),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
        )
        session._retry_connection = False  # noqa: SLF001 - `Retries` repeats, and counts
        return session


class Layer(httpx.AsyncBaseTransport):
    """A transport over an inner one, which it closes."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()


class Bounded(Layer):
    """Holds each request to a time, its body included, and its answer to a size.

    Raises TimeoutError and BodyTooLarge.
    """

    def __init__(self, inner: httpx.AsyncBaseTransport, seconds: float) -> None:
        super().__init__(inner)
        self._seconds = seconds

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and read its answer whole."""
        async with asyncio.timeout(self._seconds):
            response = await self._inner.handle_async_request(request)
            if response.is_closed:  # it was read on the way
                return response
            try:
                body = await _whole(response.aiter_bytes())
            finally:
                await response.aclose()
        return Whole(response.status_code, response.headers.raw, body)


async def _whole(chunks: AsyncIterator[bytes]) -> bytes:
    """A body, decompressed; it is the decompressed size that is bounded."""
    kept, size = [], 0
    async for chunk in chunks:
        kept.append(chunk)
        size += len(chunk)
        if size > MAX_BODY_BYTES:
            raise BodyTooLarge
    return b"".join(kept)
