"""Generates all calls: those of the past from the seed, and new ones over time."""

import bisect
import random
from collections import deque

from gateway.sandbox import month, scenarios
from gateway.sandbox.accounts import Accounts
from gateway.sandbox.calls import Call
from gateway.sandbox.filters import instant

ARRIVALS_KEPT = 5_000  # stories that began after the world did; older ones are forgotten
BETWEEN_ARRIVALS = 20.0  # seconds, divided by the speed, but never less than
BUSIEST = 1.0  # one call a second

Shelf = list[tuple[int, str]]
Spans = tuple[tuple[float, int, int], ...]

# How far back calls ended: (share of the calls, from, to), in seconds before the beginning.
PAST: Spans = (
    (0.48, 0, 4 * scenarios.HOUR - 30 * scenarios.MINUTE),
    (0.47, 4 * scenarios.HOUR - 30 * scenarios.MINUTE, 3 * scenarios.DAY),
    (0.03, 3 * scenarios.DAY, 25 * scenarios.DAY),
    (0.02, 31 * scenarios.DAY, 60 * scenarios.DAY),
)


class World:
    """The calls, by SID and in order of time; the same seed and beginning make the same world.

    `beginning` is in epoch seconds; `endless` are calls of a test's own making, by SID, of which it
    does not say when they ended. No calls at all asks for an empty world; any other number
    holds the examples, and as many calls by chance as are missing.
    """

    def __init__(  # noqa: PLR0913, PLR0917  (whose calls, how many, from when on)
        self,
        accounts: Accounts,
        calls: int,
        seed: int,
        beginning: int,
        interval: float | None,
        month_of: int = 0,
    ) -> None:
        """Tell the past; with an `interval` (seconds), calls keep ending from then on.

        `month_of` are calls of the last month beside, which are told day by day when asked for.
        """
        self._accounts = accounts
        self._seed = seed
        self._beginning = beginning
        self._interval = interval
        self._calls: dict[str, Call] = {}
        self._shelves: dict[tuple[str, str], Shelf] = {}
        self.endless: set[str] = set()
        self._arrived: deque[tuple[Call, ...]] = deque()
        self._generated = 0
        self._each_day = month_of // month.DAYS
        self._days = list(range(month.DAYS + 1)) if month_of else []  # that are not told yet
        self.examples: dict[str, str] = {}
        if calls:
            self._tell_past(calls)
        for shelf in self._shelves.values():
            shelf.sort()

    def find(self, sid: str) -> Call | None:
        """The call of this SID, whoever's it is and whether or not it has begun."""
        if sid not in self._calls and self._days and month.day_of(sid) in self._days:
            self._tell_day(self._days.index(month.day_of(sid) or 0))
        return self._calls.get(sid)

    def tell_older(self, since: float) -> bool:
        """Tell one more day of the month, if one that ended since then is not told yet."""
        if not self._days or month.begins(self._days[0] - 1, self._beginning) < since:
            return False
        self._tell_day(0)
        return True

    def shelf(self, account_sid: str, sort: str) -> Shelf:
        """An account's calls as (epoch seconds, SID), oldest first; `sort` as in SortBy."""
        return self._shelves.setdefault((account_sid, sort), [])

    def add(self, call: Call) -> None:
        """Put one more call in its place; one of the same SID gives way."""
        self._forget(self._calls.get(call.sid))
        self._calls[call.sid] = call
        if call.verbatim is not None and instant(call.verbatim.get("end_time")) is None:
            self.endless.add(call.sid)
        for shelf, place in self._places(call):
            bisect.insort(shelf, place)

    def advance(self, now: float) -> None:
        """Let the calls happen that begin before `now`, and forget the oldest of too many."""
        if self._interval is None:
            return
        ahead = now + scenarios.LONGEST - self._beginning
        due = int(ahead / self._interval) + 1
        self._generated = max(self._generated, due - ARRIVALS_KEPT)
        while self._generated < due:
            self._arrived.append(self._arrival(self._generated, self._interval))
            self._generated += 1
            for call in self._arrived[-1]:
                self.add(call)
        while len(self._arrived) > ARRIVALS_KEPT:
            for call in self._arrived.popleft():
                self._forget(call)  # unless a test has put another in its place

    def _arrival(self, number: int, interval: float) -> tuple[Call, ...]:
        rng = random.Random(f"{self._seed}/arrival/{number}")
        end = self._beginning + (number + rng.random()) * interval
        return scenarios.tell(rng, int(end), self._accounts)

    def _tell_past(self, calls: int) -> None:
        rng = random.Random(f"{self._seed}/past")
        for name, call in scenarios.plant(rng, self._beginning, self._accounts):
            self.examples[name] = call.sid
            self._append(call)
        while len(self._calls) < calls:
            _, nearest, farthest = rng.choices(PAST, [share for share, _, _ in PAST])[0]
            end = self._beginning - rng.randint(nearest, farthest)
            for call in scenarios.tell(rng, end, self._accounts)[: calls - len(self._calls)]:
                self._append(call)

    def _tell_day(self, place: int) -> None:
        day = self._days.pop(place)
        for call in month.tell(self._seed, day, self._each_day, self._beginning, self._accounts):
            self._append(call)
        for shelf in self._shelves.values():
            shelf.sort()

    def _append(self, call: Call) -> None:
        self._calls[call.sid] = call
        for shelf, place in self._places(call):
            shelf.append(place)

    def _forget(self, call: Call | None) -> None:
        if call is None or self._calls.get(call.sid) is not call:
            return
        del self._calls[call.sid]
        self.endless.discard(call.sid)
        for shelf, place in self._places(call):
            del shelf[bisect.bisect_left(shelf, place)]

    def _places(self, call: Call) -> tuple[tuple[Shelf, tuple[int, str]], ...]:
        return (
            (self.shelf(call.account_sid, "start_time"), (call.start, call.sid)),
            (self.shelf(call.account_sid, "end_time"), (call.end, call.sid)),
        )


def interval_at(speed: float) -> float:
    """Seconds between two calls that end, when summaries age at this speed."""
    return max(BETWEEN_ARRIVALS / speed, BUSIEST)
