"""Whose pages may call the gateway."""

from collections.abc import AsyncIterator
from contextlib import nullcontext

import pytest
from starlette.datastructures import Headers
from websockets.exceptions import ConnectionClosed

from gateway.config.settings import Settings
from gateway.sandbox import Sandbox
from gateway.server.graphql.cors import may_connect, origins_of
from tests.conftest import Clock, Gateway
from tests.live import hear, say
from tests.server.conftest import listening, opened

QUERY = {"query": "{ __typename }"}
APP = "https://app.example"


@pytest.fixture
async def shared(sandbox: Sandbox, clock: Clock) -> AsyncIterator[Gateway]:
    """A gateway that pages of another origin may call."""
    settings = Settings(gateway_cors_origins=f"{APP}, http://localhost:3000")
    async with Gateway(sandbox, clock, settings) as gateway:
        yield gateway


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
