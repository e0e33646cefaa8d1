import asyncio
import json
from collections.abc import AsyncGenerator
from typing import Any, NoReturn

import httpx
import pytest
from starlette.responses import Response
from starlette.types import Receive, Scope

from gateway.concurrency.quotas import Bound, Place, Quota, QuotaSpent
from gateway.instrumentation import Happening, Hook, Shed, silent
from gateway.server.graphql.load_shedding import LoadShedding
from gateway.server.graphql.streams import Stream

SETTING, OF_VIEWER = "GATEWAY_MAX_REQUESTS", "GATEWAY_MAX_REQUESTS_PER_VIEWER"


class Slow:
    """Responds when it may, to the viewer that the path names; with a stream, if asked for one."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.begun = 0

    async def respond(self, scope: Scope, _: Receive, place: Place) -> Response:
        self.begun += 1
        place.belong_to(scope["path"])
        if scope["path"] == "/stream":
            return Stream("text/event-stream", self._endless())
        await self.gate.wait()
        return Response("answer")

    async def _endless(self) -> AsyncGenerator[bytes, None]:
        yield b"{}"
        await self.gate.wait()


def quota(most: int, each: int = 100, hook: Hook = silent) -> Quota:
    return Quota("requests under way", Bound(most, SETTING), Bound(each, OF_VIEWER), hook)


def client(app: LoadShedding) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway")


async def begin(http: httpx.AsyncClient, number: int, path: str) -> list[asyncio.Task[Any]]:
    asking = [asyncio.create_task(http.get(path)) for _ in range(number)]
    await asyncio.sleep(0.02)
    return asking


async def test_what_is_too_much_is_turned_away_at_once_in_graphql() -> None:
    """Nothing of it is read; the others are answered, and then there is room again."""
    slow, heard = Slow(), list[Happening]()
    async with client(LoadShedding(slow.respond, quota(5, hook=heard.append))) as http:
        asking = await begin(http, 5, "/graphql")
        refused = await http.post("/graphql", content=b"x" * 1000)
        assert slow.begun == 5
        slow.gate.set()
        answers = await asyncio.gather(*asking)
        after = await http.get("/graphql")

    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")
    (error,) = json.loads(refused.content)["errors"]
    assert error["extensions"]["code"] == "UPSTREAM_RATE_LIMITED"
    assert error["extensions"]["retryable"] is True
    assert error["extensions"]["retryAfterSeconds"] == 1
    assert f"5 ({SETTING})" in error["message"]
    assert [answer.text for answer in answers] == ["answer"] * 5
    assert after.text == "answer"
    assert heard == [Shed("server")]


async def test_a_viewer_has_a_share_of_the_places() -> None:
    """Beyond it, that viewer alone is turned away, with 429 (RFC 6585 §4), until it has room."""
    slow, heard = Slow(), list[Happening]()
    async with client(LoadShedding(slow.respond, quota(5, 2, heard.append))) as http:
        asking = await begin(http, 2, "/greedy")
        refused = await http.get("/greedy")
        asking += await begin(http, 2, "/other")
        slow.gate.set()
        answers = await asyncio.gather(*asking)
        after = await http.get("/greedy")

    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "1")
    (error,) = json.loads(refused.content)["errors"]
    assert error["extensions"]["code"] == "UPSTREAM_RATE_LIMITED"
    assert f"2 ({OF_VIEWER})" in error["message"]
    assert [answer.text for answer in answers] == ["answer"] * 4
    assert after.text == "answer"
    assert heard == [Shed("viewer")]


async def test_an_answer_that_comes_in_pieces_has_its_place_to_the_end() -> None:
    """Whatever it takes to make the rest of it is still to be done."""
    slow = Slow()
    async with client(LoadShedding(slow.respond, quota(1))) as http:
        asking = await begin(http, 1, "/stream")
        refused = await http.get("/graphql")
        slow.gate.set()
        (answer,) = await asyncio.gather(*asking)
        after = await http.get("/graphql")

    assert refused.status_code == 503
    assert (answer.status_code, after.status_code) == (200, 200)


async def test_who_fails_or_leaves_makes_room() -> None:
    """A place is never lost."""

    async def fail(*_: object) -> NoReturn:
        raise ZeroDivisionError

    async with client(LoadShedding(fail, quota(1))) as http:
        for _ in range(3):
            with pytest.raises(ZeroDivisionError):
                await http.get("/graphql")


def test_a_place_that_moves_is_counted_where_it_is() -> None:
    """And given back there, once."""
    first, second = quota(1, 1), quota(1, 1)
    place = first.enter()
    place.belong_to("ana")
    place.move_to(second)
    first.enter("ana").give_back()
    with pytest.raises(QuotaSpent, match=SETTING):
        second.enter("ben")
    place.give_back()
    place.give_back()
    second.enter("ana").give_back()
    second.enter("ben")
