"""The gateway over a sandbox whose complete calls are all in its warehouse."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
import pytest_asyncio

from gateway.calls.synchronisation import Synchroniser
from gateway.config.accounts import Account
from gateway.config.kinds import CacheKeys
from gateway.config.settings import Secret, Settings
from gateway.sandbox import Sandbox
from gateway.warehouse.embedded import Embedded
from gateway.warehouse.engine import Statement
from gateway.warehouse.spans import Spans
from tests import servers
from tests.conftest import NOON, Clock, Gateway
from tests.live import becomes
from tests.warehouse.conftest import FOREVER, WORLD
from tests.warehouse.lent import Lent, lent

CALLS = len(WORLD)
_SANDBOX = Sandbox(calls=0)
ACCOUNT = Account(_SANDBOX.account_sid, _SANDBOX.account_sid, Secret(_SANDBOX.auth_token))
HASH_KEY = ACCOUNT.hashing_key
DAY = 86400.0
SETTINGS = Settings(
    gateway_warehouse_url="chdb:///",
    gateway_warehouse_days=FOREVER,
    gateway_cache_key=CacheKeys("A" * 43 + "="),
)


class Filled(Gateway):
    """A gateway with a warehouse; `engine` is what it asks, `clock` what it reads."""

    engine: Lent
    clock: Clock

    async def fill(self) -> None:
        """Put all complete calls into it, and say that they are all."""
        warehouse, sid = self.call_service.warehouse, self.sandbox.account_sid
        assert warehouse is not None
        assert await becomes(lambda: warehouse.connection.problem is None, within=60)
        await warehouse.writer.write(sid, WORLD)
        whole = Spans(((NOON - 30 * DAY, NOON),))
        await warehouse.coverages.record(sid, sid, whole, NOON - 365 * DAY)


async def _idle(_: Synchroniser) -> None:
    await asyncio.Event().wait()


async def filled(
    engine: Embedded, settings: Settings = SETTINGS, **options: Any
) -> AsyncIterator[Filled]:
    """A gateway whose warehouse is full, until the test ends."""
    await engine.command(Statement("DROP TABLE IF EXISTS calls"))
    await engine.command(Statement("DROP TABLE IF EXISTS coverage"))
    clock = Clock()
    with lent(engine) as borrowed, pytest.MonkeyPatch.context() as patch:
        patch.setattr(Synchroniser, "run", _idle)  # it is full, and requests are counted
        sandbox = Sandbox(calls=400, clock=clock, arrivals=False)
        async with Filled(sandbox, clock, settings, **options) as gateway:
            gateway.engine, gateway.clock = borrowed, clock
            await gateway.fill()
            yield gateway


def served(gateway: Filled) -> AbstractAsyncContextManager[str]:
    """The gateway, which has started, on a socket; gives its address."""
    return servers.served(gateway.app, lifespan="off")


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def gateway(engine: Embedded) -> AsyncIterator[Filled]:
    async for one in filled(engine):
        yield one
