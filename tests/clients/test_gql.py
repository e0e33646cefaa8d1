"""Python's gql, as docs/clients.md shows it: `tests/clients/gql` is run."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing

import pytest
from gql.transport.aiohttp import AIOHTTPTransport
from gql.transport.async_transport import AsyncTransport
from gql.transport.exceptions import TransportQueryError
from gql.transport.websockets import WebsocketsTransport

from gateway.sandbox import Fault, Sandbox
from gateway.server.graphql import streams
from tests.clients.conftest import CALLS, COMPLETE, WINDOW
from tests.clients.gql.calls import calls, follow
from tests.conftest import Clock, Gateway
from tests.live import to_the_end

TRANSPORTS: dict[str, Callable[[str], AsyncTransport]] = {
    "multipart": lambda url: AIOHTTPTransport(url=url),
    "websocket": lambda url: WebsocketsTransport(url=url.replace("http", "ws", 1)),
}
every_transport = pytest.mark.parametrize("transport", TRANSPORTS.values(), ids=TRANSPORTS)


def code(problem: TransportQueryError) -> str:
    (error,) = problem.errors or []
    said: str = error["extensions"]["code"]
    return said


@every_transport
async def test_each_call_comes_once_and_in_order(
    url: str, gateway: Gateway, transport: Callable[[str], AsyncTransport]
) -> None:
    """Page by page to the end, over HTTP or WebSocket."""
    sids = [node["sid"] for node in (await gateway.ask(CALLS, w=WINDOW))["calls"]["nodes"]]
    assert len(sids) > 100
    assert [call["sid"] async for call in calls(lambda: transport(url), **WINDOW)] == sids


async def test_only_what_may_pass_is_asked_again(url: str, sandbox: Sandbox) -> None:
    """By `retryable`, after `retryAfterSeconds`; the code of what cannot pass is raised at once."""
    sandbox.inject(Fault(kind="refused_credentials"))
    with pytest.raises(TransportQueryError) as refused:
        await anext(calls(lambda: AIOHTTPTransport(url=url), **WINDOW))
    assert code(refused.value) == "UPSTREAM_CREDENTIALS"
    sandbox.clear_faults()

    sandbox.inject(Fault(kind="rate_limited_retry_after", seconds=1))
    before = len(sandbox.requests)
    asking = asyncio.ensure_future(anext(calls(lambda: AIOHTTPTransport(url=url), **WINDOW)))
    while len(sandbox.requests) == before:
        await asyncio.sleep(0.01)
    sandbox.clear_faults()
    assert (await asking)["sid"]


@every_transport
@pytest.mark.usefixtures("impatient")
async def test_a_call_is_followed_to_its_end(
    url: str,
    sandbox: Sandbox,
    clock: Clock,
    transport: Callable[[str], AsyncTransport],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Over multipart HTTP or WebSocket: each version that is told is newer, and the last final.

    Over multipart HTTP each is told when the next part begins, be it only a sign of life.
    """
    monkeypatch.setattr(streams, "KEEP_ALIVE", 0.05)
    sid = sandbox.examples()["partial"]
    async with aclosing(follow(lambda: transport(url), sid)) as told:
        lookups = await to_the_end(told, clock)
    versions = [lookup["call"]["processing"]["version"] for lookup in lookups]
    assert versions == sorted(set(versions))
    assert versions[0] < versions[-1] == COMPLETE
    assert lookups[-1]["status"] == "COMPLETE"
