"""No viewer takes all that a process has: of requests, followers and connections each has a share.

The bounds are ours; each refusal names the one it is about, and the setting that moves it.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from gateway.config.file import Configuration
from gateway.config.settings import Settings
from gateway.sandbox import Sandbox
from tests.configured import bearer
from tests.conftest import Clock, Gateway
from tests.live import becomes, followers, hear, say, web_socket
from tests.node import Json
from tests.server.conftest import Address, listening
from tests.viewers import ALL, Asker, People
from tests.wire import Held, over_http, post

CALL = "query($sid: CallSid!) { call(sid: $sid) { sid } }"
UPDATES = "subscription($sid: CallSid!) { callUpdates(sid: $sid) { status } }"
WAIT = """query($sid: CallSid!) {
  callLookup(sid: $sid, waitFor: COMPLETE, timeoutSeconds: 60) { status }
}"""
ME, EVENTS = "{ viewer { name } }", "text/event-stream"


@pytest.fixture
def viewers(sandbox: Sandbox) -> Configuration:
    people = People(sandbox)
    people.add("greedy", None, ALL)
    people.add("other", None, ALL)
    return people.access


@asynccontextmanager
async def gateway_on(
    sandbox: Sandbox,
    clock: Clock,
    viewers: Configuration,
    settings: Settings,
    twilio: httpx.AsyncBaseTransport | None = None,
) -> AsyncIterator[tuple[Gateway, Address]]:
    """A gateway in this process, which listens on a socket too."""
    transport = twilio or httpx.ASGITransport(app=sandbox.app)
    async with (
        Gateway(sandbox, clock, settings, access=viewers, transport=transport) as gateway,
        listening(gateway.app) as address,
    ):
        yield gateway, address


@asynccontextmanager
async def connected(address: Address, token: str) -> AsyncIterator[ClientConnection]:
    """A WebSocket on which both said hello."""
    async with web_socket("http://{}:{}".format(*address)) as connection:
        await say(connection, type="connection_init", payload={"Authorization": f"Bearer {token}"})
        assert await hear(connection) == {"type": "connection_ack"}
        yield connection


async def as_events(gateway: Gateway, token: str, query: str, **variables: str) -> httpx.Response:
    """A response to somebody who wants it as events."""
    body = {"query": query, "variables": variables}
    headers = {"Accept": EVENTS, **bearer(token)}
    return await gateway.http.post("/graphql", json=body, headers=headers)


async def becomes_free(asker: Asker) -> bool:
    """Whether a viewer soon has a place again."""
    for _ in range(100):
        if (await asker.post(ME)).status_code == 200:
            return True
        await asyncio.sleep(0.01)
    return False


async def ask(connection: ClientConnection, name: str, query: str, **variables: Any) -> Json:
    """Ask on a connection, and hear the first answer."""
    payload = {"query": query, "variables": variables}
    await say(connection, type="subscribe", id=name, payload=payload)
    answer = await hear(connection)
    assert answer["id"] == name
    return answer


async def test_requests_under_way(sandbox: Sandbox, clock: Clock, viewers: Configuration) -> None:
    """By HTTP and WebSocket together, whatever is asked; the other viewer has its own."""
    sids, held = [sandbox.examples()[name] for name in ("sip", "client", "partial")], Held(sandbox)
    transport = httpx.ASGITransport(app=held)
    settings = Settings(gateway_max_requests_per_viewer=3)
    async with gateway_on(sandbox, clock, viewers, settings, transport) as (gateway, address):
        greedy, other = Asker(gateway, "greedy"), Asker(gateway, "other")
        asking = asyncio.create_task(greedy.ask(CALL, sid=sids[0]))
        stream = await over_http(address, post(CALL, EVENTS, "greedy", sid=sids[1]))
        async with connected(address, "greedy") as connection:
            payload = {"query": CALL, "variables": {"sid": sids[2]}}
            await say(connection, type="subscribe", id="1", payload=payload)
            assert await becomes(lambda: held.under_way == 3)
            refused = [
                await greedy.post(ME),
                await as_events(gateway, "greedy", ME),
                await gateway.http.get("/graphql", params={"query": ME}, headers=bearer("greedy")),
            ]
            told = await ask(connection, "2", ME)
            assert (await other.ask(ME))["viewer"] == {"name": "other"}
            held.gate.set()
            assert (await hear(connection))["payload"]["data"]["call"] == {"sid": sids[2]}
        assert await asking == {"call": {"sid": sids[0]}}
        await stream()
        assert await becomes_free(greedy)

    assert {answer.status_code for answer in refused} == {429}
    for errors in (*(answer.json()["errors"] for answer in refused), told["payload"]):
        assert errors[0]["extensions"]["code"] == "UPSTREAM_RATE_LIMITED"
        assert "3 (GATEWAY_MAX_REQUESTS_PER_VIEWER)" in errors[0]["message"]


async def test_followers(sandbox: Sandbox, clock: Clock, viewers: Configuration) -> None:
    """By subscription and by `waitFor` together, on however many connections."""
    sid = sandbox.examples()["not_ready"]
    settings = Settings(gateway_max_followers_per_viewer=3)
    async with gateway_on(sandbox, clock, viewers, settings) as (gateway, address):
        greedy, other = Asker(gateway, "greedy"), Asker(gateway, "other")
        stream = await over_http(address, post(UPDATES, EVENTS, "greedy", sid=sid))
        async with connected(address, "greedy") as one, connected(address, "greedy") as another:
            assert (await ask(one, "1", UPDATES, sid=sid))["type"] == "next"
            waiting = asyncio.create_task(greedy.ask(WAIT, sid=sid))
            assert await becomes(lambda: followers(gateway.happenings) == 3)
            told = await ask(another, "1", UPDATES, sid=sid)
            assert await hear(another) == {"id": "1", "type": "complete"}
            refused = await greedy.send(WAIT, sid=sid)
            async with connected(address, "other") as third:
                assert (await ask(third, "1", UPDATES, sid=sid))["type"] == "next"
            assert (await greedy.ask(ME))["viewer"] == {"name": "greedy"}
            assert (await other.ask(ME))["viewer"] == {"name": "other"}
            await say(one, type="complete", id="1")
            assert await becomes(lambda: followers(gateway.happenings) == 2)
            assert (await ask(another, "2", UPDATES, sid=sid))["type"] == "next"
        await stream()
        waiting.cancel()
        assert await becomes(lambda: followers(gateway.happenings) == 0)

    for (error,) in (told["payload"]["errors"], refused["errors"]):
        assert error["extensions"]["code"] == "QUERY_TOO_COMPLEX"
        assert "3 (GATEWAY_MAX_FOLLOWERS_PER_VIEWER)" in error["message"]


async def test_connections(sandbox: Sandbox, clock: Clock, viewers: Configuration) -> None:
    """WebSockets and streamed subscriptions together; by 1013 clients come back later."""
    sid = sandbox.examples()["not_ready"]
    settings = Settings(gateway_max_connections_per_viewer=2)
    async with (
        gateway_on(sandbox, clock, viewers, settings) as (gateway, address),
        connected(address, "greedy"),
    ):
        stream = await over_http(address, post(UPDATES, EVENTS, "greedy", sid=sid))
        assert await becomes(lambda: followers(gateway.happenings) == 1)
        refused = await as_events(gateway, "greedy", UPDATES, sid=sid)
        with pytest.raises(ConnectionClosed) as closed:
            async with connected(address, "greedy"):
                pass
        async with connected(address, "other"):
            pass
        await stream()
        assert await becomes(lambda: followers(gateway.happenings) == 0)
        async with connected(address, "greedy"):
            pass

    assert refused.status_code == 429
    assert "2 (GATEWAY_MAX_CONNECTIONS_PER_VIEWER)" in refused.json()["errors"][0]["message"]
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1013
    assert "2 (GATEWAY_MAX_CONNECTIONS_PER_VIEWER)" in closed.value.rcvd.reason


async def test_without_viewers_there_are_the_bounds_of_the_process_alone(
    sandbox: Sandbox, clock: Clock
) -> None:
    """Nobody can be told from others, so all have all of it."""
    sid = sandbox.examples()["not_ready"]
    settings = Settings(
        gateway_max_requests_per_viewer=1,
        gateway_max_followers_per_viewer=1,
        gateway_max_connections_per_viewer=1,
        gateway_max_followers=3,
    )
    async with Gateway(sandbox, clock, settings) as gateway, listening(gateway.app) as address:
        streams = [await over_http(address, post(UPDATES, EVENTS, sid=sid)) for _ in range(2)]
        waiting = await over_http(address, post(WAIT, sid=sid))
        assert await becomes(lambda: followers(gateway.happenings) == 3)
        error = await gateway.fail(WAIT, sid=sid)
        for leave in (*streams, waiting):
            await leave()
    assert "3 (GATEWAY_MAX_FOLLOWERS)" in error["message"]
