"""Defines the Prometheus metrics of requests, upstream, caches and events."""

from collections.abc import Callable
from functools import cache
from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from gateway.instrumentation import (
    CacheAsked,
    CircuitChanged,
    Coalesced,
    ConcurrencyChanged,
    DeadlineMissed,
    EventReceived,
    FieldDropped,
    KeyUnknown,
    Listeners,
    OperationAnswered,
    OperationExecuted,
    RequestAnswered,
    Shed,
    SummaryProgressed,
    TierAsked,
    UpstreamAnswered,
    ValueUnrecognized,
    WebhookAnswered,
)
from gateway.server.telemetry.exemplars import exemplar
from gateway.server.telemetry.operation_names import OTHER, Labels, shown_name

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_BUCKETS_AFTER_END = (60, 300, 600, 900, 1200, 1500, 1800, 2100, 2700, 3600, 7200)
_SCHEMAS = range(1, 8)


class Make:
    """Makes metrics; those with labels as functions that give the child of some labels."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry

    def total(self, name: str, description: str) -> Counter:
        """A counter without labels."""
        return Counter(name, description, registry=self.registry)

    def counter(self, name: str, description: str, *labels: str) -> Callable[..., Counter]:
        """A counter, by its labels."""
        return cache(Counter(name, description, labels, registry=self.registry).labels)

    def histogram(
        self, name: str, description: str, *labels: str, buckets: tuple[float, ...] = BUCKETS
    ) -> Callable[..., Histogram]:
        """A histogram, by its labels."""
        return cache(
            Histogram(name, description, labels, registry=self.registry, buckets=buckets).labels
        )

    def gauge(
        self, name: str, description: str, workers: Literal["livesum", "livemax"] = "livesum"
    ) -> Gauge:
        """A gauge; the values of several workers are added, or the highest of them counts."""
        return Gauge(name, description, registry=self.registry, multiprocess_mode=workers)

    def gauges(
        self,
        name: str,
        description: str,
        *labels: str,
        workers: Literal["livesum", "livemin", "livemax"] = "livesum",
    ) -> Callable[..., Gauge]:
        """A gauge by its labels; `workers` says how the values of several are made one."""
        return cache(
            Gauge(
                name, description, labels, registry=self.registry, multiprocess_mode=workers
            ).labels
        )


class Requests:
    """What clients asked, and how it went."""

    def __init__(self, registry: CollectorRegistry) -> None:
        make, self.names, self.clients = Make(registry), Labels(), Labels()
        self._versions = Labels()
        self._by_client = make.counter(
            "gateway_client_operations",
            "Operations, by the client that names itself, and its version.",
            *("client", "version"),
        )
        self._answered = make.counter(
            "gateway_operations",
            "Operations, by name, kind and outcome: ok, partial, failed, refused or abandoned.",
            *("operation", "kind", "outcome"),
        )
        self._seconds = make.histogram(
            "gateway_operation_seconds", "Time that queries and mutations take.", "operation"
        )
        self._executed = make.counter(
            "gateway_executions",
            "Queries and mutations, by how: compiled, interpreted, both in turn, or replayed.",
            "how",
        )
        self._errors = make.counter("gateway_errors", "Operations with an error, by code.", "code")
        self._http = make.counter(
            "gateway_http_requests", "HTTP requests, by route and status.", "route", "status"
        )

    def listeners(self) -> Listeners:
        """What it counts, by the kind of happening."""
        return {
            OperationAnswered: self._operation,
            OperationExecuted: lambda one: self._executed(one.how).inc(),
            RequestAnswered: self._request,
        }

    def _operation(self, one: OperationAnswered) -> None:
        name = "unknown" if one.kind is None else self.names.of(one.name)
        self._answered(name, one.kind or "unknown", one.outcome).inc()
        if one.kind in {"query", "mutation"}:
            self._seconds(name).observe(one.seconds, exemplar())
        for code in one.codes:
            self._errors(code).inc()
        if one.client is not None:
            self._count_client(*one.client)

    def _count_client(self, name: str, version: str) -> None:
        client = self.clients.of(name)
        is_counted = self._versions.of(f"{client} {version}") != OTHER
        self._by_client(client, version if is_counted else OTHER).inc()

    def _request(self, one: RequestAnswered) -> None:
        self._http(one.route or "other", one.status).inc()


def upstream_metrics(make: Make) -> Listeners:
    """What Twilio was asked."""
    seconds = make.histogram(
        "gateway_upstream_request_seconds",
        "Requests to Twilio, by resource and HTTP status (0: no answer).",
        *("resource", "status"),
    )
    retries = make.counter(
        "gateway_upstream_retries", "Requests to Twilio beyond the first attempt.", "resource"
    )
    progress = make.histogram(
        "gateway_summary_after_call_end_seconds",
        "From the end of a call to its first partial and its complete summary, as fetched.",
        "state",
        buckets=_BUCKETS_AFTER_END,
    )

    def answered(one: UpstreamAnswered) -> None:
        seconds(one.resource, one.status).observe(one.seconds, exemplar())
        if one.attempt > 1:
            retries(one.resource).inc()

    return {
        UpstreamAnswered: answered,
        SummaryProgressed: lambda one: progress(one.state).observe(one.after_end),
    }


def decoding_metrics(make: Make) -> Listeners:
    """What was odd about Twilio's answers."""
    dropped = make.counter(
        "gateway_fields_dropped",
        "Fields of the wrong type, made null, in objects read.",
        "field",
    )
    unrecognized = make.counter(
        "gateway_values_unrecognized", "Values that the catalogue lacks.", "field"
    )
    unknown = make.counter(
        "gateway_keys_unknown", "Keys that the catalogue lacks, in objects read.", "field"
    )
    keys = Labels()
    return {
        FieldDropped: lambda one: dropped(one.field).inc(),
        ValueUnrecognized: lambda one: unrecognized(one.field).inc(),
        KeyUnknown: lambda one: unknown(keys.of(shown_name(one.field))).inc(),
    }


