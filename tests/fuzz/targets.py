"""The doors at which inputs come in: each feeds one input, and sees that nothing went wrong."""

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeAlias

from gateway.sandbox import Sandbox
from gateway.settings import Settings
from tests.conftest import Clock, Gateway
from tests.fuzz.inputs import mutated
from tests.fuzz.requests import SEEDS, frames, handshake, request
from tests.fuzz.watch import PATIENCE, Found, Watch
from tests.live import becomes
from tests.server.conftest import Address, listening

Feed: TypeAlias = Callable[[random.Random], Awaitable[None]]
"""Feeds an input that is drawn from a generator. Raises Found."""

QUIET = 0.03
"""Seconds without a byte after which nothing more is expected."""

_HEALTH_EVERY = 20


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


@asynccontextmanager
async def over_a_socket(watch: Watch) -> AsyncIterator[Feed]:
    """Bytes where HTTP is expected: requests, several on a connection, changed or not."""
    async with _served(watch) as address:
        fed = 0

        async def feed(rng: random.Random) -> None:
            nonlocal fed
            data = b"".join(request(rng) for _ in range(rng.choice((1, 1, 1, 2, 10))))
            if rng.random() < 0.6:
                data = mutated(rng, data, SEEDS)
            watch.check(await _exchange(address, _in_pieces(rng, data)))
            fed += 1
            if fed % _HEALTH_EVERY == 0:
                await _is_well(address)

        yield feed


@asynccontextmanager
async def over_a_web_socket(watch: Watch) -> AsyncIterator[Feed]:
    """Frames on a WebSocket, changed or not."""
    async with _served(watch) as address:
        fed = 0

        async def feed(rng: random.Random) -> None:
            nonlocal fed
            data = frames(rng)
            if rng.random() < 0.5:
                data = mutated(rng, data, [frames(rng)])
            watch.check(await _exchange(address, _in_pieces(rng, data), handshake()))
            fed += 1
            if fed % _HEALTH_EVERY == 0:
                await _is_well(address)

        yield feed
