"""Defines the Prometheus metrics of processes: dependencies, event loops, memory, logs."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

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


class Process:
    """How the processes are."""

    def __init__(self, registry: CollectorRegistry) -> None:
        make = Make(registry)
        self._lag = Histogram(
            "gateway_event_loop_lag_seconds",
            "How late the event loop comes to what is due.",
            registry=registry,
            buckets=BUCKETS,
        )
        self._workers = make.gauge("gateway_workers", "Processes that share the port.")
        self._memory = make.gauge("gateway_memory_bytes", "Memory of all workers, resident.")
        self._files = make.gauge("gateway_open_files", "Files and sockets that workers have open.")
        self._tasks = make.gauge("gateway_tasks", "Tasks of the event loops of workers.")
        self._up = make.gauges(
            "gateway_dependency_up",
            "Whether it works: cache, upstream (by account), keys, sink, task or warehouse.",
            *("dependency", "name"),
            workers="livemin",
        )
        self._dropped = Counter(
            "gateway_log_lines_dropped",
            "Lines of log that standard error was read too slowly for.",
            registry=registry,
        )
        self._failures = make.counter(
            "gateway_background_failures",
            "Failures of tasks of the background, which begin again.",
            "task",
        )
        Gauge(
            "gateway_build_info",
            "The version, as a label.",
            ("version",),
            registry=registry,
            multiprocess_mode="livemax",
        ).labels(__version__).set(1)

    def listeners(self) -> Listeners:
        """What it counts, by the kind of happening."""
        return {
            BackgroundTasksChanged: self._know_task,
            BackgroundTaskFailed: lambda one: self._failures(one.name).inc(),
            LoopLagged: lambda one: self._lag.observe(one.seconds),
            LogLinesDropped: lambda one: self._dropped.inc(one.number),
            ProcessMeasured: self._measured,
            DependencyChanged: lambda one: self._up(one.kind, one.name).set(one.reason is None),
        }

    def _know_task(self, one: BackgroundTasksChanged) -> None:
        self._failures(one.name)  # 0 is told too

    def _measured(self, one: ProcessMeasured) -> None:
        self._workers.set(1)
        self._memory.set(one.memory)
        self._files.set(one.open_files)
        self._tasks.set(one.tasks)
