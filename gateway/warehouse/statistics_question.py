"""Defines the question and the answer of statistics, as values."""

from datetime import datetime
from typing import Any

from msgspec import Struct

from gateway.config.viewers import Realm
from gateway.warehouse.conditions import EVERYTHING, Condition
from gateway.warehouse.groupings import ByTime, Grouping
from gateway.warehouse.measures import Count, Measure

MOST_GROUPS = 10_000


class By(Struct, frozen=True):
    """What groups are sorted by: a measure, or their keys where that is None. Nulls are last."""

    measure: Measure | None = None
    descending: bool = True


class Asked(Struct, frozen=True):
    """What to measure, of which calls of a realm.

    `measures` are those of each group, `totals` those of all calls; None asks for none of them.
    `since` is when the oldest call was filed, `window` what slices of time cover where the
    condition does not say. Quantiles are `exact`, or drawn from a sample.
    """

    realm: Realm
    since: float
    condition: Condition = EVERYTHING
    groupings: tuple[Grouping, ...] = ()
    measures: tuple[Measure, ...] | None = None
    totals: tuple[Measure, ...] | None = None
    order: tuple[By, ...] = ()
    first: int = 100
    window: tuple[datetime, datetime] | None = None
    exact: bool = True

    @property
    def slices(self) -> ByTime | None:
        """The slices of time, where they are the sole grouping."""
        sole = self.groupings[0] if len(self.groupings) == 1 else None
        return sole if isinstance(sole, ByTime) else None

    @property
    def sorting(self) -> tuple[By, ...]:
        """What groups are sorted by in the end: the largest first, or time as it goes."""
        keys = By(descending=False)
        if self.order:
            return (*self.order, keys)
        first = self.groupings[0] if self.groupings else None
        return (keys,) if isinstance(first, ByTime) else (By(Count()), keys)


class Group(Struct, frozen=True):
    """The calls with one key, in the order of the groupings; its values in that of the measures."""

    key: tuple[str | None, ...]
    values: tuple[Any, ...]


class Measured(Struct, frozen=True):
    """The groups in their order, whether there are more, and the values of all calls."""

    groups: tuple[Group, ...]
    has_more: bool
    total: tuple[Any, ...]
    rows_read: int
