"""What `/metrics` tells of subscriptions: how many there are, what they are sent, why they end."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any, get_args

import httpx
import pytest

from gateway.schema.execution.answers import Answer
from gateway.server.graphql.streams import Stream
from gateway.server.graphql.subscription_events import Ending, reported
from gateway.subscription_instrumentation import EndReason, SubscriptionEnded
from tests.conftest import Gateway
from tests.live import UPDATES, becomes, events, hear, say, subscribe, web_socket
from tests.server.conftest import Address, listening
from tests.server.telemetry.test_prometheus import samples

MULTIPART = "multipart/mixed;subscriptionSpec=1.0"
ACCEPTS = {"events": "text/event-stream", "multipart": MULTIPART}
FEED = "subscription { completedCalls { cursor } }"


async def ends(gateway: Gateway) -> dict[tuple[str, ...], float]:
    """How many subscriptions ended, by reason and transport in the order of their names."""
    seen = await samples(gateway)
    return {key[1:]: n for key, n in seen.items() if key[0] == "gateway_subscription_ends_total"}


async def live(gateway: Gateway, transport: str) -> float:
    return (await samples(gateway))["gateway_subscriptions", transport]


def url(address: Address) -> str:
    host, port = address
    return f"http://{host}:{port}"


async def over_http(gateway: Gateway, transport: str, query: str, sid: str) -> httpx.Response:
    body = {"query": query, "variables": {"sid": sid}}
    headers = {"Accept": ACCEPTS[transport]}
    return await gateway.http.post("/graphql", json=body, headers=headers)


@pytest.mark.parametrize("transport", ["events", "multipart"])
async def test_what_is_told_to_the_end_is_complete(gateway: Gateway, transport: str) -> None:
    """One answer was sent, and nobody subscribes any more (ours)."""
    await over_http(gateway, transport, UPDATES, gateway.sandbox.examples()["client"])
    seen = await samples(gateway)

    assert await reasons(gateway) == {"complete": 1}
    assert seen["gateway_subscriptions", transport] == 0
    assert seen["gateway_subscription_messages_total", transport] == 1


async def test_what_is_told_over_a_websocket_is_complete(
    gateway: Gateway, address: Address
) -> None:
    """The same, and it counts while it is open (ours)."""
    sid = gateway.sandbox.examples()["client"]
    async with web_socket(url(address)) as connection:
        await subscribe(connection, UPDATES, sid=sid)
        assert [(await hear(connection))["type"] for _ in range(2)] == ["next", "complete"]
    assert await reasons(gateway) == {"complete": 1}


async def reasons(gateway: Gateway) -> dict[str, float]:
    """How many ended for each reason."""
    words = get_args(EndReason)
    return {word: n for key, n in (await ends(gateway)).items() for word in key if word in words}


async def test_who_leaves_is_counted_no_more(gateway: Gateway, address: Address) -> None:
    """Over server-sent events, and by the `complete` of a WebSocket (ours)."""
    sid = gateway.sandbox.examples()["partial"]
    async with events(url(address), sid) as answers:
        await anext(answers)
        assert await live(gateway, "events") == 1
    async with web_socket(url(address)) as connection:
        await subscribe(connection, UPDATES, sid=sid)
        await hear(connection)
        assert await live(gateway, "websocket") == 1
        await say(connection, type="complete", id="1")
        assert await becomes(lambda: _ended(gateway) == ["left", "left"])
    assert await live(gateway, "events") == await live(gateway, "websocket") == 0


def _ended(gateway: Gateway) -> list[str]:
    return [one.reason for one in gateway.happenings if isinstance(one, SubscriptionEnded)]


async def test_what_fails_or_is_refused_says_so(gateway: Gateway) -> None:
    """Nothing but errors is a failure; a wrong variable is none of the gateway's (ours)."""
    await over_http(gateway, "events", FEED, "")
    await over_http(gateway, "events", UPDATES, "no SID")
    assert _ended(gateway) == ["failed", "refused"]


async def test_queries_are_no_subscriptions(gateway: Gateway) -> None:
    """A query that is answered as events is none (ours)."""
    await over_http(gateway, "events", "{ viewer { name } }", "")
    assert await ends(gateway) == {}


async def test_a_server_that_stops_is_the_reason(gateway: Gateway) -> None:
    """Uvicorn closes WebSockets with 1012 then, and their clients come back (RFC 6455, IANA)."""
    sid = gateway.sandbox.examples()["partial"]
    async with listening(gateway.app) as address:
        connecting = web_socket(url(address))
        connection = await connecting.__aenter__()
        await subscribe(connection, UPDATES, sid=sid)
        await hear(connection)
    assert await becomes(lambda: _ended(gateway) == ["stopping"])
    await connection.close()


@pytest.mark.parametrize(
    ("stops", "reason"), [(True, "stopping"), (False, "withdrawn")], ids=["stops", "expires"]
)
async def test_a_stream_that_breaks_off_says_why(*, stops: bool, reason: str) -> None:
    """Either the server stops, or the token is over; the client is still there (ours)."""
    happenings: list[Any] = []
    stopping, ending = asyncio.Event(), Ending()

    async def answers() -> AsyncGenerator[Answer, None]:
        yield Answer(b"{}", executed=True)
        if stops:
            stopping.set()
        await asyncio.Event().wait()

    async def bodies() -> AsyncGenerator[bytes, None]:
        async for answer in reported(answers(), "events", ending, happenings.append):
            yield answer.body

    async def receive() -> Any:
        await asyncio.Event().wait()

    async def send(_: Any) -> None:
        pass

    stream = Stream("text/event-stream", bodies(), 60 if stops else 0.01, ending=ending)
    async with asyncio.timeout(5):
        await stream({"type": "http", "state": {"stopping": stopping}}, receive, send)
    assert ending.reason == reason


async def test_reasons_are_a_bounded_number_of_series(gateway: Gateway) -> None:
    """Labels are words of the gateway; no client chooses one (ours)."""
    for number in range(20):
        query = UPDATES.replace("subscription", f"subscription Q{number}")
        await over_http(gateway, "events", query, gateway.sandbox.examples()["client"])
    assert await reasons(gateway) == {"complete": 20}
