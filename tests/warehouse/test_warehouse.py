import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from gateway.errors import WarehouseUnavailable
from gateway.instrumentation import DependencyChanged, Happening
from gateway.warehouse import connection as connecting
from gateway.warehouse.block import Block
from gateway.warehouse.conditions import EVERYTHING
from gateway.warehouse.connection import Connection
from gateway.warehouse.embedded import Embedded
from gateway.warehouse.engine import USUAL, Answer, Engine, Limits, Statement
from gateway.warehouse.fields import FIELDS
from gateway.warehouse.groupings import ByField
from gateway.warehouse.measures import Count
from gateway.warehouse.opening import open_engine
from gateway.warehouse.pages import Question
from gateway.warehouse.statistics_question import Asked
from gateway.warehouse.table import prepare
from gateway.warehouse.warehouse import Options, Warehouse
from tests.conftest import NOON
from tests.servers import free_port, serving
from tests.warehouse.clickhouse_server import ClickHouseServer
from tests.warehouse.conftest import (
    ACCOUNT,
    EVER,
    FOREVER,
    HASH_KEY,
    KEY,
    REALM,
    WORLD,
    Store,
)

pytestmark = pytest.mark.asyncio(loop_scope="session")


def options(url: str) -> Options:
    return Options(url, (KEY,), lambda _: HASH_KEY, days=FOREVER)


@contextlib.asynccontextmanager
async def running(warehouse: Warehouse) -> AsyncIterator[None]:
    task = asyncio.create_task(warehouse.run())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@pytest_asyncio.fixture(loop_scope="session")
async def server(engine: Embedded) -> ClickHouseServer:
    """A server that nobody serves yet, with an empty database."""
    await engine.command(Statement("DROP DATABASE IF EXISTS whole"))
    await engine.command(Statement("CREATE DATABASE whole"))
    return ClickHouseServer(engine.folder)


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connecting, "_FIRST_PAUSE", 0.05)
    monkeypatch.setattr(connecting, "_LONGEST_PAUSE", 0.1)


async def opened(warehouse: Warehouse) -> None:
    until = asyncio.get_running_loop().time() + 60
    while warehouse.connection.problem is not None:
        assert asyncio.get_running_loop().time() < until
        await asyncio.sleep(0.02)


@pytest.mark.usefixtures("_impatient")
async def test_a_warehouse_keeps_what_comes_and_answers(server: ClickHouseServer) -> None:
    """What is offered is found, counted and told of; over a real socket."""
    with serving(server.app) as url:
        address = url.replace("http://", "clickhouse://") + "/whole"
        warehouse = Warehouse(options(address), lambda: NOON)
        async with running(warehouse):
            warehouse.writer.offer(ACCOUNT, WORLD[:30])
            await warehouse.writer.write(ACCOUNT, WORLD[30:60])
            await opened(warehouse)
            question = Question(REALM, warehouse.since)
            groups = (ByField(FIELDS["TYPE"]),)
            measured = await warehouse.measure(
                Asked(REALM, EVER, EVERYTHING, groups, (Count(),), (Count(),))
            )
            status = await warehouse.status()

            assert (await warehouse.search.count(question)).calls == 60
            assert measured.total == (60,)
            assert sum(group.values[0] for group in measured.groups) == 60
            assert (status.calls, status.waiting, status.stale) == (60, 0, ())
            assert status.oldest is not None
            assert status.newest is not None
            assert status.oldest < status.newest <= NOON
            assert status.size > 10_000
            covered = await warehouse.coverages.of(REALM, (EVER, NOON))
            assert covered.start is None


@pytest.mark.usefixtures("_impatient")
async def test_a_server_that_is_away_at_the_start_costs_a_line_and_no_start(
    server: ClickHouseServer,
) -> None:
    """Questions fail with `WAREHOUSE_UNAVAILABLE`; when it is there, all goes on (the issue)."""
    port = free_port()
    heard: list[Happening] = []
    url = f"clickhouse://127.0.0.1:{port}/whole"
    warehouse = Warehouse(options(url), lambda: NOON, hook=heard.append)
    async with running(warehouse):
        warehouse.writer.offer(ACCOUNT, WORLD[:10])
        with pytest.raises(WarehouseUnavailable):
            await warehouse.search.count(Question(REALM, EVER))
        await asyncio.sleep(0.5)
        with serving(server.app, port):
            await opened(warehouse)
            await warehouse.writer.write(ACCOUNT, [])
            assert (await warehouse.search.count(Question(REALM, EVER))).calls == 10
    reasons = [one.reason for one in heard if isinstance(one, DependencyChanged)]

    assert reasons[0] is not None
    assert reasons[-1] is None
    assert "calls FINAL" not in str(reasons)


