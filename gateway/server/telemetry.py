"""What operators see: Prometheus metrics, fed by the hook.

Label values are names of the code and of the catalogue, and names of operations within a bound.
Several workers write to files of one directory (`gateway serve` makes it), and each shows the sum.
"""

import os
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any, Literal

import prometheus_client
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.multiprocess import MultiProcessCollector
from starlette.requests import Request
from starlette.responses import Response

from gateway import __version__
from gateway.instrumentation import (
    CacheAsked,
    CacheServerChanged,
    Coalesced,
    EventReceived,
    FieldDropped,
    FollowersChanged,
    Happening,
    LoopLagged,
    OperationAnswered,
    OperationExecuted,
    ProcessMeasured,
    RequestAnswered,
    SummaryProgressed,
    TierAsked,
    UpstreamAnswered,
    ValueUnrecognized,
    WebhookAnswered,
)
from gateway.server.operation_names import Labels

SHARED_DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"
"""The variable that prometheus_client knows the directory by; it is read at import."""

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_BUCKETS_AFTER_END = (60, 300, 600, 900, 1200, 1500, 1800, 2100, 2700, 3600, 7200)
_SCHEMAS = range(1, 8)

prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]  # twice the series

Listeners = Mapping[type, Callable[[Any], None]]


class Telemetry:
    """A listener that counts."""

    def __init__(self) -> None:
        registry = self._registry = CollectorRegistry()
        self._requests = _Requests(registry)
        groups = (self._requests, _Upstream(registry), _Cached(registry), _Pushed(registry))
        self._listeners = {
            kind: listener
            for group in (*groups, _Process(registry))
            for kind, listener in group.listeners().items()
        }

    def __call__(self, happening: Happening) -> None:
        """Count what happened."""
        self._listeners[type(happening)](happening)

    def hears(self) -> set[type]:
        """The kinds of happenings that are counted."""
        return set(self._listeners)

    def expect(self, names: Iterable[str]) -> None:
        """Have a label for each of these names of operations, whatever others there are."""
        self._requests.names.expect(names)

    async def metrics(self, _: Request) -> Response:
        """`GET /metrics`."""
        registry = self._registry
        if directory := os.environ.get(SHARED_DIRECTORY):
            registry = CollectorRegistry()
            MultiProcessCollector(registry, directory)  # type: ignore[no-untyped-call]
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


