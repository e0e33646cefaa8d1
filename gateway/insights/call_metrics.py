"""Models the metrics of a call: a sample of each media edge every ten seconds.

Twilio's documents disagree on what a sample holds, by edge and by year; so all of it is optional,
and `interval` and `cumulative` have one shape. What a sample of a gateway tells is of one
direction; a sample of the SDK is of both.
"""

from typing import Annotated

from gateway.insights.catalogue import (
    AccountSid,
    CallSid,
    Counter,
    Entity,
    Fact,
    Instant,
    Int32,
    Said,
    Text,
)
from gateway.insights.edge_kinds import MediaEdgeKind
from gateway.insights.edge_metadata import ClientMetadata, GatewayMetadata
from gateway.insights.media_edges import MediaDirection
from gateway.insights.open_maps import PacketDelays
from gateway.insights.statistics import AvgMaxMin

_EVERY, _SOME = "every sample", "some samples"
_GATEWAY, _SDK = "samples of gateway edges", "samples of the SDK edge"


class SampledValue(AvgMaxMin, frozen=True):
    """A measurement in one sample: a single value, or what it was over the time of the sample."""

    value: Annotated[
        float | None, Fact("The value.", "that of the measurement", "where it is single")
    ] = None


class SampledMetrics(Entity, frozen=True):
    """The measurements of ten seconds, or since the beginning of the call."""

    codec: Annotated[
        Int32 | None, Fact("RTP payload type of the codec.", "RTP profile number", _SOME)
    ] = None
    codec_name: Annotated[Text | None, Fact("Name of the codec.", on=_SOME)] = None
    packets_received: Annotated[Counter | None, Fact("Packets received.", "packets", _SOME)] = None
    packets_sent: Annotated[Counter | None, Fact("Packets sent.", "packets", _SOME)] = None
    packets_lost: Annotated[Counter | None, Fact("Packets lost.", "packets", _SOME)] = None
    packets_loss_percentage: Annotated[
        float | None, Fact("Share of packets lost.", "percent", _SOME)
    ] = None
    bytes_received: Annotated[Counter | None, Fact("Bytes received.", "bytes", _SDK)] = None
    bytes_sent: Annotated[Counter | None, Fact("Bytes sent.", "bytes", _SDK)] = None
    jitter: Annotated[
        SampledValue | None, Fact("Variation of the time between packets.", "ms", _SOME)
    ] = None
    rtt: Annotated[
        SampledValue | None, Fact("Round-trip time between app and Twilio.", "ms", _SDK)
    ] = None
    mos: Annotated[
        SampledValue | None, Fact("Mean opinion score.", "score from 1 to 4.5", _SDK)
    ] = None
    audio_in: Annotated[SampledValue | None, Fact("Level of the microphone.", "level", _SDK)] = None
    audio_out: Annotated[SampledValue | None, Fact("Level of the speaker.", "level", _SDK)] = None
    latency: Annotated[SampledValue | None, Fact("Time inside Twilio.", "ms", _GATEWAY)] = None
    packet_delay_variation: Annotated[
        PacketDelays | None, Fact("How many packets came late, and by how much.", on=_GATEWAY)
    ] = None


class GatewaySample(Entity, frozen=True):
    """The measurements of a media gateway."""

    codec: Annotated[
        Int32 | None, Fact("RTP payload type of the codec.", "RTP profile number", _GATEWAY)
    ] = None
    codec_name: Annotated[Text | None, Fact("Name of the codec.", on=_GATEWAY)] = None
    interval: Annotated[
        SampledMetrics | None, Fact("In the ten seconds before the sample.", on=_SOME)
    ] = None
    cumulative: Annotated[
        SampledMetrics | None, Fact("Since the beginning of the call.", on=_SOME)
    ] = None
    metadata: Annotated[GatewayMetadata | None, Fact("Where the gateway stood.", on=_GATEWAY)] = (
        None
    )


class SdkSample(Entity, frozen=True):
    """The measurements of the Voice SDK."""

    codec: Annotated[
        Int32 | None, Fact("RTP payload type of the codec.", "RTP profile number", _SDK)
    ] = None
    codec_name: Annotated[Text | None, Fact("Name of the codec.", on=_SDK)] = None
    interval: Annotated[
        SampledMetrics | None, Fact("In the ten seconds before the sample.", on=_SDK)
    ] = None
    cumulative: Annotated[
        SampledMetrics | None, Fact("Since the beginning of the call.", on=_SDK)
    ] = None
    metadata: Annotated[ClientMetadata | None, Fact("The user of the app.", on=_SOME)] = None


class MetricSample(Entity, frozen=True):
    """One sample of one media edge; samples are ten seconds apart."""

    timestamp: Annotated[Instant | None, Fact("When the sample was taken.", on=_EVERY)] = None
    call_sid: Annotated[Said[CallSid] | None, Fact("SID of the call.", on=_EVERY)] = None
    account_sid: Annotated[
        Said[AccountSid] | None, Fact("Account that the call belongs to.", on=_EVERY)
    ] = None
    edge: Annotated[MediaEdgeKind | None, Fact("The edge that was measured.", on=_EVERY)] = None
    direction: Annotated[
        MediaDirection | None, Fact("The stream, seen from the edge; `BOTH` at the SDK.", on=_EVERY)
    ] = None
    carrier_edge: Annotated[
        GatewaySample | None, Fact("At Twilio's carrier.", on="samples of the carrier edge")
    ] = None
    sip_edge: Annotated[
        GatewaySample | None, Fact("At your SIP infrastructure.", on="samples of the SIP edge")
    ] = None
    client_edge: Annotated[
        GatewaySample | None,
        Fact("At the gateway towards the app.", on="samples of the client edge"),
    ] = None
    sdk_edge: Annotated[SdkSample | None, Fact("In the app itself.", on=_SDK)] = None
