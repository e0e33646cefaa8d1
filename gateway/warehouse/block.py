"""Collects the rows of one insert as columns.

A row of some hundred values is soon gone, and the columns are a few long lists: the collector of
garbage has little to look through.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from gateway.warehouse.columns import CALLS, COLUMNS, Column

_TOGETHER = 100
"""Rows that are turned at once."""


class Block:
    """Rows of a table, in the order of its columns."""

    def __init__(self, rows: Iterable[Sequence[Any]] = ()) -> None:
        self.table = CALLS
        self.columns: tuple[Column, ...] = COLUMNS
        self._values: list[list[Any]] = [[] for _ in COLUMNS]
        self._rows: list[Sequence[Any]] = []
        self._turned = 0
        for row in rows:
            self.add(row)

    def __len__(self) -> int:
        """How many rows there are."""
        return self._turned + len(self._rows)

    def add(self, row: Sequence[Any]) -> None:
        """Add a row."""
        self._rows.append(row)
        if len(self._rows) == _TOGETHER:
            self._turn()

    @property
    def values(self) -> Sequence[Sequence[Any]]:
        """The values of each column."""
        self._turn()
        return self._values

    def _turn(self) -> None:
        for column, values in zip(self._values, zip(*self._rows, strict=True), strict=False):
            column.extend(values)
        self._turned += len(self._rows)
        self._rows.clear()