@pytest.mark.usefixtures("_impatient")
async def test_tables_that_were_dropped_are_made_again_when_somebody_asks(
    server: ClickHouseServer, engine: Embedded
) -> None:
    """A warehouse that was wiped fills itself again (the issue)."""
    with serving(server.app) as url:
        warehouse = Warehouse(
            options(url.replace("http://", "clickhouse://") + "/whole"), lambda: NOON
        )
        async with running(warehouse):
            await warehouse.writer.write(ACCOUNT, WORLD[:5])
            await opened(warehouse)
            await engine.command(Statement("DROP TABLE whole.calls"))
            with pytest.raises(WarehouseUnavailable):
                await warehouse.search.count(Question(REALM, EVER))
            await opened(warehouse)

            assert (await warehouse.search.count(Question(REALM, EVER))).calls == 0
            await warehouse.writer.write(ACCOUNT, WORLD[:5])
            assert (await warehouse.search.count(Question(REALM, EVER))).calls == 5


async def test_a_folder_that_another_process_owns_names_it(engine: Embedded) -> None:
    """The log tells the operator which process to stop (the issue)."""
    with pytest.raises(WarehouseUnavailable, match="in process"):
        await open_engine(f"chdb://{engine.folder}")


async def test_an_engine_that_is_not_installed_is_told_with_the_cure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An optional extra: without it the setting is a mistake that says what to install."""
    monkeypatch.setitem(sys.modules, "gateway.warehouse.embedded", None)
    with pytest.raises(WarehouseUnavailable, match=r"pip install '\.\[warehouse\]'"):
        await open_engine("chdb:///tmp/nowhere")


async def test_a_connection_is_usable_by_what_uses_an_engine(
    engine: Embedded, store: Store
) -> None:
    """It speaks the same protocol, and is closed with the engine."""

    async def open_it() -> Engine:
        return engine

    async def make(opened: Engine) -> None:
        await prepare(opened, FOREVER)

    connection = Connection(open_it, make)
    task = asyncio.create_task(connection.run())
    while connection.problem is not None:
        await asyncio.sleep(0.01)
    await Store(connection).keep(*WORLD[:3])
    task.cancel()

    assert await store.ask("SELECT count() FROM calls") == [(3,)]


class FullDisk(Engine):
    """An engine that opens and answers, and has no room for rows while `is_full`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.is_full = True

    async def query(self, statement: Statement, limits: Limits = USUAL) -> Answer:
        return await self._engine.query(statement, limits)

    async def command(self, statement: Statement) -> None:
        await self._engine.command(statement)

    async def insert(self, block: Block) -> None:
        if self.is_full:
            raise WarehouseUnavailable
        await self._engine.insert(block)

    async def close(self) -> None:
        await self._engine.close()


async def test_a_full_disk_fails_until_rows_are_written(engine: Embedded, store: Store) -> None:
    """One line when it fails and one when it is well: it opened anew, and `worked again` each time.

    So `/readyz` was well, and the alert WarehouseDown was silent (ours).
    """
    assert store
    disk = FullDisk(engine)
    reasons: list[bool] = []

    def note(event: Happening) -> None:
        if isinstance(event, DependencyChanged):
            reasons.append(event.reason is not None)

    async def open_it() -> Engine:
        return disk

    async def make(opened: Engine) -> None:
        await prepare(opened, FOREVER)

    connection = Connection(open_it, make, note)
    task = asyncio.create_task(connection.run())
    while connection.problem is not None:
        await asyncio.sleep(0.01)
    keeping = asyncio.create_task(Store(connection).keep(*WORLD[:3]))  # it tries again
    while reasons.count(True) < 2:
        await asyncio.sleep(0.01)
    assert reasons == [False, True, True]
    disk.is_full = False
    await keeping
    task.cancel()

    assert reasons == [False, True, True, False]
