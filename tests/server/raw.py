"""Bytes as strangers send them: requests and frames, over bare sockets."""

import asyncio
import base64
import contextlib
import os
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.server.conftest import Address

POST = b"POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
GET = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
BODY = b'{"query":"{__typename}"}'
SIZED = POST + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
IN_CHUNKS = CHUNKED + b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)

CONTINUED, TEXT, BINARY, PING, PONG = 0, 1, 2, 9, 10
"""Opcodes (RFC 6455 §5.2)."""


class Stranger:
    """A connection of somebody who sends what they like."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.sent = 0

    async def send(self, *pieces: bytes) -> None:
        """Send these bytes, each piece in a packet of its own."""
        for piece in pieces:
            self._writer.write(piece)
            await self._writer.drain()
            self.sent += len(piece)
            await asyncio.sleep(0.001)

    async def flood(self, piece: bytes, most: int = 2**26) -> bool:
        """Send this again and again, until the connection ends; whether it did before `most`."""
        with contextlib.suppress(ConnectionError):
            while self.sent < most:
                await self.send(piece)
            return False
        return True

    async def response(self) -> tuple[int, dict[str, str], bytes]:
        """The status, headers and body of the next response."""
        async with asyncio.timeout(10):
            first, *lines = (await self._reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[:-2]
            headers = dict(line.lower().split(": ", 1) for line in lines)
            body = await self._reader.readexactly(int(headers.get("content-length", "0")))
        return int(first.split()[1]), headers, body

    async def some(self) -> bytes:
        """What comes next."""
        async with asyncio.timeout(10):
            return await self._reader.read(2**16)

    async def text(self) -> bytes:
        """The next short message of a WebSocket."""
        async with asyncio.timeout(10):
            _, length = await self._reader.readexactly(2)
            return await self._reader.readexactly(length)

    async def rest(self) -> bytes:
        """All that comes until the connection ends."""
        async with asyncio.timeout(10):
            return await self._reader.read()

    def stop_reading(self) -> None:
        """Take in no more of what comes."""
        self._writer.transport.pause_reading()  # type: ignore[attr-defined]

    def leave(self) -> None:
        """Hang up."""
        self._writer.close()


@asynccontextmanager
async def stranger(address: Address, source: str | None = None) -> AsyncIterator[Stranger]:
    """A connection, from the address `source` of this machine; little is read of it unasked."""
    local = None if source is None else (source, 0)
    reader, writer = await asyncio.open_connection(*address, limit=2**16, local_addr=local)
    try:
        yield Stranger(reader, writer)
    finally:
        writer.close()


@asynccontextmanager
async def upgraded(address: Address) -> AsyncIterator[Stranger]:
    """A WebSocket after its handshake."""
    async with stranger(address) as one:
        await one.send(handshake())
        status, *_ = await one.response()
        assert status == 101
        yield one


def handshake(*headers: bytes, path: bytes = b"/graphql") -> bytes:
    """The request that opens a WebSocket, with these headers too."""
    key = base64.b64encode(os.urandom(16))
    lines = (
        b"GET " + path + b" HTTP/1.1",
        b"Host: localhost",
        b"Connection: Upgrade",
        b"Upgrade: websocket",
        b"Sec-WebSocket-Version: 13",
        b"Sec-WebSocket-Protocol: graphql-transport-ws",
        b"Sec-WebSocket-Key: " + key,
        *headers,
    )
    return b"\r\n".join([*lines, b"", b""])


def frame(opcode: int, data: bytes = b"", *, last: bool = True) -> bytes:
    """A frame of a client, which masks it, here with zeros."""
    short = len(data) < 126
    length = bytes([128 | len(data)]) if short else b"\xfe" + struct.pack(">H", len(data))
    return bytes([(128 if last else 0) | opcode]) + length + bytes(4) + data
