import asyncio
import time

import httpx
import pytest

from gateway.concurrency.deadlines import Askers, Priority, now
from gateway.instrumentation import ConcurrencyChanged, Happening, Shed
from gateway.upstream.concurrency_limit import MOST_WAITING, ConcurrencyLimit, Overloaded, TooLate
from tests.upstream.layers import (
    ACCOUNT,
    OTHER,
    Crowd,
    Scripted,
    Time,
    background,
    request,
    statuses,
    turns,
    viewer,
)

Answering = asyncio.Task[httpx.Response]


def ask(
    layer: ConcurrencyLimit, number: int, name: str = "somebody", account: str = ACCOUNT
) -> list[Answering]:
    """So many requests of a viewer, at once."""
    asker = viewer(name)
    return [
        asyncio.create_task(layer.handle_async_request(request(account=account, asker=asker)))
        for _ in range(number)
    ]


async def test_no_more_requests_are_under_way_than_allowed() -> None:
    """The others wait in line, and all of them are answered in the end."""
    crowd = Crowd()
    asking = ask(ConcurrencyLimit(crowd, 7), 100)
    await turns(300)
    assert crowd.inside == 7

    crowd.gate.set()
    answers = await asyncio.gather(*asking)

    assert {answer.status_code for answer in answers} == {200}
    assert (crowd.most, len(crowd.served)) == (7, 100)


async def test_each_account_has_a_share_of_its_own() -> None:
    """One that is busy does not hold up another."""
    crowd = Crowd()
    layer = ConcurrencyLimit(crowd, 3)
    asking = ask(layer, 10) + ask(layer, 2, account=OTHER)
    await turns(60)

    assert crowd.inside == 5
    crowd.gate.set()
    await asyncio.gather(*asking)


async def test_whoever_gives_up_leaves_the_line_and_the_place() -> None:
    """A place is never lost, or the gateway would fall silent one day."""
    crowd = Crowd()
    layer = ConcurrencyLimit(crowd, 2)
    asking = ask(layer, 6)
    await turns(30)
    for task in (asking[0], asking[4]):  # one is being served, one waits
        task.cancel()
    await turns(30)
    assert crowd.inside == 2

    crowd.gate.set()
    await asyncio.gather(*asking, return_exceptions=True)

    assert len(crowd.served) == 4
    assert (await ask(layer, 1)[0]).status_code == 200


async def test_who_leaves_as_its_turn_comes_gives_it_to_the_next() -> None:
    """Both may happen in one turn of the event loop."""
    crowd = Crowd()
    layer = ConcurrencyLimit(crowd, 1)
    first, second, third = ask(layer, 3)
    await turns()
    share = layer.share(ACCOUNT)
    share.leave()  # the turn of the second comes …
    second.cancel()  # … and it leaves before it can take it
    share.under_way += 1
    first.cancel()
    await turns()

    assert crowd.inside == 1
    crowd.gate.set()
    assert (await third).status_code == 200
    assert second.cancelled()


async def test_viewers_get_fair_shares() -> None:
    """One who asks for a hundred things does not hold up another's single question."""
    crowd = Crowd()
    layer = ConcurrencyLimit(crowd, 2)
    asking = ask(layer, 100, "walker")
    await turns()
    asking += ask(layer, 1, "asker")
    await turns()
    crowd.gate.set()
    await asyncio.gather(*asking)

    assert crowd.served.index("asker") <= 4


async def test_what_becomes_pressing_moves_up_in_line() -> None:
    """Somebody asks for what is only polled for: from then on somebody waits for it."""
    crowd = Crowd()
    layer = ConcurrencyLimit(crowd, 1)
    together = Askers()
    asking = ask(layer, 1)
    await turns()
    with together.joined_by(background("poll")):
        poll = asyncio.create_task(layer.handle_async_request(request(asker=together)))
        await turns()
        asking += ask(layer, 5, "walker")
        await turns()
        with together.joined_by(viewer("asker")):
            assert together.priority is Priority.QUESTION
            crowd.gate.set()
            await asyncio.gather(poll, *asking)

    assert crowd.served.index("asker") <= 2


async def test_a_question_that_others_join_keeps_its_turn() -> None:
    """It waits where it did, however often somebody joins it and leaves again."""
    crowd, order = Crowd(), list[str]()
    layer = ConcurrencyLimit(crowd, 1)
    together = Askers()
    first = ask(layer, 1)
    await turns()
    with together.joined_by(viewer("asker")):
        shared = asyncio.create_task(layer.handle_async_request(request(asker=together)))
        await turns()
        later = ask(layer, 5, "asker")
        await turns()
        for _ in range(3):
            with together.joined_by(viewer("another")):
                pass
        shared.add_done_callback(lambda _: order.append("shared"))
        for task in later:
            task.add_done_callback(lambda _: order.append("later"))
        crowd.gate.set()
        await asyncio.gather(shared, *first, *later)

    assert order == ["shared", *["later"] * 5]


