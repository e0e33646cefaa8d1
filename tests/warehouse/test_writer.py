import asyncio
import contextlib
import itertools
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import GatewayError, WarehouseUnavailable
from gateway.insights.snapshot import Snapshot, annotate, doubt, snapshot_of
from gateway.warehouse import writer as writing
from gateway.warehouse.block import Block
from gateway.warehouse.embedded import Embedded
from gateway.warehouse.engine import USUAL, Answer, Engine, Limits, Statement
from gateway.warehouse.pages import Question
from gateway.warehouse.writer import BATCH, CAPACITY, Writer
from tests.conftest import NOON
from tests.warehouse.conftest import ACCOUNT, EVER, REALM, Store, emptied

pytestmark = pytest.mark.asyncio(loop_scope="session")

SIDS = [f"CA{number:032x}" for number in range(3)]


def version(
    sid: str, state: str = "complete", number: int = 0, seen: float = 0.0, **more: Any
) -> Snapshot:
    said = {"call_sid": sid, "processing_state": state, "processing_version": number, **more}
    return snapshot_of(json.dumps(said).encode(), NOON + seen)


async def kept(store: Store) -> dict[str, Snapshot]:
    """What the table has, by SID; each call once."""
    page = await store.search().page(Question(REALM, EVER), 1000)
    found: dict[str, Snapshot] = {snapshot.sid: snapshot for _, snapshot in page.calls}
    assert len(found) == len(page.calls)
    return found


VERSIONS = st.builds(
    version,
    sid=st.sampled_from(SIDS),
    state=st.sampled_from(["partial", "complete"]),
    number=st.integers(0, 5),
    seen=st.integers(0, 50).map(float),
    end_time=st.sampled_from(
        [None, "2026-05-20T10:00:00Z", "2026-05-20T11:00:00Z", "2026-04-30T23:59:59Z"]
    ),
    annotation=st.sampled_from([None, {"call_score": 1}, {"call_score": 5}]),
)


BATCHES = st.lists(st.lists(VERSIONS, max_size=4), min_size=1, max_size=4)


@settings(max_examples=40)
@given(batches=BATCHES)
async def test_of_each_call_the_newest_final_version_stays_whatever_comes_last(
    engine: Embedded, batches: list[list[Snapshot]]
) -> None:
    """As in the cache: a version never goes backwards, even when the end of a call changes."""
    store = await emptied(engine)
    settled = 3
    for batch in batches:
        await store.keep(*batch, settled_version=settled)
    every = itertools.chain.from_iterable(batches)
    final = [
        one for one in every if one.is_complete or (one.summary.processing_version or 0) >= settled
    ]
    best = {sid: max((o.rank for o in final if o.sid == sid), default=None) for sid in SIDS}
    found = await kept(store)

    assert found.keys() == {sid for sid, rank in best.items() if rank is not None}
    for sid, one in found.items():
        assert one.raw in {
            other.raw for other in final if (other.sid, other.rank) == (sid, best[sid])
        }


async def test_what_is_partial_is_not_kept_until_it_counts_as_final(store: Store) -> None:
    """`GATEWAY_SETTLED_VERSION` says from which version on; the row says which it is."""
    partial, settled = version(SIDS[0], "partial", 2), version(SIDS[1], "partial", 3)
    await store.keep(partial, settled, settled_version=3)

    assert await kept(store) == {settled.sid: settled}
    assert await store.ask("SELECT gateway_complete FROM calls FINAL") == [(False,)]
    await store.keep(partial, settled)
    complete = version(SIDS[1], seen=9)
    await store.keep(complete)

    assert await kept(store) == {complete.sid: complete}
    assert await store.ask("SELECT gateway_complete FROM calls FINAL") == [(True,)]


async def test_a_newer_annotation_replaces_the_older_one(store: Store) -> None:
    """The one part of a complete summary that changes."""
    known = version(SIDS[0])
    newer = annotate(known, b'{"call_score": 4}', NOON + 5)
    unsure = doubt(newer, NOON + 6)
    for one in (known, newer, known, unsure):
        await store.keep(one)

    assert await kept(store) == {known.sid: unsure}


async def test_what_says_nothing_new_is_not_written_again(store: Store) -> None:
    """Lists tell the same calls again and again: that costs a look, and no row."""
    writer = store.writer()
    for seen in range(3):
        writer.offer(ACCOUNT, [version(SIDS[0], seen=seen)])
        await writer.flush()

    assert (writer.written.kept, writer.written.unchanged) == (1, 2)
    assert await store.ask("SELECT count() FROM calls") == [(1,)]


