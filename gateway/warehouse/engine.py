"""Defines the protocol of the engine, in this process or on a ClickHouse server."""

import os
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from msgspec import Struct, field

from gateway.warehouse.block import Block


class Statement(Struct, frozen=True):
    """SQL in which values stand as `{name:Type}`, and these values.

    No text of a client is part of `sql`. `formats` has the columns that are bytes, as `"bytes"`;
    `settings` are for this statement alone.
    """

    sql: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    formats: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)


class Limits(Struct, frozen=True):
    """What one query may take: seconds, bytes of memory, and rows read."""

    seconds: float = 30.0
    memory: int = 400 * 2**20
    rows: int = 50_000_000


USUAL = Limits()


class Answer(Struct, frozen=True):
    """The rows of a query, and how many rows were read for it."""

    rows: Sequence[Sequence[Any]]
    rows_read: int


class Engine(Protocol):
    """Keeps tables and answers SQL.

    Every method raises WarehouseUnavailable when the engine cannot be asked. A query that its
    asker leaves is cancelled.
    """

    async def query(self, statement: Statement, limits: Limits = USUAL) -> Answer:
        """Ask. Raises WarehouseBusy, DeadlineExceeded and TooMuchToRead beside."""
        ...

    async def command(self, statement: Statement) -> None:
        """Change tables, or what they hold."""
        ...

    async def insert(self, block: Block) -> None:
        """Keep rows, all of them or none."""
        ...

    async def close(self) -> None:
        """Let go of it."""
        ...


INSERT_SETTINGS: Mapping[str, Any] = {"optimize_on_insert": 0}
"""A batch has each call once: merging it with itself would take twice the time."""

_SETTINGS: Mapping[str, Any] = {
    "do_not_merge_across_partitions_select_final": 1,
    "defer_partition_pruning_after_final": 0,
    "max_threads": max(1, min(4, (os.cpu_count() or 2) - 1)),
}
"""A call never changes its partition, so its versions need not be looked for in others."""


def settings_of(statement: Statement, limits: Limits, tag: str) -> dict[str, Any]:
    """The settings of one query, which is found by its tag among those that run."""
    return {
        **_SETTINGS,
        "max_execution_time": max(limits.seconds, 0.001),
        "max_memory_usage": limits.memory,
        "max_rows_to_read": limits.rows,
        "log_comment": tag,
        **statement.settings,
    }


def quoted(name: str) -> str:
    """A name as an identifier of SQL; only names of ours and of the settings are quoted."""
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"
