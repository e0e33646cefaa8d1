"""Defines the Prometheus metrics of the warehouse: its contents, its lag and its cost."""

from prometheus_client import CollectorRegistry, Counter

from gateway.instrumentation import Listeners
from gateway.server.telemetry.exemplars import exemplar
from gateway.server.telemetry.metrics import Make
from gateway.warehouse_instrumentation import WarehouseAsked, WarehouseMeasured, WarehouseRequested


class Kept:
    """What is kept of calls as columns."""

    def __init__(self, registry: CollectorRegistry) -> None:
        make = Make(registry)
        self._seconds = make.histogram(
            "gateway_warehouse_query_seconds",
            "Queries to the warehouse, by outcome: answered or failed.",
            "outcome",
        )
        self._rows_read = Counter(
            "gateway_warehouse_rows_read", "Rows read for these queries.", registry=registry
        )
        self._requests = Counter(
            "gateway_warehouse_requests",
            "Requests to Twilio that keep the warehouse up to date.",
            registry=registry,
        )
        self._rows = make.gauge(
            "gateway_warehouse_rows",
            "Rows of the warehouse, with older versions of calls.",
            workers="livemax",
        )
        self._size = make.gauge(
            "gateway_warehouse_bytes", "Size of the warehouse on disk.", workers="livemax"
        )
        self._lag = make.gauge(
            "gateway_warehouse_lag_seconds",
            "How long ago the calls of the account that waits for the longest were listed.",
            workers="livemax",
        )

    def listeners(self) -> Listeners:
        """What it counts, by the kind of happening."""
        return {
            WarehouseAsked: self._asked,
            WarehouseRequested: lambda _: self._requests.inc(),
            WarehouseMeasured: self._measured,
        }

    def _asked(self, one: WarehouseAsked) -> None:
        self._seconds(one.outcome).observe(one.seconds, exemplar())
        self._rows_read.inc(one.rows_read)

    def _measured(self, one: WarehouseMeasured) -> None:
        self._rows.set(one.rows)
        self._size.set(one.size)
        self._lag.set(one.lag)
