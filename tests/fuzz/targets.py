"""The doors at which inputs come in: each feeds one input, and sees that nothing went wrong."""

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TypeAlias

from gateway.config.settings import Settings
from gateway.sandbox import Sandbox
from tests.conftest import Clock, Gateway
from tests.fuzz.inputs import mutated
from tests.fuzz.requests import SEEDS, frames, handshake, request
from tests.fuzz.watch import PATIENCE, Found, Watch
from tests.live import becomes
from tests.server.conftest import Address, listening

Feed: TypeAlias = Callable[[random.Random], Awaitable[None]]
"""Feeds an input that is drawn from a generator. Raises Found."""

QUIET = 0.15
"""Seconds without a byte after which nothing more is expected."""

AT_ONCE = 10
"""Connections over which inputs come at once."""


@asynccontextmanager
async def _served(watch: Watch) -> AsyncIterator[Address]:
    """A gateway on a socket; at its end nothing may be left over of what came in."""
    sandbox = Sandbox(calls=50, arrivals=False)
    async with Gateway(sandbox, Clock(), Settings()) as gateway, listening(gateway.app) as address:
        await _exchange(address, [request(random.Random(0))])
        before = len(asyncio.all_tasks())
        yield address
        if not await becomes(lambda: len(asyncio.all_tasks()) <= before, PATIENCE):
            left = [str(task.get_coro()) for task in asyncio.all_tasks()]
            raise Found(f"there were {before} tasks, and now are {len(left)}: {left}")
        watch.check()


async def _exchange(address: Address, pieces: list[bytes], opening: bytes = b"") -> bytes:
    """What is answered to some bytes that come in pieces, until nothing more comes.

    They come after the answer to an `opening`, if there is one.
    """
    async with asyncio.timeout(PATIENCE):
        reader, writer = await asyncio.open_connection(*address)
        answer = b""
        try:
            if opening:
                writer.write(opening)
                await reader.readuntil(b"\r\n\r\n")
            for piece in pieces:
                writer.write(piece)
                await asyncio.sleep(0)
            with contextlib.suppress(TimeoutError, OSError):
                while data := await asyncio.wait_for(reader.read(2**16), QUIET):
                    answer += data
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
        return answer


async def _is_well(address: Address) -> None:
    """See that somebody else is answered in time."""
    started = time.monotonic()
    answer = await _exchange(address, [b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"])
    if b'{"status":"ok"}' not in answer or time.monotonic() - started > PATIENCE / 5:
        raise Found(f"somebody else waited {time.monotonic() - started:.1f} s for {answer!r}")


def _in_pieces(rng: random.Random, data: bytes) -> list[bytes]:
    places = sorted(rng.randrange(len(data) + 1) for _ in range(rng.choice((0, 0, 1, 5))))
    return [data[start:end] for start, end in zip([0, *places], [*places, len(data)], strict=True)]


def _draw_request(rng: random.Random) -> list[bytes]:
    data = b"".join(request(rng) for _ in range(rng.choice((1, 1, 1, 2, 10))))
    return _in_pieces(rng, mutated(rng, data, SEEDS) if rng.random() < 0.6 else data)


def _draw_frames(rng: random.Random) -> list[bytes]:
    data = frames(rng)
    return _in_pieces(rng, mutated(rng, data, [frames(rng)]) if rng.random() < 0.4 else data)


@asynccontextmanager
async def _feeding(
    watch: Watch, draw: Callable[[random.Random], list[bytes]], opening: bytes = b""
) -> AsyncIterator[Feed]:
    """Feed what is drawn, on several connections at once; somebody else is answered meanwhile."""
    async with _served(watch) as address:

        async def feed(rng: random.Random) -> None:
            drawn = [draw(rng) for _ in range(AT_ONCE)]
            answers = await asyncio.gather(*(_exchange(address, one, opening) for one in drawn))
            for answer in answers:
                watch.check(answer)
            if not rng.randrange(5):
                await _is_well(address)

        yield feed


def over_a_socket(watch: Watch) -> AbstractAsyncContextManager[Feed]:
    """Bytes where HTTP is expected: requests, several on a connection, changed or not."""
    return _feeding(watch, _draw_request)


def over_a_web_socket(watch: Watch) -> AbstractAsyncContextManager[Feed]:
    """Frames on a WebSocket, changed or not."""
    return _feeding(watch, _draw_frames, handshake())
