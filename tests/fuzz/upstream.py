"""What Twilio, or whoever is in its place, may answer: bodies, statuses, headers and bare bytes."""

import asyncio
import contextlib
import json
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from gateway.config.settings import Settings
from gateway.sandbox import Sandbox
from gateway.upstream import circuit_breaker, retry
from gateway.upstream.transport import Wire
from tests.conftest import Gateway
from tests.fuzz.everything import everything_of
from tests.fuzz.inputs import as_json, mutated, twisted
from tests.fuzz.targets import Feed
from tests.fuzz.watch import PATIENCE, Found, Watch

CALL = everything_of("Call")
QUESTIONS = (
    f"query($sid: CallSid!) {{ callLookup(sid: $sid) {{ status retryAfterSeconds call {CALL} }} }}",
    f"query {{ calls(first: 5) {{ edges {{ cursor node {CALL} }} pageInfo {{ endCursor }} }} }}",
    "query { calls(last: 3) { nodes { sid tags } pageInfo { startCursor hasPreviousPage } } }",
    "mutation($sid: CallSid!) { annotateCall(input: {sid: $sid, callScore: 3}) { call { sid } } }",
)
STATUSES = (
    200,
    200,
    200,
    200,
    200,
    201,
    204,
    206,
    301,
    304,
    400,
    401,
    403,
    404,
    408,
    429,
    500,
    503,
)
HEADERS = (
    *(("Retry-After", "0"), ("Retry-After", "soon"), ("Retry-After", "9" * 400)),
    *(("Retry-After", "Wed, 21 Oct 9999 07:28:00 GMT"), ("Content-Type", "text/html")),
    *(("Twilio-Concurrent-Requests", "-1"), ("Twilio-Concurrent-Requests", "9" * 30)),
    *(("Twilio-Request-Id", "RQ\u00e9"), ("Content-Encoding", "gzip"), ("Content-Length", "1")),
)
CODES = (7, 17007, 20404, 20429, 30104, "20404", None, -1, 2**70)


class Lying(httpx.AsyncBaseTransport):
    """Passes requests on to the sandbox, and changes what it answers."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._inner = httpx.ASGITransport(app=sandbox.app)
        self.rng = random.Random(0)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await self._inner.handle_async_request(request)
        body, rng = await answer.aread(), self.rng
        if rng.random() < 0.1:
            raise rng.choice(
                (httpx.ReadError("cut"), TimeoutError(), OSError(), httpx.RemoteProtocolError("x"))
            )
        status = answer.status_code if rng.random() < 0.6 else rng.choice(STATUSES)
        headers = [one for one in HEADERS if rng.random() < 0.05 and one[0] != "Content-Encoding"]
        return httpx.Response(status, headers=headers, content=self._body(body))

    def _body(self, body: bytes) -> bytes:
        rng, how = self.rng, self.rng.random()
        if how < 0.15:
            return as_json(rng, {"code": rng.choice(CODES), "message": "+14155550100", "status": 4})
        if how < 0.35:
            return mutated(rng, body)
        with contextlib.suppress(ValueError, UnicodeError, RecursionError):
            return as_json(rng, twisted(rng, json.loads(body)))
        return body


@asynccontextmanager
async def _impatient() -> AsyncIterator[None]:
    """Each question reaches Twilio, however often it failed before, and is asked once."""
    before = circuit_breaker.FAILURES, circuit_breaker.REFUSALS, retry.MOST
    circuit_breaker.FAILURES = circuit_breaker.REFUSALS = 10**9
    retry.MOST = 1
    try:
        yield
    finally:
        circuit_breaker.FAILURES, circuit_breaker.REFUSALS, retry.MOST = before


@asynccontextmanager
async def from_twilio(watch: Watch) -> AsyncIterator[Feed]:
    """Answers of Twilio: each question has an answer or a documented error, and soon."""
    sandbox = Sandbox(calls=60, arrivals=False)
    settings = Settings(gateway_deadline=5, gateway_cache_max_bytes=1, gateway_page_max_age=0)
    lying = Lying(sandbox)
    async with _impatient(), Gateway(sandbox, time.time, settings, transport=lying) as gateway:  # type: ignore[arg-type]

        async def feed(rng: random.Random) -> None:
            lying.rng = rng
            await _ask(gateway, watch, rng)

        yield feed


async def _ask(gateway: Gateway, watch: Watch, rng: random.Random) -> None:
    started = time.monotonic()
    sid = rng.choice(list(gateway.sandbox.examples().values()))
    asked = {"query": rng.choice(QUESTIONS), "variables": {"sid": sid}}
    answer = await gateway.http.post("/graphql", json=asked)
    watch.check(answer.content)
    if answer.status_code not in {200, 429, 503} or time.monotonic() - started > PATIENCE:
        waited = time.monotonic() - started
        raise Found(f"HTTP {answer.status_code} after {waited:.1f} s: {answer.text[:500]}")


@asynccontextmanager
async def from_a_socket(watch: Watch) -> AsyncIterator[Feed]:
    """Bytes of whoever is at Twilio's address: HTTP, changed or not, and then an end or none."""
    sandbox = Sandbox(calls=60, arrivals=False)
    spoken = [b""]

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, EOFError, asyncio.LimitOverrunError):
            while True:
                await reader.readuntil(b"\r\n\r\n")
                writer.write(spoken[0])
                await writer.drain()
                if not spoken[0].endswith(b"}"):
                    break
        writer.close()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as server:
        address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        settings = Settings(
            gateway_upstream_url=address,
            gateway_upstream_timeout=0.2,
            gateway_cache_max_bytes=1,
            gateway_page_max_age=0,
        )
        options = {"transport": Wire()}
        async with _impatient(), Gateway(sandbox, time.time, settings, **options) as gateway:  # type: ignore[arg-type]

            async def feed(rng: random.Random) -> None:
                spoken[0] = await _spoken(rng, sandbox)
                await _ask(gateway, watch, rng)

            yield feed


async def _spoken(rng: random.Random, sandbox: Sandbox) -> bytes:
    """An answer of the sandbox as it is on the wire, in several framings, changed or not."""
    call = rng.choice(list(sandbox.examples().values()))
    path = rng.choice((f"{call}/Summary", "Summaries?PageSize=5", f"{call}/Annotation"))
    proof = (sandbox.account_sid, sandbox.auth_token)
    transport = httpx.ASGITransport(app=sandbox.app)
    async with httpx.AsyncClient(transport=transport, auth=proof) as client:
        body = (await client.get(f"http://twilio/v1/Voice/{path}")).content
    head = b"HTTP/1.1 %d OK\r\nContent-Type: application/json\r\n" % rng.choice(STATUSES)
    if rng.random() < 0.3:
        whole = head + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (
            len(body),
            body,
        )
    else:
        whole = head + b"Content-Length: %d\r\n\r\n" % len(body) + body
    return mutated(rng, whole) if rng.random() < 0.9 else whole
