"""The engine of the session, lent to a gateway: a process has one folder at a time."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from gateway.errors import WarehouseUnavailable
from gateway.warehouse import warehouse as warehouses
from gateway.warehouse.embedded import Embedded
from gateway.warehouse.engine import Statement


class Lent:
    """An engine that is not closed by who borrows it; `asked` are the queries.

    While it `is_away`, it answers none; while it is `held`, it waits, and counts who has `left`.
    """

    def __init__(self, engine: Embedded) -> None:
        self.asked: list[Statement] = []
        self.is_away = False
        self.held: asyncio.Event | None = None
        self.left = 0
        self._engine = engine

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    async def query(self, statement: Statement, *rest: Any) -> Any:
        self.asked.append(statement)
        if self.is_away:
            raise WarehouseUnavailable
        if self.held is not None:
            await self._hold(self.held)
        return await self._engine.query(statement, *rest)

    async def _hold(self, held: asyncio.Event) -> None:
        try:
            await held.wait()
        except asyncio.CancelledError:
            self.left += 1
            raise

    async def close(self) -> None:
        """It goes on."""


@contextmanager
def lent(engine: Embedded) -> Iterator[Lent]:
    """Each warehouse that is opened inside of the `with` block gets this engine."""
    borrowed = Lent(engine)

    async def lend(*_: str) -> Lent:
        return borrowed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(warehouses, "open_engine", lend)
        yield borrowed
