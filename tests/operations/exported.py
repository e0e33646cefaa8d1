"""What the gateway exports: each metric with the labels that it has, once everything happened."""

import asyncio

from prometheus_client.parser import text_string_to_metric_families
from starlette.requests import Request

from gateway.instrumentation import (
    BackgroundTaskFailed,
    BackgroundTasksChanged,
    CacheAsked,
    CircuitChanged,
    Coalesced,
    ConcurrencyChanged,
    DeadlineMissed,
    DependencyChanged,
    EventReceived,
    FieldDropped,
    FollowersChanged,
    Happening,
    KeyUnknown,
    LogLinesDropped,
    LoopLagged,
    OperationAnswered,
    OperationExecuted,
    ProcessMeasured,
    RequestAnswered,
    Shed,
    SummaryProgressed,
    TierAsked,
    UpstreamAnswered,
    ValueUnrecognized,
    WebhookAnswered,
)
from gateway.server.telemetry.prometheus import Telemetry
from gateway.subscription_instrumentation import (
    SubscriptionBegan,
    SubscriptionEnded,
    SubscriptionSent,
    VersionsDropped,
)
from gateway.warehouse_instrumentation import WarehouseAsked, WarehouseMeasured, WarehouseRequested

EVERYTHING: list[Happening] = [
    UpstreamAnswered("AC", "Summary", 200, 0.1, None, attempt=2),
    CircuitChanged("AC", "open"),
    ConcurrencyChanged("AC", 8),
    Shed("server"),
    DeadlineMissed("summary"),
    CacheAsked("summary", "hit"),
    TierAsked("near", 1, 1),
    DependencyChanged("cache", "gone"),
    Coalesced("summary"),
    FollowersChanged(1),
    WebhookAnswered("accepted"),
    EventReceived("complete", "kept", 1, 60.0),
    SummaryProgressed("complete", 60.0, had_summary=True),
    OperationAnswered("query", "Name", "failed", ("INTERNAL_SERVER_ERROR",), 0.1),
    RequestAnswered("/graphql", 200),
    BackgroundTasksChanged("measuring", "failing", 1),
    BackgroundTaskFailed("measuring"),
    LoopLagged(0.01),
    ProcessMeasured(1, 1, 1),
    LogLinesDropped(1),
    OperationExecuted("compiled"),
    WarehouseAsked("answered", 0.01, 100),
    WarehouseRequested(),
    WarehouseMeasured(1, 1, 1.0),
    SubscriptionBegan("events"),
    SubscriptionSent("events"),
    SubscriptionEnded("events", "left"),
    VersionsDropped(1),
    FieldDropped("field"),
    ValueUnrecognized("field"),
    KeyUnknown("field"),
]
assert {type(one) for one in EVERYTHING} == set(Happening.__subclasses__())


def exported() -> dict[str, set[str]]:
    """The names on the page of metrics, with the labels of each."""
    telemetry = Telemetry()
    for happening in EVERYTHING:
        telemetry(happening)
    page = asyncio.run(telemetry.metrics(Request({"type": "http", "headers": []})))
    return {
        sample.name: set(sample.labels)
        for family in text_string_to_metric_families(bytes(page.body).decode())
        for sample in family.samples
    }
