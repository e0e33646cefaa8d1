"""Computes statistics of calls, of groups and in all, by one SQL statement.

Groups of one question are at most `MOST_GROUPS`. Where time is the sole grouping, slices without
calls are there too, between the bounds that the condition sets, else between those that are given.
"""

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any

from gateway.errors import BadUserInput
from gateway.warehouse.bounds import bounds
from gateway.warehouse.engine import USUAL, Engine, Limits, Statement
from gateway.warehouse.failures import TooManyGroups
from gateway.warehouse.groupings import ByTime, key_expression, key_text
from gateway.warehouse.measures import Measure
from gateway.warehouse.parameters import Aliases, Parameters
from gateway.warehouse.rows import Rows
from gateway.warehouse.statistics_question import MOST_GROUPS, Asked, By, Group, Measured
from gateway.warehouse.visibility import visible_calls
from gateway.warehouse.where import where


class Statistics:
    """Asks the engine for statistics."""

    def __init__(self, engine: Engine, rows: Rows) -> None:
        self._engine = engine
        self._rows = rows
        self._zones: frozenset[str] = frozenset({"UTC"})

    async def measure(
        self, asked: Asked, limits: Limits = USUAL, aliases: Mapping[str, Aliases] | None = None
    ) -> Measured:
        """Measure. Raises BadUserInput for more groups or slices than there may be."""
        if asked.measures is None and asked.totals is None:
            return Measured((), has_more=False, total=(), rows_read=0)
        account, personal = asked.realm.account.sid, self._rows.personal
        parameters = Parameters(account, personal, aliases or {})
        columns = _columns(asked)
        slices = list(_slices(asked))
        await self._check_zones(asked)
        try:
            answer = await self._engine.query(_statement(asked, columns, parameters), limits)
        except TooManyGroups:
            raise _too_many("groups") from None
        found = _Found(asked, columns)
        found.read(answer.rows)
        found.fill(slices)
        groups, has_more = found.groups(parameters)
        return Measured(groups, has_more, found.total(), answer.rows_read)

    async def _check_zones(self, asked: Asked) -> None:
        """See that the engine knows the time zones too: it brings a database of its own."""
        zones = {one.slices.zone for one in asked.groupings if isinstance(one, ByTime)}
        if zones <= self._zones:
            return
        answer = await self._engine.query(Statement("SELECT time_zone FROM system.time_zones"))
        self._zones = frozenset(name for (name,) in answer.rows)
        if not zones <= self._zones:
            problem = "is a time zone that the engine of the warehouse does not know"
            raise BadUserInput("groupBy", problem, "a zone that is as old as the engine")


class _Found:
    """The rows of an answer, as groups."""

    def __init__(self, asked: Asked, columns: Sequence[Measure]) -> None:
        self._asked = asked
        self._places = {measure: place for place, measure in enumerate(columns)}
        self._width = len(asked.groupings)
        self._groups: dict[tuple[Any, ...], Sequence[Any]] = {}
        self._total: Sequence[Any] = ()

    def read(self, rows: Sequence[Sequence[Any]]) -> None:
        """Take in the rows of the engine."""
        for is_group, *row in rows:
            key, values = tuple(row[: self._width]), row[self._width :]
            if is_group:
                self._groups[key] = values
            else:
                self._total = values

    def fill(self, slices: Sequence[int]) -> None:
        """Take in slices without any call."""
        nothing = [measure.nothing for measure in self._places]
        for key in slices:
            self._groups.setdefault((key,), nothing)

    def groups(self, parameters: Parameters) -> tuple[tuple[Group, ...], bool]:
        """The first groups in their order, and whether there are more."""
        asked, keys = self._asked, list(self._groups)
        for by in reversed(asked.sorting):
            keys = self._sorted(keys, by)
        groups = tuple(self._group(key, parameters) for key in keys[: asked.first])
        return groups, len(keys) > asked.first

    def total(self) -> tuple[Any, ...]:
        """The values of all calls."""
        totals = self._asked.totals or ()
        return tuple(self._total[self._places[measure]] for measure in totals)

    def _sorted(self, keys: list[tuple[Any, ...]], by: By) -> list[tuple[Any, ...]]:
        if by.measure is None:
            for place in reversed(range(self._width)):
                keys = _nulls_last(keys, itemgetter(place), descending=by.descending)
            return keys
        value = itemgetter(self._places[by.measure])
        return _nulls_last(keys, lambda key: value(self._groups[key]), descending=by.descending)

    def _group(self, key: tuple[Any, ...], parameters: Parameters) -> Group:
        texts = (
            key_text(*pair, parameters) for pair in zip(self._asked.groupings, key, strict=True)
        )
        values, measures = self._groups[key], self._asked.measures or ()
        return Group(tuple(texts), tuple(values[self._places[one]] for one in measures))


