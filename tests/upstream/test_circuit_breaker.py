import asyncio

import httpx
import pytest

from gateway.instrumentation import CircuitChanged, Happening, Outcome
from gateway.upstream.circuit_breaker import (
    FAILURES,
    LONGEST_PAUSE,
    REFUSALS,
    WINDOW,
    CircuitBreaker,
    CircuitOpen,
    FailFast,
)
from gateway.upstream.transport import BodyTooLarge
from tests.upstream.layers import ACCOUNT, OTHER, Crowd, Scripted, Time, request, statuses, turns


class Breaker:
    """A breaker over a script, and what it told."""

    def __init__(self, *script: int | Exception) -> None:
        self.time = Time()
        self.twilio = Scripted(*script)
        self.heard: list[Happening] = []
        self.layer = CircuitBreaker(self.twilio, hook=self.heard.append, clock=self.time)

    async def ask(self, number: int = 1, account: str = ACCOUNT) -> int:
        """Ask so many times, and count what reached Twilio."""
        before = len(self.twilio.attempts)
        await statuses(self.layer, [request(account=account)] * number)
        return len(self.twilio.attempts) - before

    @property
    def states(self) -> list[str]:
        return [one.state for one in self.heard if isinstance(one, CircuitChanged)]


async def test_what_keeps_failing_is_left_alone() -> None:
    """From then on everybody is answered at once, and told when to ask again."""
    trouble: list[int | Exception] = [503, httpx.ConnectError("refused")]
    breaker = Breaker(*trouble * FAILURES)

    assert await breaker.ask(FAILURES + 5) == FAILURES
    with pytest.raises(CircuitOpen) as caught:
        await breaker.layer.handle_async_request(request())

    assert (caught.value.because, caught.value.seconds) == (Outcome.FAILED, 1.0)
    assert breaker.states == ["open"]


async def test_wrong_credentials_are_noticed_sooner_and_touch_no_other_account() -> None:
    """Each account has a circuit of its own."""
    breaker = Breaker(*[401] * REFUSALS)

    assert await breaker.ask(REFUSALS + 5) == REFUSALS
    with pytest.raises(CircuitOpen) as caught:
        await breaker.layer.handle_async_request(request())

    assert caught.value.because is Outcome.REFUSED
    assert await breaker.ask(5, OTHER) == 5


@pytest.mark.parametrize("status", [200, 400, 403, 404, 429])
async def test_an_answer_is_no_failure(status: int) -> None:
    """Also one that says no: Twilio works."""
    assert await Breaker(*[status] * 50).ask(50) == 50


async def test_too_much_is_no_failure_of_twilio() -> None:
    """A large answer says nothing of the next one."""
    assert await Breaker(*[BodyTooLarge()] * 50).ask(50) == 50


async def test_some_failures_among_many_answers_open_nothing() -> None:
    """One heavy filter that Twilio cannot answer does not shut out everybody."""
    assert await Breaker(*[200, 200, 500] * 40).ask(120) == 120


async def test_failures_of_long_ago_do_not_count() -> None:
    """Twilio fails now and then."""
    breaker = Breaker(*[503] * (2 * FAILURES - 2))

    await breaker.ask(FAILURES - 1)
    breaker.time.now += 2 * WINDOW

    assert await breaker.ask(FAILURES - 1) == FAILURES - 1
    assert not breaker.states


async def test_a_probe_that_succeeds_closes_the_circuit() -> None:
    """After the pause all is as it was, and the failures from before are forgotten."""
    breaker = Breaker(*[503] * FAILURES, 200, *[503] * (FAILURES - 1))
    await breaker.ask(FAILURES)
    breaker.time.now += 0.9
    assert await breaker.ask(3) == 0
    breaker.time.now += 0.2

    assert await breaker.ask(FAILURES) == FAILURES
    assert breaker.states == ["open", "half_open", "closed"]


async def test_each_probe_that_fails_doubles_the_pause_up_to_a_bound() -> None:
    """So that all is well within seconds of the end of an outage, however long it was."""
    breaker, pauses = Breaker(*[503] * 100), []
    await breaker.ask(FAILURES)
    for _ in range(6):
        with pytest.raises(CircuitOpen) as caught:
            await breaker.layer.handle_async_request(request())
        pauses.append(caught.value.seconds)
        breaker.time.now += caught.value.seconds
        assert await breaker.ask(4) == 1

    assert pauses == [1, 2, 4, 8, LONGEST_PAUSE, LONGEST_PAUSE]


async def test_while_a_probe_is_under_way_nothing_else_passes() -> None:
    """A probe that is cancelled tells nothing, and makes room for another."""
    time, crowd = Time(), Crowd()
    failing = Scripted(*[503] * FAILURES)
    inner: list[httpx.AsyncBaseTransport] = [failing]

    class Changing(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            return await inner[0].handle_async_request(request)

    layer = CircuitBreaker(Changing(), clock=time)
    await statuses(layer, [request()] * FAILURES)
    inner[0] = crowd
    time.now += 1
    probe = asyncio.create_task(layer.handle_async_request(request()))
    await turns()
    with pytest.raises(CircuitOpen):
        await layer.handle_async_request(request())
    probe.cancel()
    await turns()
    crowd.gate.set()

    assert (await layer.handle_async_request(request())).status_code == 200


async def test_late_failures_do_not_open_it_again() -> None:
    """What was sent before the circuit opened says nothing new, whenever it comes back."""
    time = Time()

    class Late(httpx.AsyncBaseTransport):
        async def handle_async_request(self, _: httpx.Request) -> httpx.Response:
            await gate.wait()
            return httpx.Response(503)

    gate, heard = asyncio.Event(), list[Happening]()
    layer = CircuitBreaker(Late(), hook=heard.append, clock=time)
    asking = [asyncio.create_task(layer.handle_async_request(request())) for _ in range(50)]
    await turns(100)
    gate.set()
    await asyncio.gather(*asking)

    assert len(heard) == 1


async def test_nobody_waits_in_line_for_a_refusal() -> None:
    """The layer before the line refuses what the one behind it would."""
    breaker = Breaker(*[503] * FAILURES)
    before_the_line = Scripted()
    fast = FailFast(before_the_line, breaker.layer)
    await fast.handle_async_request(request())
    await breaker.ask(FAILURES)

    with pytest.raises(CircuitOpen):
        await fast.handle_async_request(request())
    assert len(before_the_line.attempts) == 1
    breaker.time.now += 1
    assert (await fast.handle_async_request(request())).status_code == 200
