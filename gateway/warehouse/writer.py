"""Writes summaries to the warehouse in batches, in the background.

Calls wait in a bounded queue, until there are enough of them or a second has passed. Each batch is
compared with what the table has: only a version that is newer, and says something else, becomes a
row, and the call stays where it was filed first. While the engine cannot be asked, the batch is
tried again; what does not fit into the queue meanwhile is dropped, and synchronising finds it.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

from msgspec import Struct

from gateway.concurrency.cooperative import in_turns
from gateway.errors import GatewayError, WarehouseError
from gateway.insights.snapshot import Snapshot
from gateway.warehouse.block import Block
from gateway.warehouse.engine import Engine, Statement
from gateway.warehouse.rows import Filing, Rows, digest_of, first_filing, rank_of

_log = logging.getLogger("gateway.warehouse")

BATCH = 5000
"""Calls of one insert: it takes some 40 ms of the engine's, however few they are."""

CAPACITY = 20_000
"""Calls that wait at most, some 10 kB of memory each."""

LINGER = 1.0
"""Seconds for which a call waits for others to be written with."""

_FIRST_WAIT, _LONGEST_WAIT = 1.0, 30.0
"""Seconds between two tries of a batch while the engine cannot be asked."""

_FEW = 100
"""Calls up to which an index of SIDs helps to find them; more than that are in every part."""

_EXISTING = """
SELECT gateway_account, sid, max(gateway_rank), argMax(
    (toUnixTimestamp64Milli(gateway_filed), toUnixTimestamp64Milli(gateway_completed),
     gateway_digest, gateway_complete), gateway_rank)
FROM calls WHERE sid IN splitByChar(',', {sids:String}) GROUP BY gateway_account, sid
"""
"""As one text, thousands of SIDs are written in no time."""


class _Item(Struct, frozen=True):
    account: str
    snapshot: Snapshot

    @property
    def key(self) -> tuple[str, str]:
        return self.account, self.snapshot.sid


class _Existing(Struct, frozen=True):
    rank: int
    filing: Filing
    digest: int
    is_complete: bool


class Written(Struct):
    """What became of the calls that were offered since the start."""

    kept: int = 0
    unchanged: int = 0
    dropped: int = 0
    broken: int = 0


