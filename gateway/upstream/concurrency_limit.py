"""Limits the concurrent requests of an account, with fair shares between viewers.

Those beyond the limit wait in a line that is fair, and bounded: where it is full, whoever asks for
most is turned away. After a 429 nothing is sent for the time that Twilio names, or for a moment.
"""

import asyncio
import random
from collections.abc import Callable
from functools import partial

from gateway.concurrency.deadlines import Asker, in_time, now
from gateway.concurrency.fair_queue import FairQueue
from gateway.errors import DeadlineExceeded
from gateway.http_library import httpx
from gateway.instrumentation import ConcurrencyChanged, Hook, Outcome, Shed, silent
from gateway.upstream.adaptive_limit import AdaptiveLimit
from gateway.upstream.responses import PATIENCE, NotSent, concurrent_requests, outcome, wait_of
from gateway.upstream.transport import BodyTooLarge, Layer

MOST_WAITING = 1024
"""How many may wait in line for an account."""

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 8.0
"""Seconds in which nothing is sent after a 429 that names no time; doubled while only such come."""


class Overloaded(NotSent):
    """Too many wait for the account already; in about so many `seconds` there may be room."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"{seconds:.1f} s")
        self.seconds = seconds


class TooLate(NotSent):
    """It was not its turn before its deadline."""


class _Place:
    __slots__ = ("asker", "turn")

    def __init__(self, asker: Asker) -> None:
        self.asker = asker
        self.turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()


class Share:
    """What one account may send now, and who waits for it."""

    def __init__(self, most: int, clock: Callable[[], float], shed: Callable[[], None]) -> None:
        self.adaptive = AdaptiveLimit(most)
        self.under_way = 0
        self._line: FairQueue[_Place] = FairQueue()
        self._clock = clock
        self._shed = shed
        self._paused_until = 0.0
        self._pause = FIRST_PAUSE
        self._lasting = 0.0

    async def enter(self, asker: Asker) -> None:
        """Take a slot, or wait for one. Raises Overloaded and TooLate."""
        moment = self._clock()
        if not self._line and self._has_room(moment):
            self.under_way += 1
            return
        if moment < self._paused_until and asker.until <= self._paused_until:
            raise Overloaded(self._paused_until - moment)
        place = _Place(asker)
        self._line.join(asker.priority, asker.viewer, place)
        asker.watch(partial(self._move, place))
        if len(self._line) > MOST_WAITING:
            self._turn_one_away()
        try:
            await in_time(asker, place.turn)
        except DeadlineExceeded:
            self._leave_line(place)
            raise TooLate from None
        except asyncio.CancelledError:
            self._leave_line(place)
            raise

    def leave(self) -> None:
        """Give the slot back."""
        self.under_way -= 1
        self._serve()

    def lasted(self, seconds: float) -> None:
        """Learn how long a request takes, to tell others how long they may have to wait."""
        self._lasting += (seconds - self._lasting) / 8

    def pause(self, asked: float | None, chance: float) -> None:
        """Send nothing for as long as Twilio asks, or for a moment of our own."""
        if asked is None:
            seconds = self._pause * (0.5 + chance / 2)
            self._pause = min(LONGEST_PAUSE, self._pause * 2)
        else:
            seconds = min(PATIENCE, asked)
        self._paused_until = max(self._paused_until, self._clock() + seconds)
        self._go_on_after_the_pause()

    def resume(self) -> None:
        """Learn that Twilio answers again."""
        self._pause = FIRST_PAUSE

    def _go_on_after_the_pause(self) -> None:
        """Serve once it is over by the clock: timers are round, and may be a moment early."""
        left = self._paused_until - self._clock()
        if left > 0:
            asyncio.get_running_loop().call_later(left, self._go_on_after_the_pause)
        else:
            self._serve()

    def _has_room(self, moment: float) -> bool:
        return self.under_way < self.adaptive.limit and moment >= self._paused_until

    def _serve(self) -> None:
        while self._line and self._has_room(self._clock()):
            place = self._line.next()
            if place is None:
                return
            self.under_way += 1
            place.turn.set_result(None)

    def _turn_one_away(self) -> None:
        if (place := self._line.last()) is not None:
            wait = len(self._line) * self._lasting / self.adaptive.limit
            place.turn.set_exception(Overloaded(max(1.0, wait)))
            self._shed()

    def _leave_line(self, place: _Place) -> None:
        """Wait no longer; whose turn has just come gives it to the next."""
        if not place.turn.done():
            place.turn.cancel()
            self._line.leave(place)
        elif place.turn.exception() is None:
            self.leave()

    def _move(self, place: _Place) -> None:
        """Wait among those who are as pressed, when somebody joined who is, or left who was."""
        if not place.turn.done():
            self._line.join(place.asker.priority, place.asker.viewer, place)


class ConcurrencyLimit(Layer):
    """Passes on as many requests of each account at once as it bears, up to `most`.

    Raises Overloaded and TooLate.
    """

    def __init__(
        self,
        inner: httpx.AsyncBaseTransport,
        most: int,
        *,
        hook: Hook = silent,
        clock: Callable[[], float] = now,
        chance: Callable[[], float] = random.random,
    ) -> None:
        super().__init__(inner)
        self._most = most
        self._hook = hook
        self._clock = clock
        self._chance = chance
        self._shares: dict[str, Share] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Pass a request on when it is its turn, and learn from how it went."""
        share = self.share(request.extensions["account"])
        await share.enter(request.extensions["asker"])
        began = self._clock()
        try:
            response = await self._inner.handle_async_request(request)
            self._learn(share, request, began, outcome(response), response)
        except (NotSent, BodyTooLarge):
            raise
        except Exception:
            self._learn(share, request, began, Outcome.FAILED, None)
            raise
        finally:
            share.leave()
        return response

    def share(self, account: str) -> Share:
        """What an account may send."""
        share = self._shares.get(account)
        if share is None:
            shed = partial(self._hook, Shed("upstream"))
            share = self._shares[account] = Share(self._most, self._clock, shed)
        return share

    def _learn(
        self,
        share: Share,
        request: httpx.Request,
        began: float,
        how: Outcome,
        response: httpx.Response | None,
    ) -> None:
        ended, before = self._clock(), share.adaptive.limit
        share.lasted(ended - began)
        cut = share.adaptive.learn(
            (request.extensions["resource"], request.extensions.get("size")),
            how,
            began,
            ended,
            crowded=share.under_way >= before,
            concurrent=None if response is None else concurrent_requests(response),
        )
        if how is Outcome.RATE_LIMITED and response is not None:
            asked = wait_of(response)
            if cut or asked is not None:
                share.pause(asked, self._chance())
        elif how is Outcome.ANSWERED:
            share.resume()
        if share.adaptive.limit != before:
            account = request.extensions["account"]
            self._hook(ConcurrencyChanged(account, share.adaptive.limit))
