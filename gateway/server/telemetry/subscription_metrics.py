"""Defines the Prometheus metrics of subscriptions: their number, their answers, why they end."""

from prometheus_client import CollectorRegistry, Counter

from gateway.instrumentation import FollowersChanged, Listeners
from gateway.server.telemetry.metrics import Make
from gateway.subscription_instrumentation import (
    SubscriptionBegan,
    SubscriptionEnded,
    SubscriptionSent,
    VersionsDropped,
)


class Live:
    """Who follows calls, and what followers are sent."""

    def __init__(self, registry: CollectorRegistry) -> None:
        make = Make(registry)
        self._followers = make.gauge("gateway_followers", "Followers of calls.")
        self._live = make.gauges(
            "gateway_subscriptions",
            "Subscriptions now, by transport: websocket, events, multipart or callback.",
            "transport",
        )
        self._sent = make.counter(
            "gateway_subscription_messages", "Answers sent to subscriptions.", "transport"
        )
        self._ends = make.counter(
            "gateway_subscription_ends",
            "Subscriptions that ended: complete, failed, refused, left, withdrawn or stopping.",
            *("transport", "reason"),
        )
        self._dropped = Counter(
            "gateway_subscription_versions_dropped",
            "Versions of calls that slow clients were not sent: a newer one replaced them.",
            registry=registry,
        )

    def listeners(self) -> Listeners:
        """What it counts, by the kind of happening."""
        return {
            FollowersChanged: lambda one: self._followers.inc(one.by),
            SubscriptionBegan: lambda one: self._live(one.transport).inc(),
            SubscriptionSent: lambda one: self._sent(one.transport).inc(),
            SubscriptionEnded: self._ended,
            VersionsDropped: lambda one: self._dropped.inc(one.number),
        }

    def _ended(self, one: SubscriptionEnded) -> None:
        self._live(one.transport).dec()
        self._ends(one.transport, one.reason).inc()
