"""Counts the work of each field of an operation, to explain its cost: requests, hits, queries.

A field has the work of its own resolver, and of those below it that resolve at once. Nothing is
counted for other operations: they have no `current` field.
"""

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Literal, TypeAlias, TypeVar

from msgspec import Struct, field, structs

from gateway.instrumentation import (
    CacheAsked,
    Coalesced,
    Happening,
    Listeners,
    Outcome,
    TierAsked,
    UpstreamAnswered,
)
from gateway.warehouse_instrumentation import WarehouseAsked

Path: TypeAlias = tuple[str, ...]
"""The response keys from the root to a field, without indexes of lists."""

AppliedBy: TypeAlias = Literal["TWILIO", "GATEWAY", "WAREHOUSE"]


class AppliedFilter(Struct, frozen=True, rename="camel", omit_defaults=True):
    """A filter: who applied it, and for Twilio as which parameter.

    `value` is what was sent, or None where nothing of it may be shown.
    """

    argument: str
    applied_by: AppliedBy
    value: object
    parameter: str | None = None


class UpstreamRequests(Struct):
    """Requests for one of Twilio's resources: all, those that were retries, those that failed."""

    requests: int = 0
    retries: int = 0
    failed: int = 0


class Pages(Struct):
    """Pages of Twilio's lists of calls: all, and those that came from the cache."""

    total: int = 0
    cached: int = 0


class Lookups(Struct):
    """Lookups in the cache by what they found, and requests that were under way for others."""

    hits: int = 0
    stale: int = 0
    misses: int = 0
    coalesced: int = 0


class Entries(Struct):
    """Entries that one tier of the cache was asked for."""

    hits: int = 0
    misses: int = 0


class Tiers(Struct):
    """The memory of this process, and the cache that replicas share."""

    near: Entries = field(default_factory=Entries)
    far: Entries = field(default_factory=Entries)


class Queries(Struct, rename="camel"):
    """Queries of the warehouse, and the rows that were read for them."""

    queries: int = 0
    rows_read: int = 0


class FieldStats(Struct):
    """The work of one field; `requests` are those to Twilio, by resource."""

    filters: list[AppliedFilter] = field(default_factory=list)
    requests: dict[str, UpstreamRequests] = field(default_factory=dict)
    pages: Pages = field(default_factory=Pages)
    cache: Lookups = field(default_factory=Lookups)
    tiers: Tiers = field(default_factory=Tiers)
    warehouse: Queries = field(default_factory=Queries)

    def applied(self, one: AppliedFilter) -> None:
        """Note a filter; the same one counts once, for however many calls it was applied."""
        if one not in self.filters:
            self.filters.append(one)

    def shown(self) -> dict[str, object]:
        """What there is of it."""
        return {name: value for name, value in structs.asdict(self).items() if value != _IDLE[name]}


class Explanation(Struct):
    """The work of an operation by field.

    `estimates` are the estimated costs of the root fields, by response key. `cached` says whether
    the same request, without an explanation, would be served from the answer cache.
    """

    estimates: Mapping[str, int]
    cached: bool
    fields: dict[Path, FieldStats] = field(default_factory=dict)

    def at(self, path: Path) -> FieldStats:
        """The field at a path."""
        return self.fields.setdefault(path, FieldStats())

    def shown(self) -> list[dict[str, object]]:
        """The root fields, and those below them with work of their own, as JSON.

        What a field did not do is left out.
        """
        roots: dict[Path, dict[str, int]]
        roots = {(key,): {"requested": cost} for key, cost in self.estimates.items()}
        return [
            {"path": path, **roots.get(path, {}), **work}
            for path in sorted({*roots, *self.fields})
            if (work := self.at(path).shown()) or path in roots
        ]


_IDLE = structs.asdict(FieldStats())

current: ContextVar[FieldStats | None] = ContextVar("current_field", default=None)
"""The field that is resolved in this context and in tasks that it began; None if none counts."""


HappeningT = TypeVar("HappeningT", bound=Happening)


def _counted(
    count: Callable[[FieldStats, HappeningT], None],
) -> Callable[[HappeningT], None]:
    """A listener that counts for the current field, if there is one."""

    def listen(happening: HappeningT) -> None:
        if (stats := current.get()) is not None:
            count(stats, happening)

    return listen


@_counted
def cache_asked(stats: FieldStats, happening: CacheAsked) -> None:
    """Count a lookup in the cache."""
    hit = happening.outcome == "hit"
    if happening.kind == "page":
        stats.pages.total += 1
        stats.pages.cached += hit
    stats.cache.hits += hit
    stats.cache.misses += happening.outcome == "miss"
    stats.cache.stale += happening.outcome == "stale"


@_counted
def upstream_answered(stats: FieldStats, happening: UpstreamAnswered) -> None:
    """Count a request to Twilio."""
    counted = stats.requests.setdefault(happening.resource, UpstreamRequests())
    counted.requests += 1
    counted.retries += happening.attempt > 1
    counted.failed += happening.outcome is not Outcome.ANSWERED


@_counted
def _tier_asked(stats: FieldStats, happening: TierAsked) -> None:
    tier = stats.tiers.near if happening.tier == "near" else stats.tiers.far
    tier.hits += happening.hits
    tier.misses += happening.misses


@_counted
def _coalesced(stats: FieldStats, _: Coalesced) -> None:
    stats.cache.coalesced += 1


@_counted
def _warehouse_asked(stats: FieldStats, happening: WarehouseAsked) -> None:
    stats.warehouse.queries += 1
    stats.warehouse.rows_read += happening.rows_read


COUNTS: Listeners = {
    TierAsked: _tier_asked,
    Coalesced: _coalesced,
    WarehouseAsked: _warehouse_asked,
}
"""Events that count for a field alone; `request_stats` passes those on that count for a request."""
