"""What the warehouse takes: `python -m tests.benchmarks.warehouse [--calls N] [--folder F]`.

Calls of the sandbox, each with a SID, an end and measurements of its own, are spread over a month
and written as they would be from pages of 1,000. Then questions are asked of the engine in this
process. Times are those of the processor for filling, for others run beside it, and the best of
some rounds for questions; memory is resident.
"""

import argparse
import asyncio
import random
import re
import shutil
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from gateway.config.accounts import Account
from gateway.config.settings import Secret
from gateway.config.viewers import Realm
from gateway.insights.snapshot import Snapshot, snapshot_of
from gateway.insights.summary import CallState
from gateway.insights.tags import CallTag
from gateway.warehouse.column_values import flat
from gateway.warehouse.conditions import EVERYTHING, All, Operator, compare
from gateway.warehouse.embedded import Embedded
from gateway.warehouse.engine import Statement
from gateway.warehouse.fields import FIELDS
from gateway.warehouse.groupings import ByField, by_time
from gateway.warehouse.measures import Count, Quantile, Share
from gateway.warehouse.pages import Question
from gateway.warehouse.rows import Rows
from gateway.warehouse.search import Search
from gateway.warehouse.statistics import Statistics
from gateway.warehouse.statistics_question import Asked
from gateway.warehouse.table import DAY, prepare
from gateway.warehouse.writer import BATCH, Writer
from tests.warehouse.conftest import complete_calls

ACCOUNT = "AC" + "1" * 32
REALM = Realm(Account(ACCOUNT, ACCOUNT, Secret("token")))
ROUNDS = 5
_JITTER = re.compile(rb'"jitter":\{"max":([0-9.]+),"avg":([0-9.]+)\}')


def now() -> float:
    return time.time()


