from collections.abc import Sequence

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.concurrency.deadlines import OneAsker
from gateway.upstream.responses import NotSent
from gateway.upstream.retry import FIRST_PAUSE, MOST, Retries, RetryBudget
from gateway.upstream.transport import BodyTooLarge
from tests.upstream.layers import ACCOUNT, OTHER, Scripted, Time, request

LOST = httpx.ConnectError("refused")


def attempts(twilio: Scripted, time: Time, chance: float = 0.5) -> Retries:
    return Retries(twilio, sleep=time.sleep, clock=time, chance=lambda: chance)


@pytest.mark.parametrize("trouble", [429, 500, 503, 504, 408, LOST, TimeoutError()])
async def test_a_read_is_tried_again_after_what_may_pass(trouble: int | Exception) -> None:
    """Whoever asked sees the answer alone; the layers below see which attempt it is."""
    twilio = Scripted(trouble, trouble)

    response = await attempts(twilio, Time()).handle_async_request(request())

    assert response.status_code == 200
    assert twilio.attempts == [1, 2, 3]


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404])
async def test_an_answer_is_an_answer(status: int) -> None:
    """What would be the same another time is not asked twice."""
    twilio = Scripted(status)

    response = await attempts(twilio, Time()).handle_async_request(request())

    assert (response.status_code, twilio.attempts) == (status, [1])


@pytest.mark.parametrize("trouble", [500, 503, 408, LOST, TimeoutError()])
async def test_a_write_that_may_have_been_done_is_not_repeated(trouble: int | Exception) -> None:
    """Nobody knows what became of it, so nobody does it twice."""
    twilio = Scripted(trouble)
    layer = attempts(twilio, Time())

    if isinstance(trouble, Exception):
        with pytest.raises(type(trouble)):
            await layer.handle_async_request(request("POST"))
    else:
        assert (await layer.handle_async_request(request("POST"))).status_code == trouble

    assert twilio.attempts == [1]


async def test_a_write_that_was_never_processed_is_tried_again() -> None:
    """That is what Twilio says by a 429."""
    twilio = Scripted(429)

    assert (await attempts(twilio, Time()).handle_async_request(request("POST"))).is_success
    assert twilio.attempts == [1, 2]


@pytest.mark.parametrize("trouble", [NotSent(), BodyTooLarge()])
async def test_what_the_gateway_itself_refuses_is_refused_at_once(trouble: Exception) -> None:
    """It would refuse it again."""
    twilio = Scripted(trouble)

    with pytest.raises(type(trouble)):
        await attempts(twilio, Time()).handle_async_request(request())

    assert twilio.attempts == [1]


async def test_attempts_have_an_end() -> None:
    """The last failure is told as it is."""
    twilio = Scripted(*[503] * 9)

    response = await attempts(twilio, Time()).handle_async_request(request())

    assert (response.status_code, len(twilio.attempts)) == (503, MOST)


@given(st.floats(0, 1), st.floats(0, 1))
async def test_pauses_are_drawn_from_a_bound_that_doubles(first: float, second: float) -> None:
    """From zero on, so that those who failed together come back apart."""
    time, chances = Time(), iter([first, second])
    layer = Retries(Scripted(500, 500), sleep=time.sleep, clock=time, chance=lambda: next(chances))

    await layer.handle_async_request(request())

    assert time.slept == pytest.approx([first * FIRST_PAUSE, second * FIRST_PAUSE * 2])


async def test_what_twilio_asks_for_is_waited() -> None:
    """And a little more, drawn at random: others were asked for the same."""
    time = Time()

    await attempts(Scripted(429, Retry_After="7"), time).handle_async_request(request())

    assert time.slept == pytest.approx([7 + FIRST_PAUSE / 2])


@pytest.mark.parametrize(
    ("left", "slept"), [(7.0, 0), (7.05, 0), (7.2, 1)], ids=["before", "just", "after"]
)
async def test_nothing_is_tried_when_it_would_be_too_late(left: float, slept: int) -> None:
    """Whoever asked learns at once what Twilio said, instead of that time is over."""
    time = Time()
    asker = OneAsker(until=time.now + left)
    layer = attempts(Scripted(429, Retry_After="7"), time)

    response = await layer.handle_async_request(request(asker=asker))

    assert response.status_code == (200 if slept else 429)
    assert len(time.slept) == slept


async def test_nobody_waits_for_an_hour_because_twilio_says_so() -> None:
    """Not even who has no deadline: polling asks again by itself."""
    time = Time()
    layer = attempts(Scripted(429, Retry_After="3600"), time)

    assert (await layer.handle_async_request(request())).status_code == 429
    assert not time.slept


async def test_in_an_outage_twilio_sees_a_tenth_more() -> None:
    """And not three times as much, when it can bear it least."""
    time, twilio = Time(), Scripted(*[503] * 5000)
    layer = Retries(twilio, sleep=time.sleep, clock=lambda: 0.0, chance=lambda: 0.0)

    for _ in range(1000):
        await layer.handle_async_request(request())

    retries = len(twilio.attempts) - 1000
    assert 100 <= retries <= 100 + RetryBudget.FLOOR


async def test_one_account_does_not_spend_the_retries_of_another() -> None:
    """Its trouble is its own."""
    time, twilio = Time(), Scripted(*[503] * 100)
    layer = Retries(twilio, sleep=time.sleep, clock=lambda: 0.0, chance=lambda: 0.0)
    for _ in range(40):
        await layer.handle_async_request(request(account=ACCOUNT))
    twilio.attempts.clear()

    await layer.handle_async_request(request(account=OTHER))

    assert twilio.attempts == [1, 2, 3]


@given(st.lists(st.tuples(st.floats(0, 20), st.integers(0, 3)), max_size=200))
def test_retries_stay_within_their_share(steps: Sequence[tuple[float, int]]) -> None:
    """However requests and retries come: a tenth of the requests, the floor, and one a second."""
    moment = 0.0
    budget, requests, retries = RetryBudget(moment), 0, 0
    for pause, wanted in steps:
        moment += pause
        budget.earn(moment)
        requests += 1
        retries += sum(budget.spend() for _ in range(wanted))

    most = RetryBudget.FLOOR + requests * RetryBudget.SHARE + moment * RetryBudget.A_SECOND
    assert retries <= most + 1e-6


def test_a_quiet_gateway_has_ten_retries_and_one_more_each_second() -> None:
    """So it rides out trouble too: the minimum that retry budgets elsewhere have."""
    budget = RetryBudget(0.0)
    at_first = [budget.spend() for _ in range(11)]
    budget.earn(4.0)
    after_4_seconds = [budget.spend() for _ in range(5)]
    budget.earn(60.0)
    after_a_minute = [budget.spend() for _ in range(11)]

    assert at_first == [True] * 10 + [False]
    assert after_4_seconds == [True] * 4 + [False]
    assert after_a_minute == [True] * 10 + [False]


async def test_a_quiet_gateway_gets_over_a_429_and_two_503_in_a_row() -> None:
    """Two questions in ten seconds, four troubles: nobody is told of any."""
    time, twilio = Time(), Scripted(429, 200, 503, 503, 200, 503, 503)
    layer = attempts(twilio, time)

    answers = [(await layer.handle_async_request(request())).status_code for _ in range(3)]

    assert answers == [200, 200, 200]
