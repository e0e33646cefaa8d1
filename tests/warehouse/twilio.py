"""A Twilio whose calls become complete when a test says so, and what keeps a warehouse in step."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import NamedTuple

import httpx

from gateway.cache.leases import NoLeases
from gateway.calls.request_budget import RequestBudget
from gateway.calls.served_accounts import ServedAccounts
from gateway.calls.synchronisation import Synchroniser
from gateway.calls.synchronisation_source import TwilioCalls
from gateway.config.accounts import Account
from gateway.config.settings import Secret
from gateway.sandbox import Sandbox
from gateway.upstream.client import InsightsClient
from gateway.warehouse.engine import Engine
from gateway.warehouse.warehouse import Options, Warehouse
from tests.conftest import Clock
from tests.live import becomes
from tests.warehouse.conftest import HASH_KEY, KEY

VISIBLE_AFTER = 300.0
"""Seconds after its end in which a call has a first partial summary."""


class Ended(NamedTuple):
    """A call: when it ended, and when its summary becomes complete (seconds since 1970)."""

    sid: str
    end: float
    complete_at: float
    account: str = ""


class Crash(Exception):
    """The process died."""


class Twilio(httpx.AsyncBaseTransport):
    """The sandbox over calls of a test's own. Each request takes `lasting` seconds of its clock."""

    def __init__(self, calls: Iterable[Ended] = (), lasting: float = 0.0) -> None:
        self.clock = Clock()
        self.clock.now = float(int(time.time()))
        self.sandbox = Sandbox(calls=0, clock=self.clock, arrivals=False)
        self.lasting = lasting
        self.requests = 0
        self.dies_in: int | None = None
        self._there = httpx.ASGITransport(app=self.sandbox.app)
        self.calls = list(calls)
        self._shown: dict[str, str] = {}

    @property
    def account(self) -> Account:
        sid = self.sandbox.account_sid
        return Account(sid, sid, Secret(self.sandbox.auth_token))

    def complete(self, before: float) -> set[str]:
        """The calls that are complete since a moment."""
        return {call.sid for call in self.calls if call.complete_at <= before}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.dies_in is not None:
            self.dies_in -= 1
            if self.dies_in < 0:
                self.dies_in = None
                raise Crash
        self.requests += 1
        self.clock.advance(self.lasting)
        self._show()
        return await self._there.handle_async_request(request)

    def _show(self) -> None:
        """Let summaries be as they are now."""
        now = self.clock()
        for call in self.calls:
            state = "complete" if call.complete_at <= now else "partial"
            if call.end + VISIBLE_AFTER <= now and self._shown.get(call.sid) != state:
                self._shown[call.sid] = state
                self.sandbox.add(summary(call, state))


def summary(call: Ended, state: str) -> dict[str, object]:
    """What Twilio says of a call."""
    said = {"call_sid": call.sid, "processing_state": state, "processing_version": 1}
    times = {"start_time": _iso(call.end - 60), "end_time": _iso(call.end)}
    return {**said, **times, **({"account_sid": call.account} if call.account else {})}


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Borrowed:
    """An engine that is not closed by who uses it, and that a test may take away."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def __getattr__(self, name: str) -> object:
        return getattr(self._engine, name)

    async def close(self) -> None:
        """It goes on."""


class Replica:
    """A process that keeps the warehouse in step: what it remembers is lost when it dies."""

    def __init__(
        self, twilio: Twilio, warehouse: Warehouse, page: int, *, events: bool, budget: int
    ) -> None:
        clock = twilio.clock

        async def sleep(seconds: float) -> None:
            clock.advance(seconds)

        client = InsightsClient(twilio, "http://sandbox", clock=clock)
        source = TwilioCalls(client, RequestBudget(budget, clock), clock, sleep, page)
        accounts = ServedAccounts([twilio.account])
        self.warehouse = warehouse
        self.synchroniser = Synchroniser(source, warehouse, accounts, NoLeases(), clock)
        self.synchroniser.serve((), events_are_on=events)


@asynccontextmanager
async def replica(
    engine: Engine, twilio: Twilio, page: int = 1000, *, events: bool = False, budget: int = 600
) -> AsyncIterator[Replica]:
    """One that has the warehouse open."""

    async def opening() -> Engine:
        return Borrowed(engine)  # type: ignore[return-value]

    options = Options("chdb:///none", (KEY,), lambda _: HASH_KEY)
    warehouse = Warehouse(options, twilio.clock, opening)
    running = asyncio.create_task(warehouse.run())
    try:
        assert await becomes(lambda: warehouse.connection.problem is None)
        yield Replica(twilio, warehouse, page, events=events, budget=budget)
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