class Writer:
    """Writes what is final. `prepare` makes the table; `clock` gives seconds since 1970.

    `writing_since` is the moment of the batch that is being written, None while there is none.
    """

    def __init__(
        self,
        engine: Engine,
        rows: Rows,
        prepare: Callable[[], Awaitable[None]],
        clock: Callable[[], float],
        settled_version: int | None = None,
    ) -> None:
        self.written = Written()
        self.writing_since: float | None = None
        self.failing = False
        self._engine = engine
        self._rows = rows
        self._prepare = prepare
        self._clock = clock
        self._settled_version = settled_version
        self._queue: list[_Item] = []
        self._waiting: list[asyncio.Future[None]] = []
        self._wake = asyncio.Event()
        self._enough = asyncio.Event()

    @property
    def waiting(self) -> int:
        """How many calls wait to be written."""
        return len(self._queue)

    def offer(self, account: str, snapshots: Iterable[Snapshot]) -> None:
        """Have these written soon, if there is room; those that are not final are left out."""
        items = [_Item(account, one) for one in snapshots if self._is_wanted(one)]
        room = max(0, CAPACITY - len(self._queue))
        self.written.dropped += max(0, len(items) - room)
        self._put(items[:room])

    async def write(self, account: str, snapshots: Sequence[Snapshot]) -> None:
        """Have these written, and wait for it, however long the engine is away."""
        done = asyncio.get_running_loop().create_future()
        self._waiting.append(done)
        self._put([_Item(account, one) for one in snapshots if self._is_wanted(one)])
        self._enough.set()
        await done

    async def run(self) -> None:
        """Write what comes, until cancelled."""
        while True:
            await self._wake.wait()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LINGER):
                    await self._enough.wait()
            await self.flush()

    async def flush(self) -> None:
        """Write what waits now, however long the engine is away."""
        items, waiting = self._queue, self._waiting
        self._queue, self._waiting = [], []
        self._wake.clear()
        self._enough.clear()
        newest = _newest(items)
        for start in range(0, len(newest), BATCH):
            await self._insist(newest[start : start + BATCH])
        for done in waiting:
            if not done.done():
                done.set_result(None)

    def _put(self, items: Sequence[_Item]) -> None:
        self._queue += items
        if self._queue or self._waiting:
            self._wake.set()
        if len(self._queue) >= BATCH:
            self._enough.set()

    def _is_wanted(self, snapshot: Snapshot) -> bool:
        """Whether it is a final summary, of something that can be a call."""
        settled, version = self._settled_version, snapshot.summary.processing_version
        is_settled = settled is not None and version is not None and version >= settled
        return (snapshot.is_complete or is_settled) and "," not in snapshot.sid

    async def _insist(self, items: Sequence[_Item]) -> None:
        """Write a batch; try it again while the engine is away, and leave out what it refuses."""
        wait = _FIRST_WAIT
        while True:
            try:
                if self.failing:
                    await self._prepare()
                await self._keep(items)
            except WarehouseError:
                self.failing = True
                await asyncio.sleep(wait)
                wait = min(2 * wait, _LONGEST_WAIT)
            except GatewayError:
                await self._part(items)
                return
            else:
                self.failing = False
                return

    async def _part(self, items: Sequence[_Item]) -> None:
        """Find the call that the engine refuses, by halves: it costs itself, and no other."""
        if len(items) == 1:
            self.written.broken += 1
            _log.error("The warehouse refuses call %s", items[0].snapshot.sid)
            return
        middle = len(items) // 2
        await self._insist(items[:middle])
        await self._insist(items[middle:])

    async def _keep(self, items: Sequence[_Item]) -> None:
        existing = await self._existing(items)
        self.writing_since = self._clock()
        try:
            await self._write(items, existing, self.writing_since)
        finally:
            self.writing_since = None

    async def _write(
        self, items: Sequence[_Item], existing: Mapping[tuple[str, str], _Existing], now: float
    ) -> None:
        block = Block()
        async for item in in_turns(items):
            filing = _filing(item.snapshot, existing.get(item.key), now)
            if filing is not None:
                block.add(self._rows.row(item.account, item.snapshot, filing))
        if block:
            await self._engine.insert(block)
        self.written.kept += len(block)
        self.written.unchanged += len(items) - len(block)

    async def _existing(self, items: Sequence[_Item]) -> dict[tuple[str, str], _Existing]:
        sids = ",".join(item.snapshot.sid for item in items)
        by_index = {"use_skip_indexes": int(len(items) <= _FEW)}
        answer = await self._engine.query(Statement(_EXISTING, {"sids": sids}, settings=by_index))
        existing = {}
        for account, sid, rank, (filed, completed, digest, is_complete) in answer.rows:
            filing = Filing(filed / 1000, completed / 1000 if completed else None)
            existing[account, sid] = _Existing(rank, filing, digest, is_complete)
        return existing


def _newest(items: Sequence[_Item]) -> list[_Item]:
    newest: dict[tuple[str, str], _Item] = {}
    for item in items:
        before = newest.setdefault(item.key, item)
        if item.snapshot.rank > before.snapshot.rank:
            newest[item.key] = item
    return list(newest.values())


def _filing(snapshot: Snapshot, existing: _Existing | None, now: float) -> Filing | None:
    """Where to file it; None if what is known is as new, or says the same."""
    if existing is None:
        return first_filing(snapshot, now)
    if rank_of(snapshot) <= existing.rank or digest_of(snapshot) == existing.digest:
        return None
    if snapshot.is_complete and existing.filing.completed is None:
        return Filing(existing.filing.at, now)
    return existing.filing
