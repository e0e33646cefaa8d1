from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.instrumentation import Outcome
from gateway.upstream.adaptive_limit import REMEMBERED, AdaptiveLimit

OK, TOO_MANY, FAILED = Outcome.ANSWERED, Outcome.RATE_LIMITED, Outcome.FAILED


class Limit:
    """A limit, and rounds of as many answers as it lets through."""

    def __init__(self, most: int = 64) -> None:
        self.adaptive = AdaptiveLimit(most)
        self.now = 1000.0

    def round(
        self,
        how: Outcome = OK,
        seconds: float = 0.1,
        *,
        crowded: bool = True,
        concurrent: int | None = None,
    ) -> int:
        """All that may be under way begin and end together; gives the limit after that."""
        began = self.now
        self.now += seconds
        for _ in range(self.adaptive.limit):
            self.adaptive.learn(
                "Summary", how, began, self.now, crowded=crowded, concurrent=concurrent
            )
        return self.adaptive.limit


def test_a_round_that_is_refused_halves_the_limit_once() -> None:
    """Sixty refusals at once say the same thing; the least is one, or nothing would ever pass."""
    limit = Limit()

    assert [limit.round(TOO_MANY) for _ in range(8)] == [32, 16, 8, 4, 2, 1, 1, 1]


def test_a_round_that_succeeds_adds_one() -> None:
    """Up to the most that the operator allows."""
    limit = Limit(8)
    for _ in range(3):
        limit.round(TOO_MANY)

    grown = [limit.round() for _ in range(12)]

    assert all(later - before in {0, 1} for before, later in pairwise([1, *grown]))
    assert grown[-1] == 8


def test_what_is_not_reached_does_not_grow() -> None:
    """A few answers say nothing of what many would do."""
    limit = Limit()
    limit.round(TOO_MANY)

    assert [limit.round(crowded=False) for _ in range(5)] == [32] * 5


def test_failures_cut_a_quarter() -> None:
    """An answer that does not come is a sign of load too, if a weaker one."""
    limit = Limit()

    assert [limit.round(FAILED) for _ in range(3)] == [48, 36, 27]


def test_answers_that_take_much_longer_than_usual_cut_as_well() -> None:
    """Twilio is busy before it says so."""
    limit = Limit()
    for _ in range(20):
        limit.round(seconds=0.1)

    assert limit.round(seconds=0.5) == 48


@pytest.mark.parametrize("seconds", [0.02, 0.12, 0.19])
def test_answers_of_about_the_usual_time_cut_nothing(seconds: float) -> None:
    """Latency varies by itself."""
    limit = Limit()
    for _ in range(20):
        limit.round(seconds=0.1)

    assert [limit.round(seconds=seconds) for _ in range(5)] == [64] * 5


def test_a_twilio_that_stays_slow_is_the_new_usual() -> None:
    """The limit does not stay down for good because it was faster once."""
    limit = Limit(16)
    for _ in range(20):
        limit.round(seconds=0.1)
    slowest = min(limit.round(seconds=0.5) for _ in range(20))

    assert slowest < 16
    assert max(limit.round(seconds=0.5) for _ in range(200)) == 16


def test_kinds_of_answers_are_compared_with_their_own() -> None:
    """A page takes longer than a summary, and is no sign of trouble."""
    adaptive = AdaptiveLimit(16)
    for moment in range(200):
        adaptive.learn("Summary", OK, moment, moment + 0.05, crowded=True)
        adaptive.learn("Summaries", OK, moment, moment + 0.9, crowded=True)

    assert adaptive.limit == 16


def test_it_does_not_grow_while_twilio_serves_as_many_as_were_too_many() -> None:
    """`Twilio-Concurrent-Requests` counts those of other replicas too; it is remembered a while."""
    limit = Limit()
    limit.round(TOO_MANY, concurrent=40)

    assert [limit.round(concurrent=40), limit.round(concurrent=45)] == [32, 32]
    assert max(limit.round(concurrent=39) for _ in range(2)) == 33
    limit.now += REMEMBERED
    assert max(limit.round(concurrent=45) for _ in range(2)) > 33


def test_one_alone_is_never_too_many() -> None:
    """Who is refused while Twilio serves nobody else is not refused for how much is asked."""
    limit = Limit(4)
    for _ in range(3):
        limit.round(TOO_MANY, concurrent=1)

    assert [limit.round(concurrent=1) for _ in range(2)] == [2, 2]
    assert max(limit.round(concurrent=2) for _ in range(9)) == 4


def test_all_is_as_before_within_seconds() -> None:
    """Whatever Twilio refused, and however few it served then."""
    limit = Limit(8)
    for served in (8, 4, 2, 2):
        limit.round(TOO_MANY, concurrent=served)
    ended = limit.now
    while limit.round(concurrent=min(2, limit.adaptive.limit)) < 8:
        pass

    assert limit.now - ended < 10


ANSWERS = st.tuples(st.sampled_from(Outcome), st.floats(0, 5), st.booleans(), st.integers(0, 99))


@given(st.integers(1, 100), st.lists(ANSWERS, max_size=200))
def test_it_stays_between_one_and_the_most(
    most: int, answers: list[tuple[Outcome, float, bool, int]]
) -> None:
    """Whatever comes."""
    adaptive, now = AdaptiveLimit(most), 0.0
    for how, seconds, crowded, concurrent in answers:
        adaptive.learn("Summary", how, now, now + seconds, crowded=crowded, concurrent=concurrent)
        now += seconds
        assert 1 <= adaptive.limit <= most