async def test_a_call_is_filed_once_and_for_all(store: Store) -> None:
    """Its place in the table does not change with its end: all versions lie in one partition."""
    at = ["2026-05-01T10:00:00Z", "2026-05-20T10:00:00Z"]
    for seen, end_time in enumerate(at):
        await store.keep(version(SIDS[0], seen=seen, end_time=end_time))
    rows = await store.ask("SELECT uniqExact(_partition_id), count() FROM calls")

    assert rows == [(1, 2)]
    assert (await kept(store))[SIDS[0]].raw.count(b"2026-05-20") == 1


class Flaky:
    """An engine that fails as it is told to; everything else is the real one's."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.away = False
        self.refused: set[str] = set()
        self.inserts = 0

    async def query(self, statement: Statement, limits: Limits = USUAL) -> Answer:
        if self.away:
            raise WarehouseUnavailable
        return await self._engine.query(statement, limits)

    async def command(self, statement: Statement) -> None:
        if self.away:
            raise WarehouseUnavailable
        await self._engine.command(statement)

    async def insert(self, block: Block) -> None:
        if self.away:
            raise WarehouseUnavailable
        if self.refused & set(block.values[0]):
            raise GatewayError("a row that the engine refuses")
        self.inserts += 1
        await self._engine.insert(block)

    async def close(self) -> None:
        await self._engine.close()


@contextlib.asynccontextmanager
async def running(writer: Writer) -> AsyncIterator[None]:
    task = asyncio.create_task(writer.run())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "LINGER", 0.05)
    monkeypatch.setattr(writing, "_FIRST_WAIT", 0.01)


@pytest.mark.usefixtures("_impatient")
async def test_nobody_waits_for_the_engine_and_nothing_is_lost_while_it_is_away(
    store: Store,
) -> None:
    """Offering returns at once; what was offered is written when the engine is back."""
    flaky = Flaky(store.engine)
    writer = Writer(flaky, store.rows, store.prepare, lambda: NOON)
    flaky.away = True
    async with running(writer):
        writer.offer(ACCOUNT, [version(SIDS[0])])
        waiting = asyncio.create_task(writer.write(ACCOUNT, [version(SIDS[1])]))
        while not writer.failing:
            await asyncio.sleep(0.01)
        assert not waiting.done()
        flaky.away = False
        await waiting

    assert (await kept(store)).keys() == set(SIDS[:2])
    assert not writer.failing


@pytest.mark.usefixtures("_impatient")
async def test_a_table_that_is_gone_is_made_again(store: Store) -> None:
    """Somebody wiped the warehouse: it fills itself again (the issue)."""
    writer = store.writer()
    await store.engine.command(Statement("DROP TABLE calls"))
    async with running(writer):
        await writer.write(ACCOUNT, [version(SIDS[0])])

    assert (await kept(store)).keys() == {SIDS[0]}


async def test_a_call_that_the_engine_refuses_costs_itself_alone(store: Store) -> None:
    """The others of its batch are written."""
    flaky = Flaky(store.engine)
    flaky.refused = {SIDS[1]}
    writer = Writer(flaky, store.rows, store.prepare, lambda: NOON)
    writer.offer(ACCOUNT, [version(sid) for sid in SIDS])
    await writer.flush()

    assert (await kept(store)).keys() == {SIDS[0], SIDS[2]}
    assert writer.written.broken == 1


async def test_what_does_not_fit_is_dropped_and_counted(store: Store) -> None:
    """The queue is bounded: an engine that is away for long costs calls and no memory."""
    writer = store.writer()
    writer.offer(ACCOUNT, [version(f"CA{number:032x}") for number in range(CAPACITY + 5)])

    assert writer.written.dropped == 5


async def test_many_calls_go_in_batches_of_their_own(store: Store) -> None:
    """An insert takes as much memory as its rows."""
    flaky = Flaky(store.engine)
    writer = Writer(flaky, store.rows, store.prepare, lambda: NOON)
    writer.offer(ACCOUNT, [version(f"CA{number:032x}") for number in range(BATCH + 5)])
    await writer.flush()

    assert flaky.inserts == 2
    assert await store.ask("SELECT count() FROM calls") == [(BATCH + 5,)]


@pytest.mark.parametrize("passes", range(6))
async def test_a_writer_that_is_cancelled_ends(store: Store, passes: int) -> None:
    """Whatever comes at that moment: `asyncio.wait_for` loses a cancellation in Python 3.11."""
    writer = store.writer()
    running = asyncio.create_task(writer.run())
    writer.offer(ACCOUNT, [version(SIDS[0])])
    await asyncio.sleep(0)
    writing = asyncio.create_task(writer.write(ACCOUNT, [version(SIDS[1])]))
    for _ in range(passes):
        await asyncio.sleep(0)
    running.cancel()
    ended, _ = await asyncio.wait({running}, timeout=5)
    writing.cancel()

    assert ended
