"""Defines the media streams at gateways, with the estimated opinion score."""

from typing import Any

import strawberry

from gateway.insights import media_edges
from gateway.insights.mos import estimated_mos
from gateway.schema.types.derive import extends, object_type
from gateway.schema.types.field_traits import Reads, reads

_STREAM = object_type(media_edges.MediaStream)


def _estimate(root: strawberry.Parent[media_edges.GatewayStream]) -> float | None:
    return estimated_mos(root)


def _estimated_mos() -> Any:
    return strawberry.field(
        resolver=_estimate,
        description=(
            "Mean opinion score (MOS) of the stream at most, estimated by the gateway. ITU-T's "
            "E-model gives it, from loss, jitter, codec and the time inside Twilio. Echo, noise "
            "and delay outside of Twilio are not in it. Null when it would be a guess, as for "
            "Opus.\nUnit: score from 1 to 4.5. Available: edges that carried media. PII: none."
        ),
        metadata=reads(Reads.VALUE),
    )


@extends(media_edges.GatewayInboundStream)
class GatewayInboundStream(_STREAM):  # type: ignore[misc, valid-type]
    """The stream that a media gateway received from the outside."""

    estimated_mos: float | None = _estimated_mos()


@extends(media_edges.GatewayOutboundStream)
class GatewayOutboundStream(_STREAM):  # type: ignore[misc, valid-type]
    """The stream that a media gateway sent to the outside."""

    estimated_mos: float | None = _estimated_mos()