async def test_a_full_line_turns_away_whoever_waits_for_most() -> None:
    """It is told when to come back; who asks for little is let in."""
    crowd, heard = Crowd(), list[Happening]()
    layer = ConcurrencyLimit(crowd, 2, hook=heard.append)
    asking = ask(layer, 2 + MOST_WAITING, "walker")
    await turns(100)
    assert not any(task.done() for task in asking)

    more = ask(layer, 1, "walker")
    single = ask(layer, 1, "asker")
    await turns(100)
    with pytest.raises(Overloaded) as caught:
        await more[0]
    assert caught.value.seconds >= 1
    assert [task for task in asking if task.done()] == [asking[-1]]
    assert heard == [Shed("upstream"), Shed("upstream")]

    crowd.gate.set()
    assert (await single[0]).status_code == 200
    await asyncio.gather(*asking, return_exceptions=True)


async def test_who_waits_in_line_until_it_is_too_late_is_not_sent_at_all() -> None:
    """So that of a write it is known that it was not done."""
    crowd = Crowd()
    layer = ConcurrencyLimit(crowd, 1)
    asking = ask(layer, 1)
    await turns()
    late = viewer("late")
    late.until = now() + 0.02

    with pytest.raises(TooLate):
        await layer.handle_async_request(request("POST", asker=late))

    crowd.gate.set()
    await asyncio.gather(*asking)
    assert crowd.served == ["somebody"]


async def test_after_a_429_nothing_is_sent_for_as_long_as_twilio_asks() -> None:
    """Who cannot wait that long is told so at once, and not sent."""
    twilio = Scripted(429, Retry_After="1")
    layer = ConcurrencyLimit(twilio, 8)
    began = time.monotonic()
    await statuses(layer, [request()])
    hurried = viewer("hurried")
    hurried.until = now() + 0.5

    with pytest.raises(Overloaded) as caught:
        await layer.handle_async_request(request(asker=hurried))
    told = time.monotonic() - began
    assert (await layer.handle_async_request(request())).status_code == 200

    assert 0.9 < caught.value.seconds <= 1
    assert told < 0.5
    assert time.monotonic() - began >= 1


async def test_a_429_without_a_time_makes_a_pause_that_grows() -> None:
    """Twilio is not asked as fast as it can refuse."""
    twilio = Scripted(*[429] * 4)
    layer = ConcurrencyLimit(twilio, 8, chance=lambda: 0.0)
    began = time.monotonic()
    await statuses(layer, [request()] * 5)

    assert len(twilio.attempts) == 5
    assert time.monotonic() - began >= 0.05 + 0.1 + 0.2 + 0.4


async def test_a_pause_that_twilio_named_makes_no_other_longer() -> None:
    """How long Twilio wants to be left alone is for it to say; of our own there was none yet."""
    twilio = Scripted(*[429] * 6, Retry_After="0")
    layer = ConcurrencyLimit(twilio, 8, chance=lambda: 0.0)
    await statuses(layer, [request()] * 6)
    share = layer.share(ACCOUNT)
    began = now()
    share.pause(None, 0.0)
    await statuses(layer, [request()])

    assert 0.05 <= now() - began < 1


async def test_the_line_goes_on_though_timers_are_early() -> None:
    """The event loop rounds; nobody is left waiting because the pause was not quite over."""
    twilio = Scripted(429)
    layer = ConcurrencyLimit(twilio, 8, clock=lambda: now() * 0.9, chance=lambda: 0.0)

    async with asyncio.timeout(10):
        await statuses(layer, [request()] * 2)

    assert len(twilio.attempts) == 2


async def test_the_hook_hears_how_the_limit_moves() -> None:
    """Down by half after a 429, and up by one with each round of answers."""
    heard = list[Happening]()
    layer = ConcurrencyLimit(Scripted(429), 4, hook=heard.append, chance=lambda: 0.0)
    await statuses(layer, [request()])
    crowded = [ask(layer, 2) for _ in range(8)]
    await asyncio.gather(*(task for tasks in crowded for task in tasks))

    assert heard[:2] == [ConcurrencyChanged(ACCOUNT, 2), ConcurrencyChanged(ACCOUNT, 3)]


async def test_a_twilio_that_cannot_be_asked_is_a_sign_of_load_too() -> None:
    """Answers that never come lower the limit as those do that say so."""
    heard = list[Happening]()
    layer = ConcurrencyLimit(Scripted(TimeoutError()), 4, hook=heard.append)

    with pytest.raises(TimeoutError):
        await layer.handle_async_request(request())

    assert heard == [ConcurrencyChanged(ACCOUNT, 3)]


async def test_pages_that_take_longer_for_being_longer_are_no_sign_of_load() -> None:
    """Who walks in long pages, after others did in short ones, leaves the limit as it is."""
    heard, clock = list[Happening](), Time()

    class Lengthy(Scripted):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            await clock.sleep(request.extensions["size"] / 1000)
            return await super().handle_async_request(request)

    layer = ConcurrencyLimit(Lengthy(), 4, hook=heard.append, clock=clock)
    for size in [25] * 60 + [1000] * 40:
        asked = request()
        asked.extensions["size"] = size
        await layer.handle_async_request(asked)

    assert heard == []
