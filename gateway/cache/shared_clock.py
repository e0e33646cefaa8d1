"""Reads the time of the cache server, since the clocks of replicas differ.

What a replica saw is kept with the moment when it saw it, and others measure its age by that. A
replica whose clock is ahead would make it fresh for too long. So moments are told by the clock of
the server, each replica knows how far its own is from that, and none believes in the future.
"""

import logging
import time
from collections.abc import Callable

from redis.exceptions import ResponseError

from gateway.cache.redis_connection import RedisConnection

logger = logging.getLogger("gateway.cache")

TOLERANCE = 0.5
"""Seconds by which two clocks may differ and count as the same."""

MAX_FUTURE = 2.0
"""Seconds by which a moment may be later than now, for what two replicas may differ, and more."""

_LAST_MOMENT = 9e9
"""Seconds since 1970 that have their place in a rank."""


class SharedClock:
    """Tells moments by the clock of the server; `clock` is that of this machine.

    `ahead` is how many seconds the one is ahead of the other: 0 while they agree, and with a server
    that has no `TIME`.
    """

    def __init__(self, server: RedisConnection, clock: Callable[[], float] = time.time) -> None:
        self._server = server
        self._clock = clock
        self.ahead = 0.0

    def to_shared(self, moment: int) -> int:
        """A moment by the clock of this machine, as replicas share it; in ms, 0 for none."""
        return max(0, moment + self._milliseconds) if moment else 0

    def from_shared(self, moment: int) -> int | None:
        """A moment that replicas share, by the clock of this machine and not later than now.

        It is in ms, 0 for none. None for one that is of the future by any clock.
        """
        now, own = int(self._clock() * 1000), moment - self._milliseconds
        if not moment:
            return 0
        return None if own > now + MAX_FUTURE * 1000 else max(0, min(own, now))

    async def adjust(self) -> bool:
        """Compare the clocks; whether they differ in another way than before."""
        asked = self._clock()
        server_time: float | None = await self._server.read(self._ask, None)
        took = self._clock() - asked
        if server_time is None or took <= 0:  # this clock was set meanwhile, or is moved by hand
            return False
        ahead = server_time - took / 2 - asked
        if abs(ahead - self.ahead) <= TOLERANCE:
            return False
        self.ahead = ahead
        logger.warning(
            "The clock of the cache server is %+.1f s from that of this machine. Replicas "
            "use the former for times that they share.",
            self.ahead,
        )
        return True

    async def _ask(self) -> float | None:
        """The time of the server; None if it does not tell."""
        try:
            seconds, microseconds = await self._server.client.time()
        except ResponseError:
            return None
        return seconds + microseconds / 1e6 if 0 < seconds < _LAST_MOMENT else None

    @property
    def _milliseconds(self) -> int:
        return round(self.ahead * 1000)
