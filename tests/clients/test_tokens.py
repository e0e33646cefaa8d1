"""Each documented client with a token that is good, wrong, or expires while a call is followed.

The token is read anew for each connection, so whoever renews it has only to put it there.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import TypeAlias

import httpx
import pytest
from gql.transport.aiohttp import AIOHTTPTransport
from gql.transport.async_transport import AsyncTransport
from gql.transport.exceptions import TransportQueryError, TransportServerError
from gql.transport.websockets import WebsocketsTransport
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.config.accounts import Account
from gateway.config.file import Configuration, Grant
from gateway.config.viewers import everybody
from gateway.sandbox import Sandbox
from gateway.server.access.jwt import LEEWAY
from gateway.server.graphql import streams
from tests.clients.conftest import Serve
from tests.clients.gql.calls import calls, follow
from tests.conftest import NOON, Clock
from tests.live import becomes, life
from tests.node import Json, Lines, lines
from tests.servers import serving

KEY = ECKey.generate_key("P-256", {"kid": "k", "alg": "ES256"})
UNKNOWN, EXPIRED = "The token is not known here", "The token has expired"
ENDS_WITHIN = 10.0
"""Seconds within which a client has ended that was refused; before, it never did."""

ENDED = 'gateway_operations_total{kind="subscription"'
"""Of `/metrics`, once a subscription has ended."""

Client: TypeAlias = Callable[[str, str, Path], Lines]
"""Follows a call by its SID at a URL, with the token in a file."""


def token(lasting: float) -> str:
    """A token that is let in for so many seconds."""
    expiry = int(NOON + lasting - LEEWAY)
    claims = {"iss": "acme", "aud": "calls", "sub": "ana", "exp": expiry}
    return jwt.encode({"alg": "ES256", "kid": "k"}, claims, KEY)


def by_argument(program: str, scheme: str = "http") -> Client:
    """A program that takes the file as its last argument, as docs/live.md shows it."""
    return lambda url, sid, file: lines(program, url.replace("http", scheme, 1), sid, str(file))


def by_environment(program: str) -> Client:
    """A program around a set-up of docs/clients.md."""
    return lambda url, sid, file: lines(program, url, sid, TOKEN_FILE=str(file))


def by_relay(url: str, sid: str, file: Path) -> Lines:
    """The same of Relay, compiled."""
    return lines(f"{file.parent}/relay/live.js", url, sid, TOKEN_FILE=str(file))


def websocket(url: str, given: str) -> AsyncTransport:
    payload = {"Authorization": f"Bearer {given}"}
    return WebsocketsTransport(url=url.replace("http", "ws", 1), init_payload=payload)


def multipart(url: str, given: str) -> AsyncTransport:
    return AIOHTTPTransport(url=url, headers={"Authorization": f"Bearer {given}"})


def by_gql(transport: Callable[[str, str], AsyncTransport]) -> Client:
    """Python's gql, and what it is told as the others print it."""

    async def following(url: str, sid: str, file: Path) -> Lines:
        connect = follow(lambda: transport(url, file.read_text("ascii")), sid)
        try:
            async with aclosing(connect) as lookups:
                async for lookup in lookups:
                    yield {"data": lookup}
            yield {"end": True}
        except PermissionError as problem:
            yield {"error": str(problem)}
        except TransportServerError as problem:  # of HTTP it has the status alone
            yield {"error": f"{problem.code}: {UNKNOWN}, or {EXPIRED}"}

    return following


CLIENTS: dict[str, Client] = {
    "graphql-ws": by_argument("live/graphql-ws.mjs", "ws"),
    "Apollo Client over WebSocket": by_argument("live/apollo-ws.mjs", "ws"),
    "graphql-sse": by_argument("live/graphql-sse.mjs"),
    "Apollo Client over multipart": by_argument("live/apollo-multipart.mjs"),
    "Apollo Client": by_environment("apollo/live.mjs"),
    "urql": by_environment("urql/live.mjs"),
    "Relay": by_relay,
    "gql over WebSocket": by_gql(websocket),
    "gql over multipart": by_gql(multipart),
}
every_client = pytest.mark.parametrize("client", CLIENTS.values(), ids=CLIENTS)


async def _publish(_: Request) -> Response:
    return JSONResponse(KeySet([KEY]).as_dict(private=False))


@pytest.fixture
def url(serve: Serve, account: Account, relay: Path) -> Iterator[str]:
    """A gateway that knows one viewer, by tokens that an issuer signs."""
    access = Configuration((account,), (Grant(everybody(account), jwt_subject="ana"),))
    with serving(Starlette(routes=[Route("/keys", _publish)])) as issuer:
        settings = {
            "gateway_trusted_documents": str(relay / "documents.json"),
            "gateway_jwks_url": f"{issuer}/keys",
            "gateway_jwt_issuer": "acme",
            "gateway_jwt_audience": "calls",
        }
        with serve(access, **settings) as url:
            yield url


