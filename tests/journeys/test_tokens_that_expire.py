"""A stream lasts no longer than the token it was opened with."""

import asyncio
import json
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
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from gateway.configuration import configuration_of
from gateway.sandbox import Sandbox
from gateway.server.app import create_app
from gateway.settings import Settings
from tests.conftest import NOON, Clock
from tests.servers import serving

KEY = ECKey.generate_key("P-256", {"kid": "k", "alg": "ES256"})
UPDATES = "subscription($sid: CallSid!) { callUpdates(sid: $sid) { status } }"


def _token(lasting: float) -> str:
    claims = {"iss": "acme", "aud": "calls", "sub": "ana", "exp": int(NOON + lasting)}
    return jwt.encode({"alg": "ES256", "kid": "k"}, claims, KEY)


async def _publish(_: Request) -> Response:
    return JSONResponse(KeySet([KEY]).as_dict(private=False))


@pytest.fixture
async def address(sandbox: Sandbox, clock: Clock, tmp_path: Path) -> AsyncIterator[str]:
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
    with serving(Starlette(routes=[Route("/keys", _publish)])) as issuer:
        settings = Settings(
            gateway_config=str(config),
            gateway_jwks_url=f"{issuer}/keys",
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


async def test_a_websocket_is_closed(address: str, sandbox: Sandbox) -> None:
    """With 4403, after which a client library does not come back with the same token."""
    protocol = "graphql-transport-ws"
    url = address.replace("http", "ws") + "/graphql"
    async with asyncio.timeout(15), connect(url, subprotocols=[protocol]) as socket:  # type: ignore[list-item]
        init = {"type": "connection_init", "payload": {"Authorization": f"Bearer {_token(2)}"}}
        await socket.send(json.dumps(init))
        assert json.loads(await socket.recv()) == {"type": "connection_ack"}
        payload = {"query": UPDATES, "variables": {"sid": sandbox.examples()["partial"]}}
        await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
        assert json.loads(await socket.recv())["type"] == "next"
        with pytest.raises(ConnectionClosed) as closed:
            await _read_to_the_end(socket)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4403


@pytest.mark.parametrize("payload", [{}, {"Authorization": "Bearer wrong"}])
async def test_a_websocket_of_a_stranger_is_closed(address: str, payload: dict[str, str]) -> None:
    """Before anything is asked."""
    url = address.replace("http", "ws") + "/graphql"
    async with asyncio.timeout(15), connect(url, subprotocols=["graphql-transport-ws"]) as socket:  # type: ignore[list-item]
        await socket.send(json.dumps({"type": "connection_init", "payload": payload}))
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4403
