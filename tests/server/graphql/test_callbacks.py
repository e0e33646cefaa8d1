"""Subscriptions that a router takes at its callback URL: Apollo's `callback/1.0`.

The rules are those of the protocol's page, and of the plug-in of Apollo Server where it leaves
something open (https://www.apollographql.com/docs/graphos/routing/operations/subscriptions/callback-protocol).
"""

import asyncio
import logging
import os
import signal
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.config.kinds import CallbackUrls
from gateway.config.settings import Settings
from gateway.instrumentation import OperationAnswered
from gateway.sandbox import Sandbox
from gateway.server.graphql.callback_protocol import ATTEMPTS, Router, RouterGone, Subscription
from gateway.subscription_instrumentation import SubscriptionEnded
from tests.conftest import Clock, Gateway
from tests.live import UPDATES, becomes, life
from tests.servers import free_port, serving
from tests.viewers import READ, People, open_to

ACCEPT = {"Accept": "application/json;callbackSpec=1.0"}
ID, VERIFIER = "c4a9d1b8-dc57-44ab-9e5a-6e6189b2b945", "a harbour at night"
FEED = "subscription { completedCalls { cursor } }"


class FederationRouter:
    """A router on a socket: it keeps what it is sent, and answers with `statuses`, then 204."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.protocols = set[str | None]()
        self.statuses: list[int] = []
        self.app = Starlette(
            routes=[Route("/callback/{id}", self._take, methods=["POST"])],
        )

    async def _take(self, request: Request) -> Response:
        self.messages.append(await request.json())
        self.protocols.add(request.headers.get("subscription-protocol"))
        headers = {"subscription-protocol": "callback/1.0", "Location": "/elsewhere"}
        return Response(None, self.statuses.pop(0) if self.statuses else 204, headers)

    @property
    def actions(self) -> list[str]:
        return [message["action"] for message in self.messages]

    def payloads(self) -> list[dict[str, Any]]:
        return [one["payload"] for one in self.messages if one["action"] == "next"]


@pytest.fixture
def router() -> FederationRouter:
    return FederationRouter()


@pytest.fixture
def base(router: FederationRouter) -> Any:
    with serving(router.app) as address:
        yield f"{address}/callback"


@pytest.fixture
def settings(base: str) -> Settings:
    return Settings(gateway_callback_urls=CallbackUrls(base))


def asked(url: str, query: str, sid: str, **said: Any) -> dict[str, Any]:
    extension: dict[str, Any] = {"callbackUrl": url, "subscriptionId": ID, "verifier": VERIFIER}
    extension["heartbeatIntervalMs"] = 0
    extensions = {"subscription": {**extension, **said}}
    return {"query": query, "variables": {"sid": sid}, "extensions": extensions}


async def subscribe(
    gateway: Gateway, base: str, example: str, query: str = UPDATES, **said: Any
) -> httpx.Response:
    sid = gateway.sandbox.examples()[example]
    body = asked(f"{base}/{ID}", query, sid, **said)
    return await gateway.http.post("/graphql", json=body, headers=ACCEPT)


def ends(gateway: Gateway) -> list[str]:
    return [one.reason for one in gateway.happenings if isinstance(one, SubscriptionEnded)]


async def test_a_subscription_is_checked_told_and_completed(
    gateway: Gateway, base: str, router: FederationRouter
) -> None:
    """`check` before the response, then `next` and `complete`, each with id and verifier."""
    answer = await subscribe(gateway, base, "client")
    assert (answer.status_code, answer.json()) == (200, {"data": None})
    assert answer.headers["subscription-protocol"] == "callback/1.0"
    assert router.actions[0] == "check"

    assert await becomes(lambda: router.actions == ["check", "next", "complete"])
    assert ends(gateway) == ["complete"]
    assert {(one["kind"], one["id"], one["verifier"]) for one in router.messages} == {
        ("subscription", ID, VERIFIER)
    }
    assert router.protocols == {"callback/1.0"}
    assert router.payloads()[0]["data"]["callUpdates"]["status"] == "COMPLETE"
    assert "errors" not in router.messages[-1]


@pytest.mark.usefixtures("impatient")
async def test_each_new_version_is_told(
    gateway: Gateway, base: str, router: FederationRouter, clock: Clock
) -> None:
    """To the last, in order: what a router hears is what other followers hear."""
    await subscribe(gateway, base, "not_ready")
    passing = asyncio.create_task(life(clock))
    assert await becomes(lambda: ends(gateway) == ["complete"], within=30)
    passing.cancel()
    statuses = [one["data"]["callUpdates"]["status"] for one in router.payloads()]
    assert (statuses[0], statuses[-1]) == ("NOT_READY", "COMPLETE")


async def test_a_router_that_does_not_confirm_gets_nothing(
    gateway: Gateway, base: str, router: FederationRouter
) -> None:
    """Anybody could name a callback URL; a status of 400 or more says that it failed."""
    router.statuses = [404]
    answer = await subscribe(gateway, base, "client")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert router.actions == ["check"]
    assert ends(gateway) == []


async def test_what_is_refused_is_the_errors_of_the_end(
    gateway: Gateway, base: str, router: FederationRouter
) -> None:
    """`complete` with errors; a field that fails is an answer with errors, then the end."""
    body = asked(f"{base}/{ID}", UPDATES, "no SID")
    await gateway.http.post("/graphql", json=body, headers=ACCEPT)
    await subscribe(gateway, base, "client", FEED)
    assert await becomes(lambda: router.actions.count("complete") == 2)
    assert sorted(ends(gateway)) == ["failed", "refused"]
    assert router.actions.count("check") == 2
    (wrong,) = (one for one in router.messages if "errors" in one)
    assert wrong["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    (failed,) = router.payloads()
    assert failed["errors"][0]["extensions"]["code"] == "WAREHOUSE_DISABLED"


@pytest.mark.parametrize("status", [404, 400, 302])
async def test_a_router_that_is_done_ends_the_subscription(
    gateway: Gateway, base: str, router: FederationRouter, status: int
) -> None:
    """404 says so; other refusals end it too, and a redirect is never followed."""
    router.statuses = [204, status]
    await subscribe(gateway, base, "partial")
    assert await becomes(lambda: ends(gateway) == ["left"])
    assert router.actions == ["check", "next"]


async def test_a_router_that_fails_for_a_moment_misses_nothing(
    gateway: Gateway, base: str, router: FederationRouter
) -> None:
    """A message is sent again after a 5xx (Apollo Server's plug-in)."""
    router.statuses = [204, 503, 500]
    await subscribe(gateway, base, "client")
    assert await becomes(lambda: router.actions[-1] == "complete")
    assert router.actions == ["check", "next", "next", "next", "complete"]


async def test_heartbeats_find_a_router_that_forgot(
    gateway: Gateway, base: str, router: FederationRouter
) -> None:
    """While nothing happens, `check` goes on in the interval; 404 is the end."""
    router.statuses = [204, 204, 204, 404]
    await subscribe(gateway, base, "partial", heartbeatIntervalMs=1000)
    assert await becomes(lambda: ends(gateway) == ["left"])
    assert router.actions == ["check", "next", "check", "check"]


class Time:
    """Sleeps without waiting, and notes for how long; it stands still after `beats`."""

    def __init__(self, beats: int) -> None:
        self.slept: list[float] = []
        self._beats = beats

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        if len(self.slept) > self._beats:
            await asyncio.Event().wait()


def one_router(client: httpx.AsyncClient, url: str, time: Time, interval: int = 5000) -> Router:
    return Router(client, Subscription(f"{url}/{ID}", ID, VERIFIER, interval), time.sleep)


async def test_heartbeats_come_in_the_interval_of_the_router(
    base: str, router: FederationRouter
) -> None:
    """Every five seconds where it says 5,000; failures before a success are forgiven."""
    time = Time(8)
    router.statuses = [503] * (ATTEMPTS - 1) + [204] + [503] * 3
    async with httpx.AsyncClient() as client:
        beating = asyncio.create_task(one_router(client, base, time).beat())
        assert await becomes(lambda: len(time.slept) == 9)
        assert not beating.done()
        beating.cancel()
    assert time.slept == [5.0] * 9
    assert router.actions == ["check"] * 8


async def test_a_router_that_is_gone_is_given_up() -> None:
    """Nobody listens any more: five beats in vain, and the subscription is over."""
    time = Time(1000)
    gone = f"http://127.0.0.1:{free_port()}/callback"
    async with httpx.AsyncClient() as client:
        with pytest.raises(RouterGone):
            await one_router(client, gone, time).beat()
        assert time.slept == [5.0] * ATTEMPTS
        with pytest.raises(RouterGone):
            await one_router(client, gone, time).next(b"{}")


@pytest.mark.parametrize(("interval", "slept"), [(1, [1.0, 1.0]), (0, [])])
async def test_intervals_have_a_lower_bound(
    base: str, router: FederationRouter, interval: int, slept: list[float]
) -> None:
    """A router cannot have itself asked a thousand times a second; 0 means no heartbeats."""
    time = Time(1)
    async with httpx.AsyncClient() as client:
        beating = asyncio.create_task(one_router(client, base, time, interval).beat())
        await becomes(lambda: len(time.slept) == 2, within=0.5)
        beating.cancel()
    assert time.slept == slept
    assert len(router.actions) == len(slept) // 2


async def test_a_server_that_stops_tells_routers(
    sandbox: Sandbox, clock: Clock, base: str, settings: Settings, router: FederationRouter
) -> None:
    """Their clients would wait for ever otherwise: `complete` with an error to come back after."""
    async with Gateway(sandbox, clock, settings) as gateway:
        await subscribe(gateway, base, "partial")
        assert await becomes(lambda: router.actions == ["check", "next"])
    assert router.actions == ["check", "next", "complete"]
    (error,) = router.messages[-1]["errors"]
    assert error["extensions"] == {"code": "UPSTREAM_UNAVAILABLE", "retryable": True}
    assert ends(gateway) == ["stopping"]


async def test_a_viewer_that_is_no_more_ends_its_subscriptions(
    sandbox: Sandbox, clock: Clock, base: str, settings: Settings, router: FederationRouter
) -> None:
    """As of other streams, by SIGHUP; the router hears why, and its clients come back (ours)."""
    people, nobody = People(sandbox), People(sandbox)
    people.add("router", None, READ)
    nobody.add("another", None, READ)
    options = {"access": people.access, "reread": lambda: nobody.access}
    async with Gateway(sandbox, clock, settings, **options) as gateway:
        body = asked(f"{base}/{ID}", UPDATES, sandbox.examples()["partial"])
        headers = {**ACCEPT, "Authorization": "Bearer router"}
        await gateway.http.post("/graphql", json=body, headers=headers)
        assert await becomes(lambda: router.actions == ["check", "next"])
        os.kill(os.getpid(), signal.SIGHUP)
        assert await becomes(lambda: router.actions == ["check", "next", "complete"])
    assert router.messages[-1]["errors"][0]["extensions"] == {"code": "UNAUTHENTICATED"}
    assert ends(gateway) == ["withdrawn"]


async def test_the_end_has_a_line_of_log(
    gateway: Gateway, base: str, caplog: pytest.LogCaptureFixture
) -> None:
    """One for the request and one for the subscription, which counts once; no URL, no verifier."""
    caplog.set_level(logging.INFO, "gateway.requests")
    await subscribe(gateway, base, "client")
    assert await becomes(lambda: "CALLBACK /graphql" in caplog.text)
    answered = [one for one in gateway.happenings if isinstance(one, OperationAnswered)]
    assert [(one.kind, one.outcome) for one in answered] == [("subscription", "ok")]
    assert VERIFIER not in caplog.text
    assert base not in caplog.text


@pytest.fixture
async def limited(
    sandbox: Sandbox, clock: Clock, base: str
) -> AsyncIterator[tuple[Gateway, dict[str, str]]]:
    """A gateway whose viewer may have one connection."""
    people = People(sandbox)
    people.add("router", None, READ)
    said = {"gateway_callback_urls": CallbackUrls(base), "gateway_max_connections_per_viewer": 1}
    async with open_to(sandbox, clock, people, **said) as gateway:
        yield gateway, {**ACCEPT, "Authorization": "Bearer router"}


async def test_a_viewer_has_its_share_and_no_more(
    limited: tuple[Gateway, dict[str, str]], base: str, router: FederationRouter
) -> None:
    """As of other streams; the place is free again once the router is done (ours)."""
    gateway, headers = limited
    body = asked(f"{base}/{ID}", UPDATES, gateway.sandbox.examples()["partial"])
    router.statuses = [204, 204, 204, 404]
    first = await gateway.http.post("/graphql", json=body, headers=headers)
    second = await gateway.http.post("/graphql", json=body, headers=headers)
    assert (first.status_code, second.status_code) == (200, 429)
    assert "GATEWAY_MAX_CONNECTIONS_PER_VIEWER" in second.text
    assert router.actions.count("check") == 1


async def test_a_subscription_that_is_not_confirmed_holds_no_place(
    limited: tuple[Gateway, dict[str, str]], base: str, router: FederationRouter
) -> None:
    """Its viewer has as many afterwards as before (ours)."""
    gateway, headers = limited
    body = asked(f"{base}/{ID}", UPDATES, gateway.sandbox.examples()["client"])
    router.statuses = [404, 404]
    answers = [await gateway.http.post("/graphql", json=body, headers=headers) for _ in range(3)]
    assert [one.status_code for one in answers] == [400, 400, 200]


async def test_only_named_addresses_are_called(
    gateway: Gateway, base: str, router: FederationRouter
) -> None:
    """Else a client could have the gateway send to any machine that it reaches (SSRF)."""
    sid = gateway.sandbox.examples()["client"]
    port = free_port()
    for url in (
        f"http://127.0.0.1:{port}/callback/{ID}",
        base.replace("/callback", "/other"),
        f"{base}-other/{ID}",
        f"{base}/../secret",
        f"{base}/%2e%2e/secret",
        f"{base}/{ID}?to=http://x",
        base.replace("http://", "http://router@"),
        base.replace("http://", "https://"),
        "file:///etc/passwd",
    ):
        answer = await gateway.http.post("/graphql", json=asked(url, UPDATES, sid), headers=ACCEPT)
        assert answer.status_code == 403, url
        assert answer.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert router.messages == []


async def test_without_the_setting_nothing_is_called(sandbox: Sandbox, clock: Clock) -> None:
    """Off unless an operator names a router (ours)."""
    async with Gateway(sandbox, clock, Settings()) as gateway:
        answer = await subscribe(gateway, "http://127.0.0.1:1/callback", "client")
    assert answer.status_code == 406
    assert "GATEWAY_CALLBACK_URLS" in answer.text


@pytest.mark.parametrize(
    "said", [{"verifier": 1}, {"subscriptionId": ""}, {"heartbeatIntervalMs": -1}]
)
async def test_what_is_no_callback_subscription_is_told(
    gateway: Gateway, base: str, said: dict[str, Any]
) -> None:
    """With the name of what is wrong (ours)."""
    answer = await subscribe(gateway, base, "client", **said)
    assert answer.status_code == 400
    assert next(iter(said)) in answer.text


async def test_a_query_of_a_router_is_answered_as_ever(gateway: Gateway) -> None:
    """Routers may send the same `Accept` with all operations."""
    answer = await gateway.http.post("/graphql", json={"query": "{ __typename }"}, headers=ACCEPT)
    assert answer.json() == {"data": {"__typename": "Query"}}


@given(st.text("./%\\@:?#ab\t", max_size=12))
def test_an_address_below_stays_below(rest: str) -> None:
    """Whatever follows, HTTP clients see the host and path that were named (property, SSRF)."""
    base = "https://router.example/callback"
    if CallbackUrls(base).allow(f"{base}{rest}"):
        url = httpx.URL(f"{base}{rest}")
        assert (url.scheme, url.host, url.userinfo, url.query) == (
            "https",
            "router.example",
            b"",
            b"",
        )
        assert f"{url.path}/".startswith("/callback/")
        assert ".." not in url.path.split("/")


@pytest.mark.parametrize(
    "text",
    ["router.example", "https://*/", "https://r/a?b", "https://u@r/", "https://r,", "ftp://r"],
)
def test_addresses_that_are_none_are_refused(text: str) -> None:
    """At the start, and not when a router calls (ours)."""
    with pytest.raises(ValidationError):
        CallbackUrls(text)
