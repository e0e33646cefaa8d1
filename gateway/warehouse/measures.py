"""Defines the measures of a group of calls, each as an SQL expression.

Quantiles interpolate linearly between neighbours. They are exact up to `EXACT` calls, for which the
engine sorts all values; beyond, it draws a sample of 8,192 values for each group.
"""

import math
from enum import Enum
from itertools import pairwise
from typing import Any, Protocol

from msgspec import Struct

from gateway.errors import BadUserInput
from gateway.warehouse.conditions import Condition
from gateway.warehouse.fields import Field
from gateway.warehouse.parameters import Parameters
from gateway.warehouse.where import where

EXACT = 5_000_000
"""Calls of a warehouse up to which quantiles are exact."""

MOST_BOUNDS = 100
"""Bounds that a histogram may have."""


class Measure(Protocol):
    """Something that is measured; equal ones are measured once."""

    @property
    def nothing(self) -> Any:
        """What it is of no call at all."""
        ...

    def sql(self, parameters: Parameters, *, exact: bool) -> str:
        """The expression; `exact` says whether quantiles are to be."""
        ...


class Count(Struct, frozen=True):
    """How many calls."""

    nothing = 0

    def sql(self, _: Parameters, *, exact: bool) -> str:  # noqa: ARG002 - as all measures
        """Count rows."""
        return "count()"


class CountWhere(Struct, frozen=True):
    """How many calls that meet a condition."""

    condition: Condition

    nothing = 0

    def sql(self, parameters: Parameters, *, exact: bool) -> str:  # noqa: ARG002 - as all measures
        """Count rows for which it is true."""
        return f"countIf({where(self.condition, parameters)})"


class Share(Struct, frozen=True):
    """The part of the calls that meets a condition, 0 to 1; null without any call."""

    condition: Condition

    nothing = None

    def sql(self, parameters: Parameters, *, exact: bool) -> str:  # noqa: ARG002 - as all measures
        """Divide the counts."""
        return f"countIf({where(self.condition, parameters)}) / nullIf(count(), 0)"


class Distinct(Struct, frozen=True):
    """How many different values; null is none, and each value of a list is one."""

    field: Field

    nothing = 0

    def sql(self, parameters: Parameters, *, exact: bool) -> str:  # noqa: ARG002 - as all measures
        """Count them exactly."""
        column = parameters.column(self.field)
        return f"uniqExactArray({column})" if self.field.many else f"uniqExact({column})"


class Summing(Enum):
    """What is told of all values of a field; the value is the engine's function."""

    COUNT = "count"
    MIN = "min"
    MAX = "max"
    AVG = "avg"
    SUM = "sum"
    STD_DEV = "stddevPopStable"


class Summed(Struct, frozen=True):
    """The values of a field in one number; null where no call has one, but for the count."""

    field: Field
    what: Summing

    @property
    def nothing(self) -> int | None:
        """None, or 0."""
        return 0 if self.what is Summing.COUNT else None

    def sql(self, _: Parameters, *, exact: bool) -> str:  # noqa: ARG002 - as all measures
        """Nulls are not counted in."""
        return f"{self.what.value}({_number(self.field)})"


class Quantile(Struct, frozen=True):
    """The value below which the part `q` of the values is."""

    field: Field
    q: float

    nothing = None

    def sql(self, parameters: Parameters, *, exact: bool) -> str:
        """All values in their order, or a sample of them."""
        if not exact:
            return f"quantile({float(self.q)!r})({_number(self.field)})"
        values = f"arraySort(groupArray({_number(self.field)}))"
        place = f"((length({values}) - 1) * {parameters.number(self.q)})"
        low = f"{values}[toUInt64(floor({place})) + 1]"
        high = f"{values}[toUInt64(ceil({place})) + 1]"
        between = f"{low} + ({high} - {low}) * ({place} - floor({place}))"
        return f"if(empty({values}), NULL, {between})"


class Histogram(Struct, frozen=True):
    """How many values there are below the first bound, between each two, and from the last on."""

    field: Field
    bounds: tuple[float, ...]

    @property
    def nothing(self) -> list[int]:
        """Empty buckets."""
        return [0] * (len(self.bounds) + 1)

    def sql(self, parameters: Parameters, *, exact: bool) -> str:  # noqa: ARG002 - as all measures
        """A count for each bucket."""
        value = _number(self.field)
        ends = [parameters.number(bound) for bound in self.bounds]
        between = (f"{value} >= {low} AND {value} < {high}" for low, high in pairwise(ends))
        buckets = [f"{value} < {ends[0]}", *between, f"{value} >= {ends[-1]}"]
        return f"[{', '.join(f'countIf({bucket})' for bucket in buckets)}]"


def check_number(field: Field, argument: str) -> None:
    """Raises BadUserInput, naming `argument`, for what is no number."""
    if field.many or field.is_personal or not field.kind.is_number:
        raise BadUserInput(
            argument,
            f"is `{field.constant}`, which is no number",
            "a field that holds a number and no personal data",
        )


def quantile(field: Field, q: float, argument: str) -> Quantile:
    """A quantile. Raises BadUserInput, naming `argument`, for a level outside of 0 to 1."""
    if not 0 <= q <= 1:
        raise BadUserInput(argument, f"is {q}", "a number from 0 to 1")
    return Quantile(field, q)


def histogram(field: Field, bounds: list[float], argument: str) -> Histogram:
    """A histogram. Raises BadUserInput, naming `argument`, for bounds that do not ascend."""
    ascending = all(low < high for low, high in pairwise(bounds))
    if not (1 <= len(bounds) <= MOST_BOUNDS and ascending and all(map(math.isfinite, bounds))):
        accepted = f"1 to {MOST_BOUNDS} numbers, each above the one before"
        raise BadUserInput(argument, "has no bounds of buckets", accepted)
    return Histogram(field, tuple(bounds))


def _number(field: Field) -> str:
    return f"toFloat64({field.column})"
