"""Resolves `searchCalls`: reads arguments, queries the warehouse, and writes cursors.

A cursor carries the moment from which the ages in `where` are counted, so that a walk through pages
asks one question. It is signed together with that question.
"""

import asyncio
import math
from collections.abc import Awaitable, Collection, Sequence
from functools import lru_cache
from typing import Any

from gateway.calls.searches import Searches
from gateway.config.viewers import Realm
from gateway.errors import InvalidCursor
from gateway.schema.context import Context
from gateway.schema.types.conditions import Reading
from gateway.schema.types.coverage import coverage_of
from gateway.schema.types.search import CallOrder, CallSearchConnection, orders_of
from gateway.schema.types.where import Where
from gateway.warehouse.conditions import Condition, fields_of
from gateway.warehouse.coverage import Coverage
from gateway.warehouse.cursors import SAME, SearchCursors
from gateway.warehouse.pages import Place, Question

NOTHING = Coverage(None, None, (), None, ())


def ready(context: Context) -> tuple[Realm, Searches]:
    """Whose calls are asked for, and of whom. Raises Forbidden and WarehouseDisabled."""
    realm, searches = context.realm, context.call_service.searches
    searches.check()
    return realm, searches


def pinned(context: Context) -> int:
    """The moment from which ages are counted: seconds since 1970, on a grid as for `calls`."""
    step = max(1, int(context.page_grid))
    return int(context.now) // step * step


def tell(context: Context, condition: Condition) -> None:
    """Tell whoever keeps the answer that it is of the moment, and whether it is personal."""
    context.freshness.passing()
    context.freshness.personal |= any(field.is_personal for field in fields_of(condition))


class CallSearch:
    """A question, understood. Raises BadUserInput and Forbidden.

    `cursor` is the one to go on from, which is that of `argument`.
    """

    def __init__(
        self,
        context: Context,
        where: Where | None,
        orders: Sequence[CallOrder] | None,
        *,
        cursor: str | None = None,
        argument: str = "after",
    ) -> None:
        realm, self._searches = ready(context)
        text, pin = cursor_parts(cursor, argument)
        self._pinned = pinned(context) if pin is None else pin
        reading = Reading(context.viewer, self._pinned)
        condition = reading.condition(where)
        self._is_relative = reading.is_relative
        order = orders_of(orders, context.viewer)
        self._question = Question(realm, self._searches.since, condition, order)
        self._cursors = cursors_of(realm.account.signing_key)
        self._place = None if text is None else self._cursors.decode(text, self._question, argument)
        tell(context, condition)

    async def connection(
        self, size: int, selected: Collection[str], *, backward: bool = False
    ) -> CallSearchConnection:
        """The connection; what is not `selected` of it is not asked for."""
        question, searches = self._question, self._searches
        page = searches.page(question, size, self._place, backward=backward)
        count = searches.count(question) if "totalCount" in selected else _at_once(0)
        covered = (
            searches.coverage(question.realm, question.condition)
            if "coverage" in selected
            else _at_once(NOTHING)
        )
        found, total, coverage = await together(page, count, covered)
        return CallSearchConnection(
            found=found,
            write=self._write,
            total_count=min(total, _MOST),
            coverage=coverage_of(coverage),
        )

    def _write(self, place: Place) -> str:
        cursor = self._cursors.encode(place, self._question)
        return with_moment(cursor, self._pinned) if self._is_relative else cursor


_MOST = 2**31 - 1
"""What GraphQL's `Int` can tell."""


def with_moment(cursor: str, moment: int) -> str:
    """A cursor that carries the moment from which ages are counted."""
    return f"{cursor}.{moment:x}"


async def together(*questions: Awaitable[Any]) -> Sequence[Any]:
    """What questions come to that are asked at the same time; the first that fails ends all."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(_awaited(one)) for one in questions]
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return [task.result() for task in tasks]


async def _awaited(question: Awaitable[Any]) -> Any:
    return await question


async def _at_once(value: Any) -> Any:
    return value


@lru_cache(maxsize=256)
def cursors_of(signing_key: bytes) -> SearchCursors:
    """What makes and reads the cursors of an account."""
    return SearchCursors(signing_key)


def cursor_parts(cursor: str | None, argument: str) -> tuple[str | None, int | None]:
    """A cursor, and the moment that it carries. Raises InvalidCursor."""
    if cursor is None:
        return None, None
    text, dot, pin = cursor.partition(".")
    if not dot:
        return text, None
    try:
        moment = int(pin, 16)
    except ValueError:
        moment = -1
    if not 0 <= moment < _LATEST or f"{moment:x}" != pin:
        raise InvalidCursor(argument, SAME)
    return text, moment


_LATEST = math.floor(253402300800.0)
"""The year 10,000, in seconds since 1970."""
