"""Assembles the warehouse, and offers its operations to the rooms above."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from contextlib import suppress

from msgspec import Struct
from msgspec.structs import replace

from gateway.errors import GatewayError
from gateway.insights.party_names import call_named, naming
from gateway.insights.snapshot import Snapshot
from gateway.instrumentation import Hook, silent
from gateway.warehouse.connection import Connection
from gateway.warehouse.coverage import Coverages
from gateway.warehouse.deletion import Forgetting
from gateway.warehouse.engine import USUAL, Engine, Limits, Statement
from gateway.warehouse.feed import Feed
from gateway.warehouse.fields import Field
from gateway.warehouse.groupings import ByField
from gateway.warehouse.measures import EXACT, Distinct
from gateway.warehouse.opening import REMOTE, open_engine
from gateway.warehouse.renewal import Renewal
from gateway.warehouse.repair import repair
from gateway.warehouse.rows import Rows
from gateway.warehouse.search import Search
from gateway.warehouse.statistics import Statistics
from gateway.warehouse.statistics_question import Asked, Measured
from gateway.warehouse.table import DAY, prepare
from gateway.warehouse.writer import Writer
from gateway.warehouse_instrumentation import WarehouseMeasured

_UPKEEP, _UPKEEP_LATER = 3600.0, 10.0
"""Seconds between two rounds of upkeep, and until one that failed is tried again."""

_SUBACCOUNTS = 10_000
"""Subaccounts that are noted at most: their SIDs come from Twilio's own answers."""

_OTHERS_WRITE = 15.0
"""Seconds that another replica may take to write a batch, or that its clock may be behind."""

_MEASURE_EVERY = 15.0
"""Seconds between two looks at its size."""

_PARTS = """
SELECT sum(rows), sum(bytes_on_disk) FROM system.parts
WHERE active AND database = currentDatabase() AND table = 'calls'
"""
_STATUS = """
SELECT count(), toUnixTimestamp64Milli(min(gateway_filed)),
    toUnixTimestamp64Milli(max(gateway_filed)) FROM calls FINAL
WHERE {account:String} IN ('', gateway_account)
"""
_SIZE = """
SELECT sum(bytes_on_disk) FROM system.parts
WHERE active AND database = currentDatabase() AND table = 'calls'
"""


class Options(Struct, frozen=True):
    """Where the warehouse is, with which keys (of 32 bytes), and for how many days it keeps calls.

    `hash_key` gives an account of the gateway its key for stand-ins, and raises KeyError for any
    other. `settled_version` is the version from which on a partial summary counts as final.
    """

    url: str
    keys: tuple[bytes, ...]
    hash_key: Callable[[str], bytes]
    password: str = ""
    days: int = 30
    settled_version: int | None = None


class Status(Struct, frozen=True):
    """What the warehouse holds: calls, from when to when, and their size in bytes."""

    calls: int
    oldest: float | None
    newest: float | None
    size: int
    waiting: int
    stale: tuple[str, ...]


