"""A client that leaves gives back its place, its wait and its work upstream, on every transport.

The rule is ours: within a second. For HTTP the server tells so by `http.disconnect` (ASGI), and a
WebSocket by its end or by `complete` (graphql-transport-ws).
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import httpx
import pytest

from gateway.config.settings import Settings
from gateway.instrumentation import Coalesced, OperationAnswered, RequestAnswered
from gateway.sandbox import Sandbox
from tests.conftest import Clock, Gateway
from tests.live import becomes, followers, say, subscribe, web_socket
from tests.server.conftest import Address, listening
from tests.wire import Held, get, over_http, post

CALL = "query($sid: CallSid!) { call(sid: $sid) { sid } }"
DEFERRED = "query($sid: CallSid!) { call(sid: $sid) { sid ... @defer { tags } } }"
INTERPRETED = "query($sid: CallSid!) { call(sid: $sid) { sid annotation { comment } } }"
UPDATES = "subscription($sid: CallSid!) { callUpdates(sid: $sid) { status } }"
WAIT = """query($sid: CallSid!) {
  callLookup(sid: $sid, waitFor: COMPLETE, timeoutSeconds: 60) { status }
}"""
ME = "{ viewer { name } }"
PARTS = "multipart/mixed; deferSpec=20220824, application/json"


@pytest.fixture
def held(sandbox: Sandbox) -> Held:
    return Held(sandbox)


@pytest.fixture
async def gateway(sandbox: Sandbox, clock: Clock, held: Held) -> AsyncIterator[Gateway]:
    """A gateway with a place for one request alone."""
    transport = httpx.ASGITransport(app=held)
    settings = Settings(gateway_max_requests=1)
    async with Gateway(sandbox, clock, settings, transport=transport) as gateway:
        yield gateway


@pytest.fixture
async def address(gateway: Gateway) -> AsyncIterator[Address]:
    async with listening(gateway.app) as address:
        yield address


REQUESTS = {
    "POST": lambda sid: post(CALL, sid=sid),
    "GET": lambda sid: get(CALL, sid=sid),
    "interpreted": lambda sid: post(INTERPRETED, sid=sid),
    "deferred": lambda sid: post(DEFERRED, PARTS, sid=sid),
    "waiting": lambda sid: post(WAIT, sid=sid),
    "query as events": lambda sid: post(CALL, "text/event-stream", sid=sid),
    "subscription as events": lambda sid: post(UPDATES, "text/event-stream", sid=sid),
    "subscription in parts": lambda sid: post(UPDATES, "multipart/mixed", sid=sid),
    "with more on its way": lambda sid: post(CALL, sid=sid) + b"GET /he",
    "before another": lambda sid: post(CALL, sid=sid) + get(ME, sid=sid),
}


async def is_free(gateway: Gateway, held: Held) -> bool:
    """Whether nobody asks Twilio or follows a call any more, and there is a place again."""

    def nothing_is_left() -> bool:
        return not held.under_way and not followers(gateway.happenings)

    if not await becomes(nothing_is_left, within=1):
        return False
    answer = await gateway.http.post("/graphql", json={"query": ME})
    return answer.status_code == 200


@pytest.mark.parametrize("kind", REQUESTS)
async def test_over_http(gateway: Gateway, held: Held, address: Address, kind: str) -> None:
    """Whatever was asked, and however it was to be answered; whatever else is on its way."""
    sid = gateway.sandbox.examples()["partial"]
    leave = await over_http(address, REQUESTS[kind](sid))
    assert await becomes(lambda: held.under_way == 1)
    await leave()
    assert await is_free(gateway, held)


async def test_what_another_waits_for_goes_on(sandbox: Sandbox, clock: Clock, held: Held) -> None:
    """One question to Twilio for both, which answers the one that stays."""
    sid, transport = sandbox.examples()["sip"], httpx.ASGITransport(app=held)
    async with (
        Gateway(sandbox, clock, Settings(), transport=transport) as gateway,
        listening(gateway.app) as address,
    ):
        leave = await over_http(address, post(CALL, sid=sid))
        assert await becomes(lambda: held.under_way == 1)
        staying = asyncio.create_task(gateway.ask(CALL, sid=sid))
        assert await becomes(lambda: Coalesced("summary") in gateway.happenings)
        await leave()
        assert await becomes(lambda: has_line(gateway, 499))
        held.gate.set()
        assert await staying == {"call": {"sid": sid}}
    assert held.asked == 1


def has_line(gateway: Gateway, status: int) -> bool:
    """Whether a request is over that has this status."""
    return RequestAnswered("/graphql", status) in gateway.happenings


async def test_what_was_left_is_told_as_such(
    gateway: Gateway, held: Held, address: Address
) -> None:
    """As elsewhere with the status 499, and as an operation that was abandoned."""
    leave = await over_http(address, post(CALL, sid=gateway.sandbox.examples()["sip"]))
    assert await becomes(lambda: held.under_way == 1)
    await leave()
    assert await becomes(lambda: has_line(gateway, 499))
    (told,) = [one for one in gateway.happenings if isinstance(one, OperationAnswered)]
    assert (told.kind, told.outcome) == ("query", "abandoned")


@pytest.mark.parametrize("query", [CALL, INTERPRETED, WAIT, UPDATES])
@pytest.mark.parametrize("how", ["close", "abort", "complete"])
async def test_over_a_websocket(
    gateway: Gateway, held: Held, address: Address, query: str, how: str
) -> None:
    """By closing it, by being cut off, and by ending the operation alone."""
    sid = gateway.sandbox.examples()["partial"]
    async with AsyncExitStack() as stack:
        host, port = address
        connection = await stack.enter_async_context(web_socket(f"http://{host}:{port}"))
        await subscribe(connection, query, sid=sid)
        assert await becomes(lambda: held.under_way == 1)
        match how:
            case "close":
                await connection.close()
            case "abort":
                connection.transport.abort()
            case "complete":
                await say(connection, type="complete", id="1")
        assert await is_free(gateway, held)


async def test_two_thousand_waits_of_clients_that_left_hold_nobody_up(
    sandbox: Sandbox, clock: Clock
) -> None:
    """As many as a process has places for: a second later, everybody is answered."""
    sid = sandbox.examples()["not_ready"]
    settings = Settings(gateway_max_requests=500)
    async with Gateway(sandbox, clock, settings) as gateway, listening(gateway.app) as address:
        leaving = [await over_http(address, post(WAIT, sid=sid)) for _ in range(500)]
        assert await becomes(lambda: followers(gateway.happenings) == 500)
        refused = await gateway.http.post("/graphql", json={"query": ME})
        for leave in leaving:
            await leave()
        assert await becomes(lambda: followers(gateway.happenings) == 0, within=2)
        answer = await gateway.http.post("/graphql", json={"query": ME})
    assert (refused.status_code, answer.status_code) == (503, 200)
