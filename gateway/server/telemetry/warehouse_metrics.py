"""Defines the Prometheus metrics of the warehouse: its contents, its lag and its cost."""

from gateway.instrumentation import Listeners
from gateway.server.telemetry.exemplars import exemplar
from gateway.server.telemetry.metrics import Make
from gateway.warehouse_instrumentation import WarehouseAsked, WarehouseMeasured, WarehouseRequested


def warehouse_metrics(make: Make) -> Listeners:
    """What is kept of calls as columns."""
    seconds = make.histogram(
        "gateway_warehouse_query_seconds",
        "Queries to the warehouse, by outcome: answered or failed.",
        "outcome",
    )
    rows_read = make.total("gateway_warehouse_rows_read", "Rows read for these queries.")
    requests = make.total(
        "gateway_warehouse_requests", "Requests to Twilio that keep the warehouse up to date."
    )
    rows = make.gauge(
        "gateway_warehouse_rows",
        "Rows of the warehouse, with older versions of calls.",
        workers="livemax",
    )
    size = make.gauge(
        "gateway_warehouse_bytes", "Size of the warehouse on disk.", workers="livemax"
    )
    lag = make.gauge(
        "gateway_warehouse_lag_seconds",
        "How long ago the calls of the account that waits for the longest were listed.",
        workers="livemax",
    )

    def asked(one: WarehouseAsked) -> None:
        seconds(one.outcome).observe(one.seconds, exemplar())
        rows_read.inc(one.rows_read)

    def measured(one: WarehouseMeasured) -> None:
        rows.set(one.rows)
        size.set(one.size)
        lag.set(one.lag)

    return {
        WarehouseAsked: asked,
        WarehouseRequested: lambda _: requests.inc(),
        WarehouseMeasured: measured,
    }
