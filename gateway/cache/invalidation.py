"""Publishes and receives the keys of replaced cache values, over Redis Pub/Sub."""

import time
from collections.abc import AsyncGenerator

from redis.exceptions import TimeoutError as RedisTimeout

from gateway.cache.redis_connection import RETRY_AFTER, RedisConnection, heed_cancellation
from gateway.cache.shared_clock import SharedClock
from gateway.insights.rank import moment_of, with_moment

PREFIX = "insights:"
"""Of every key, so that a Redis can be shared with other programs."""

CHANNEL = f"{PREFIX}replaced"
"""Its messages are a key, alone or with a line break and the rank of the value that is there now.
The key is empty where all may have been replaced."""

UNRANKED = b"\xff"
"""Above all ranks: that of what was told without one, since no copy of it is worth keeping."""

_LONGEST = 512
"""Bytes of a message, at most: no key of the gateway's has half of that."""

_SILENT_TURNS = 5
"""So often who listens may ask in vain whether the connection lives, before it is given up."""

_ADJUST_EVERY = 60.0
"""Seconds between two comparisons of the clocks."""


async def replacements(
    server: RedisConnection, clock: SharedClock
) -> AsyncGenerator[tuple[str, bytes], None]:
    """The keys whose values are replaced, by whichever replica, as it happens.

    Each comes with the rank of its new value, or UNRANKED. Yields `""` once it listens, and when
    the clock that replicas share is another. Raises RedisError or OSError when the connection is
    lost.
    """
    async with (
        server.listener() as client,
        client.pubsub(ignore_subscribe_messages=True) as listener,
    ):
        await listener.subscribe(CHANNEL)
        await clock.adjust()
        yield "", UNRANKED
        silent, adjusted = 0, time.monotonic()
        while silent <= _SILENT_TURNS:
            message = await listener.get_message(timeout=RETRY_AFTER)
            heed_cancellation()
            if message is None:
                silent += 1
                await listener.ping()
                await server.read(server.client.ping, otherwise=False)
            else:
                silent = 0
                if message["type"] == "message" and (change := _read(message["data"], clock)):
                    yield change
            if time.monotonic() > adjusted + _ADJUST_EVERY:
                adjusted = time.monotonic()
                if await clock.adjust():
                    yield "", UNRANKED
        raise RedisTimeout("nothing is heard on the connection that listens")


def _read(message: bytes, clock: SharedClock) -> tuple[str, bytes] | None:
    """The key and rank of a message; None for one that no gateway has sent."""
    key, _, rank = message.partition(b"\n")
    if len(message) > _LONGEST or not key.isascii():
        return None
    name = key.decode("ascii")
    if not name.startswith(PREFIX):
        return None
    return name.removeprefix(PREFIX), _own(rank, clock) or UNRANKED


def _own(rank: bytes, clock: SharedClock) -> bytes | None:
    """A rank by the clock of this machine; None for what is none, or of the future."""
    shared = moment_of(rank)
    moment = None if shared is None else clock.from_shared(shared)
    return None if moment is None else with_moment(rank, moment)
