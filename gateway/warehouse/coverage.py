"""Records for each account from when until when the warehouse holds every call.

A span of an account says that every call which ended in it, and was complete at Twilio when it was
synchronised, is there. It is recorded after the calls are, so a crash costs work and never truth.
Beside the spans stands how far the calls are settled, from where synchronising goes on.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from gateway.config.viewers import Realm
from gateway.warehouse.engine import Engine, Statement
from gateway.warehouse.spans import Span, Spans

_CREATE = """
CREATE TABLE IF NOT EXISTS coverage (
    gateway_account String, account_sid String,
    starts Array(Int64), ends Array(Int64), synced_at Int64,
    settled Int64, pending Array(String), version UInt64
) ENGINE = ReplacingMergeTree(version) ORDER BY (gateway_account, account_sid)
"""
_READ = """
SELECT gateway_account, account_sid, starts, ends, synced_at, settled, pending, version
FROM coverage FINAL
"""
_WRITE = """
INSERT INTO coverage SELECT {account:String}, {sid:String}, {starts:Array(Int64)},
    {ends:Array(Int64)}, {at:Int64}, {settled:Int64}, {pending:Array(String)}, {version:UInt64}
"""

MAX_AGE = 5.0
"""Seconds for which what was read is believed: another replica may record too."""


class Settled(Struct, frozen=True):
    """How far the calls of an account are settled (seconds since 1970).

    Each call that ended before `at` is there, or it is `pending`: it was not complete yet.
    """

    at: float = 0.0
    pending: tuple[str, ...] = ()


class Covered(Struct, frozen=True):
    """What is known of one account, and when it was synchronised last (seconds since 1970)."""

    spans: Spans = Spans()
    synced_at: float = 0.0
    settled: Settled = Settled()
    version: int = 0


class Coverage(Struct, frozen=True):
    """What is known of some time of the accounts of a realm, all of them together.

    `start` and `end` are None where nothing is known; between them there are `gaps`.
    """

    start: float | None
    end: float | None
    gaps: tuple[Span, ...]
    synced_at: float | None
    accounts: tuple[str, ...]

    @property
    def is_whole(self) -> bool:
        """Whether something is known, and there is no gap in it."""
        return self.start is not None and not self.gaps


_Key: TypeAlias = tuple[str, str]


class Coverages:
    """Records what was synchronised, and tells it. `clock` gives seconds since 1970."""

    def __init__(self, engine: Engine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock
        self._cached: Mapping[_Key, Covered] = {}
        self._read_at = float("-inf")

    async def prepare(self) -> None:
        """Make the table."""
        await self._engine.command(Statement(_CREATE))

    async def all(self, max_age: float = MAX_AGE) -> Mapping[_Key, Covered]:
        """What is known of each account, by the account whose credentials were used and itself."""
        if self._clock() - self._read_at >= max_age:
            answer = await self._engine.query(Statement(_READ))
            self._cached = {(account, sid): _covered(*row) for account, sid, *row in answer.rows}
            self._read_at = self._clock()
        return self._cached

    async def begin(self, account: str, sid: str) -> Covered:
        """What is known of an account, before calls of it are written that `record` will claim.

        A record is made if there is none: if that is gone in the end, the table was wiped.
        """
        if (account, sid) not in await self.all(max_age=0):
            await self._write(account, sid, Covered())
        return (await self.all()).get((account, sid), Covered())

    async def record(  # noqa: PLR0913, PLR0917 - what is known of whom
        self,
        account: str,
        sid: str,
        spans: Spans,
        since: float,
        settled: Settled | None = None,
        synced_at: float | None = None,
        begun_at: int = 0,
    ) -> None:
        """Add what was synchronised; what ended before `since` is forgotten.

        With `settled`, that is how far it has come, and with `synced_at`, Twilio was asked then.
        Calls may be gone that were written since version `begun_at`, if the table was wiped
        meanwhile. Then nothing is recorded.
        """
        before = (await self.all(max_age=0)).get((account, sid), Covered())
        if before.version < begun_at:
            return
        kept = (before.spans | spans) & Spans(((since, float("inf")),))
        at = before.synced_at if synced_at is None else synced_at
        await self._write(
            account, sid, Covered(kept, at, settled or before.settled, before.version)
        )

    async def forget_since(self, account: str, sid: str, moment: float) -> None:
        """Claim nothing any more of the calls of an account that ended since a moment."""
        before = (await self.all(max_age=0)).get((account, sid), Covered())
        kept = before.spans & Spans(((float("-inf"), moment),))
        await self._write(account, sid, replace(before, spans=kept))

    async def _write(self, account: str, sid: str, covered: Covered) -> None:
        values = {
            "account": account,
            "sid": sid,
            "starts": [_milliseconds(start) for start, _ in covered.spans.spans],
            "ends": [_milliseconds(end) for _, end in covered.spans.spans],
            "at": _milliseconds(covered.synced_at),
            "settled": _milliseconds(covered.settled.at),
            "pending": list(covered.settled.pending),
            "version": covered.version + 1,
        }
        await self._engine.command(Statement(_WRITE, values))
        self._read_at = float("-inf")

    async def of(self, realm: Realm, asked: Span) -> Coverage:
        """What is known of a stretch of time, of all accounts of a realm that are kept."""
        accounts = await self.all()
        mine = {
            sid: covered
            for (account, sid), covered in accounts.items()
            if account == realm.account.sid and realm.has(sid)
        }
        common = Spans((asked,)) if mine else Spans()
        for covered in mine.values():
            common &= covered.spans
        whole = common.whole
        start, end = whole.spans[0] if whole else (None, None)
        synced_at = min((covered.synced_at for covered in mine.values()), default=0.0) or None
        return Coverage(start, end, (whole - common).spans, synced_at, tuple(sorted(mine)))


def _covered(  # noqa: PLR0913, PLR0917 - a row
    starts: Sequence[int],
    ends: Sequence[int],
    synced_at: int,
    settled: int,
    pending: Sequence[str],
    version: int,
) -> Covered:
    spans = Spans.of((start / 1000, end / 1000) for start, end in zip(starts, ends, strict=True))
    return Covered(spans, synced_at / 1000, Settled(settled / 1000, tuple(pending)), version)


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)
