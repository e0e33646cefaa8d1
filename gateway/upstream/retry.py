"""Retries requests with backoff, if that is safe and within the retry budget.

Reads are safe to repeat; a request that Twilio answered with 429 was never processed, so that one
is safe even if it writes. The pauses grow, and are drawn at random from zero on ("full jitter"),
so that those who failed together do not come back together.
"""

import asyncio
import random
from collections import defaultdict
from collections.abc import Awaitable, Callable

from gateway.concurrency.deadlines import Asker, now
from gateway.http_library import httpx
from gateway.instrumentation import Outcome
from gateway.upstream.responses import PATIENCE, NotSent, outcome, wait_of
from gateway.upstream.transport import BodyTooLarge, Layer

MOST = 3
"""Attempts at one request."""

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0
"""Bounds of a pause before it is drawn, in seconds; the bound doubles from attempt to attempt."""

LAST_MOMENT = 0.05
"""Seconds before a deadline in which no attempt is begun any more."""


class RetryBudget:
    """How many retries there may be: one for ten requests, and `FLOOR` in any case.

    The budget begins with `FLOOR`, and regains one retry a second up to that, so a gateway with
    few requests can retry all of them. In a long outage a busy gateway sends a tenth more, and
    one a second, not three times as much. The form is that of
    https://finagle.github.io/blog/2016/02/08/retry-budgets.
    """

    SHARE = 0.1
    A_SECOND = 1.0
    FLOOR = 10.0
    MOST = 50.0

    def __init__(self, moment: float) -> None:
        self._tokens = self.FLOOR
        self._moment = moment

    def earn(self, moment: float) -> None:
        """Count a request."""
        if self._tokens < self.FLOOR:
            trickle = (moment - self._moment) * self.A_SECOND
            self._tokens = min(self.FLOOR, self._tokens + trickle)
        self._moment = moment
        self._tokens = min(self.MOST, self._tokens + self.SHARE)

    def spend(self) -> bool:
        """Whether there may be a retry; then it is taken off."""
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class Retries(Layer):
    """Repeats what failed, within the budget of its account and the deadline of its asker.

    Which attempt it is stands in the extensions of the request, for the layers below.
    """

    def __init__(
        self,
        inner: httpx.AsyncBaseTransport,
        *,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        clock: Callable[[], float] = now,
        chance: Callable[[], float] = random.random,
    ) -> None:
        super().__init__(inner)
        self._sleep = sleep
        self._clock = clock
        self._chance = chance
        self._budgets: defaultdict[str, RetryBudget] = defaultdict(lambda: RetryBudget(clock()))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request until it succeeds, or another attempt is not worth it."""
        budget = self._budgets[request.extensions["account"]]
        budget.earn(self._clock())
        attempt = 1
        while True:
            request.extensions["attempt"] = attempt
            tried = await self._try(request)
            if isinstance(tried, httpx.Response) and not _may_be_repeated(request, tried):
                return tried
            asked = wait_of(tried) if isinstance(tried, httpx.Response) else None
            pause = self._pause(attempt, asked)
            if attempt == MOST or not self._fits(request, pause) or not budget.spend():
                if isinstance(tried, Exception):
                    raise tried
                return tried
            await self._sleep(pause)
            attempt += 1

    async def _try(self, request: httpx.Request) -> httpx.Response | Exception:
        """One attempt: an answer, or a failure that may be repeated; others are raised."""
        try:
            return await self._inner.handle_async_request(request)
        except (NotSent, BodyTooLarge):
            raise
        except Exception as failure:
            if request.method != "GET":
                raise
            return failure

    def _pause(self, attempt: int, asked: float | None) -> float:
        """Seconds before the next attempt: at random, and after what Twilio asked for."""
        bound = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** (attempt - 1))
        return (asked or 0.0) + self._chance() * bound

    def _fits(self, request: httpx.Request, pause: float) -> bool:
        asker: Asker = request.extensions["asker"]
        return pause <= PATIENCE and self._clock() + pause < asker.until - LAST_MOMENT


def _may_be_repeated(request: httpx.Request, response: httpx.Response) -> bool:
    how = outcome(response)
    return how is Outcome.RATE_LIMITED or (how is Outcome.FAILED and request.method == "GET")