class TokenFile:
    """Where a client reads its token."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, token: str) -> None:
        self.path.write_text(token, "ascii")


@pytest.fixture
def file(tmp_path: Path, relay: Path, monkeypatch: pytest.MonkeyPatch) -> TokenFile:
    """The file; streams over HTTP give signs of life often, without which gql is late."""
    (tmp_path / "relay").symlink_to(relay)
    monkeypatch.setattr(streams, "KEEP_ALIVE", 0.05)
    return TokenFile(tmp_path / "token")


@asynccontextmanager
async def begun(client: Client, url: str, sid: str, file: TokenFile) -> AsyncIterator[Lines]:
    """What a client that follows a call is told after its first answer."""
    async with asyncio.timeout(60), aclosing(client(url, sid, file.path)) as told:
        assert "error" not in await anext(told)
        assert await counts(url, "gateway_followers 1.0")
        yield told


async def counts(url: str, series: str) -> bool:
    """Whether the gateway soon tells of a series that begins so."""
    with httpx.Client() as http:
        metrics = url.replace("/graphql", "/metrics")
        return await becomes(lambda: series in http.get(metrics).text)


async def rest(told: Lines) -> str:
    """All that is told after that, to the end."""
    return json.dumps([line async for line in told])


@every_client
@pytest.mark.usefixtures("impatient")
async def test_a_good_token_shows_a_call_to_its_end(
    client: Client, url: str, sandbox: Sandbox, clock: Clock, file: TokenFile
) -> None:
    """As without viewers."""
    file.write(token(86_400))
    async with begun(client, url, sandbox.examples()["partial"], file) as told:
        passing = asyncio.create_task(life(clock, minute=0.03))
        assert '"end": true' in await rest(told)
        passing.cancel()


@every_client
async def test_a_wrong_token_ends_a_client(
    client: Client, url: str, sandbox: Sandbox, file: TokenFile
) -> None:
    """At once, with the gateway's reason for whoever looks; it does not come back for ever."""
    file.write("wrong")
    async with asyncio.timeout(ENDS_WITHIN):
        told = client(url, sandbox.examples()["partial"], file.path)
        assert UNKNOWN in await rest(told)


@every_client
@pytest.mark.usefixtures("impatient")
async def test_an_expired_token_is_renewed(
    client: Client, url: str, sandbox: Sandbox, clock: Clock, file: TokenFile
) -> None:
    """The client comes back with the new one, and is told the rest, to the end."""
    file.write(token(3))
    async with begun(client, url, sandbox.examples()["partial"], file) as told:
        file.write(token(86_400))
        clock.advance(3)
        assert await counts(url, ENDED)
        passing = asyncio.create_task(life(clock, minute=0.03))
        assert '"end": true' in await rest(told)
        passing.cancel()


@every_client
@pytest.mark.usefixtures("impatient")
async def test_an_expired_token_that_is_not_renewed_ends_a_client(
    client: Client, url: str, sandbox: Sandbox, clock: Clock, file: TokenFile
) -> None:
    """It comes back once, is refused, and says so."""
    file.write(token(3))
    async with begun(client, url, sandbox.examples()["partial"], file) as told:
        clock.advance(3)
        async with asyncio.timeout(ENDS_WITHIN + 3):
            assert EXPIRED in await rest(told)


@pytest.mark.parametrize(
    ("tokens", "outcome"),
    [
        (["good"], {"state": "COMPLETED"}),
        (["expired", "good"], {"state": "COMPLETED"}),
        (["wrong", "expired", "good"], {"error": "UNAUTHENTICATED"}),
    ],
)
@pytest.mark.parametrize("program", ["graphql-request/errors.mjs", "apollo/errors.mjs"])
async def test_a_question_is_asked_once_more_with_a_new_token(
    url: str, sandbox: Sandbox, program: str, tokens: list[str], outcome: Json
) -> None:
    """Over HTTP, which takes the token with each request; and no third time."""
    given = {"good": token(86_400), "expired": token(0), "wrong": "wrong"}
    told = lines(program, url, sandbox.examples()["client"], *(given[name] for name in tokens))
    assert [line async for line in told][-1] == outcome


async def test_a_query_by_gql_has_the_code_of_the_refusal(url: str) -> None:
    """docs/clients.md tells which exception to catch: gql 4 raises another for a subscription."""
    with pytest.raises(TransportQueryError, match=UNKNOWN) as refused:
        await anext(calls(lambda: multipart(url, "wrong")))
    (error,) = refused.value.errors or []
    assert error["extensions"]["code"] == "UNAUTHENTICATED"
