"""What most tests stand on: a clock that is moved by hand, a sandbox, and the gateway over it."""

import contextlib
import logging
from collections.abc import AsyncIterator, Iterator
from typing import Any, Self

import httpx
import hypothesis
import pytest
import pytest_asyncio

from gateway.calls import polling
from gateway.calls.service import CallService
from gateway.config.accounts import Account
from gateway.config.settings import Secret, Settings
from gateway.instrumentation import Happening
from gateway.sandbox import Sandbox
from gateway.server.app import create_app
from gateway.warehouse.embedded import Embedded
from tests.servers import RedisServer

pytest_plugins = ["tests.markers", "tests.order"]

# A busy machine makes no rule untrue: no example has a deadline. CI looks at twice as many.
hypothesis.settings.register_profile("thorough", deadline=None, max_examples=40)
hypothesis.settings.register_profile("quick", deadline=None, max_examples=20)
hypothesis.settings.load_profile("quick")

NOON = 1_780_000_000.0
"""When every test begins, in seconds since 1970; a whole multiple of every rounding grid used."""


class Clock:
    """Seconds since 1970, moved by hand."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


class Gateway:
    """The whole gateway in this process, over the sandbox; and what it did."""

    def __init__(self, sandbox: Sandbox, clock: Clock, settings: Settings, **options: Any) -> None:
        self.sandbox = sandbox
        self.settings = settings
        self.happenings: list[Happening] = []
        sid = sandbox.account_sid
        self.app = create_app(
            settings,
            **{
                "access": Account(sid, sid, Secret(sandbox.auth_token)),
                "transport": httpx.ASGITransport(app=sandbox.app),
                "clock": clock,
                "hooks": [self.happenings.append],
                "examples": sandbox.examples,
                **options,
            },
        )
        transport = httpx.ASGITransport(app=self.app)
        self.http = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1")

    async def __aenter__(self) -> Self:
        """Start it as a server would."""
        self._stack = contextlib.AsyncExitStack()
        lifespan = self.app.router.lifespan_context(self.app)
        state: Any = await self._stack.enter_async_context(lifespan)
        self.call_service: CallService = state["call_service"]
        await self._stack.enter_async_context(self.http)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop it as a server would."""
        await self._stack.aclose()

    async def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """The `data` of an answer that must have no errors."""
        body = await self.send(query, **variables)
        assert "errors" not in body, body["errors"]
        data: dict[str, Any] = body["data"]
        return data

    async def fail(self, query: str, **variables: Any) -> dict[str, Any]:
        """The only error of an answer that must have one."""
        body = await self.send(query, **variables)
        (error,) = body["errors"]
        assert isinstance(error, dict)
        return error

    async def send(self, query: str, **variables: Any) -> dict[str, Any]:
        """The whole body of an answer."""
        response = await self.http.post("/graphql", json={"query": query, "variables": variables})
        body: dict[str, Any] = response.json()
        return body

    @contextlib.contextmanager
    def upstream(self) -> Iterator[list[Any]]:
        """The upstream requests that are made inside the `with` block, known when it ends."""
        before, made = len(self.sandbox.requests), list[Any]()
        yield made
        made += self.sandbox.requests[before:]


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    """Commands that are run in this process set logging up for themselves."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sandbox(clock: Clock) -> Sandbox:
    return Sandbox(calls=300, clock=clock, arrivals=False)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Polling in hundredths of the usual time, so that tests need not wait."""
    monkeypatch.setattr(polling, "OFTEN", 0.05)
    monkeypatch.setattr(polling, "SELDOM", 0.1)


@pytest.fixture
def settings() -> Settings:
    return Settings()


@pytest.fixture
async def gateway(sandbox: Sandbox, clock: Clock, settings: Settings) -> AsyncIterator[Gateway]:
    async with Gateway(sandbox, clock, settings) as gateway:
        yield gateway


@pytest.fixture(scope="session")
def redis_of_the_session() -> Iterator[RedisServer]:
    with RedisServer() as server:
        yield server


@pytest.fixture
def redis(redis_of_the_session: RedisServer) -> RedisServer:
    """A real server, empty and running."""
    redis_of_the_session.start()
    redis_of_the_session.command("FLUSHALL")
    return redis_of_the_session


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def engine(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Embedded]:
    """One for all tests: opening it takes a second, and a process has one folder at a time."""
    opened = await Embedded.open(tmp_path_factory.mktemp("warehouse"))
    yield opened
    await opened.close()
