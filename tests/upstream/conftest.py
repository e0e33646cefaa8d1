import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from typing import Any, TypeAlias

import httpx
import pytest

from gateway.config.accounts import Account
from gateway.config.settings import Secret
from gateway.insights.catalogue import CallSid
from gateway.insights.paging import PageRef, Question
from gateway.insights.windows import Window
from gateway.instrumentation import Hook, silent
from gateway.sandbox import Sandbox
from gateway.upstream.client import InsightsClient
from gateway.upstream.concurrency_limit import ConcurrencyLimit
from gateway.upstream.instrumented import Instrumented
from gateway.upstream.transport import Bounded, Wire

NOON = 1_780_000_000.0
SID = CallSid("CA" + "0f" * 16)
ACCOUNT = Account("AC" + "5a" * 16, "SK" + "3c" * 16, Secret("a harbour at night"))
QUESTION = Question(ACCOUNT.sid, (("HasTag", "true"),), "end_time", ("4h", ""))
FIRST_PAGE = PageRef(Window(int(NOON) - 14_400, int(NOON)), 25)
BASE_URL = "https://insights.twilio.com"

Json: TypeAlias = dict[str, Any]


class Answering(httpx.AsyncBaseTransport):
    """A Twilio that gives one answer to whatever it is asked, and keeps the questions."""

    def __init__(self, answer: Callable[[], httpx.Response]) -> None:
        self._answer = answer
        self.requests: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return self._answer()


def answering(status: int = 200, body: object = b"", **headers: str) -> Answering:
    """Give bytes as they are, and anything else as JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answering(lambda: httpx.Response(status, headers=named, content=content))


def raising(error: BaseException) -> Answering:
    """A Twilio that cannot be asked."""

    def answer() -> httpx.Response:
        raise error

    return Answering(answer)


def client_of(
    transport: httpx.AsyncBaseTransport, base_url: str = BASE_URL, hook: Hook = silent
) -> InsightsClient:
    observed = Instrumented(Bounded(transport, 60), hook)
    return InsightsClient(observed, base_url, hook=hook, clock=lambda: NOON)


def page_body(next_page_url: object = None, *summaries: object) -> Json:
    """A page as Twilio writes it."""
    meta = {"key": "call_summaries", "next_page_url": next_page_url, "previous_page_url": None}
    return {"call_summaries": list(summaries), "meta": meta}


def account_of(sandbox: Sandbox) -> Account:
    return Account(sandbox.account_sid, sandbox.account_sid, Secret(sandbox.auth_token))


@contextlib.asynccontextmanager
async def saying(answer: bytes, *, then_silent: bool = False) -> AsyncIterator[str]:
    """A server that says these bytes to whoever asks, and hangs up or falls silent."""
    talks = set[asyncio.Task[None]]()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, EOFError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
            await writer.drain()
            if then_silent:
                await reader.read()  # until the other side gives up
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talks.add(asyncio.create_task(talk(reader, writer)))

    server = await asyncio.start_server(begin, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    await asyncio.gather(*talks)


@contextlib.asynccontextmanager
async def connected(
    base_url: str, concurrency: int = 64, seconds: float = 30
) -> AsyncIterator[InsightsClient]:
    """A client over real connections, that asks once."""
    client = client_of(ConcurrencyLimit(Bounded(Wire(), seconds), concurrency), base_url)
    try:
        yield client
    finally:
        await client.aclose()


@pytest.fixture
def sandbox() -> Sandbox:
    return Sandbox(calls=60, clock=lambda: NOON, arrivals=False)


@pytest.fixture
def client(sandbox: Sandbox) -> InsightsClient:
    return client_of(httpx.ASGITransport(app=sandbox.app))
