"""Whatever Twilio's pages lead to, a walk through them ends, and others do not notice it."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urlencode

import httpx
import pytest
from msgspec.structs import force_setattr

from gateway.config.settings import Settings
from gateway.sandbox import Sandbox
from tests.conftest import Clock, Gateway
from tests.live import becomes
from tests.server.conftest import listening
from tests.shifting import moment, sid_of
from tests.viewers import READ, Asker, People

FORWARD = """
query($cursor: String) {
  calls(first: 5, after: $cursor) { nodes { sid } pageInfo { hasNextPage endCursor } }
}
"""
BACKWARD = """
query($cursor: String!) {
  calls(last: 5, before: $cursor) { nodes { sid } pageInfo { hasPreviousPage startCursor } }
}
"""
FAR = 10**9


class Pages(httpx.AsyncBaseTransport):
    """Pages by number: how many calls are on one, and which one comes next, if any."""

    def __init__(self, calls: Callable[[int], int], following: Callable[[int], int | None]) -> None:
        self._calls = calls
        self._following = following
        self.asked: list[int] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        said = parse_qs(request.url.query.decode())
        number = int(said.get("PageToken", ["0"])[0])
        self.asked.append(number)
        first = number * 10
        calls = [self._call(first + one) for one in range(self._calls(number))]
        meta = {
            "next_page_url": self._url(self._following(number)),
            "previous_page_url": self._url(number - 1 if number else None),
        }
        return httpx.Response(200, json={"call_summaries": calls, "meta": meta})

    def _call(self, number: int) -> dict[str, Any]:
        ended = moment(1_780_000_000 - 60 - number)
        state = {"processing_state": "complete", "end_time": ended}
        return {"call_sid": sid_of(number), **state}

    def _url(self, number: int | None) -> str | None:
        if number is None:
            return None
        return f"https://a.b/?{urlencode({'Page': number, 'PageToken': str(number)})}"


ENDLESS = Pages(lambda number: 3 if number == 0 else 0, lambda number: number + 1)


@asynccontextmanager
async def through(
    pages: Pages, clock: Clock, limits: dict[str, int] | None = None, **said: Any
) -> AsyncIterator[tuple[Gateway, Asker]]:
    """Somebody at a gateway whose Twilio has these pages."""
    sandbox = Sandbox(calls=0, clock=clock, arrivals=False)
    people = People(sandbox)
    people.add("ana", None, READ, **(limits or {}))
    settings = Settings(**{"gateway_deadline": 60, **said})
    options = {"access": people.access, "transport": pages}
    async with Gateway(sandbox, clock, settings, **options) as gateway:
        yield gateway, Asker(gateway, "ana")


async def code_of(asker: Asker, query: str = FORWARD, **variables: Any) -> tuple[str, Any]:
    """The code of the only error, and all that comes with it."""
    (error,) = (await asker.send(query, **variables))["errors"]
    return error["extensions"]["code"], error["extensions"]


@pytest.mark.parametrize("round_of", [1, 2, 3, 7])
@pytest.mark.parametrize("calls", [0, 2])
async def test_pages_in_a_circle_are_no_list(clock: Clock, round_of: int, calls: int) -> None:
    """A page whose next page is itself, or leads back to it, would be walked for ever.

    Ours: UPSTREAM_INVALID_RESPONSE, once a walk meets a page again; it is not asked for again.
    """
    pages = Pages(
        lambda number: calls if number == 0 else 0,
        lambda number: number + 1 if number < round_of else 1,
    )
    async with through(pages, clock) as (_, ana):
        code, extensions = await code_of(ana)
        assert code == "UPSTREAM_INVALID_RESPONSE"
        assert extensions["retryable"] is True
    assert pages.asked == [*range(round_of + 1)]


async def test_a_page_that_names_itself_is_no_way_on(clock: Clock) -> None:
    """The calls on it are given once: the cursor of the last one leads to no page but its own."""
    pages = Pages(lambda _: 10, lambda _: 1)
    async with through(pages, clock) as (_, ana):
        met, cursor = list[str](), None
        for _ in range(4):
            found = (await ana.ask(FORWARD, cursor=cursor))["calls"]
            met += [node["sid"] for node in found["nodes"]]
            cursor = found["pageInfo"]["endCursor"]
        assert met == [sid_of(number) for number in range(20)]
        for _ in range(2):
            code, _ = await code_of(ana, cursor=cursor)
            assert code == "UPSTREAM_INVALID_RESPONSE"
    assert pages.asked == [0, 1]


async def test_empty_pages_are_walked_on_and_charged(clock: Clock) -> None:
    """Ours: 10 for each page beyond those in the price, which are known before it is asked."""
    pages = Pages(
        lambda number: 5 if number == 30 else 0, lambda number: number + 1 if number < 30 else None
    )
    async with through(pages, clock, {"budget_per_minute": 2000}) as (_, ana):
        answer = await ana.post(FORWARD, extensions={"cost": True})
        assert "errors" not in answer.json(), answer.json()
        assert len(answer.json()["data"]["calls"]["nodes"]) == 5
        price = 10 + 1
        assert answer.json()["extensions"]["cost"]["requested"] == price + 30 * 10
        assert answer.headers["ratelimit-remaining"] == str(2000 - price - 30 * 10)
    assert pages.asked == [*range(31)]


@pytest.mark.parametrize(
    ("limits", "said"),
    [({"max_cost": 200}, {}), ({"budget_per_minute": 200}, {}), ({}, {"gateway_max_cost": 200})],
    ids=["of the viewer", "of its minute", "of all"],
)
async def test_a_walk_ends_where_its_cost_does_and_goes_on_from_there(
    clock: Clock, limits: dict[str, int], said: dict[str, int]
) -> None:
    """The error has a cursor behind the last page that was walked: no page is asked for twice."""
    pages = Pages(
        lambda number: 5 if number == 45 else 0, lambda number: number + 1 if number < 45 else None
    )
    async with through(pages, clock, limits, gateway_page_max_age=0, **said) as (_, ana):
        cursor, steps = None, 0
        while "errors" in (body := await ana.send(FORWARD, cursor=cursor)):
            (error,) = body["errors"]
            assert body["data"] is None
            assert error["extensions"]["code"] == "COST_ESTIMATED_TOO_EXPENSIVE"
            assert "the cursor that comes with this error" in error["message"] or limits
            cursor = error["extensions"]["endCursor"]
            clock.advance(60)
            steps += 1
        found = body["data"]["calls"]
    assert [node["sid"] for node in found["nodes"]] == [sid_of(450 + one) for one in range(5)]
    assert pages.asked == [*range(46)]
    assert steps in {2, 3}


async def test_calls_that_were_found_are_given_before_a_walk_ends(clock: Clock) -> None:
    """Ours: fewer than were asked for, and `hasNextPage`; the next step ends with the error."""
    async with through(ENDLESS, clock, {"max_cost": 100}) as (_, ana):
        found = (await ana.ask(FORWARD))["calls"]
        assert len(found["nodes"]) == 3
        assert found["pageInfo"]["hasNextPage"] is True
        code, extensions = await code_of(ana, cursor=found["pageInfo"]["endCursor"])
        assert code == "COST_ESTIMATED_TOO_EXPENSIVE"
        onward, _ = await code_of(ana, cursor=extensions["endCursor"])
        assert onward == code
    assert len(ENDLESS.asked) == len(set(ENDLESS.asked)) > 15


async def test_a_walk_back_ends_in_the_same_way(clock: Clock) -> None:
    """With a cursor for `before`, named as Relay names it: `startCursor`."""
    pages = Pages(lambda number: 5 if number in {0, 60} else 0, lambda number: number + 1)
    async with through(pages, clock, {"max_cost": 300}) as (_, ana):
        cursor = None
        while not (found := await ana.send(FORWARD, cursor=cursor))["data"] or cursor is None:
            cursor = (
                found["errors"][0]["extensions"]["endCursor"]
                if "errors" in found
                else found["data"]["calls"]["pageInfo"]["endCursor"]
            )
        assert found["data"]["calls"]["nodes"][0]["sid"] == sid_of(600)
        cursor, steps = found["data"]["calls"]["pageInfo"]["endCursor"], 0
        back = await ana.send(BACKWARD, cursor=cursor)
        assert len(back["data"]["calls"]["nodes"]) == 4
        cursor = back["data"]["calls"]["pageInfo"]["startCursor"]
        while "errors" in (back := await ana.send(BACKWARD, cursor=cursor)):
            cursor, steps = back["errors"][0]["extensions"]["startCursor"], steps + 1
        assert [one["sid"] for one in back["data"]["calls"]["nodes"]] == [
            sid_of(one) for one in range(5)
        ]
        assert steps == 2


async def test_a_deadline_ends_a_walk(clock: Clock) -> None:
    """However fast Twilio answers: the time of the request is what counts."""
    pages = Pages(lambda _: 0, lambda number: number + 1)
    async with through(pages, clock, gateway_deadline=0.3, gateway_max_cost=FAR) as (_, ana):
        async with asyncio.timeout(10):
            assert (await code_of(ana))[0] == "DEADLINE_EXCEEDED"
    assert len(pages.asked) > 3


async def test_a_walk_that_a_deadline_ended_goes_on_from_its_cursor(clock: Clock) -> None:
    """Ours: as when it costs too much, it meets each page once, however often it is ended."""
    pages = Pages(lambda number: 5 if number == 2000 else 0, lambda number: number + 1)
    said: dict[str, Any] = {
        "gateway_page_max_age": 0,
        "gateway_deadline": 0.3,
        "gateway_max_cost": FAR,
    }
    async with through(pages, clock, **said) as (_, ana):
        cursor, steps = None, 0
        while "errors" in (body := await ana.send(FORWARD, cursor=cursor)):
            (error,) = body["errors"]
            assert error["extensions"]["code"] == "DEADLINE_EXCEEDED"
            cursor = error["extensions"].get("endCursor", cursor)
            clock.advance(60)
            steps += 1
    assert body["data"]["calls"]["nodes"] == [{"sid": sid_of(20_000 + one)} for one in range(5)]
    assert steps > 0
    assert len(pages.asked) <= 2001 + steps


async def test_no_cursor_leads_past_calls_that_are_in_no_answer(clock: Clock) -> None:
    """Ours: a page that failed is an error, and never a shorter list."""
    pages = Pages(lambda number: 0 if number else 3, lambda number: number + 1)
    async with through(pages, clock, gateway_deadline=0.3, gateway_max_cost=FAR) as (_, ana):
        code, extensions = await code_of(ana)
    assert code == "DEADLINE_EXCEEDED"
    assert "endCursor" not in extensions


async def test_a_deadline_ends_a_walk_through_pages_that_are_remembered(clock: Clock) -> None:
    """Nothing has to be waited for on such a walk, so it looks at the clock itself."""
    pages = Pages(lambda _: 0, lambda number: number + 1 if number < 100 else None)
    async with through(pages, clock) as (gateway, ana):
        assert (await ana.ask(FORWARD))["calls"]["nodes"] == []
        force_setattr(gateway.settings, "gateway_deadline", 1e-6)
        assert (await code_of(ana))[0] == "DEADLINE_EXCEEDED"
    assert pages.asked == [*range(101)]


async def test_others_are_answered_during_a_walk_which_ends_when_its_client_leaves(
    clock: Clock,
) -> None:
    """Whether its pages come from Twilio or are remembered: there is a turn after each of them."""
    pages = Pages(lambda _: 0, lambda number: number + 1 if number < 3000 else None)
    async with through(pages, clock, gateway_max_cost=FAR) as (gateway, ana):
        for _ in range(2):
            walking = asyncio.create_task(ana.send(FORWARD))
            for _ in range(50):
                assert (await gateway.http.get("/healthz")).status_code == 200
                await asyncio.sleep(0)
            assert not walking.done()
            walking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await walking
            asked = len(pages.asked)
            for _ in range(50):
                await asyncio.sleep(0)
            assert len(pages.asked) == asked < 200


async def test_who_hangs_up_ends_the_walk(clock: Clock) -> None:
    """On a real connection: soon nothing is asked for any more, for nobody waits for it."""
    pages = Pages(lambda _: 0, lambda number: number + 1)
    async with (
        through(pages, clock, gateway_max_cost=FAR) as (gateway, _),
        listening(gateway.app) as (host, port),
    ):
        _, writer = await asyncio.open_connection(host, port)
        body = json.dumps({"query": FORWARD}).encode()
        head = f"POST /graphql HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer ana\r\n"
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)
        assert await becomes(lambda: len(pages.asked) > 20)
        writer.close()
        met = set[int]()
        async with asyncio.timeout(5):
            while len(pages.asked) not in met:
                met.add(len(pages.asked))
                await asyncio.sleep(0.1)
