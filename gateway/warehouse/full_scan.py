"""Scans all rows, an hour at a time, for questions that no column answers."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

from gateway.warehouse.engine import Engine, Limits, Statement

_HOURS = "SELECT DISTINCT toUnixTimestamp(toStartOfHour(gateway_filed)) AS h FROM calls ORDER BY h"
_HOUR = """
SELECT {columns} FROM calls FINAL
WHERE gateway_filed >= toDateTime({{hour:UInt32}}, 'UTC')
  AND gateway_filed < toDateTime({{hour:UInt32}} + 3600, 'UTC') AND {condition}
"""
_UNHURRIED = Limits(seconds=300)


async def pages(
    engine: Engine, columns: str, condition: str = "1", **parameters: Any
) -> AsyncIterator[Sequence[Sequence[Any]]]:
    """These columns of the rows that meet a condition, newest last. Both are SQL of our own."""
    hours = await engine.query(Statement(_HOURS), _UNHURRIED)
    sql = _HOUR.format(columns=columns, condition=condition)
    for (hour,) in hours.rows:
        values = {"hour": hour, **parameters}
        statement = Statement(sql, values, {"gateway_summary": "bytes"})
        yield (await engine.query(statement, _UNHURRIED)).rows
