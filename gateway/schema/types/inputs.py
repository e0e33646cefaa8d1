"""Defines `CallFilter` from the table of filters, and reads its values."""

from typing import Annotated, Any, TypeVar

import strawberry
from msgspec import Struct

from gateway.calls.call import LookupStatus
from gateway.config.viewers import Scope, Viewer
from gateway.errors import BadUserInput, Forbidden
from gateway.insights.catalogue import CallSid, Pii
from gateway.insights.filters import FILTERS, CallSort, Filter, to_parameters
from gateway.insights.paging import MAX_SIZE, Question
from gateway.insights.summary import ProcessingState
from gateway.insights.windows import TimeBound
from gateway.schema.types.bounds import within
from gateway.schema.types.derive import input_type, name_enums
from gateway.schema.types.scalars import Bound

name_enums()

Sid = Annotated[CallSid, strawberry.argument(description="SID of the call.")]

Forward = Annotated[
    int | None, strawberry.argument(description="How many calls, forward: 1 to 1000.")
]
Backward = Annotated[
    int | None, strawberry.argument(description="How many calls, backward: 1 to 1000.")
]
After = Annotated[str | None, strawberry.argument(description="Go on after this cursor.")]
Before = Annotated[str | None, strawberry.argument(description="Go back from this cursor.")]

T = TypeVar("T")

DEFAULT_FIRST = 25

MAX_IDS = 100
"""How many ids `nodes` takes at once."""

DEFAULT_PATIENCE, MAX_PATIENCE = 30, 60
"""Seconds that a lookup waits."""

Patience = Annotated[
    int | None,
    strawberry.argument(
        description=f"How long to wait, in seconds: 1 to {MAX_PATIENCE}.",
        metadata=within(1, MAX_PATIENCE),
    ),
]

_BOUNDS = (
    (
        "start_time",
        "startTime",
        Bound,
        "Calls that started then or later, `30d` ago at most; `4h` if not said.",
    ),
    (
        "end_time",
        "endTime",
        Bound,
        "Calls that ended then or earlier, or have not ended yet; now if not said.",
    ),
)


def _attribute(row: Filter) -> str:
    return "from_" if row.upstream_name == "from" else row.upstream_name


_ROWS = {_attribute(row): row for row in FILTERS}


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
    """A filter and an order, understood: the question, and the bounds of its window.

    `personal` says that the filter holds personal data.
    """

    question: Question
    start: TimeBound | None
    end: TimeBound | None
    personal: bool


def understand(viewer: Viewer, chosen: Any, sort_by: CallSort) -> Asked:
    """What a filter and an order ask for. Raises BadUserInput and Forbidden."""
    every = {} if chosen is None else vars(chosen)
    given = {
        name: value
        for name, value in every.items()
        if value is not strawberry.UNSET and value is not None
    }
    start, end = given.pop("start_time", None), given.pop("end_time", None)
    personal = [row for name in given if (row := _ROWS[name]).pii is not Pii.NONE]
    for row in personal:
        viewer.must(Scope.PII_READ, f"`filter.{row.name}`")
    parameters = to_parameters({_ROWS[name].name: value for name, value in given.items()})
    subaccount = given.get("subaccount")
    if subaccount is not None and not viewer.realm.has(subaccount):
        raise Forbidden(
            "`filter.subaccount` is not one of those in `viewer { subaccounts }`: leave it out."
        )
    asked, bounds = tuple(parameters.items()), (str(start), str(end))
    question = Question(viewer.realm.key, asked, sort_by.value, bounds)
    return Asked(question, start, end, bool(personal))


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


class Paging(Struct, frozen=True):
    """Relay's arguments, understood: how many calls from which cursor, and in which direction.

    `argument` is the one that holds the cursor.
    """

    size: int
    cursor: str | None
    argument: str
    forward: bool


def paging(first: int | None, after: str | None, last: int | None, before: str | None) -> Paging:
    """Which stretch of a list is asked for. Raises BadUserInput."""
    first, after, last, before = or_none(first), or_none(after), or_none(last), or_none(before)
    size = size_of(first, last, after, before)
    if last is None:
        return Paging(size, after, "after", forward=True)
    return Paging(size, before, "before", forward=False)


def patience(state: ProcessingState, seconds: int | None) -> tuple[frozenset[LookupStatus], float]:
    """Which statuses are waited for, and how long, in seconds. Raises BadUserInput."""
    if state is ProcessingState.UNRECOGNIZED:
        raise BadUserInput("waitFor", "is `UNRECOGNIZED`", "`PARTIAL` or `COMPLETE`")
    seconds = DEFAULT_PATIENCE if seconds is None else seconds
    if not 1 <= seconds <= MAX_PATIENCE:
        raise BadUserInput("timeoutSeconds", f"is {seconds}", f"1 to {MAX_PATIENCE}")
    partial = {LookupStatus.PARTIAL} if state is ProcessingState.PARTIAL else set()
    return frozenset({LookupStatus.COMPLETE, *partial}), float(seconds)


def or_none(argument: T | None) -> T | None:
    """An argument that was left out is as one that is null."""
    return None if argument is strawberry.UNSET else argument
