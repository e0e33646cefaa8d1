"""Runs the engine in this process: chDB, through the client of ClickHouse.

One process owns a folder, and a lock in it names that process. A query has a handle to itself while
it runs in a thread, without the interpreter; when its asker leaves, another handle kills it.
"""

import asyncio
import fcntl
import os
import secrets
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Self, TypeVar

from clickhouse_connect.datatypes.registry import get_from_name
from clickhouse_connect.driver import create_client
from clickhouse_connect.driver.client import Client

from gateway.errors import WarehouseUnavailable
from gateway.warehouse.block import Block
from gateway.warehouse.engine import (
    INSERT_SETTINGS,
    USUAL,
    Answer,
    Limits,
    Statement,
    quoted,
    settings_of,
)
from gateway.warehouse.failures import failure_of
from gateway.warehouse.slots import Slots

T = TypeVar("T")

HANDLES = 2
"""Queries that run at once."""

WAITING = 64
"""Queries that wait for their turn, at most."""

_KILL_AGAIN = 0.2
"""Seconds after which a query that still runs is killed again."""

_NICE = 10
"""The nice value of the engine's threads: on a busy core, requests of single calls go first."""

_MEGABYTE = 2**20
_OPTIONS = {
    "max_server_memory_usage": 700 * _MEGABYTE,
    "mark_cache_size": 64 * _MEGABYTE,
    "index_mark_cache_size": 16 * _MEGABYTE,
    "primary_index_cache_size": 32 * _MEGABYTE,
    "query_condition_cache_size": 16 * _MEGABYTE,
}
"""What the engine may keep in memory, in bytes: its own defaults are for a machine of its own."""

_LOCK = "gateway.lock"


class Embedded:
    """The engine over one folder, for one event loop; `open` makes it."""

    def __init__(self, folder: Path, lock: int) -> None:
        self.folder = folder
        self._lock = lock
        self._threads = ThreadPoolExecutor(HANDLES + 2, "warehouse", _give_way)
        self._free: list[Client] = []
        self._slots = Slots(HANDLES, WAITING)
        self._writing = asyncio.Lock()
        self._work: set[asyncio.Future[Any]] = set()
        self._writer: Client
        self._killer: Client

    @classmethod
    async def open(cls, folder: Path, database: str = "default") -> Self:
        """Open a folder, which is made if there is none. Raises WarehouseUnavailable."""
        engine = cls(folder, _own(folder))
        try:
            await engine._run(lambda: engine._connect(database))
        except BaseException:
            await engine.close()
            raise
        return engine

    async def query(self, statement: Statement, limits: Limits = USUAL) -> Answer:
        """Ask, when it is the query's turn."""
        await self._slots.take(limits.seconds)
        handle = self._free.pop()
        tag = secrets.token_hex(8)
        asked = self._start(lambda: _query(handle, statement, settings_of(statement, limits, tag)))
        asked.add_done_callback(lambda _: self._give_back(handle))
        try:
            return await asyncio.shield(asked)
        except asyncio.CancelledError:
            self._keep(asyncio.create_task(self._kill(tag, asked)))
            raise

    async def command(self, statement: Statement) -> None:
        """Change tables, or what they hold."""
        parameters = dict(statement.parameters)
        async with self._writing:
            await self._run(lambda: self._writer.command(statement.sql, parameters=parameters))

    async def insert(self, block: Block) -> None:
        """Keep rows: what is begun is finished."""
        async with self._writing:
            await self._run(lambda: _insert(self._writer, block))

    async def close(self) -> None:
        """Finish what runs, and let go of the folder."""
        while self._work:
            await asyncio.wait(self._work)
        handles = [*self._free, *(vars(self).get(name) for name in ("_writer", "_killer"))]
        self._free.clear()
        await asyncio.to_thread(lambda: [handle.close() for handle in handles if handle])
        self._threads.shutdown()
        os.close(self._lock)

    def _connect(self, database: str) -> None:
        def handle(database: str) -> Client:
            client: Any = create_client(
                interface="chdb", database=database, path=str(self.folder), chdb_options=_OPTIONS
            )
            client._backend._summary = _summary  # noqa: SLF001 - its own counts the rows returned
            return client  # type: ignore[no-any-return]

        self._killer = handle("default")
        self._killer.command(f"CREATE DATABASE IF NOT EXISTS {quoted(database)}")
        self._writer = handle(database)
        self._free += [handle(database) for _ in range(HANDLES)]

    async def _kill(self, tag: str, asked: asyncio.Future[Answer]) -> None:
        """End a query, which may not have begun yet."""
        kill = "KILL QUERY WHERE Settings['log_comment'] = {tag:String} ASYNC"
        while not asked.done():
            await self._run(lambda: self._killer.command(kill, parameters={"tag": tag}))
            await asyncio.wait({asked}, timeout=_KILL_AGAIN)

    def _give_back(self, handle: Client) -> None:
        self._free.append(handle)
        self._slots.give_back()

    def _start(self, work: Callable[[], T]) -> asyncio.Future[T]:
        """Begin work in a thread; it is finished whether or not somebody waits for it."""
        begun = asyncio.get_running_loop().run_in_executor(self._threads, _mapping_failures(work))
        self._keep(begun)
        return begun

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.shield(self._start(work))

    def _keep(self, work: asyncio.Future[Any]) -> None:
        self._work.add(work)
        work.add_done_callback(self._done)

    def _done(self, work: asyncio.Future[Any]) -> None:
        self._work.discard(work)
        if not work.cancelled():
            work.exception()  # who still waits for it is told


def _give_way() -> None:
    """Lower the priority of this thread, and so of those that the engine starts from it.

    Linux has a nice value for each thread (setpriority(2)), and lets anybody raise it.
    """
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)


def _mapping_failures(work: Callable[[], T]) -> Callable[[], T]:
    def run() -> T:
        try:
            return work()
        except Exception as error:
            raise failure_of(error) from error

    return run


def _query(handle: Client, statement: Statement, settings: dict[str, Any]) -> Answer:
    found = handle.query(
        statement.sql,
        parameters=dict(statement.parameters),
        settings=settings,
        column_formats=dict(statement.formats),
    )
    return Answer(found.result_rows, int(found.summary.get("read_rows", 0)))


def _insert(handle: Client, block: Block) -> None:
    handle.insert(
        block.table,
        block.values,
        column_names=[column.name for column in block.columns],
        column_types=[get_from_name(column.sent_as) for column in block.columns],
        column_oriented=True,
        settings=dict(INSERT_SETTINGS),
    )


def _summary(result: Any) -> dict[str, str]:
    """What a query took: the rows that were read of the table, as a server tells them."""
    return {"read_rows": str(result.storage_rows_read())}


def _own(folder: Path) -> int:
    """Lock a folder for this process. Raises WarehouseUnavailable, which names its owner."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise WarehouseUnavailable(f"cannot be opened: {error.strerror}") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        owner = os.read(lock, 20).decode("ascii", "replace")
        os.close(lock)
        raise WarehouseUnavailable(f"is open in process {owner}, and in one at a time") from None
    os.ftruncate(lock, 0)
    os.write(lock, str(os.getpid()).encode())
    return lock
