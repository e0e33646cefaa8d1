import asyncio
import json
from collections.abc import AsyncGenerator
from typing import Any, NoReturn

import httpx
import pytest
from starlette.responses import Response
from starlette.types import Receive, Scope

from gateway.instrumentation import Shed
from gateway.server.shedding import Shedding
from gateway.server.streams import Stream


class Slow:
    """Responds when it may; with a stream, if asked for one."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.begun = 0

    async def respond(self, scope: Scope, _: Receive) -> Response:
        self.begun += 1
        if scope["path"] == "/stream":
            return Stream("text/event-stream", self._endless())
        await self.gate.wait()
        return Response("answer")

    async def _endless(self) -> AsyncGenerator[bytes, None]:
        yield b"{}"
        await self.gate.wait()


def client(app: Shedding) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway")


async def begin(http: httpx.AsyncClient, number: int, path: str) -> list[asyncio.Task[Any]]:
    asking = [asyncio.create_task(http.get(path)) for _ in range(number)]
    await asyncio.sleep(0.02)
    return asking


async def test_what_is_too_much_is_turned_away_at_once_in_graphql() -> None:
    """Nothing of it is read; the others are answered, and then there is room again."""
    slow, heard = Slow(), list[Shed]()
    async with client(Shedding(slow.respond, heard.append, 5)) as http:
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
    assert [answer.text for answer in answers] == ["answer"] * 5
    assert after.text == "answer"
    assert heard == [Shed("server")]


async def test_streams_that_have_begun_do_not_count() -> None:
    """Thousands may follow calls, while few requests are under way."""
    slow = Slow()
    async with client(Shedding(slow.respond, lambda _: None, 1)) as http:
        streams = [asyncio.create_task(http.get("/stream")) for _ in range(1)]
        await asyncio.sleep(0.02)
        asking = await begin(http, 1, "/graphql")
        slow.gate.set()
        answers = await asyncio.gather(*streams, *asking)

    assert [answer.status_code for answer in answers] == [200, 200]


async def test_who_fails_or_leaves_makes_room() -> None:
    """A place is never lost."""

    async def fail(*_: object) -> NoReturn:
        raise ZeroDivisionError

    async with client(Shedding(fail, lambda _: None, 1)) as http:
        for _ in range(3):
            with pytest.raises(ZeroDivisionError):
                await http.get("/graphql")
