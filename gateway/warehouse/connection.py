"""Connects to the engine in the background, and reconnects after an outage.

What is asked before it is open, or while it is away, fails at once with WarehouseUnavailable; the
hook hears when that begins, and when it is over.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from gateway.errors import GatewayError, WarehouseUnavailable
from gateway.instrumentation import DependencyChanged, Hook, silent
from gateway.warehouse.block import Block
from gateway.warehouse.engine import USUAL, Answer, Engine, Limits, Statement
from gateway.warehouse.failures import reason_of
from gateway.warehouse_instrumentation import WarehouseAsked

T = TypeVar("T")

_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 30.0
"""Seconds until an engine that is away is tried again."""


class Connection:
    """The engine that `open_engine` opens; `prepare` makes its tables, whenever it was away."""

    def __init__(
        self,
        open_engine: Callable[[], Awaitable[Engine]],
        prepare: Callable[[Engine], Awaitable[None]],
        hook: Hook = silent,
    ) -> None:
        self.problem: GatewayError | None = WarehouseUnavailable("is being opened")
        self._open_engine = open_engine
        self._prepare = prepare
        self._hook = hook
        self._open: Engine | None = None
        self._is_ready = False
        self._refused_rows = False
        self._doubt = asyncio.Event()

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
        began = time.perf_counter()
        try:
            answer = await self._watched(self._opened.query(statement, limits))
        except GatewayError:
            self._hook(WarehouseAsked("failed", time.perf_counter() - began))
            raise
        self._hook(WarehouseAsked("answered", time.perf_counter() - began, answer.rows_read))
        return answer

    async def command(self, statement: Statement) -> None:
        """Change tables, or what they hold."""
        await self._watched(self._opened.command(statement))

    async def insert(self, block: Block) -> None:
        """Keep rows. A full disk still opens, so an insert shows when it works again."""
        engine = self._opened
        try:
            await self._watched(engine.insert(block))
        except WarehouseUnavailable:
            self._refused_rows = True
            raise
        if self._refused_rows:
            self._refused_rows = False
            self._came_back()

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
        self.problem = problem
        self._hook(DependencyChanged("warehouse", reason_of(problem)))
        self._doubt.set()

    def _came_back(self) -> None:
        self.problem = None
        if not self._refused_rows:
            self._hook(DependencyChanged("warehouse", None))
