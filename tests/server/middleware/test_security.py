"""The door: under which names the gateway answers, to whose pages, and what answers forbid."""

from collections.abc import AsyncIterator
from contextlib import nullcontext

import pytest
from starlette.datastructures import Headers
from websockets.exceptions import ConnectionClosed, InvalidStatus

from gateway.config.settings import Settings
from gateway.sandbox import Sandbox
from gateway.server.middleware.security import may_connect, origins_of
from tests.conftest import Clock, Gateway
from tests.live import hear, say
from tests.server.conftest import listening, opened
from tests.viewers import READ, People, open_to

QUERY = {"query": "{ __typename }"}
APP = "https://app.example"


@pytest.fixture
async def shared(sandbox: Sandbox, clock: Clock) -> AsyncIterator[Gateway]:
    """A gateway that pages of another origin may call."""
    settings = Settings(gateway_cors_origins=f"{APP}, http://localhost:3000")
    async with Gateway(sandbox, clock, settings) as gateway:
        yield gateway


@pytest.mark.parametrize(
    "name", ["localhost", "localhost:8000", "127.0.0.1:1", "127.9.9.9", "[::1]:8000"]
)
async def test_names_of_this_machine_are_answered(gateway: Gateway, name: str) -> None:
    """By whichever of them a browser came."""
    assert (await gateway.http.post("/graphql", json=QUERY, headers={"Host": name})).is_success


@pytest.mark.parametrize(
    "name",
    [
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "10.0.0.1",
        "",
        "[",
        "a@b",
    ],
)
@pytest.mark.parametrize("path", ["/graphql", "/", "/metrics", "/schema.graphql"])
async def test_other_names_are_turned_away_without_viewers(
    gateway: Gateway, name: str, path: str
) -> None:
    """A page whose name was made to lead to this machine (DNS rebinding) reads nothing."""
    with gateway.upstream() as requests:
        answer = await gateway.http.get(path, headers={"Host": name})
    assert answer.status_code == 421
    (error,) = answer.json()["errors"]
    assert error["extensions"]["code"] == "FORBIDDEN"
    assert "GATEWAY_CONFIG" in error["message"]
    assert requests == []


async def test_a_websocket_of_another_name_is_turned_away(gateway: Gateway) -> None:
    """Its handshake fails."""
    async with listening(gateway.app) as address:
        with pytest.raises(InvalidStatus) as refused:
            async with opened(address, additional_headers={"Host": "evil.example"}):
                pass
    assert refused.value.response.status_code == 403


async def test_what_twilio_pushes_may_come_by_any_name(gateway: Gateway) -> None:
    """It is signed, and comes through a tunnel: it is not the name that it is refused for."""
    answer = await gateway.http.post(
        "/webhooks/twilio/events", json=[], headers={"Host": "tunnel.example"}
    )
    assert answer.status_code == 404


async def test_every_name_is_answered_where_that_was_said(sandbox: Sandbox, clock: Clock) -> None:
    """By GATEWAY_AUTH=none; and with viewers, who have tokens that no page has."""
    anybody = Gateway(sandbox, clock, Settings(gateway_auth="none"))
    async with anybody:
        answer = await anybody.http.post("/graphql", json=QUERY, headers={"Host": "any.example"})
        assert answer.status_code == 200
    people = People(sandbox)
    people.add("one", None, READ)
    async with open_to(sandbox, clock, people) as known:
        headers = {"Host": "any.example", "Authorization": "Bearer one"}
        assert (await known.http.post("/graphql", json=QUERY, headers=headers)).status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/graphql"),
        ("GET", "/graphql"),
        ("GET", "/healthz"),
        ("GET", "/nowhere"),
        ("GET", "/"),
    ],
)
async def test_every_answer_forbids_browsers_what_it_does_not_need(
    gateway: Gateway, method: str, path: str
) -> None:
    """No guessing of types, no frames, no scripts but GraphiQL's own."""
    headers = {"Accept": "text/html"} if path == "/" else {}
    answer = await gateway.http.request(method, path, headers=headers)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert ("script-src" in policy) == (path == "/")


async def test_pages_of_other_origins_may_not_call_unless_a_setting_says_so(
    gateway: Gateway, shared: Gateway
) -> None:
    """Closed by default; open to those that are named, and to no others."""
    asked = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    for one, origin, allowed in (
        (gateway, APP, None),
        (shared, "https://evil.example", None),
        (shared, "null", None),
        (shared, "http://app.example", None),
        (shared, APP, APP),
        (shared, "http://localhost:3000", "http://localhost:3000"),
    ):
        preflight = await one.http.options("/graphql", headers={"Origin": origin, **asked})
        assert preflight.headers.get("access-control-allow-origin") == allowed
        answer = await one.http.post("/graphql", json=QUERY, headers={"Origin": origin})
        assert answer.headers.get("access-control-allow-origin") == allowed
        assert "access-control-allow-credentials" not in answer.headers


async def test_a_page_that_may_call_may_send_tokens_and_read_limits(shared: Gateway) -> None:
    """What clients of GraphQL send and read passes: tokens, ids, Apollo's names, limits."""
    wanted = "authorization,content-type,apollographql-client-name"
    preflight = await shared.http.options(
        "/graphql",
        headers={
            "Origin": APP,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": wanted,
        },
    )
    assert preflight.status_code == 200
    answer = await shared.http.post("/graphql", json=QUERY, headers={"Origin": APP})
    readable = answer.headers["access-control-expose-headers"].lower().replace(" ", "").split(",")
    assert {"retry-after", "x-request-id", "ratelimit-remaining", "ratelimit-reset"} <= {*readable}


@pytest.mark.parametrize(
    "wanted",
    [
        "traceparent,tracestate,baggage",  # OpenTelemetry's instrumentation of `fetch`
        "sentry-trace",
        "x-datadog-trace-id,x-datadog-parent-id",
        "x-request-id,content-type,x-anything",
    ],
)
async def test_a_page_that_may_call_may_send_any_header(shared: Gateway, wanted: str) -> None:
    """No cookie counts, so no header does harm (our choice; Fetch §4.8): others still may not."""
    asked = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": wanted,
    }
    allowed = await shared.http.options("/graphql", headers={"Origin": APP, **asked})
    assert allowed.status_code == 200
    assert allowed.headers["access-control-allow-headers"] == wanted
    refused = await shared.http.options("/graphql", headers={"Origin": "https://a.b", **asked})
    assert refused.status_code == 400
    assert "access-control-allow-origin" not in refused.headers


async def test_pages_of_named_origins_may_open_websockets(shared: Gateway) -> None:
    """As they may call; others may not."""
    async with listening(shared.app) as address:
        for origin, answer in (
            (APP, {"type": "connection_ack"}),
            ("https://evil.example", None),
        ):
            async with opened(address, origin=origin) as connection:
                with nullcontext() if answer else pytest.raises(ConnectionClosed):
                    await say(connection, type="connection_init")
                    assert await hear(connection) == answer


def test_an_origin_that_is_none_is_another_one() -> None:
    """Whatever a client writes there."""
    assert not may_connect(Headers({"origin": "http://[", "host": "gateway"}), frozenset())


def test_origins_are_compared_as_browsers_write_them() -> None:
    """In lower case, and without the port that goes without saying."""
    assert origins_of("HTTPS://App.Example:443, http://localhost:80") == {
        "https://app.example",
        "http://localhost",
    }
    assert origins_of(None) == frozenset()
