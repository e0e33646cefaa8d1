"""Searches calls: a page of them in an order, from a place on, forward or backward.

A place holds the values that its call was sorted by, so a walk goes on from there whatever came or
went meanwhile (keyset pagination). Nulls are last in either direction of sorting; the SID decides
between calls that are otherwise equal.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from msgspec import Struct

from gateway.concurrency.cooperative import in_turns
from gateway.config.viewers import Realm
from gateway.insights.snapshot import Snapshot
from gateway.warehouse.engine import USUAL, Engine, Limits, Statement
from gateway.warehouse.pages import SEALED, Place, Question, Walk, found, near, page_statement
from gateway.warehouse.parameters import Parameters
from gateway.warehouse.rows import Rows
from gateway.warehouse.visibility import visible_calls


class Stretch(Struct, frozen=True):
    """Some calls in their order, each with its place."""

    calls: tuple[tuple[Place, Snapshot], ...]
    has_next: bool
    has_previous: bool
    rows_read: int


class Counted(Struct, frozen=True):
    """How many calls there are, and how many rows were read for that."""

    calls: int
    rows_read: int


class Search:
    """Asks the engine for calls. `clock` gives seconds since 1970."""

    def __init__(self, engine: Engine, rows: Rows, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._rows = rows
        self._clock = clock

    async def page(
        self,
        question: Question,
        size: int,
        place: Place | None = None,
        *,
        backward: bool = False,
        limits: Limits = USUAL,
    ) -> Stretch:
        """At most `size` calls after a place, or before it with `backward`; in order either way."""
        account, walk = question.realm.account.sid, Walk(size + 1, place, backward)
        rows: Sequence[Sequence[Any]] = ()
        read = 0
        for within in near(question, walk, self._clock()):
            parameters = Parameters(account, self._rows.personal)
            asked = page_statement(question, walk, within, parameters)
            answer = await self._engine.query(asked, limits)
            rows, read = answer.rows, read + answer.rows_read
            if len(rows) > size:
                break
        more = len(rows) > size
        calls = [call async for call in in_turns(self._read(account, rows[:size]))]
        if backward:
            return Stretch(tuple(calls[::-1]), place is not None, more, read)
        return Stretch(tuple(calls), more, place is not None, read)

    async def count(self, question: Question, limits: Limits = USUAL) -> Counted:
        """How many calls there are."""
        parameters = Parameters(question.realm.account.sid, self._rows.personal)
        sql = f"SELECT count() {found(question, parameters)}"
        answer = await self._engine.query(Statement(sql, parameters.values), limits)
        return Counted(int(answer.rows[0][0]), answer.rows_read)

    async def calls(
        self, realm: Realm, since: float, sids: Sequence[str], limits: Limits = USUAL
    ) -> dict[str, Snapshot]:
        """Those of some calls that there are, by their SIDs."""
        parameters = Parameters(realm.account.sid, self._rows.personal)
        calls = visible_calls(realm, since, parameters, sids)
        statement = Statement(f"SELECT sid, gateway_summary {calls}", parameters.values, SEALED)
        answer = await self._engine.query(statement, limits)
        found = self._read(realm.account.sid, answer.rows)
        return {snapshot.sid: snapshot async for _, snapshot in in_turns(found)}

    def _read(
        self, account: str, rows: Sequence[Sequence[Any]]
    ) -> Iterator[tuple[Place, Snapshot]]:
        """The calls of some rows; one that no key opens is left out."""
        for sid, sealed, *values in rows:
            snapshot = self._rows.snapshot(account, sid, sealed)
            if snapshot is not None:
                yield Place(tuple(values), sid), snapshot
