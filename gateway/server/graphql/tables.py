"""Writes rows as CSV (RFC 4180), as lines of JSON, or as Parquet, piece by piece."""

import asyncio
import csv
import io
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from gateway.config.extras import install
from gateway.schema.export import Column
from gateway.server.graphql.negotiation import CSV, LINES, PARQUET

SUFFIXES = {CSV: "csv", LINES: "ndjson", PARQUET: "parquet"}

_encode = msgspec.json.Encoder().encode

_GROUP = 5000
"""Rows of a group of a Parquet file: they are in memory together."""


class NoWriter(Exception):
    """What writes a format is not installed; the message says how to mend that."""


class Writer:
    """Writes a table of some columns; what it gives is to be sent one after the other."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._columns = columns

    def head(self) -> bytes:
        """What stands before all rows."""
        return b""

    def rows(self, nodes: Sequence[Mapping[str, Any]]) -> bytes:
        """Some rows, or what is ready of those that came before; fifty take a millisecond."""
        raise NotImplementedError

    async def page(self) -> bytes:
        """What is ready once a page is over."""
        return b""

    async def end(self) -> bytes:
        """What stands after all rows."""
        return b""


def writer_of(media_type: str, columns: Sequence[Column]) -> Writer:
    """The writer of a media type. Raises NoWriter."""
    return _WRITERS[media_type](columns)


class _Csv(Writer):
    """CSV with a header; a list is JSON in its cell, null an empty one."""

    def __init__(self, columns: Sequence[Column]) -> None:
        super().__init__(columns)
        self._text = io.StringIO()
        self._writer = csv.writer(self._text)

    def head(self) -> bytes:
        return self._written([[column.name for column in self._columns]])

    def rows(self, nodes: Sequence[Mapping[str, Any]]) -> bytes:
        columns = self._columns
        return self._written(
            [[_cell(value_at(node, column.path)) for column in columns] for node in nodes]
        )

    def _written(self, rows: Sequence[Sequence[Any]]) -> bytes:
        self._writer.writerows(rows)
        text = self._text.getvalue()
        self._text.seek(0)
        self._text.truncate()
        return text.encode()


class _Lines(Writer):
    """An object in each line, whose keys are the names of the columns."""

    def rows(self, nodes: Sequence[Mapping[str, Any]]) -> bytes:
        lines = (
            _encode({one.name: value_at(node, one.path) for one in self._columns}) for node in nodes
        )
        return b"".join(line + b"\n" for line in lines)


class _Parquet(Writer):
    """Parquet, in groups of rows; made in a thread, for a group takes a while."""

    def __init__(self, columns: Sequence[Column]) -> None:
        try:
            import pyarrow  # noqa: PLC0415, ICN001 - it comes with the extra `warehouse`
            from pyarrow import parquet  # noqa: PLC0415
        except ImportError:
            raise NoWriter(
                "Parquet needs the extra `warehouse`: in a checkout, run "
                f"`{install('warehouse')}`, or ask for CSV."
            ) from None
        super().__init__(columns)
        self._arrow = pyarrow
        self._schema = pyarrow.schema(
            [(column.name, _arrow_type(pyarrow, column.kind)) for column in columns]
        )
        self._sink = _Sink()
        self._file: Any = parquet.ParquetWriter(self._sink, self._schema, compression="zstd")
        self._waiting: list[list[Any]] = []

    def rows(self, nodes: Sequence[Mapping[str, Any]]) -> bytes:
        columns = self._columns
        self._waiting += (
            [_typed(value_at(node, path), kind) for path, kind in columns] for node in nodes
        )
        return b""

    async def page(self) -> bytes:
        return await asyncio.to_thread(self._flush) if len(self._waiting) >= _GROUP else b""

    async def end(self) -> bytes:
        return await asyncio.to_thread(self._finish)

    def _flush(self) -> bytes:
        rows, self._waiting = self._waiting, []
        fields = zip(self._schema, zip(*rows, strict=True), strict=True)
        arrays = [self._arrow.array(list(values), field.type) for field, values in fields]
        self._file.write_table(self._arrow.table(arrays, schema=self._schema))
        return self._sink.take()

    def _finish(self) -> bytes:
        begun = self._flush() if self._waiting else b""
        self._file.close()
        return begun + self._sink.take()


class _Sink:
    """A file that forgets what was taken of it, and knows how much there was."""

    closed = False

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0

    def write(self, some: Any) -> int:
        """Write at the end."""
        self._parts.append(bytes(some))
        self._size += len(self._parts[-1])
        return len(self._parts[-1])

    def tell(self) -> int:
        """How much was written in all."""
        return self._size

    def take(self) -> bytes:
        """What was written since it was last taken."""
        taken, self._parts = b"".join(self._parts), []
        return taken

    def flush(self) -> None:
        """There is nothing behind it."""

    def close(self) -> None:
        """What was written stays, to be taken."""

    def writable(self) -> bool:
        """It is."""
        return True

    def readable(self) -> bool:
        """It is not."""
        return False

    def seekable(self) -> bool:
        """It is not."""
        return False


def value_at(node: Mapping[str, Any], path: Sequence[str]) -> Any:
    """The value at a response path; null where something on the way is."""
    value: Any = node
    for key in path:
        if value is None:
            return None
        value = value[key]
    return value


def _cell(value: Any) -> Any:
    """A value as a cell of CSV: texts as they are, and all else as JSON has it."""
    if value is None or isinstance(value, str):
        return value
    return _encode(value).decode()


_TYPES = {"Int": "int32", "BigInt": "int64", "Float": "float64", "Boolean": "bool_"}


def _arrow_type(arrow: Any, kind: str) -> Any:
    if kind == "DateTime":
        return arrow.timestamp("us", "UTC")
    return getattr(arrow, _TYPES.get(kind, "string"))()


def _typed(value: Any, kind: str) -> Any:
    """A value as Parquet keeps it."""
    if value is None or kind in _TYPES:
        return value
    if kind == "DateTime":
        return datetime.fromisoformat(value)
    return value if kind != "JSON" and isinstance(value, str) else _encode(value).decode()


_WRITERS: Mapping[str, Callable[[Sequence[Column]], Writer]] = {
    CSV: _Csv,
    LINES: _Lines,
    PARQUET: _Parquet,
}
