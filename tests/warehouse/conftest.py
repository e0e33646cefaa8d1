"""What the tests of the warehouse stand on: one engine for all, and a table that is empty."""

from collections.abc import Callable, Sequence

import pytest_asyncio

from gateway.config.accounts import Account
from gateway.config.settings import Secret
from gateway.config.viewers import Realm
from gateway.insights.snapshot import Snapshot, snapshot_of
from gateway.sandbox import Sandbox
from gateway.warehouse.embedded import Embedded
from gateway.warehouse.engine import Engine, Statement
from gateway.warehouse.rows import Rows
from gateway.warehouse.search import Search
from gateway.warehouse.table import prepare
from gateway.warehouse.writer import Writer
from tests.conftest import NOON

ACCOUNT = "AC" + "1" * 32
REALM = Realm(Account(ACCOUNT, ACCOUNT, Secret("token")))
KEY = b"k" * 32
HASH_KEY = b"h" * 64
EVER = NOON - 365 * 86400.0
"""A moment before that no call of a test ended."""

FOREVER = 10_000
"""Days that rows live in tests: the engine has a clock of its own."""


class Store:
    """A table, and what writes into it."""

    def __init__(self, engine: Engine, keys: Sequence[bytes] = (KEY,)) -> None:
        self.engine = engine
        self.rows = Rows(keys, lambda _: HASH_KEY)
        self.now = NOON

    def writer(self, settled_version: int | None = None) -> Writer:
        """A writer that is not running."""
        return Writer(self.engine, self.rows, self.prepare, lambda: self.now, settled_version)

    def search(self) -> Search:
        """What searches it."""
        return Search(self.engine, self.rows, lambda: self.now)

    async def prepare(self) -> None:
        """Make the table, or bring it up to date."""
        await prepare(self.engine, FOREVER)

    async def keep(
        self, *snapshots: Snapshot, account: str = ACCOUNT, settled_version: int | None = None
    ) -> None:
        """Write some summaries at once."""
        writer = self.writer(settled_version)
        writer.offer(account, snapshots)
        await writer.flush()

    async def ask(self, sql: str, **parameters: object) -> list[tuple[object, ...]]:
        """The rows of a query."""
        answer = await self.engine.query(Statement(sql, parameters))
        return [tuple(row) for row in answer.rows]


async def emptied(engine: Engine) -> Store:
    """An empty table."""
    store = Store(engine)
    await engine.command(Statement("DROP TABLE IF EXISTS calls"))
    await store.prepare()
    return store


@pytest_asyncio.fixture(loop_scope="session")
async def store(engine: Embedded) -> Store:
    """An empty table for one test."""
    return await emptied(engine)


def complete_calls(calls: int) -> list[Snapshot]:
    """The complete summaries of the sandbox's world."""
    clock: Callable[[], float] = lambda: NOON  # noqa: E731 - two names need it
    sandbox = Sandbox(calls=calls, clock=clock, arrivals=False)
    summaries, world = sandbox._summaries, sandbox._world  # noqa: SLF001 - no request for each
    seen = ((call, summaries.snapshot(call, NOON)) for call in world._calls.values())  # noqa: SLF001
    raw = (summaries.one(call, snapshot) for call, snapshot in seen if snapshot is not None)
    return [one for one in (snapshot_of(each, NOON) for each in raw) if one.is_complete]


WORLD = complete_calls(400)
"""Calls of all kinds, as Twilio would tell them."""
