from typing import Any, TypeAlias

import httpx
import pytest

from gateway.sandbox import Sandbox

NOON = 1_780_000_000.0  # epoch seconds: the beginning of every world here
MINUTE, HOUR, DAY = 60, 3600, 86400
EVER = {"StartTime": "30d", "ProcessingState": "all", "PageSize": "1000"}

Json: TypeAlias = dict[str, Any]


class Clock:
    """A clock that stands still until it is told to go on."""

    def __init__(self, now: float = NOON) -> None:
        self.now = now

    def __call__(self) -> float:
        """Epoch seconds."""
        return self.now

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds


class Visitor:
    """Somebody with credentials who asks a sandbox, in process."""

    def __init__(self, sandbox: Sandbox, auth: tuple[str, str] | None) -> None:
        self._http = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=sandbox.app),
            base_url="https://insights.twilio.com",
            auth=auth,
        )

    async def get(self, path: str, **params: str) -> httpx.Response:
        """GET any path."""
        return await self._http.get(path, params=params or None)

    async def delete(self, path: str) -> httpx.Response:
        """DELETE any path."""
        return await self._http.delete(path)

    async def summary(self, sid: str, **params: str) -> httpx.Response:
        """One summary."""
        return await self.get(f"/v1/Voice/{sid}/Summary", **params)

    async def ask(self, **params: str) -> httpx.Response:
        """One page of the list, whatever comes of it."""
        return await self.get("/v1/Voice/Summaries", **params)

    async def page(self, **params: str) -> Json:
        """The JSON of a page that must be there."""
        answer = await self.ask(**params)
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found

    async def calls(self, **params: str) -> list[Json]:
        """The summaries of one page as large as a page can be, over all time."""
        found: list[Json] = (await self.page(**(EVER | params)))["call_summaries"]
        assert len(found) < 1000, "the world is too large for one page"
        return found

    async def follow(self, url: str) -> Json:
        """The JSON of a page by its whole address."""
        answer = await self._http.get(url)
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found

    async def annotate(self, sid: str, **form: str) -> httpx.Response:
        """Say something about a call."""
        return await self._http.post(f"/v1/Voice/{sid}/Annotation", data=form)


def visitor(sandbox: Sandbox) -> Visitor:
    return Visitor(sandbox, (sandbox.account_sid, sandbox.auth_token))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sandbox(clock: Clock) -> Sandbox:
    return Sandbox(calls=300, seed=11, clock=clock, arrivals=False)


@pytest.fixture
def account(sandbox: Sandbox) -> Visitor:
    return visitor(sandbox)


def sids(summaries: list[Json]) -> list[str]:
    return [summary["call_sid"] for summary in summaries]
