"""Defines the Prometheus metrics of subscriptions: their number, their answers, why they end."""

from gateway.instrumentation import FollowersChanged, Listeners
from gateway.server.telemetry.metrics import Make
from gateway.subscription_instrumentation import (
    SubscriptionBegan,
    SubscriptionEnded,
    SubscriptionSent,
    VersionsDropped,
)


def subscription_metrics(make: Make) -> Listeners:
    """Who follows calls, and what followers are sent."""
    followers = make.gauge("gateway_followers", "Followers of calls.")
    live = make.gauges(
        "gateway_subscriptions",
        "Subscriptions now, by transport: websocket, events, multipart or callback.",
        "transport",
    )
    sent = make.counter(
        "gateway_subscription_messages", "Answers sent to subscriptions.", "transport"
    )
    ends = make.counter(
        "gateway_subscription_ends",
        "Subscriptions that ended: complete, failed, refused, left, withdrawn or stopping.",
        *("transport", "reason"),
    )
    dropped = make.total(
        "gateway_subscription_versions_dropped",
        "Versions of calls that slow clients were not sent: a newer one replaced them.",
    )

    def ended(one: SubscriptionEnded) -> None:
        live(one.transport).dec()
        ends(one.transport, one.reason).inc()

    return {
        FollowersChanged: lambda one: followers.inc(one.by),
        SubscriptionBegan: lambda one: live(one.transport).inc(),
        SubscriptionSent: lambda one: sent(one.transport).inc(),
        SubscriptionEnded: ended,
        VersionsDropped: lambda one: dropped.inc(one.number),
    }
