"""Decides for each account whether Twilio is available, by requests and circuit breaker.

One failed request is no outage: it is retried. Twilio counts as unavailable when the circuit
breaker is open, when it refuses the credentials, or when nothing but failures came for a while.
"""

from collections import defaultdict
from collections.abc import Callable

from gateway.concurrency.deadlines import now
from gateway.instrumentation import (
    CircuitChanged,
    DependencyChanged,
    Happening,
    Hook,
    Outcome,
    UpstreamAnswered,
)

FAILURES, SECONDS = 3, 10.0
"""So many failures, over so long and without an answer between them, are an outage: with few
requests, the circuit breaker, which counts those of some seconds, would never open."""


class _Account:
    """How the requests of one account went."""

    def __init__(self) -> None:
        self.circuit_is_open = False
        self.failures = 0
        self.failing_since = 0.0
        self.reason: str | None = None
        self.reported: str | None = ""

    def answered(self) -> None:
        """Forget what went wrong."""
        self.failures, self.reason = 0, None

    def failed(self, reason: str, moment: float) -> None:
        """Count a failure."""
        if not self.failures:
            self.failing_since = moment
        self.failures += 1
        self.reason = reason

    def is_out(self, moment: float) -> bool:
        """Whether nothing but failures came for long enough."""
        return self.failures >= FAILURES and moment - self.failing_since >= SECONDS


class Availability:
    """A hook that passes on what happens, and adds a DependencyChanged of `upstream`."""

    def __init__(self, hook: Hook, clock: Callable[[], float] = now) -> None:
        self._hook = hook
        self._clock = clock
        self._accounts: defaultdict[str, _Account] = defaultdict(_Account)

    def __call__(self, happening: Happening) -> None:
        """Pass it on."""
        self._hook(happening)
        if isinstance(happening, UpstreamAnswered):
            self._answered(happening, self._accounts[happening.account])
        elif isinstance(happening, CircuitChanged):
            self._turned(happening, self._accounts[happening.account])

    def _answered(self, one: UpstreamAnswered, account: _Account) -> None:
        reason = one.reason or ""
        if one.outcome is Outcome.ANSWERED:
            account.answered()
        elif one.outcome is Outcome.REFUSED:
            account.reason = f"it refuses the credentials ({reason})"
        elif one.outcome is Outcome.FAILED:
            account.failed(reason, self._clock())
            if not account.is_out(self._clock()):
                return
        else:  # busy, or cancelled: neither says whether it can be asked
            return
        if not account.circuit_is_open:  # or this request passed before it opened
            self._tell(one.account, account)

    def _turned(self, one: CircuitChanged, account: _Account) -> None:
        if one.state == "half_open":
            return
        account.circuit_is_open = one.state == "open"
        if one.state == "closed":
            account.answered()
        self._tell(one.account, account)

    def _tell(self, sid: str, account: _Account) -> None:
        """Tell how an account is, unless that was told already."""
        if account.reason != account.reported:
            account.reported = account.reason
            self._hook(DependencyChanged("upstream", account.reason, sid))
