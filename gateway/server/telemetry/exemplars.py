"""Provides exemplars for latency histograms: the trace that a measured request is part of.

Prometheus keeps them beside a bucket, so that a graph of latencies leads to a trace (OpenMetrics).
"""

from gateway.request_stats import current


def exemplar() -> dict[str, str] | None:
    """The label `trace_id` of the current request; None if no trace of it is sent."""
    tally = current.get()
    if tally is None or tally.trace_id is None:
        return None
    return {"trace_id": tally.trace_id}
