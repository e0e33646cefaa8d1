"""Defines the Prometheus metrics of processes: dependencies, event loops, memory, logs."""

from prometheus_client import Histogram

from gateway import __version__
from gateway.instrumentation import (
    BackgroundTaskFailed,
    BackgroundTasksChanged,
    DependencyChanged,
    Listeners,
    LogLinesDropped,
    LoopLagged,
    ProcessMeasured,
)
from gateway.server.telemetry.metrics import BUCKETS, Make


def process_metrics(make: Make) -> Listeners:
    """How the processes are."""
    lag = Histogram(
        "gateway_event_loop_lag_seconds",
        "How late the event loop comes to what is due.",
        registry=make.registry,
        buckets=BUCKETS,
    )
    workers = make.gauge("gateway_workers", "Processes that share the port.")
    memory = make.gauge("gateway_memory_bytes", "Memory of all workers, resident.")
    files = make.gauge("gateway_open_files", "Files and sockets that workers have open.")
    tasks = make.gauge("gateway_tasks", "Tasks of the event loops of workers.")
    dropped = make.total(
        "gateway_log_lines_dropped", "Lines of log that standard error was read too slowly for."
    )
    make.gauges("gateway_build_info", "The version, as a label.", "version", workers="livemax")(
        __version__
    ).set(1)

    def measured(one: ProcessMeasured) -> None:
        workers.set(1)
        memory.set(one.memory)
        files.set(one.open_files)
        tasks.set(one.tasks)

    return {
        LoopLagged: lambda one: lag.observe(one.seconds),
        LogLinesDropped: lambda one: dropped.inc(one.number),
        ProcessMeasured: measured,
    }


def dependency_metrics(make: Make) -> Listeners:
    """Whether dependencies and background tasks work."""
    up = make.gauges(
        "gateway_dependency_up",
        "Whether it works: cache, upstream (by account), keys, sink, task or warehouse.",
        *("dependency", "name"),
        workers="livemin",
    )
    failures = make.counter(
        "gateway_background_failures",
        "Failures of tasks of the background, which begin again.",
        "task",
    )

    def know_task(one: BackgroundTasksChanged) -> None:
        failures(one.name)  # 0 is told too

    return {
        BackgroundTasksChanged: know_task,
        BackgroundTaskFailed: lambda one: failures(one.name).inc(),
        DependencyChanged: lambda one: up(one.kind, one.name).set(one.reason is None),
    }
