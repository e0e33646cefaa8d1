"""A proxy in front of a Redis server, which can hold back what the server says."""

import asyncio
import contextlib
from typing import Self
from urllib.parse import urlsplit


class HeldBack:
    """Passes all on; but once a word is held, no answers on connections over which it was sent."""

    def __init__(self, url: str) -> None:
        self._port = urlsplit(url).port
        self._word: bytes | None = None
        self._let_go = asyncio.Event()
        self._talks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._begin, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for talk in self._talks:
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/0"

    def hold(self, word: bytes) -> None:
        """Hold answers back from now on, where this was or will be sent."""
        self._word = word
        self._let_go.clear()

    def let_go(self) -> None:
        """Pass on what was held back, and all that follows."""
        self._word = None
        self._let_go.set()

    def _begin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._talks.add(asyncio.create_task(self._talk(reader, writer)))

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answers, asks = await asyncio.open_connection("127.0.0.1", self._port)
        said: list[bytes] = []

        async def ask() -> None:
            while data := await reader.read(2**16):
                said.append(data)
                asks.write(data)
            asks.close()

        async def answer() -> None:
            while data := await answers.read(2**16):
                if self._word is not None and self._word in b"".join(said):
                    await self._let_go.wait()
                writer.write(data)
            writer.close()

        try:
            with contextlib.suppress(OSError):
                await asyncio.gather(ask(), answer())
        finally:
            asks.close()
            writer.close()
