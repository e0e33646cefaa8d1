"""The public client libraries follow calls, as their users would: `tests/clients/live` is run."""

import asyncio
import re
from contextlib import aclosing

import pytest

from gateway.config.settings import Settings
from gateway.sandbox import Fault, Sandbox
from gateway.server.graphql import streams, websocket
from tests.conftest import Clock
from tests.live import application, life, statuses, versions
from tests.node import CLIENTS, Json, install, lines
from tests.servers import serving

PROGRAMS = {
    "graphql-ws.mjs": "ws",
    "graphql-sse.mjs": "http",
    "apollo-ws.mjs": "ws",
    "apollo-multipart.mjs": "http",
}


@pytest.fixture(scope="module", autouse=True)
def _clients() -> None:
    install()


async def follow(name: str, address: str, sid: str, begun: asyncio.Semaphore) -> list[Json]:
    """All that a client prints; it has begun with its first answer."""
    url = address.replace("http:", f"{PROGRAMS[name]}:") + "/graphql"
    async with aclosing(lines(f"live/{name}", url, sid)) as results:
        told = [await anext(results)]
        begun.release()
        return told + [result async for result in results]


async def all_follow(sandbox: Sandbox, clock: Clock, sid: str) -> dict[str, list[Json]]:
    """What each client prints of a call, while time goes by."""
    begun = asyncio.Semaphore(0)
    with serving(application(sandbox, clock, Settings())) as address:
        following = asyncio.gather(*(follow(name, address, sid, begun) for name in PROGRAMS))
        for _ in PROGRAMS:
            await begun.acquire()
        passing = asyncio.create_task(life(clock))
        told = await following
        passing.cancel()
    return dict(zip(PROGRAMS, told, strict=True))


@pytest.mark.node
@pytest.mark.usefixtures("impatient")
async def test_each_client_gets_each_version_once_and_in_order(
    sandbox: Sandbox, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """graphql-ws, graphql-sse and Apollo Client, over WebSocket and multipart, to the end.

    What keeps a connection alive in between is none of their business.
    """
    monkeypatch.setattr(streams, "KEEP_ALIVE", 0.02)
    monkeypatch.setattr(websocket, "PING_EVERY", 0.02)
    told = await all_follow(sandbox, clock, sandbox.examples()["not_ready"])
    for name, results in told.items():
        assert results.pop() == {"end": True}, name
        assert statuses(results) == ["NOT_READY", *["PARTIAL"] * 5, "COMPLETE"], name
        assert versions(results) == [1, 2, 3, 4, 5, 6], name


@pytest.mark.node
@pytest.mark.usefixtures("impatient")
async def test_each_client_is_told_of_a_failure(sandbox: Sandbox, clock: Clock) -> None:
    """When there is not even a first state, the reason arrives as an error, and then the end."""
    sandbox.inject(Fault(kind="refused_credentials"))
    told = await all_follow(sandbox, clock, sandbox.examples()["partial"])
    for name, (failure, end) in told.items():
        message = failure.get("error") or failure["errors"][0]["message"]
        assert "credentials" in message, name
        assert end == {"end": True}, name


def test_the_page_shows_what_is_run_here() -> None:
    """Every program in docs/live.md is one of these, or a part of it, letter by letter."""
    page = (CLIENTS.parents[1] / "docs" / "live.md").read_text("utf-8")
    shown = re.findall(r"^```js\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    programs = [(CLIENTS / "live" / name).read_text("utf-8") for name in PROGRAMS]
    assert len(shown) == len(PROGRAMS)
    for code in shown:
        assert any(code in program for program in programs), code
