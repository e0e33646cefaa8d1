"""A stream lasts no longer than the token it was opened with."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from gateway.config.file import configuration_of
from gateway.config.settings import Settings
from gateway.sandbox import Sandbox
from gateway.server.access.jwt import LEEWAY
from gateway.server.app import create_app
from tests.conftest import NOON, Clock
from tests.live import say, web_socket
from tests.servers import serving

KEY = ECKey.generate_key("P-256", {"kid": "k", "alg": "ES256"})
UPDATES = "subscription($sid: CallSid!) { callUpdates(sid: $sid) { status } }"


def _token(lasting: float) -> str:
    """A token that is let in for that many seconds."""
    expiry = int(NOON + lasting - LEEWAY)
    claims = {"iss": "acme", "aud": "calls", "sub": "ana", "exp": expiry}
    return jwt.encode({"alg": "ES256", "kid": "k"}, claims, KEY)


class Issuer:
    """Publishes a key, unless it is down."""

    is_up = True

    async def publish(self, _: Request) -> Response:
        keys = KeySet([KEY] if self.is_up else []).as_dict(private=False)
        return JSONResponse(keys, 200 if self.is_up else 503)


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture
async def address(
    sandbox: Sandbox, clock: Clock, tmp_path: Path, issuer: Issuer
) -> AsyncIterator[str]:
    """A gateway on a socket, whose viewer is known by tokens of an issuer on another."""
    config = tmp_path / "gateway.toml"
    config.write_text(
        f"""
        [[accounts]]
        sid = "{sandbox.account_sid}"
        auth_token_env = "TOKEN"

        [[viewers]]
        name = "ana"
        jwt_subject = "ana"
        account = "{sandbox.account_sid}"
        """,
        "utf-8",
    )
    with serving(Starlette(routes=[Route("/keys", issuer.publish)])) as published:
        settings = Settings(
            gateway_config=str(config),
            gateway_jwks_url=f"{published}/keys",
            gateway_jwt_issuer="acme",
            gateway_jwt_audience="calls",
        )
        access = configuration_of(settings, {"TOKEN": sandbox.auth_token})
        transport = httpx.ASGITransport(app=sandbox.app)
        with serving(create_app(settings, access, transport=transport, clock=clock)) as gateway:
            yield gateway


async def _read_to_the_end(socket: ClientConnection) -> None:
    while True:
        await socket.recv()


async def test_server_sent_events_break_off(address: str, sandbox: Sandbox) -> None:
    """Without `complete`: the client comes back, and needs a new token for it."""
    body = {"query": UPDATES, "variables": {"sid": sandbox.examples()["partial"]}}
    headers = {"Accept": "text/event-stream", "Authorization": f"Bearer {_token(2)}"}
    async with (
        asyncio.timeout(15),
        httpx.AsyncClient(base_url=address, timeout=15) as client,
        client.stream("POST", "/graphql", json=body, headers=headers) as response,
    ):
        assert response.status_code == 200
        lines = [line async for line in response.aiter_lines() if line]
    assert any("callUpdates" in line for line in lines)
    assert "event: complete" not in lines
    assert await _ended_as_withdrawn(address, "events")


async def _ended_as_withdrawn(address: str, transport: str) -> bool:
    """Whether `/metrics` says so of a subscription, and that it is over."""
    async with httpx.AsyncClient() as client:
        lines = (await client.get(f"{address}/metrics")).text.splitlines()
    said = f'reason="withdrawn",transport="{transport}"'
    ended = f"gateway_subscription_ends_total{{{said}}} 1.0" in lines
    return ended and f'gateway_subscriptions{{transport="{transport}"}} 0.0' in lines


async def _ending(socket: ClientConnection, authorization: str | None) -> int | None:
    """Introduce oneself and subscribe; the code that ends the connection."""
    payload = {} if authorization is None else {"Authorization": authorization}
    await say(socket, type="connection_init", payload=payload)
    asked = {"query": UPDATES, "variables": {"sid": "CA" + "0" * 32}}
    await say(socket, type="subscribe", id="1", payload=asked)
    with pytest.raises(ConnectionClosed) as closed:
        await _read_to_the_end(socket)
    return closed.value.rcvd.code if closed.value.rcvd else None


async def test_a_websocket_is_closed(address: str, clock: Clock) -> None:
    """With 4403, after which graphql-ws comes back, with a new token if it has one.

    If it comes with the one that has expired, it is refused with 4401, after which it ends. So no
    connection is let in and closed again and again for as long as clocks may differ.
    """
    token = f"Bearer {_token(2)}"
    async with asyncio.timeout(15), web_socket(address) as socket:
        assert await _ending(socket, token) == 4403
    assert await _ended_as_withdrawn(address, "websocket")
    clock.advance(2)
    async with asyncio.timeout(15), web_socket(address) as socket:
        assert await _ending(socket, token) == 4401


@pytest.mark.parametrize("authorization", [None, "Bearer wrong", "Basic YTpi", "Bearer a.b.c"])
async def test_a_websocket_of_a_stranger_is_closed(
    address: str, sandbox: Sandbox, authorization: str | None
) -> None:
    """Before anything is asked, with 4401: graphql-ws comes back after 4403, and not after this.

    See `shouldRetryConnectOrThrow` in its source: no setting of a client makes it come back.
    """
    async with asyncio.timeout(15), web_socket(address) as socket:
        assert await _ending(socket, authorization) == 4401
    assert not sandbox.requests


@pytest.fixture
def no_issuer(issuer: Issuer) -> None:
    """Not even while the gateway starts, when it would read the keys."""
    issuer.is_up = False


@pytest.mark.usefixtures("no_issuer")
async def test_a_websocket_may_come_back_while_keys_cannot_be_read(address: str) -> None:
    """With 1013, *Try Again Later*: the token may be good, and graphql-ws comes back."""
    async with asyncio.timeout(15), web_socket(address) as socket:
        assert await _ending(socket, f"Bearer {_token(60)}") == 1013
