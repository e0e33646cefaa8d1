import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from gateway.errors import DeadlineExceeded, GatewayError, WarehouseBusy, WarehouseUnavailable
from gateway.warehouse.embedded import HANDLES, WAITING, Embedded
from gateway.warehouse.engine import Engine, Limits, Statement
from gateway.warehouse.failures import TooMuchToRead
from gateway.warehouse.remote import Remote
from tests.live import becomes
from tests.servers import serving
from tests.warehouse.clickhouse_server import ClickHouseServer
from tests.warehouse.conftest import WORLD, Store
from tests.warehouse.strategies import HOSTILE
from tests.warehouse.test_writer import kept

pytestmark = pytest.mark.asyncio(loop_scope="session")

ENDLESS = Statement("SELECT sum(sipHash64(number)) FROM numbers(20000000000)")
SHORT, LONG = Limits(rows=10**12, seconds=0.2), Limits(rows=10**12, seconds=60)
PASSWORD = "a word: with % signs"  # noqa: S105 - of a server of the tests


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def server(
    engine: Embedded,
) -> AsyncIterator[tuple[ClickHouseServer, str]]:
    """A server on a socket, over the engine of this process."""
    await engine.command(Statement("CREATE DATABASE IF NOT EXISTS over_http"))
    served = ClickHouseServer(engine.folder, PASSWORD)
    with serving(served.app) as url:
        yield served, url.replace("http://", "clickhouse://somebody@") + "/over_http"


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def remote(server: tuple[ClickHouseServer, str]) -> AsyncIterator[Remote]:
    opened = await Remote.open(server[1], PASSWORD)
    yield opened
    await opened.close()


@pytest.fixture(params=["embedded", "over HTTP"])
def either(request: pytest.FixtureRequest, engine: Embedded, remote: Remote) -> Engine:
    return engine if request.param == "embedded" else remote


async def test_calls_are_kept_and_found(either: Engine) -> None:
    """The same statements, whether the engine is in the process or a server."""
    await either.command(Statement("DROP TABLE IF EXISTS calls"))
    store = Store(either)
    await store.prepare()
    await store.prepare()
    await store.keep(*WORLD)

    assert await kept(store) == {snapshot.sid: snapshot for snapshot in WORLD}


@pytest.mark.parametrize("text", HOSTILE)
async def test_a_value_arrives_as_it_is_whatever_it_looks_like(either: Engine, text: str) -> None:
    """Values are parameters: quotes, braces, tabs and SQL in them are text like all else."""
    sql = "SELECT {a:String}, {b:Array(String)}, length({a:String})"
    answer = await either.query(Statement(sql, {"a": text, "b": [text, "", text]}))
    ((one, several, length),) = answer.rows

    assert (one, list(several), length) == (text, [text, "", text], len(text.encode()))


async def test_a_query_is_over_at_its_time(either: Engine) -> None:
    """The deadline of a request is the limit of its query."""
    began = time.monotonic()
    with pytest.raises(DeadlineExceeded):
        await either.query(ENDLESS, SHORT)

    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("statement", "limits", "error"),
    [
        (ENDLESS, Limits(rows=1000), TooMuchToRead),
        (
            Statement("SELECT length(groupArray(number)) FROM numbers(10000000)"),
            Limits(memory=10_000_000),
            TooMuchToRead,
        ),
        (Statement("SELECT nothing FROM nowhere"), Limits(), WarehouseUnavailable),
        (Statement("SELEKT 1"), Limits(), GatewayError),
    ],
)
async def test_every_failure_has_an_error_of_ours(
    either: Engine, statement: Statement, limits: Limits, error: type[GatewayError]
) -> None:
    """The engine's own words stay in the log."""
    with pytest.raises(GatewayError) as failure:
        await either.query(statement, limits)

    assert type(failure.value) is error
    assert "Code:" not in str(failure.value)


def cpu_of_threads() -> dict[int, int]:
    """Ticks of CPU that each thread of this process took so far."""
    stats = {int(path.name): path / "stat" for path in Path("/proc/self/task").iterdir()}
    fields = {thread: stat.read_text().rpartition(")")[2].split() for thread, stat in stats.items()}
    return {thread: int(of[11]) + int(of[12]) for thread, of in fields.items()}


@pytest.mark.skipif(sys.platform != "linux", reason="threads have nice values on Linux alone")
async def test_a_query_gives_way_to_the_event_loop(engine: Embedded) -> None:
    """Ours: who asks for one call is not slowed by ten questions about a million.

    The thread that works for a query has a higher nice value than that of the event loop
    (setpriority(2)), whether it is one of ours or of the engine's.
    """
    before = cpu_of_threads()
    with pytest.raises(DeadlineExceeded):
        await engine.query(ENDLESS, Limits(rows=10**12, seconds=1))
    taken = {thread: ticks - before.get(thread, 0) for thread, ticks in cpu_of_threads().items()}
    busiest = max(taken, key=taken.__getitem__)

    assert taken[busiest] > 0
    assert os.getpriority(os.PRIO_PROCESS, busiest) > os.getpriority(os.PRIO_PROCESS, os.getpid())


