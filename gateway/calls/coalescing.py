"""Coalesces identical requests to Twilio, in this process and among replicas."""

from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeAlias, TypeVar

from gateway.cache.leases import Leases
from gateway.concurrency.singleflight import SingleFlight
from gateway.errors import DeadlineExceeded
from gateway.instrumentation import CacheKind, Coalesced, DeadlineMissed, Hook

T = TypeVar("T")
Work: TypeAlias = Callable[[], Coroutine[Any, Any, T]]


class Coalescer(Generic[T]):
    """Joins askers of one key: in this process to one task, across replicas by a lease."""

    def __init__(self, kind: CacheKind, leases: Leases, hook: Hook) -> None:
        self._kind = kind
        self._leases = leases
        self._hook = hook
        self._flights: SingleFlight[T] = SingleFlight()

    async def fetch(self, key: str, ask: Work[T], learned: Work[T | None]) -> T:
        """What `ask` says, or what another replica learned while this one waited for its turn.

        `learned` gives that, or None if the other replica failed, or died: then it is this one's
        turn.
        """
        if key in self._flights:
            self._hook(Coalesced(self._kind))
        try:
            return await self._flights.do(key, lambda: self._in_turn(key, ask, learned))
        except DeadlineExceeded:
            self._hook(DeadlineMissed(self._kind))
            raise

    async def _in_turn(self, key: str, ask: Work[T], learned: Work[T | None]) -> T:
        while True:
            async with self._leases.turn(key) as mine:
                if mine:
                    return await ask()
            if (value := await learned()) is not None:
                return value