class Warehouse:
    """Keeps calls and answers questions about many. `clock` gives seconds since 1970.

    `opening` opens another engine than that of the options, for tests.
    """

    def __init__(
        self,
        options: Options,
        clock: Callable[[], float],
        opening: Callable[[], Awaitable[Engine]] | None = None,
        hook: Hook = silent,
    ) -> None:
        self._options = options
        self._clock = clock
        self._hook = hook
        self._rows = Rows(options.keys, options.hash_key)
        self._small: tuple[float, bool] = (float("-inf"), True)
        self.connection = Connection(
            opening or (lambda: open_engine(options.url, options.password)), self._prepare, hook
        )
        engine = self.connection
        self.coverages = Coverages(engine, clock)
        self.forgetting = Forgetting(engine, self._rows)
        self.renewal = Renewal(engine, self._rows)
        self.search = Search(engine, self._rows, clock)
        self.feed = Feed(engine, self._rows)
        self.writer = Writer(
            engine, self._rows, lambda: self._prepare(engine), clock, options.settled_version
        )
        self.subaccounts: set[tuple[str, str]] = set()
        self._statistics = Statistics(engine, self._rows)

    async def run(self) -> None:
        """Keep the engine open, write what comes, and keep rows up to date, until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self.connection.run())
                group.create_task(self.writer.run())
                group.create_task(self._keep_up())
                group.create_task(self._keep_measured())
        finally:
            await self.connection.close()

    def offer(self, account: str, snapshots: Sequence[Snapshot]) -> None:
        """Have summaries written soon, if there is room; and note whose calls they are."""
        self.writer.offer(account, snapshots)
        for sid in {one.summary.account_sid for one in snapshots}:
            if sid is not None and sid != account and len(self.subaccounts) < _SUBACCOUNTS:
                self.subaccounts.add((account, sid))

    async def forget(self, wanted: str, account: str) -> int:
        """Remove a call (its SID) or the calls of a party (its address) of an account at once.

        Calls that no key opens go along with those of a party. Gives how many there were. Raises
        NeitherCallNorParty.
        """
        sid = call_named(wanted)
        says = None if sid else naming(wanted)
        await self.writer.write(account, [])  # what waits is there, then
        if says is None:
            return await self.forgetting.forget(account, [str(sid)])
        found, sealed = await self.forgetting.calls_that(account, says)
        return await self.forgetting.forget(account, [*found, *sealed])

    @property
    def since(self) -> float:
        """When the oldest call ended that is shown."""
        return self._clock() - self._options.days * DAY

    async def measure(self, asked: Asked, limits: Limits = USUAL) -> Measured:
        """Measure groups of calls, and all of them. Raises BadUserInput."""
        aliases = await self.renewal.aliases(asked.realm.account.sid, _distinguished(asked))
        exact = await self._is_small()
        return await self._statistics.measure(replace(asked, exact=exact), limits, aliases)

    @property
    def settled_until(self) -> float:
        """Calls that became complete before this moment are all written, by whichever replica."""
        writing, now = self.writer.writing_since, self._clock()
        own = now if writing is None else min(now, writing)
        return own - _OTHERS_WRITE if self._is_shared else own

    @property
    def _is_shared(self) -> bool:
        return self._options.url.partition(":")[0] in REMOTE

    async def version(self, account: str) -> Hashable:
        """Another one whenever an answer about an account may be another.

        That is after calls were written or forgotten here, or synchronised anywhere.
        """
        accounts = await self.coverages.all()
        synced = sum(one.version for (owner, _), one in accounts.items() if owner == account)
        return self.writer.written.kept, self.forgetting.forgotten, synced

    async def status(self, account: str = "") -> Status:
        """What it holds now: all calls, or those of an account and its subaccounts."""
        statement = Statement(_STATUS, {"account": account})
        ((calls, oldest, newest),) = (await self.connection.query(statement)).rows
        ((size,),) = (await self.connection.query(Statement(_SIZE))).rows
        return Status(
            int(calls),
            oldest / 1000 if calls else None,
            newest / 1000 if calls else None,
            int(size),
            self.writer.waiting,
            tuple(sorted(self.renewal.stale)),
        )

    async def _prepare(self, engine: Engine) -> None:
        await prepare(engine, self._options.days)
        await Coverages(engine, self._clock).prepare()

    async def _keep_up(self) -> None:
        """Renew rows that are out of date; where others write too, repair what came of it."""
        while True:
            try:
                await self.renewal.run()
                if self._is_shared:
                    await repair(self.connection)
            except GatewayError:
                await asyncio.sleep(_UPKEEP_LATER)
            else:
                await asyncio.sleep(_UPKEEP)

    async def _keep_measured(self) -> None:
        """Tell what it holds and how current it is, until cancelled."""
        while True:
            with suppress(GatewayError):
                ((rows, size),) = (await self.connection.query(Statement(_PARTS))).rows
                covered = (await self.coverages.all()).values()
                oldest = min((one.synced_at for one in covered), default=self._clock())
                lag = max(0.0, self._clock() - oldest)
                self._hook(WarehouseMeasured(int(rows), int(size), lag))
            await asyncio.sleep(_MEASURE_EVERY)

    async def _is_small(self) -> bool:
        """Whether it holds so few calls that quantiles are exact; asked once a minute."""
        at, small = self._small
        if self._clock() - at > 60:  # noqa: PLR2004 - a minute
            ((calls,),) = (await self.connection.query(Statement("SELECT count() FROM calls"))).rows
            small = calls <= EXACT
            self._small = self._clock(), small
        return small


def _distinguished(asked: Asked) -> list[Field]:
    """The fields whose values are groups, or are counted."""
    measures = [*(asked.measures or ()), *(asked.totals or ())]
    groups = [one.field for one in asked.groupings if isinstance(one, ByField)]
    return groups + [one.field for one in measures if isinstance(one, Distinct)]
