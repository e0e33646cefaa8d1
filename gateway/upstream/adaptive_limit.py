"""Adapts the concurrency limit of an account to Twilio's responses.

Additive increase, multiplicative decrease, as TCP does it: while all goes well and the limit is
reached, it grows by one with each round of answers; it is halved by a 429, and cut by a quarter
when requests fail or take twice as long as usual. What was sent before a cut does not cut again.
Twilio may say how many requests of the account it serves, other replicas' among them: while they
are as many as when it last refused one, the limit does not grow.
"""

from collections.abc import Hashable

from gateway.instrumentation import Outcome

HALVED, CUT = 0.5, 0.75

SLOW = 2.0
"""Times the usual latency."""

SLACK = 0.05
"""Seconds beyond that, in which a short answer may vary."""

SOON, LATE = 0.2, 0.01
"""The weight of one answer in the latency of late, and in the usual one."""

REMEMBERED = 5.0
"""Seconds for which it is known how many requests were too many: it may be otherwise soon."""


class AdaptiveLimit:
    """A limit between 1 and `most`; moments are seconds of any one clock."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._limit = float(most)
        self._cut_at = float("-inf")
        self._latencies: dict[Hashable, tuple[float, float]] = {}
        self._too_many = 0
        self._too_many_until = 0.0

    @property
    def limit(self) -> int:
        """A whole number from 1."""
        return int(self._limit)

    def learn(  # noqa: PLR0913 - all that is known of a request
        self,
        kind: Hashable,
        how: Outcome,
        began: float,
        ended: float,
        *,
        crowded: bool,
        concurrent: int | None = None,
    ) -> bool:
        """Take the outcome of a request into account, and tell whether the limit was cut.

        Requests of one `kind` take about as long. `crowded` says that as many were under way as
        might be, `concurrent` what Twilio says.
        """
        if how is Outcome.RATE_LIMITED:
            if concurrent is not None and concurrent > 1:  # one alone is not refused for being many
                self._too_many, self._too_many_until = concurrent, ended + REMEMBERED
            return self._cut(HALVED, began, ended)
        if how is Outcome.FAILED or self._is_slow(kind, ended - began):
            return self._cut(CUT, began, ended)
        if crowded and not self._is_too_many(concurrent, ended):
            self._limit = min(float(self._most), self._limit + 1 / self._limit)
        return False

    def _cut(self, share: float, began: float, ended: float) -> bool:
        if began < self._cut_at:
            return False
        self._limit = max(1.0, self._limit * share)
        self._cut_at = ended
        return True

    def _is_slow(self, kind: Hashable, seconds: float) -> bool:
        """Whether answers of this kind are much slower of late than they usually are."""
        late, usual = self._latencies.get(kind, (seconds, seconds))
        late += (seconds - late) * SOON
        usual += (seconds - usual) * LATE
        self._latencies[kind] = late, usual
        return late > usual * SLOW + SLACK

    def _is_too_many(self, concurrent: int | None, moment: float) -> bool:
        is_recent = moment < self._too_many_until
        return is_recent and concurrent is not None and concurrent >= self._too_many