class _Make:
    """Makes metrics; those with labels as functions that give the child of some labels."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    def counter(self, name: str, told: str, *labels: str) -> Callable[..., Counter]:
        return cache(Counter(name, told, labels, registry=self._registry).labels)

    def histogram(
        self, name: str, told: str, *labels: str, buckets: tuple[float, ...] = _BUCKETS
    ) -> Callable[..., Histogram]:
        return cache(Histogram(name, told, labels, registry=self._registry, buckets=buckets).labels)

    def gauge(
        self, name: str, told: str, workers: Literal["livesum", "livemin"] = "livesum"
    ) -> Gauge:
        """`workers` says how the values of several are made one."""
        return Gauge(name, told, registry=self._registry, multiprocess_mode=workers)


class _Requests:
    """What clients asked, and how it went."""

    def __init__(self, registry: CollectorRegistry) -> None:
        make, self.names = _Make(registry), Labels()
        self._answered = make.counter(
            "gateway_operations",
            "Operations, by name, kind and outcome: ok, partial, failed or refused.",
            *("operation", "kind", "outcome"),
        )
        self._seconds = make.histogram(
            "gateway_operation_seconds", "Time that queries and mutations take.", "operation"
        )
        self._executed = make.counter(
            "gateway_executions",
            "Queries and mutations, by how: compiled, interpreted, or first one then the other.",
            "how",
        )
        self._errors = make.counter("gateway_errors", "Operations with an error, by code.", "code")
        self._http = make.counter(
            "gateway_http_requests", "HTTP requests, by route and status.", "route", "status"
        )

    def listeners(self) -> Listeners:
        return {
            OperationAnswered: self._operation,
            OperationExecuted: lambda one: self._executed(one.how).inc(),
            RequestAnswered: self._request,
        }

    def _operation(self, one: OperationAnswered) -> None:
        name = "unknown" if one.kind is None else self.names.of(one.name)
        self._answered(name, one.kind or "unknown", one.outcome).inc()
        if one.kind in {"query", "mutation"}:
            self._seconds(name).observe(one.seconds)
        for code in one.codes:
            self._errors(code).inc()

    def _request(self, one: RequestAnswered) -> None:
        self._http(one.route or "other", one.status).inc()


class _Upstream:
    """What Twilio was asked, and what was odd about its answers."""

    def __init__(self, registry: CollectorRegistry) -> None:
        make = _Make(registry)
        self._seconds = make.histogram(
            "gateway_upstream_request_seconds",
            "Requests to Twilio, by resource and HTTP status (0: no answer).",
            *("resource", "status"),
        )
        self._progress = make.histogram(
            "gateway_summary_after_call_end_seconds",
            "From the end of a call to its first partial and its complete summary, as fetched.",
            "state",
            buckets=_BUCKETS_AFTER_END,
        )
        self._dropped = make.counter(
            "gateway_fields_dropped", "Fields of the wrong type, made null.", "field"
        )
        self._unrecognized = make.counter(
            "gateway_values_unrecognized", "Values that the catalogue lacks.", "field"
        )

    def listeners(self) -> Listeners:
        return {
            UpstreamAnswered: lambda one: self._seconds(one.resource, one.status).observe(
                one.seconds
            ),
            SummaryProgressed: lambda one: self._progress(one.state).observe(one.after_end),
            FieldDropped: lambda one: self._dropped(one.field).inc(),
            ValueUnrecognized: lambda one: self._unrecognized(one.field).inc(),
        }


class _Cached:
    """What the cache knew, and what that saved."""

    def __init__(self, registry: CollectorRegistry) -> None:
        make = _Make(registry)
        self._lookups = make.counter(
            "gateway_cache_lookups", "Lookups in the cache, by outcome.", "kind", "outcome"
        )
        self._entries = make.counter(
            "gateway_cache_entries", "Entries asked of a tier, by outcome.", "tier", "outcome"
        )
        self._coalesced = make.counter(
            "gateway_coalesced", "Askers that shared a fetch under way.", "kind"
        )
        self._saved = make.counter(
            "gateway_upstream_requests_saved",
            "Questions that Twilio was not asked: answered from the cache, or shared.",
            "kind",
        )
        self._server_up = make.gauge(
            "gateway_cache_server_up", "Whether the cache server answers.", "livemin"
        )
        self._server_up.set(1)

    def listeners(self) -> Listeners:
        return {
            CacheAsked: self._asked,
            TierAsked: self._tier,
            CacheServerChanged: lambda one: self._server_up.set(one.up),
            Coalesced: self._shared,
        }

    def _asked(self, one: CacheAsked) -> None:
        self._lookups(one.kind, one.outcome).inc()
        if one.outcome == "hit":
            self._saved(one.kind).inc()

    def _tier(self, one: TierAsked) -> None:
        if one.hits:
            self._entries(one.tier, "hit").inc(one.hits)
        if one.misses:
            self._entries(one.tier, "miss").inc(one.misses)

    def _shared(self, one: Coalesced) -> None:
        self._coalesced(one.kind).inc()
        self._saved(one.kind).inc()


class _Pushed:
    """What Event Streams bring."""

    def __init__(self, registry: CollectorRegistry) -> None:
        make = _Make(registry)
        self._requests = make.counter(
            "gateway_webhook_requests", "Requests to the Event Streams sink, by outcome.", "outcome"
        )
        self._events = make.counter(
            "gateway_events",
            "Events pushed by Twilio, by kind, outcome and version of their schema.",
            *("kind", "outcome", "schema"),
        )
        self._after_end = make.histogram(
            "gateway_event_after_call_end_seconds",
            "From the end of a call to a new summary of it by event, by kind.",
            "kind",
            buckets=_BUCKETS_AFTER_END,
        )

    def listeners(self) -> Listeners:
        return {
            WebhookAnswered: lambda one: self._requests(one.outcome).inc(),
            EventReceived: self._event,
        }

    def _event(self, one: EventReceived) -> None:
        schema = one.schema if one.schema in _SCHEMAS else "other"
        self._events(one.kind, one.outcome, schema).inc()
        if one.after_end is not None:
            self._after_end(one.kind).observe(one.after_end)


class _Process:
    """How the processes are."""

    def __init__(self, registry: CollectorRegistry) -> None:
        make = _Make(registry)
        self._followers = make.gauge("gateway_followers", "Who follows a call now.")
        self._lag = Histogram(
            "gateway_event_loop_lag_seconds",
            "How late the event loop comes to what is due.",
            registry=registry,
            buckets=_BUCKETS,
        )
        self._workers = make.gauge("gateway_workers", "Processes that share the port.")
        self._memory = make.gauge("gateway_memory_bytes", "Memory of all workers, resident.")
        self._files = make.gauge("gateway_open_files", "Files and sockets that workers have open.")
        self._tasks = make.gauge("gateway_tasks", "Tasks of the event loops of workers.")
        Gauge(
            "gateway_build_info",
            "The version, as a label.",
            ("version",),
            registry=registry,
            multiprocess_mode="livemax",
        ).labels(__version__).set(1)

    def listeners(self) -> Listeners:
        return {
            FollowersChanged: lambda one: self._followers.inc(one.by),
            LoopLagged: lambda one: self._lag.observe(one.seconds),
            ProcessMeasured: self._measured,
        }

    def _measured(self, one: ProcessMeasured) -> None:
        self._workers.set(1)
        self._memory.set(one.memory)
        self._files.set(one.open_files)
        self._tasks.set(one.tasks)
