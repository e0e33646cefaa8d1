"""Bounds the requests per minute that synchronisation sends to Twilio."""

from collections import deque
from collections.abc import Callable

MINUTE = 60.0


class RequestBudget:
    """So many requests in any minute. `clock` gives seconds since 1970."""

    def __init__(self, per_minute: int, clock: Callable[[], float]) -> None:
        self.sent = 0
        self._most = per_minute
        self._clock = clock
        self._sent: deque[float] = deque()

    @property
    def left(self) -> int:
        """How many may be sent now."""
        self._forget()
        return self._most - len(self._sent)

    @property
    def wait(self) -> float:
        """Seconds until one may be sent."""
        return 0.0 if self.left > 0 else self._sent[0] + MINUTE - self._clock()

    @property
    def even_wait(self) -> float:
        """The same, for work that is to leave room for what is more pressing: evenly spread."""
        if not self._sent:
            return 0.0
        return max(self.wait, self._sent[-1] + MINUTE / self._most - self._clock())

    def take(self) -> None:
        """Count one that is sent now."""
        self._sent.append(self._clock())
        self.sent += 1

    def _forget(self) -> None:
        while self._sent and self._sent[0] <= self._clock() - MINUTE:
            self._sent.popleft()
