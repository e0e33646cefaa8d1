"""Serves `/metrics`, and feeds the metrics from instrumentation events.

Label values are names of the code and of the catalogue, and names of operations within a bound.
Several workers write to files of one directory (`gateway serve` makes it), and each shows the sum.
"""

import os
from collections.abc import Iterable

import prometheus_client
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.openmetrics import exposition as open_metrics
from starlette.requests import Request
from starlette.responses import Response

from gateway.instrumentation import Happening, Hook, Listeners
from gateway.server.graphql.negotiation import MAX_ACCEPT, choose
from gateway.server.telemetry.field_usage import FieldUsage
from gateway.server.telemetry.metrics import (
    Make,
    Requests,
    cache_metrics,
    decoding_metrics,
    event_metrics,
    resilience_metrics,
    upstream_metrics,
)
from gateway.server.telemetry.process_metrics import dependency_metrics, process_metrics
from gateway.server.telemetry.subscription_metrics import subscription_metrics
from gateway.server.telemetry.warehouse_metrics import warehouse_metrics

SHARED_DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"
"""The variable that prometheus_client knows the directory by; it is read at import."""

_METRICS = (
    upstream_metrics,
    decoding_metrics,
    resilience_metrics,
    subscription_metrics,
    cache_metrics,
    warehouse_metrics,
    event_metrics,
    process_metrics,
    dependency_metrics,
)

_TEXT, _OPEN_METRICS = "text/plain", "application/openmetrics-text"

prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]  # twice the series


class Telemetry:
    """A listener that counts."""

    def __init__(self) -> None:
        registry = self._registry = CollectorRegistry()
        self._requests = Requests(registry)
        self._usage = usage = FieldUsage(registry, self._requests.clients)
        make = Make(registry)
        self._listeners = dict(self._requests.listeners())
        for metrics in _METRICS:
            self._listeners |= metrics(make)
        for kind, listener in usage.listeners().items():
            self._listeners[kind] = _both(self._listeners[kind], listener)

    def __call__(self, happening: Happening) -> None:
        """Count what happened."""
        self._listeners[type(happening)](happening)

    def listeners(self) -> Listeners:
        """What counts, by the kind of happening."""
        return self._listeners

    def expect(self, names: Iterable[str]) -> None:
        """Have a label for each of these names of operations, whatever others there are."""
        self._requests.names.expect(names)

    async def metrics(self, request: Request) -> Response:
        """`GET /metrics`: as OpenMetrics, with exemplars, if the client prefers that to text."""
        self._usage.add_up()
        registry = self._registry
        if directory := os.environ.get(SHARED_DIRECTORY):
            registry = CollectorRegistry()
            MultiProcessCollector(registry, directory)  # type: ignore[no-untyped-call]
        accept = request.headers.get("Accept", "")[:MAX_ACCEPT]
        if choose(accept, (_TEXT, _OPEN_METRICS)) == _OPEN_METRICS:
            page = open_metrics.generate_latest(registry)  # type: ignore[no-untyped-call]
            content_type = open_metrics.CONTENT_TYPE_LATEST
        else:
            page, content_type = generate_latest(registry), CONTENT_TYPE_LATEST
        return Response(page, media_type=content_type, headers={"Vary": "Accept"})


def _both(one: Hook, other: Hook) -> Hook:
    def listen(happening: Happening) -> None:
        one(happening)
        other(happening)

    return listen