def resident() -> float:
    """Megabytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6


def month(calls: int, rng: random.Random) -> Iterator[bytes]:
    """Summaries of calls that ended in the last 29 days, newest first."""
    models = [snapshot.raw for snapshot in complete_calls(3000)]
    end, step = now(), 29 * DAY / calls
    for number in range(calls):
        raw = _JITTER.sub(lambda found: _varied(found, rng), models[number % len(models)])
        summary = msgspec.json.decode(raw)
        ended = datetime.fromtimestamp(int(end - number * step), UTC)
        began = ended - timedelta(seconds=summary.get("duration") or 0)
        summary |= {
            "call_sid": f"CA{rng.getrandbits(128):032x}",
            "account_sid": ACCOUNT,
            "end_time": ended.isoformat(),
            "start_time": began.isoformat(),
        }
        for party, name in (("from", "caller"), ("to", "callee")):
            if str(summary[party].get(name)).startswith("+"):
                summary[party][name] = f"+1415{rng.randrange(10**7):07d}"
        yield msgspec.json.encode(summary)


def _varied(found: re.Match[bytes], rng: random.Random) -> bytes:
    by = rng.uniform(0.5, 1.5)
    return b'"jitter":{"max":%.6f,"avg":%.6f}' % (float(found[1]) * by, float(found[2]) * by)


class Bench:
    """A table, and what is measured on it."""

    def __init__(self, engine: Embedded) -> None:
        self.engine = engine
        self.rows = Rows([b"k" * 32], lambda _: b"h" * 64)
        self.search = Search(engine, self.rows, now)
        self.statistics = Statistics(engine, self.rows)
        self.since = now() - 30 * DAY

    async def fill(self, calls: int) -> None:
        """Write calls, and compare that with decoding every leaf of them."""
        writer = Writer(self.engine, self.rows, self.prepare, now)
        pages, decoding, filling, peak = month(calls, random.Random(1)), 0.0, 0.0, 0.0
        for done in range(0, calls, BATCH):
            bodies = [next(pages) for _ in range(min(BATCH, calls - done))]
            before = time.process_time()
            snapshots = [snapshot_of(body, now()) for body in bodies]
            decoded = time.process_time() - before
            for snapshot in snapshots:
                flat(snapshot.summary, lambda _, value: value)
            decoding += time.process_time() - before
            before = time.process_time()
            await self._write(writer, snapshots)
            filling += decoded + time.process_time() - before
            peak = max(peak, resident())
        per_call = 1e6 / calls
        say("decoding every leaf", f"{decoding * per_call:.0f} µs a call")
        say("filling", f"{filling * per_call:.0f} µs a call, {decoding / filling:.2f} of that rate")
        say("memory while filling", f"{peak:.0f} MB")

    async def _write(self, writer: Writer, snapshots: list[Snapshot]) -> None:
        writer.offer(ACCOUNT, snapshots)
        await writer.flush()

    async def prepare(self) -> None:
        """Make the table."""
        await prepare(self.engine, 30)

    async def size(self) -> None:
        """Bytes on disk for each call, and how many of these are its stored summary."""
        sql = (
            "SELECT sum(bytes_on_disk) / sum(rows), "
            "(SELECT avg(length(gateway_summary)) FROM calls) "
            "FROM system.parts WHERE active AND table = 'calls'"
        )
        ((whole, summary),) = (await self.engine.query(Statement(sql))).rows
        say("on disk", f"{whole - summary:.0f} bytes a call beside {summary:.0f} of its summary")

    async def ask(self, name: str, question: Callable[[], Awaitable[Any]]) -> None:
        """The best time of a question, in some rounds."""
        best = float("inf")
        for _ in range(ROUNDS):
            before = time.perf_counter()
            await question()
            best = min(best, time.perf_counter() - before)
        say(name, f"{best * 1000:.1f} ms")

    async def questions(self) -> None:
        """Those of the promise, and a few more."""
        jitter, end = FIELDS["CARRIER_EDGE_METRICS_INBOUND_JITTER_MAX"], FIELDS["END_TIME"]
        tagged = compare(FIELDS["TAGS"], Operator.HAS, CallTag.HIGH_JITTER, "where")
        busy = compare(FIELDS["STATE"], Operator.EQ, CallState.BUSY, "where")
        american = compare(FIELDS["FROM_COUNTRY_CODE"], Operator.EQ, "US", "where")
        three = All((american, compare(jitter, Operator.GT, 20.0, "where"), tagged))
        carriers = Asked(
            REALM,
            self.since,
            EVERYTHING,
            (ByField(FIELDS["FROM_CARRIER"]),),
            (Count(), Quantile(jitter, 0.95), Share(tagged), Share(busy)),
        )
        moment = datetime.fromtimestamp(now(), UTC)
        series = Asked(
            REALM,
            self.since,
            EVERYTHING,
            (by_time(end, "1h", "Europe/Berlin", "by"),),
            (Count(),),
            window=(moment - timedelta(days=30), moment),
            first=1000,
        )
        found, newest = Question(REALM, self.since, three), Question(REALM, self.since)
        page = await self.search.page(newest, 1000)
        place, sid = page.calls[-1][0], page.calls[500][1].sid
        search, measure = self.search, self.statistics.measure
        await self.ask("carriers with p95 and two shares", lambda: measure(carriers))
        await self.ask("an hourly series of a month", lambda: measure(series))
        await self.ask("a search of three conditions, 25 calls", lambda: search.page(found, 25))
        await self.ask("its count", lambda: search.count(found))
        await self.ask("the newest 25 calls", lambda: search.page(newest, 25))
        await self.ask("the next 1,000", lambda: search.page(newest, 1000, place))
        await self.ask("one call", lambda: search.calls(REALM, self.since, [sid]))
        say("memory", f"{resident():.0f} MB")


def say(what: str, figure: str) -> None:
    print(f"{what:42}{figure}", flush=True)


async def main(calls: int, folder: Path) -> None:
    engine = await Embedded.open(folder)
    bench = Bench(engine)
    say("memory before", f"{resident():.0f} MB")
    await bench.prepare()
    await bench.fill(calls)
    await bench.size()
    await bench.questions()
    await engine.command(Statement("OPTIMIZE TABLE calls FINAL"))
    say("merged", "as it is ten minutes later")
    await bench.size()
    await bench.questions()
    await engine.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=100_000)
    parser.add_argument("--folder", type=Path, default=None)
    arguments = parser.parse_args()
    own = arguments.folder or Path(tempfile.mkdtemp(prefix="warehouse-"))
    try:
        asyncio.run(main(arguments.calls, own))
    finally:
        if arguments.folder is None:
            shutil.rmtree(own)