def resilience_metrics(make: Make) -> Listeners:
    """What was done to spare Twilio, and who had to go without an answer for it."""
    opened = make.gauges(
        "gateway_circuit_open",
        "Circuit breakers that keep requests of an account back, of all workers.",
        "account",
    )
    limit = make.gauges(
        "gateway_upstream_concurrency_limit",
        "Requests of an account that may be under way; none before it was ever lowered.",
        "account",
    )
    shed = make.counter("gateway_shed", "Questions turned away unasked.", "where")
    late = make.counter("gateway_deadlines_missed", "Waits that were given up.", "kind")
    return {
        CircuitChanged: lambda one: opened(one.account).set(one.state != "closed"),
        ConcurrencyChanged: lambda one: limit(one.account).set(one.limit),
        Shed: lambda one: shed(one.where).inc(),
        DeadlineMissed: lambda one: late(one.kind).inc(),
    }


def cache_metrics(make: Make) -> Listeners:
    """What the cache knew, and what that saved."""
    lookups = make.counter(
        "gateway_cache_lookups", "Lookups in the cache, by outcome.", "kind", "outcome"
    )
    entries = make.counter(
        "gateway_cache_entries", "Entries asked of a tier, by outcome.", "tier", "outcome"
    )
    coalesced = make.counter("gateway_coalesced", "Askers that shared a fetch under way.", "kind")
    saved = make.counter(
        "gateway_upstream_requests_saved",
        "Questions that Twilio was not asked: answered from the cache, or shared.",
        "kind",
    )

    def asked(one: CacheAsked) -> None:
        lookups(one.kind, one.outcome).inc()
        if one.outcome == "hit":
            saved(one.kind).inc()

    def tier(one: TierAsked) -> None:
        if one.hits:
            entries(one.tier, "hit").inc(one.hits)
        if one.misses:
            entries(one.tier, "miss").inc(one.misses)

    def shared(one: Coalesced) -> None:
        coalesced(one.kind).inc()
        saved(one.kind).inc()

    return {CacheAsked: asked, TierAsked: tier, Coalesced: shared}


def event_metrics(make: Make) -> Listeners:
    """What Event Streams bring."""
    requests = make.counter(
        "gateway_webhook_requests", "Requests to the Event Streams sink, by outcome.", "outcome"
    )
    events = make.counter(
        "gateway_events",
        "Events pushed by Twilio, by kind, outcome and version of their schema.",
        *("kind", "outcome", "schema"),
    )
    after_end = make.histogram(
        "gateway_event_after_call_end_seconds",
        "From the end of a call to a new summary of it by event, by kind.",
        "kind",
        buckets=_BUCKETS_AFTER_END,
    )

    def event(one: EventReceived) -> None:
        schema = one.schema if one.schema in _SCHEMAS else "other"
        events(one.kind, one.outcome, schema).inc()
        if one.after_end is not None:
            after_end(one.kind).observe(one.after_end)

    return {
        WebhookAnswered: lambda one: requests(one.outcome).inc(),
        EventReceived: event,
    }
