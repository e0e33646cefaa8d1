"""Combines the receivers of instrumentation events: metrics, `/readyz`, the log."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from starlette.routing import Route

from gateway import field_stats
from gateway.config.settings import Settings
from gateway.instrumentation import DependencyChanged, Happening, Hook, Listeners
from gateway.request_stats import COUNTS
from gateway.server.drain import Drain
from gateway.server.telemetry.background_tasks import BackgroundTasks
from gateway.server.telemetry.deliveries import Deliveries
from gateway.server.telemetry.dependencies import Dependencies
from gateway.server.telemetry.health import Health
from gateway.server.telemetry.prometheus import Telemetry


class Observers(NamedTuple):
    """Those who answer requests of their own, and the hook that tells all."""

    telemetry: Telemetry
    health: Health
    hook: Hook


def observers(
    settings: Settings,
    drain: Drain,
    clock: Callable[[], float],
    hooks: Sequence[Hook],
    traces: Hook | None = None,
) -> Observers:
    """All of them. Some decide from several happenings that a dependency changed.

    `traces` hear first: metrics name the trace that a request is part of.
    """
    first = () if traces is None else (traces,)
    telemetry, dependencies = Telemetry(), Dependencies()
    counting, logging = telemetry.listeners(), dependencies.listeners()
    changed = among((counting, logging), hooks, first)
    tasks = BackgroundTasks(changed)
    health = Health(drain, dependencies, tasks, settings.gateway_warehouse_url is not None)
    groups = [counting, logging, health.listeners(), tasks.listeners()]
    groups += [COUNTS, field_stats.COUNTS]
    if settings.gateway_webhook_url is not None:
        groups.append(Deliveries(changed, clock).listeners())
    for one in _configured(settings):
        telemetry(one)
    return Observers(telemetry, health, among(groups, hooks, first))


def routes_of(telemetry: Telemetry, health: Health) -> list[Route]:
    """Where they answer."""
    return [
        Route("/healthz", health.alive),
        Route("/readyz", health.ready),
        Route("/metrics", telemetry.metrics),
    ]


def _configured(settings: Settings) -> Iterator[DependencyChanged]:
    """What the gateway will depend on: it counts as working until it fails."""
    if settings.gateway_cache_url != "memory://":
        yield DependencyChanged("cache", None)
    if settings.gateway_jwks_url is not None:
        yield DependencyChanged("keys", None)
    if settings.gateway_webhook_url is not None:
        yield DependencyChanged("sink", None)
    if settings.gateway_warehouse_url is not None:
        yield DependencyChanged("warehouse", None)


def among(
    groups: Sequence[Listeners], hooks: Sequence[Hook] = (), first: Sequence[Hook] = ()
) -> Hook:
    """A hook that tells of each happening those who listen to its kind, and these hooks of all.

    Hooks that are `first` hear of it before the others.
    """
    audiences: dict[type, tuple[Hook, ...]] = {
        kind: (*first, *(group[kind] for group in groups if kind in group), *hooks)
        for kind in Happening.__subclasses__()
    }

    def hear(happening: Happening) -> None:
        for listener in audiences[happening.__class__]:
            listener(happening)

    return hear
