"""Counts the work of one request: cost, upstream requests, errors, timings.

Its line of log and its metrics are made of this when it is over. Nothing here is personal data.
"""

import time
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from typing import Any, NamedTuple

from msgspec import Struct, field

from gateway import field_stats
from gateway.instrumentation import (
    CacheAsked,
    Listeners,
    OperationKind,
    OperationOutcome,
    UpstreamAnswered,
)


class Client(NamedTuple):
    """The program that sent a request, by the name that it gives itself."""

    name: str
    version: str


MAX_IDS = 8
"""How many of Twilio's request ids are kept: who follows a call may cause thousands."""


class Tally(Struct, eq=False):
    """The notes on one request; `operation` is None while there is none to execute.

    `twilio_ids` are Twilio's ids of the upstream requests that were made for it, `codes` those of
    the errors that it was answered with. `trace_parent` says of which trace it is part, as its
    `traceparent` header did; `trace` is for whoever makes traces, and they tell its `trace_id`.
    `client` is the program that sent it, and `usage` what the operation uses of the schema.
    `values` are those of the data so far, of a request that asks for its cost; `explanation` has
    its work by field, if it asks for that.
    """

    request_id: str = ""
    trace_parent: str = ""
    trace: Any = None
    trace_id: str | None = None
    started: float = field(default_factory=time.perf_counter)
    viewer: str | None = None
    client: Client | None = None
    usage: Any = None
    kind: OperationKind | None = None
    operation: str | None = None
    outcome: OperationOutcome | None = None
    cost: int | None = None
    codes: tuple[str, ...] = ()
    cache_hits: int = 0
    upstream_requests: int = 0
    warehouse_queries: int = 0
    rows_read: int = 0
    values: int = 0
    explanation: field_stats.Explanation | None = None
    twilio_ids: tuple[str, ...] = ()

    def answered(self, errors: Sequence[Mapping[str, Any]], *, executed: bool, empty: bool) -> None:
        """Note an answer of GraphQL; of those that are streamed, the last one counts.

        An answer is empty when there is no data beside its errors.
        """
        if not errors:
            self.outcome = "ok"
            self.codes = ()
            return
        if not executed:
            self.outcome = "refused"
        else:
            self.outcome = "failed" if empty else "partial"
        self.codes = tuple({error["extensions"]["code"]: None for error in errors})


current: ContextVar[Tally | None] = ContextVar("current", default=None)
"""The notes on the request that is answered in this context, and in tasks that it began."""


def _cache_asked(happening: CacheAsked) -> None:
    if (tally := current.get()) is not None:
        tally.cache_hits += happening.outcome == "hit"
        if tally.explanation is not None:
            field_stats.cache_asked(happening)


def _upstream_answered(happening: UpstreamAnswered) -> None:
    if (tally := current.get()) is not None:
        tally.upstream_requests += 1
        if happening.request_id is not None and len(tally.twilio_ids) < MAX_IDS:
            tally.twilio_ids = (*tally.twilio_ids, happening.request_id)
        if tally.explanation is not None:
            field_stats.upstream_answered(happening)


COUNTS: Listeners = {CacheAsked: _cache_asked, UpstreamAnswered: _upstream_answered}
"""What is done for a request is counted among the notes on it."""


def noted() -> Tally:
    """The notes on the current request, or some that nobody reads."""
    return current.get() or Tally()
