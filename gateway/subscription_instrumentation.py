"""Defines the events of instrumentation of subscriptions, beside `instrumentation.py`."""

from typing import Literal, TypeAlias

from gateway.instrumentation import Happening

Transport: TypeAlias = Literal["websocket", "events", "multipart", "callback"]
EndReason: TypeAlias = Literal["complete", "failed", "refused", "left", "withdrawn", "stopping"]
"""Why a subscription ends.

`complete`: there is nothing more to send. `failed`: its last answer has errors alone. `refused`:
it was not executed. `left`: its client left. `withdrawn`: its token expired, or its viewer changed.
`stopping`: the server stops.
"""


class SubscriptionBegan(Happening, frozen=True):
    """A client subscribed over a transport."""

    transport: Transport


class SubscriptionSent(Happening, frozen=True):
    """An answer of a subscription was sent."""

    transport: Transport


class SubscriptionEnded(Happening, frozen=True):
    """A subscription over a transport is over."""

    transport: Transport
    reason: EndReason


class VersionsDropped(Happening, frozen=True):
    """A slow follower of a call was not sent so many versions: a newer one replaced them."""

    number: int
