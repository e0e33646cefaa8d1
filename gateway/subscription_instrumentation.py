"""Defines the events of instrumentation of subscriptions, beside `instrumentation.py`."""

from typing import Literal, TypeAlias

from msgspec import Struct

Transport: TypeAlias = Literal["websocket", "events", "multipart", "callback"]
EndReason: TypeAlias = Literal["complete", "failed", "refused", "left", "withdrawn", "stopping"]
"""Why a subscription ends.

`complete`: there is nothing more to send. `failed`: its last answer has errors alone. `refused`:
it was not executed. `left`: its client left. `withdrawn`: its token expired, or its viewer changed.
`stopping`: the server stops.
"""


class SubscriptionBegan(Struct, frozen=True):
    """A client subscribed over a transport."""

    transport: Transport


class SubscriptionSent(Struct, frozen=True):
    """An answer of a subscription was sent."""

    transport: Transport


class SubscriptionEnded(Struct, frozen=True):
    """A subscription over a transport is over."""

    transport: Transport
    reason: EndReason


class VersionsDropped(Struct, frozen=True):
    """A slow follower of a call was not sent so many versions: a newer one replaced them."""

    number: int


SubscriptionHappening: TypeAlias = (
    SubscriptionBegan | SubscriptionSent | SubscriptionEnded | VersionsDropped
)
