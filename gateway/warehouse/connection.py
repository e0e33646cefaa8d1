"""An engine that is opened in the background, and made ready again when it was away.

What is asked before it is open, or while it is away, fails at once with WarehouseUnavailable; the
log has one line when that begins, and one when it is over.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from gateway.errors import GatewayError, WarehouseUnavailable
from gateway.warehouse.block import Block
from gateway.warehouse.engine import USUAL, Answer, Engine, Limits, Statement
from gateway.warehouse.failures import first_line

T = TypeVar("T")

_log = logging.getLogger("gateway.warehouse")

_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 30.0
"""Seconds until an engine that is away is tried again."""


class Connection:
    """The engine that `open_engine` opens; `prepare` makes its tables, whenever it was away."""

    def __init__(
        self,
        open_engine: Callable[[], Awaitable[Engine]],
        prepare: Callable[[Engine], Awaitable[None]],
    ) -> None:
        self.problem: GatewayError | None = WarehouseUnavailable("is being opened")
        self._open_engine = open_engine
        self._prepare = prepare
        self._open: Engine | None = None
        self._is_ready = False
        self._doubt = asyncio.Event()
        self._is_away = False

    async def run(self) -> None:
        """Keep it open and ready, until cancelled."""
        self._doubt.set()
        pause = _FIRST_PAUSE
        while True:
            await self._doubt.wait()
            self._doubt.clear()
            try:
                await self._make_ready()
            except GatewayError as problem:
                self._failed(problem)
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
            else:
                self._came_back()
                pause = _FIRST_PAUSE

    async def query(self, statement: Statement, limits: Limits = USUAL) -> Answer:
        """Ask."""
        return await self._watched(self._opened.query(statement, limits))

    async def command(self, statement: Statement) -> None:
        """Change tables, or what they hold."""
        await self._watched(self._opened.command(statement))

    async def insert(self, block: Block) -> None:
        """Keep rows."""
        await self._watched(self._opened.insert(block))

    async def close(self) -> None:
        """Let go of the engine."""
        engine, self._open = self._open, None
        self.problem = WarehouseUnavailable("is closed")
        if engine is not None:
            await engine.close()

    @property
    def _opened(self) -> Engine:
        if self._open is None or not self._is_ready:
            raise self.problem or WarehouseUnavailable
        return self._open

    async def _watched(self, work: Awaitable[T]) -> T:
        try:
            return await work
        except WarehouseUnavailable as problem:
            self._failed(problem)
            raise

    async def _make_ready(self) -> None:
        if self._open is None:
            self._open = await self._open_engine()
        await self._prepare(self._open)
        self._is_ready = True

    def _failed(self, problem: GatewayError) -> None:
        if not self._is_away:
            why = f" ({first_line(problem.__cause__)})" if problem.__cause__ else ""
            _log.warning("%s%s", problem, why)
        self._is_away, self.problem = True, problem
        self._doubt.set()

    def _came_back(self) -> None:
        _log.info("The warehouse is open.")
        self._is_away, self.problem = False, None