async def running(engine: Engine, tag: str) -> int:
    sql = "SELECT count() FROM system.processes WHERE position(query, {tag:String}) > 0"
    answer = await engine.query(Statement(sql, {"tag": tag}))
    return int(answer.rows[0][0]) - 1  # but for this one


async def until(what: Callable[[], Awaitable[bool]]) -> None:
    began = time.monotonic()
    while not await what():
        assert time.monotonic() < began + 20
        await asyncio.sleep(0.02)


async def test_a_query_ends_when_its_asker_leaves(
    either: Engine, engine: Embedded, server: tuple[ClickHouseServer, str]
) -> None:
    """Within a second (the issue), and then its place is free for others.

    The engine may list a query that was killed until its connection has another one.
    """
    tag = f"left {type(either).__name__}"
    asked = Statement(f"{ENDLESS.sql} WHERE number != {{n:UInt64}} AND '{tag}' != ''", {"n": 1})
    asking = asyncio.create_task(either.query(asked, LONG))

    async def runs() -> bool:
        return await running(engine, tag) > 0

    await until(runs)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking

    # a second on an idle machine; without an end it takes a minute
    assert await becomes(lambda: not engine._work and not server[0].running, 20)  # noqa: SLF001


async def test_those_who_leave_at_once_leave_nothing_behind(engine: Embedded) -> None:
    """A query that is left before it began is ended too."""
    for _ in range(5):
        asking = asyncio.create_task(engine.query(ENDLESS, LONG))
        await asyncio.sleep(0)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
    answer = await engine.query(Statement("SELECT 1"), Limits(seconds=20))

    assert answer.rows[0][0] == 1


async def test_too_many_queries_are_refused_and_the_rest_wait(engine: Embedded) -> None:
    """`WAREHOUSE_BUSY` beyond what may wait; who waits too long is out of time."""
    assert await becomes(lambda: not engine._work)  # noqa: SLF001 - what an earlier test left
    busy = [asyncio.create_task(engine.query(ENDLESS, LONG)) for _ in range(HANDLES)]
    await asyncio.sleep(0)
    late = [asyncio.create_task(engine.query(Statement("SELECT 1"), SHORT)) for _ in range(WAITING)]
    await asyncio.sleep(0)
    with pytest.raises(WarehouseBusy):
        await engine.query(Statement("SELECT 1"))
    waited = await asyncio.gather(*late, return_exceptions=True)
    for one in busy:
        one.cancel()
    await asyncio.gather(*busy, return_exceptions=True)

    assert {type(one) for one in waited} == {DeadlineExceeded}
    assert (await engine.query(Statement("SELECT 2"), Limits(seconds=20))).rows[0][0] == 2


async def test_a_query_holds_nobody_up(engine: Embedded) -> None:
    """The engine works in threads, without the interpreter."""
    busy = [asyncio.create_task(engine.query(ENDLESS, Limits(rows=10**12, seconds=0.5)))]
    gaps, last = [], time.monotonic()
    while not busy[0].done():
        await asyncio.sleep(0.001)
        gaps.append(time.monotonic() - last)
        last = time.monotonic()
    await asyncio.gather(*busy, return_exceptions=True)

    assert len(gaps) > 50
    assert sorted(gaps)[len(gaps) // 2] < 0.05


async def test_values_are_in_no_address(
    server: tuple[ClickHouseServer, str], remote: Remote
) -> None:
    """Proxies and servers log addresses: what is asked for stands in the body."""
    await remote.query(Statement("SELECT {a:String}", {"a": "+14155550100"}))
    address, _ = server[0].requests[-1]

    assert "4155550100" not in address


@pytest.mark.parametrize("url", ["clickhouse://127.0.0.1:9", "clickhouse://nowhere.invalid"])
async def test_a_server_that_is_away_is_unavailable(url: str) -> None:
    """An error of ours, and no traceback of theirs."""
    with pytest.raises(WarehouseUnavailable):
        await Remote.open(url)


async def test_a_wrong_password_is_no_traceback(server: tuple[ClickHouseServer, str]) -> None:
    """The log says what is wrong; clients learn that the warehouse cannot be asked."""
    with pytest.raises(WarehouseUnavailable):
        await Remote.open(server[1], "another")


async def test_one_process_owns_a_folder_and_is_named(engine: Embedded) -> None:
    """Another gateway over the same folder is told which process has it (the issue)."""
    with pytest.raises(WarehouseUnavailable, match=str(os.getpid())):
        await Embedded.open(engine.folder)


async def test_a_folder_that_cannot_be_made_is_unavailable(tmp_path: Path) -> None:
    """As little as one that cannot be read."""
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(WarehouseUnavailable):
        await Embedded.open(tmp_path / "file" / "warehouse")


@pytest.mark.processes
async def test_nothing_of_the_engine_is_imported_unless_it_is_used() -> None:
    """Start-up and memory without a warehouse stay as they are (the issue)."""
    program = (
        "import sys, gateway.server.app, gateway.warehouse.fields, gateway.warehouse.conditions;"
        "assert not {'chdb', 'clickhouse_connect', 'pyarrow', 'pandas'} & sys.modules.keys()"
    )

    started = await asyncio.create_subprocess_exec(sys.executable, "-c", program)

    assert await started.wait() == 0
