"""Searches calls and computes statistics of them, through the warehouse.

Equal questions of one realm that are asked at the same time are one. The answer is remembered until
something was written or synchronised since.
"""

from collections.abc import Callable, Coroutine, Hashable
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from gateway.calls.call import Call, Source, answer
from gateway.calls.dependencies import Dependencies
from gateway.concurrency.deadlines import asking, now
from gateway.concurrency.singleflight import SingleFlight
from gateway.config.viewers import Realm
from gateway.errors import WarehouseDisabled
from gateway.lru import LruCache
from gateway.request_stats import noted
from gateway.warehouse.bounds import bounds
from gateway.warehouse.conditions import Condition
from gateway.warehouse.coverage import Coverage
from gateway.warehouse.engine import USUAL, Limits
from gateway.warehouse.fields import FIELDS
from gateway.warehouse.pages import Place, Question
from gateway.warehouse.statistics_question import Asked, Measured

if TYPE_CHECKING:  # these need the extra `warehouse`
    from gateway.warehouse.search import Counted, Stretch
    from gateway.warehouse.warehouse import Warehouse


T = TypeVar("T", "Stretch", "Counted", Measured)

_REMEMBERED = 16 * 2**20
"""Bytes of answers that are remembered."""

_SIZE_OF_CALL, _SIZE_OF_GROUP, _SIZE_OF_VALUE = 10_000, 300, 40
"""Bytes that each of these takes, about."""

_END = FIELDS["END_TIME"]


class Found(Struct, frozen=True):
    """Some calls in their order, each with its place, and whether there are more either way."""

    calls: tuple[tuple[Place, Call], ...]
    has_next: bool
    has_previous: bool


class Searches:
    """Asks the warehouse; raises WarehouseError, DeadlineExceeded, BadUserInput and TooMuchToRead.

    Without a warehouse, that is WarehouseDisabled.
    """

    def __init__(self, dependencies: Dependencies) -> None:
        self._dependencies = dependencies
        self._flights: SingleFlight[Any] = SingleFlight()
        self._memory = LruCache(_REMEMBERED)

    def check(self) -> None:
        """See that there is a warehouse. Raises WarehouseDisabled."""
        if self._dependencies.warehouse is None:
            raise WarehouseDisabled

    @property
    def since(self) -> float:
        """When the oldest call was filed that is shown; seconds since 1970, of a whole minute."""
        return self._warehouse.since // 60 * 60

    @property
    def _warehouse(self) -> "Warehouse":
        if self._dependencies.warehouse is None:
            raise WarehouseDisabled
        return self._dependencies.warehouse

    async def page(
        self, question: Question, size: int, place: Place | None = None, *, backward: bool = False
    ) -> Found:
        """At most `size` calls after a place, or before it with `backward`; in order either way."""
        stretch = await self._once(
            question.realm,
            ("page", question, size, place, backward),
            lambda limits: self._warehouse.search.page(
                question, size, place, backward=backward, limits=limits
            ),
            lambda page: _SIZE_OF_CALL * len(page.calls),
        )
        return self._found(stretch)

    async def count(self, question: Question) -> int:
        """How many calls there are."""
        counted = await self._once(
            question.realm,
            ("count", replace(question, order=())),
            lambda limits: self._warehouse.search.count(question, limits),
            lambda _: _SIZE_OF_VALUE,
        )
        return counted.calls

    async def measure(self, asked: Asked) -> Measured:
        """Measure groups of calls, and all of them."""
        return await self._once(
            asked.realm,
            ("measure", asked),
            lambda limits: self._warehouse.measure(asked, limits),
            _size,
        )

    async def coverage(self, realm: Realm, condition: Condition) -> Coverage:
        """What is known of the time that a condition sets to the end of calls."""
        low, high = bounds(condition, _END)
        since, until = self.since, self._dependencies.clock()
        start = since if low is None else max(since, low.timestamp())
        end = until if high is None else min(until, high.timestamp())
        return await self._warehouse.coverages.of(realm, (start, end))

    def _found(self, stretch: "Stretch") -> Found:
        freshness = self._dependencies.freshness
        calls = tuple(
            (place, answer(snapshot, Source.WAREHOUSE, freshness))
            for place, snapshot in stretch.calls
        )
        return Found(calls, stretch.has_next, stretch.has_previous)

    async def _once(
        self,
        realm: Realm,
        question: Hashable,
        ask: Callable[[Limits], Coroutine[Any, Any, T]],
        size: Callable[[T], int],
    ) -> T:
        """What a question comes to: remembered, asked by somebody else just now, or asked."""
        version = await self._warehouse.version(realm.account.sid)
        key = realm.key, version, question
        cached: T | None = self._memory.get(key)
        if cached is not None:
            return cached
        found: T = await self._flights.do(key, lambda: ask(_limits()))
        tally = noted()
        tally.warehouse_queries += 1
        tally.rows_read += found.rows_read
        self._memory.keep(key, found, size(found))
        return found


def _limits() -> Limits:
    """What is left of the time of whoever waits longest."""
    left = asking().until - now()
    return replace(USUAL, seconds=min(USUAL.seconds, left))


def _size(measured: Measured) -> int:
    values = len(measured.groups[0].values) if measured.groups else 0
    return (1 + len(measured.groups)) * (_SIZE_OF_GROUP + _SIZE_OF_VALUE * values)
