"""A viewer's whole life, as an operator and a frontend see it: real processes, a real Redis."""

import json
import subprocess
import sys
import time
from base64 import b64encode
from pathlib import Path
from typing import Any

import httpx
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.sandbox import Sandbox
from gateway.server.access.jwt import LEEWAY
from tests.configured import Configured, bearer, token_of
from tests.live import HurriedClock
from tests.servers import DEADLINE, RedisServer, serving

KEY = ECKey.generate_key("P-256", {"kid": "k", "alg": "ES256"})
CALLER = "query($sid: CallSid!) { call(sid: $sid) { from { caller callerHash } } }"
FILTERED = "query($n: String!) { calls(filter: { from: $n }) { nodes { sid } } }"
UPDATES = "subscription($sid: CallSid!) { callUpdates(sid: $sid) { status } }"


async def _publish(_: Request) -> Response:
    return JSONResponse(KeySet([KEY]).as_dict(private=False))


def _token(lasting: float) -> str:
    claims = {"iss": "acme", "aud": "calls", "sub": "ana", "exp": int(time.time() + lasting)}
    return jwt.encode({"alg": "ES256", "kid": "k"}, claims, KEY)


async def test_the_life_of_a_viewer(tmp_path: Path, redis: RedisServer) -> None:
    """Named in a file, known by a token, shown masked numbers, refused, streamed to, expired.

    And forgotten: at the end nothing that the gateway wrote, and nothing in Redis, has the number.
    """
    sandbox = Sandbox(calls=50, clock=HurriedClock(), arrivals=False)
    sid, followed = sandbox.examples()["bad_carrier"], sandbox.examples()["partial"]
    served = Configured(tmp_path, sandbox)

    # The operator names a dashboard by the hash of its token, and a person by the subject of hers.
    served.allow(
        "dashboard",
        more=f"""
            [[viewers]]
            name = "ana"
            jwt_subject = "ana"
            account = "{sandbox.account_sid}"
            scopes = ["calls:read", "pii:read"]
        """,
    )
    issuer = Starlette(routes=[Route("/keys", _publish)])
    cache = {
        "GATEWAY_CACHE_URL": redis.url,
        "GATEWAY_CACHE_KEY": b64encode(bytes(range(32))).decode(),
    }
    with serving(issuer) as keys, serving(sandbox.app) as upstream:
        settings = {
            **cache,
            "GATEWAY_JWKS_URL": f"{keys}/keys",
            "GATEWAY_JWT_ISSUER": "acme",
            "GATEWAY_JWT_AUDIENCE": "calls",
            "GATEWAY_LOG_LEVEL": "debug",
        }
        with served.running(upstream, **settings):
            async with httpx.AsyncClient(base_url=served.address, timeout=20) as client:

                async def send(token: str, query: str, **variables: str) -> Any:
                    body = {"query": query, "variables": variables}
                    answer = await client.post("/graphql", json=body, headers=bearer(token))
                    return answer.status_code, answer.json()

                # Ana sees the number, the dashboard a mask of it; both see the same stand-in.
                _, plain = await send(_token(60), CALLER, sid=sid)
                _, masked = await send(token_of("dashboard"), CALLER, sid=sid)
                number = plain["data"]["call"]["from"]["caller"]
                shown = masked["data"]["call"]["from"]
                assert shown["caller"] == number[:5] + "•" * (len(number) - 7) + number[-2:]
                assert shown["callerHash"] == plain["data"]["call"]["from"]["callerHash"]

                # Filtering by a number would tell it: only who may see it may.
                _, refused = await send(token_of("dashboard"), FILTERED, n=number)
                assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"
                _, found = await send(_token(60), FILTERED, n=number)
                assert sid in {node["sid"] for node in found["data"]["calls"]["nodes"]}

                # A stream lasts as long as the token that it was opened with (and half a minute, as
                # clocks may differ), which is refused then.
                short = _token(3 - LEEWAY)
                lines = await _stream(client, short, followed)
                assert any("callUpdates" in line for line in lines)
                assert "event: complete" not in lines
                assert await send(short, CALLER, sid=sid) == (401, _expired())

                # Forgetting.
                assert [key for key in _keys(redis) if sid in key]
                assert _forget(number, cache).startswith("1 entry removed.")
                assert [key for key in _keys(redis) if sid in key] == []
                _, again = await send(token_of("dashboard"), CALLER, sid=sid)
                assert again["data"] == masked["data"], "Twilio tells it again when it is asked"
                assert _forget(sid, cache).startswith("1 entry removed.")
    assert number not in served.log()
    assert number[1:] not in json.dumps(_keys(redis))
    assert not [value for value in _values(redis) if number.encode() in value]


async def _stream(client: httpx.AsyncClient, token: str, sid: str) -> list[str]:
    body = {"query": UPDATES, "variables": {"sid": sid}}
    headers = {"Accept": "text/event-stream", **bearer(token)}
    async with client.stream("POST", "/graphql", json=body, headers=headers) as response:
        return [line async for line in response.aiter_lines()]


def _expired() -> dict[str, Any]:
    message = "The token has expired: get a new one."
    return {"errors": [{"message": message, "extensions": {"code": "UNAUTHENTICATED"}}]}


def _forget(wanted: str, cache: dict[str, str]) -> str:
    return subprocess.run(
        [sys.executable, "-m", "gateway", "forget", "-"],
        env=cache,
        input=wanted,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=True,
    ).stdout


def _keys(redis: RedisServer) -> list[str]:
    return [key.decode() for key in redis.command("KEYS", "*")]


def _values(redis: RedisServer) -> list[bytes]:
    return [redis.command("GET", key) for key in redis.command("KEYS", "*insights:*")]
