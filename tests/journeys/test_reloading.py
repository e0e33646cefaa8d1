"""SIGHUP: accounts and viewers are read again, without dropping a request."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.sandbox import Sandbox
from tests.configured import Configured, bearer, token_of
from tests.live import UPDATES, HurriedClock
from tests.servers import serving

pytestmark = pytest.mark.processes

CALLER = "query($sid: CallSid!) { call(sid: $sid) { from { caller } } }"
NAME = {"query": "{ viewer { name scopes } }"}


@pytest.fixture
def sandbox() -> Sandbox:
    return Sandbox(calls=50, clock=HurriedClock(), arrivals=False)


@pytest.fixture
def served(tmp_path: Path, sandbox: Sandbox) -> Iterator[Configured]:
    """A gateway with the viewers `ana` and `ben`."""
    configured = Configured(tmp_path, sandbox)
    configured.allow("ana", "ben")
    with serving(sandbox.app) as upstream, configured.running(upstream):
        yield configured


async def _status(client: httpx.AsyncClient, viewer: str) -> int:
    answer = await client.post("/graphql", json=NAME, headers=bearer(token_of(viewer)))
    return answer.status_code


async def test_viewers_come_and_go_without_a_restart(served: Configured) -> None:
    """Who was added gets in, who was removed does not, and no request of others fails meanwhile."""
    failed: list[Any] = []
    async with httpx.AsyncClient(base_url=served.address, timeout=10) as client:
        asking = asyncio.create_task(_ask_all_the_time(client, "ana", failed))
        assert await _status(client, "eve") == 401
        for _ in range(5):
            served.allow("ana", "eve")
            served.reload()
            assert await _becomes_status(client, "eve", 200)
            assert await _status(client, "ben") == 401
            served.allow("ana", "ben")
            served.reload()
            assert await _becomes_status(client, "ben", 200)
            assert await _status(client, "eve") == 401
        asking.cancel()
    assert await asyncio.gather(asking, return_exceptions=True)
    assert failed == []
    assert await served.told("Accounts and viewers are reloaded: 1 account, 2 viewers.")


async def test_what_was_told_before_is_not_told_any_more(
    served: Configured, sandbox: Sandbox
) -> None:
    """The same request, byte by byte, of a viewer that is no more, or may see other things."""
    body = {"query": CALLER, "variables": {"sid": sandbox.examples()["client"]}}
    async with httpx.AsyncClient(base_url=served.address, timeout=10) as client:

        async def told(viewer: str) -> httpx.Response:
            return await client.post("/graphql", json=body, headers=bearer(token_of(viewer)))

        before = [await told(name) for name in ("ana", "ben") for _ in range(3)]
        assert {answer.content for answer in before} == {before[0].content}
        assert "•" in before[0].json()["data"]["call"]["from"]["caller"]
        served.allow("ana", scopes='"calls:read", "pii:read"')
        served.reload()
        assert await _becomes_status(client, "ben", 401)
        assert (await told("ben")).status_code == 401
        plain = [(await told("ana")).json()["data"]["call"]["from"]["caller"] for _ in range(3)]
    assert not any("•" in caller for caller in plain)


async def test_a_bad_file_keeps_the_old_one_and_says_why(served: Configured) -> None:
    """Each mistake in a line of the log, with its place and cure; everybody stays who they were."""
    served.allow("ana", scopes='"calls:write"', more="[[viewer]]\n")
    served.reload()
    assert await served.told("Accounts and viewers are not reloaded: ")
    assert await served.told("`viewer` is unknown")
    assert await served.told("`scopes` is wrong: set it to a list of some of")
    async with httpx.AsyncClient(base_url=served.address) as client:
        assert await _status(client, "ana") == 200
        assert await _status(client, "ben") == 200
        served.allow("ana")
        served.reload()
        assert await _becomes_status(client, "ben", 401)
    assert "Traceback" not in served.log()


async def test_a_stream_ends_when_its_viewer_is_no_more(
    served: Configured, sandbox: Sandbox
) -> None:
    """Of a viewer that changed too: it comes back as what it is now. Others go on."""
    body = {"query": UPDATES, "variables": {"sid": sandbox.examples()["partial"]}}
    async with (
        asyncio.timeout(30),
        httpx.AsyncClient(base_url=served.address, timeout=30) as client,
        client.stream("POST", "/graphql", json=body, headers=_streamed("ana")) as ana,
        client.stream("POST", "/graphql", json=body, headers=_streamed("ben")) as ben,
    ):
        hers, his = ana.aiter_lines(), ben.aiter_lines()
        assert await _heard(hers)
        assert await _heard(his)
        served.allow("ana")
        served.reload()
        assert "event: complete" not in [line async for line in his]
        assert await anext(hers) is not None, "she is kept alive"


def _streamed(viewer: str) -> dict[str, str]:
    return {"Accept": "text/event-stream", **bearer(token_of(viewer))}


async def _heard(lines: Any) -> bool:
    async for line in lines:
        if line.startswith("data: {"):
            return True
    return False


async def _ask_all_the_time(client: httpx.AsyncClient, viewer: str, failed: list[Any]) -> None:
    while True:
        try:
            if (status := await _status(client, viewer)) != 200:
                failed.append(status)
        except httpx.TransportError as error:
            failed.append(error)


async def _becomes_status(client: httpx.AsyncClient, viewer: str, status: int) -> bool:
    for _ in range(200):
        if await _status(client, viewer) == status:
            return True
        await asyncio.sleep(0.02)
    return False
