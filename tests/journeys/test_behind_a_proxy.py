"""Where the way out leads through a proxy, all that the gateway asks goes there."""

import httpx
import pytest

from gateway.config.accounts import Account
from gateway.config.file import Configuration, Grant
from gateway.config.load import read
from gateway.config.settings import Secret
from gateway.config.viewers import Realm, Scope, Viewer
from gateway.server.app import create_app
from tests.upstream.test_proxies import proxy

ACCOUNT = Account("AC" + "5a" * 16, "AC" + "5a" * 16, Secret("a harbour at night"))
TEAM = Grant(Viewer("team", Realm(ACCOUNT), frozenset(Scope)), jwt_subject="team")
JWT = {
    "GATEWAY_JWKS_URL": "https://login.acme.example/keys",
    "GATEWAY_JWT_ISSUER": "https://login.acme.example",
    "GATEWAY_JWT_AUDIENCE": "calls",
}


@pytest.mark.parametrize(
    ("access", "host"),
    [(ACCOUNT, "insights.twilio.com"), (Configuration((ACCOUNT,), (TEAM,)), "login.acme.example")],
    ids=["Twilio", "the keys of tokens"],
)
async def test_what_is_asked_is_asked_by_the_proxy(
    access: Account | Configuration, host: str
) -> None:
    """As Twilio's own libraries do: no setting of the gateway's own is needed."""
    async with proxy(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n") as (address, said):
        app = create_app(read({"https_proxy": address, **JWT}), access)
        asked = {"query": f'{{ call(sid: "CA{"0f" * 16}") {{ sid }} }}'}
        transport = httpx.ASGITransport(app=app)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client,
        ):
            headers = {"Authorization": "Bearer head.claims.seal"}
            await client.post("/graphql", json=asked, headers=headers)

    assert any(head.startswith(f"CONNECT {host}:443 ".encode()) for head in said)
