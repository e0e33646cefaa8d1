"""`CallFilter`: the table of filters as an input type, and its values as a question."""

from typing import Any

import strawberry
from msgspec import Struct

from gateway.errors import BadUserInput
from gateway.insights.filters import FILTERS, CallSort, Filter, to_parameters
from gateway.insights.paging import MAX_SIZE, Question
from gateway.insights.windows import TimeBound
from gateway.schema.derive import input_type
from gateway.schema.scalars import Bound

DEFAULT_FIRST = 25

_BOUNDS = (
    ("start_time", "startTime", Bound, "Calls that started then or later; `4h` if not said."),
    ("end_time", "endTime", Bound, "Calls that ended then or earlier; now if not said."),
)


def _attribute(row: Filter) -> str:
    return "from_" if row.upstream_name == "from" else row.upstream_name


CallFilter: Any = input_type(
    "CallFilter",
    "Which calls to list: those that fit all that is said. Without a window, the last 4 hours.",
    (
        *_BOUNDS,
        *(
            (
                _attribute(row),
                row.name,
                list[row.kind] if row.many else row.kind,  # type: ignore[name-defined]
                f"{row.meaning}\nAccepted: {row.accepted}. PII: {row.pii.value}.",
            )
            for row in FILTERS
        ),
    ),
)


class Asked(Struct, frozen=True):
    """A filter and an order, understood: the question, and the bounds of its window."""

    question: Question
    start: TimeBound | None
    end: TimeBound | None


def understand(account: str, chosen: Any, sort_by: CallSort) -> Asked:
    """What a filter and an order ask for. Raises BadUserInput."""
    every = {} if chosen is None else vars(chosen)
    said = {name: value for name, value in every.items() if value is not strawberry.UNSET}
    values = {row.name: said.get(_attribute(row)) for row in FILTERS}
    start, end = said.get("start_time"), said.get("end_time")
    parameters = tuple(to_parameters(values).items())
    question = Question(account, parameters, sort_by.value, (str(start), str(end)))
    return Asked(question, start, end)


def size_of(first: int | None, last: int | None, after: str | None, before: str | None) -> int:
    """How many calls are asked for, in whichever direction. Raises BadUserInput."""
    if first is not None and last is not None:
        raise BadUserInput("last", "stands beside `first`", "one of the two")
    if last is None and before is not None:
        raise BadUserInput("before", "stands without `last`", "`before` with `last`")
    if last is not None and after is not None:
        raise BadUserInput("after", "stands beside `last`", "`after` with `first`")
    argument, size = ("first", first) if last is None else ("last", last)
    if size is None:
        return DEFAULT_FIRST
    if not 1 <= size <= MAX_SIZE:
        raise BadUserInput(argument, f"is {size}", f"a number from 1 to {MAX_SIZE}")
    return size