def _nulls_last(
    keys: list[tuple[Any, ...]], value: Callable[[tuple[Any, ...]], Any], *, descending: bool
) -> list[tuple[Any, ...]]:
    there = [key for key in keys if value(key) is not None]
    there.sort(key=value, reverse=descending)
    return there + [key for key in keys if value(key) is None]


def _columns(asked: Asked) -> list[Measure]:
    """All measures, each once: those that groups are sorted by too."""
    sorted_by = [by.measure for by in asked.sorting if by.measure is not None]
    return list(dict.fromkeys([*(asked.measures or ()), *(asked.totals or ()), *sorted_by]))


def _statement(asked: Asked, columns: Sequence[Measure], parameters: Parameters) -> Statement:
    calls = visible_calls(asked.realm, asked.since, parameters)
    found = f"{calls} AND {where(asked.condition, parameters)}"
    measured = [
        f"{measure.sql(parameters, exact=asked.exact)} AS m{place}"
        for place, measure in enumerate(columns)
    ]
    selects = []
    if asked.measures is not None:
        selects.append(_groups(asked, columns, measured, found, parameters))
    if asked.totals is not None:
        keys = [f"NULL AS k{place}" for place in range(len(asked.groupings))]
        selects.append(f"SELECT {', '.join(['0 AS is_group', *keys, *measured])} {found}")
    sql = " UNION ALL ".join(f"({select})" for select in selects)
    overflow = {"max_rows_to_group_by": MOST_GROUPS, "group_by_overflow_mode": "throw"}
    return Statement(sql, parameters.values, settings=overflow)


def _groups(
    asked: Asked,
    columns: Sequence[Measure],
    measured: Sequence[str],
    found: str,
    parameters: Parameters,
) -> str:
    keys = [
        f"{key_expression(grouping, parameters)} AS k{place}"
        for place, grouping in enumerate(asked.groupings)
    ]
    names = [f"k{place}" for place in range(len(keys))]
    grouped = f"GROUP BY {', '.join(names)}" if names else ""
    select = f"SELECT {', '.join(['1 AS is_group', *keys, *measured])} {found} {grouped}"
    if asked.slices is not None or not names:
        return select
    order = ", ".join(_order(asked, columns, names))
    return f"{select} ORDER BY {order} LIMIT {parameters.put(asked.first + 1, 'UInt32')}"


def _order(asked: Asked, columns: Sequence[Measure], names: Sequence[str]) -> list[str]:
    order = []
    for by in asked.sorting:
        by_names = names if by.measure is None else [f"m{columns.index(by.measure)}"]
        order += [f"{name} {'DESC' if by.descending else 'ASC'} NULLS LAST" for name in by_names]
    return order


def _slices(asked: Asked) -> list[int]:
    """The slices of the bounds of the condition, or of the window where it has none."""
    if asked.slices is None or asked.measures is None:
        return []
    low, high = bounds(asked.condition, asked.slices.field)
    if asked.window is not None:
        low, high = low or asked.window[0], high or asked.window[1]
    if low is None or high is None:
        return []
    found = []
    for key in asked.slices.slices.between(low, high):
        found.append(key)
        if len(found) > MOST_GROUPS:
            raise _too_many("slices")
    return found


def _too_many(what: str) -> BadUserInput:
    accepted = f"at most {MOST_GROUPS:,} {what}: longer slices, wider steps, or a narrower `where`"
    return BadUserInput("groupBy", f"makes more than {MOST_GROUPS:,} {what}", accepted)
