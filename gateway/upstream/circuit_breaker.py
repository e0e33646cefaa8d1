"""Opens a circuit for an account whose requests keep failing (circuit breaker).

Closed, all requests pass. Open, none does, and all are answered at once. After a pause, which
doubles up to `LONGEST_PAUSE`, it is half open: one request passes as a probe, and its outcome
closes the circuit, or opens it again. Of a 429 it knows nothing: that is no failure.
"""

import math
from collections import Counter
from collections.abc import Callable
from typing import Literal

from gateway.concurrency.deadlines import now
from gateway.http_library import httpx
from gateway.instrumentation import CircuitChanged, Hook, Outcome, silent
from gateway.upstream.responses import NotSent, outcome
from gateway.upstream.transport import BodyTooLarge, Layer

WINDOW = 5.0
"""Seconds of a window; the last one and the present one count."""

FAILURES = 10
"""So many failures open a circuit, if they are half of all requests."""

REFUSALS = 3
"""So many refused credentials open it, if nothing was answered."""

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 8.0
"""Seconds that a circuit stays open."""


class CircuitOpen(NotSent):
    """Twilio is not asked: `because` of what, and for about how many `seconds`."""

    def __init__(self, because: Outcome, seconds: float) -> None:
        super().__init__(because.value)
        self.because = because
        self.seconds = seconds


class _Counts:
    """How many requests went how, in this window and the one before."""

    def __init__(self) -> None:
        self._since = -math.inf
        self._windows: tuple[Counter[Outcome], Counter[Outcome]] = (Counter(), Counter())

    def __getitem__(self, how: Outcome) -> int:
        return sum(window[how] for window in self._windows)

    def add(self, how: Outcome, moment: float) -> None:
        """Count one, in a new window if it is time for one."""
        if (age := moment - self._since) >= WINDOW:
            self._windows = Counter(), self._windows[0] if age < 2 * WINDOW else Counter()
            self._since = moment
        self._windows[0][how] += 1


class Circuit:
    """The circuit of one account; moments are seconds of any one clock."""

    def __init__(self, on_change: Callable[[Literal["closed", "open", "half_open"]], None]) -> None:
        self._on_change = on_change
        self._counts = _Counts()
        self._because = Outcome.FAILED
        self._open_until: float | None = None
        self._pause = FIRST_PAUSE
        self._probing = False

    def check(self, moment: float) -> None:
        """See that a request could pass. Raises CircuitOpen."""
        if self._open_until is not None and (self._probing or moment < self._open_until):
            raise CircuitOpen(self._because, max(FIRST_PAUSE, self._open_until - moment))

    def enter(self, moment: float) -> bool:
        """Let a request pass, and tell whether it is a probe. Raises CircuitOpen."""
        if self._open_until is None:
            return False
        self.check(moment)
        self._probing = True
        self._on_change("half_open")
        return True

    def leave(self, how: Outcome | None, moment: float, *, probe: bool) -> None:
        """Learn how a request went that passed; None when that will never be known."""
        if probe:
            self._probing = False
        elif self._open_until is not None:
            return  # it passed before the circuit opened, and says nothing new
        if how is None:
            return
        failed = how in {Outcome.FAILED, Outcome.REFUSED}
        self._counts.add(how if failed else Outcome.ANSWERED, moment)
        if failed and (probe or self._is_hopeless()):
            self._because = how
            self._open_until = moment + self._pause
            self._pause = min(LONGEST_PAUSE, self._pause * 2)
            self._on_change("open")
        elif probe:
            self._open_until, self._pause, self._counts = None, FIRST_PAUSE, _Counts()
            self._on_change("closed")

    def _is_hopeless(self) -> bool:
        answered, failed = self._counts[Outcome.ANSWERED], self._counts[Outcome.FAILED]
        refused = self._counts[Outcome.REFUSED]
        return failed >= max(FAILURES, answered) or (refused >= REFUSALS and not answered)


class CircuitBreaker(Layer):
    """Passes requests on while the circuit of their account is closed. Raises CircuitOpen."""

    def __init__(
        self,
        inner: httpx.AsyncBaseTransport,
        *,
        hook: Hook = silent,
        clock: Callable[[], float] = now,
    ) -> None:
        super().__init__(inner)
        self._hook = hook
        self._clock = clock
        self._circuits: dict[str, Circuit] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Pass a request on, and learn from how it went."""
        circuit = self.circuit(request)
        probe = circuit.enter(self._clock())
        how: Outcome | None = None
        try:
            response = await self._inner.handle_async_request(request)
            how = outcome(response)
        except BodyTooLarge:
            how = Outcome.ANSWERED
            raise
        except Exception:
            how = Outcome.FAILED
            raise
        finally:
            circuit.leave(how, self._clock(), probe=probe)
        return response

    def check(self, request: httpx.Request) -> None:
        """See that a request could pass. Raises CircuitOpen."""
        self.circuit(request).check(self._clock())

    def circuit(self, request: httpx.Request) -> Circuit:
        """The circuit of the account that a request belongs to."""
        account: str = request.extensions["account"]
        circuit = self._circuits.get(account)
        if circuit is None:
            circuit = self._circuits[account] = Circuit(
                lambda state: self._hook(CircuitChanged(account, state))
            )
        return circuit


class FailFast(Layer):
    """Refuses what an open circuit further in would refuse, before it waits in any line."""

    def __init__(self, inner: httpx.AsyncBaseTransport, breaker: CircuitBreaker) -> None:
        super().__init__(inner)
        self._breaker = breaker

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Pass a request on if there is hope. Raises CircuitOpen."""
        self._breaker.check(request)
        return await self._inner.handle_async_request(request)
