"""Defines the types of `callStatistics`: groups of calls, and their measures.

All is measured before these are resolved, as `schema/call_statistics.py` describes: a field reads
its value by its response key.
"""

from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated, Any, TypeAlias

import strawberry

from gateway.schema.context import Info
from gateway.schema.language.selected import Selected
from gateway.schema.types.call_fields import CallField
from gateway.schema.types.coverage import Coverage
from gateway.schema.types.field_traits import costs_per_item
from gateway.schema.types.where import CallWhere

Values: TypeAlias = Mapping[str, Any]
"""By response keys: values, or the values of a number."""

_Which = Annotated[CallWhere, strawberry.argument(description="Which calls are counted.")]


@strawberry.type(description="A part of the key of a group.")
class CallGroupKey:
    """In the order of `groupBy`."""

    name: str = strawberry.field(description="The field that calls are grouped by.")
    value: str | None = strawberry.field(
        description=(
            "The value of the field: an enum value, a number, or the moment at which a slice "
            "starts. Null for calls that have none."
        )
    )


@strawberry.type(description="How many values are in a part of their range.")
class HistogramBucket:
    """Half-open; the first and the last are open outwards."""

    from_: float | None = strawberry.field(
        name="from", description="The lowest value; null for the first bucket, which has no end."
    )
    until: float | None = strawberry.field(
        description="The first value above; null for the last bucket, which has no end."
    )
    count: int = strawberry.field(description="How many values there are.")


@strawberry.type(
    description="Measurements of the values of a number. Calls without a value do not count."
)
class NumberStatistics:
    """Read by response keys."""

    values: strawberry.Private[Values]

    @strawberry.field(description="How many calls have a value.")
    def count(self, info: Info) -> int:
        """Without nulls."""
        return self.values[_key(info)]  # type: ignore[no-any-return]

    @strawberry.field(description="The smallest value; null without any.")
    def min(self, info: Info) -> float | None:
        """Of the values that there are."""
        return self.values[_key(info)]  # type: ignore[no-any-return]

    @strawberry.field(description="The largest value; null without any.")
    def max(self, info: Info) -> float | None:
        """Of the values that there are."""
        return self.values[_key(info)]  # type: ignore[no-any-return]

    @strawberry.field(description="The arithmetic mean; null without any value.")
    def avg(self, info: Info) -> float | None:
        """Of the values that there are."""
        return self.values[_key(info)]  # type: ignore[no-any-return]

    @strawberry.field(description="The sum; null without any value.")
    def sum(self, info: Info) -> float | None:
        """Of the values that there are."""
        return self.values[_key(info)]  # type: ignore[no-any-return]

    @strawberry.field(
        description="The standard deviation of the population; null without any value."
    )
    def std_dev(self, info: Info) -> float | None:
        """Not that of a sample."""
        return self.values[_key(info)]  # type: ignore[no-any-return]

    @strawberry.field(
        description=(
            "The value below which a part of the values is, linearly interpolated between "
            "neighbours. Exact up to 5,000,000 calls in the warehouse; of more calls, that of a "
            "sample of 8,192 values for each group."
        )
    )
    def quantile(
        self,
        info: Info,
        q: Annotated[  # noqa: ARG002 - it was read before
            float, strawberry.argument(description="The part: 0 to 1; 0.95 for p95.")
        ],
    ) -> float | None:
        """Null without any value."""
        return self.values[_key(info)]  # type: ignore[no-any-return]

    @strawberry.field(
        description="How many values there are below the first bound, between each two, and above."
    )
    def histogram(
        self,
        info: Info,
        bounds: Annotated[
            list[float],
            strawberry.argument(description="1 to 100 numbers, each above the one before."),
        ],
    ) -> list[HistogramBucket]:
        """One bucket more than bounds."""
        ends = [None, *bounds, None]
        return [
            HistogramBucket(from_=low, until=high, count=count)
            for (low, high), count in zip(pairwise(ends), self.values[_key(info)], strict=True)
        ]


@strawberry.type(description="Calls that have a key in common, and what is measured of them.")
class CallGroup:
    """Read by response keys."""

    key: list[CallGroupKey] = strawberry.field(
        description="The values that the calls have in common, in the order of `groupBy`."
    )
    values: strawberry.Private[Values]

    @strawberry.field(description="How many calls there are.")
    def count(self, info: Info) -> int:
        """A call is counted in each group of a list."""
        return self.values[_key(info)]  # type: ignore[no-any-return]

    @strawberry.field(description="How many of the calls meet a condition.")
    def count_where(
        self,
        info: Info,
        where: _Which,  # noqa: ARG002 - it was read before
    ) -> int:
        """Beside the condition of the whole question."""
        return self.values[_key(info)]  # type: ignore[no-any-return]

    @strawberry.field(
        description="Which part of the calls meets a condition, 0 to 1; null without any call."
    )
    def share(
        self,
        info: Info,
        where: _Which,  # noqa: ARG002 - it was read before
    ) -> float | None:
        """Beside the condition of the whole question."""
        return self.values[_key(info)]  # type: ignore[no-any-return]

    @strawberry.field(
        description="How many different values a field has: null is none, each of a list one."
    )
    def distinct(
        self,
        info: Info,
        field: Annotated[  # noqa: ARG002 - it was read before
            CallField, strawberry.argument(description="The field.")
        ],
    ) -> int:
        """Counted exactly."""
        return self.values[_key(info)]  # type: ignore[no-any-return]

    @strawberry.field(description="Measurements of the values of a number.")
    def of(
        self,
        info: Info,
        field: Annotated[  # noqa: ARG002 - it was read before
            CallField,
            strawberry.argument(description="The number: no list and no personal data."),
        ],
    ) -> NumberStatistics:
        """Quantiles, sums and their like."""
        return NumberStatistics(values=self.values.get(_key(info), {}))


@strawberry.type(description="Measurements of groups of calls, and of all calls.")
class CallStatistics:
    """The answer to `callStatistics`; groups are found by the response keys of their fields.

    `selected` is all that is selected of it.
    """

    measured: strawberry.Private[Mapping[str, Any]]
    selected: strawberry.Private[Selected]

    @strawberry.field(
        description=(
            "The groups: the largest first, or by time where that is grouped by first, unless "
            "`orderBy` says otherwise."
        ),
        metadata=costs_per_item(),
    )
    def groups(self, info: Info) -> list[CallGroup]:
        """At most as many as `first` asked for."""
        return self.measured[_key(info)]  # type: ignore[no-any-return]

    @strawberry.field(
        description="All calls of `where` together, each counted once; its `key` is empty."
    )
    def total(self, info: Info) -> CallGroup:
        """Whatever groups there are."""
        return self.measured[_key(info)]  # type: ignore[no-any-return]

    has_more: bool = strawberry.field(
        description="Whether there are more groups than `first` asked for."
    )
    coverage: Coverage = strawberry.field(
        description="The coverage of the answer, within the bounds that `where` sets to `endTime`."
    )


def _key(info: Info) -> str:
    return str(info.path.key)
