"""Finds the calls that became complete, in the order in which they did.

A place is the moment at which a call became complete here, in milliseconds since 1970, and its SID.
That moment never changes for a call, so each call has one place.
"""

from collections.abc import Sequence
from typing import Any

from gateway.concurrency.cooperative import in_turns
from gateway.insights.snapshot import Snapshot
from gateway.warehouse.engine import USUAL, Engine, Limits, Statement
from gateway.warehouse.pages import SEALED, Place, Question, found
from gateway.warehouse.parameters import Parameters
from gateway.warehouse.rows import Rows

_COMPLETED = "toUnixTimestamp64Milli(gateway_completed)"


class Feed:
    """Asks the engine for calls that became complete."""

    def __init__(self, engine: Engine, rows: Rows) -> None:
        self._engine = engine
        self._rows = rows

    async def page(
        self, question: Question, after: Place, until: int, size: int, limits: Limits = USUAL
    ) -> list[tuple[Place, Snapshot]]:
        """At most `size` calls after a place that became complete before `until`."""
        account = question.realm.account.sid
        parameters = Parameters(account, self._rows.personal)
        calls = found(question, parameters)
        start, sid = parameters.put(after.values[0], "Int64"), parameters.put(after.sid, "String")
        end, most = parameters.put(until, "Int64"), parameters.put(size, "UInt32")
        sql = (
            f"SELECT sid, gateway_summary, {_COMPLETED} AS completed {calls} AND gateway_complete "
            f"AND {_COMPLETED} < {end} AND ({_COMPLETED}, sid) > ({start}, {sid}) "
            f"ORDER BY completed, sid LIMIT {most}"
        )
        answer = await self._engine.query(Statement(sql, parameters.values, SEALED), limits)
        return [one async for one in in_turns(self._read(account, answer.rows))]

    def _read(self, account: str, rows: Sequence[Sequence[Any]]) -> list[tuple[Place, Snapshot]]:
        read = ((row, self._rows.snapshot(account, row[0], row[1])) for row in rows)
        return [(Place((row[2],), row[0]), one) for row, one in read if one is not None]
