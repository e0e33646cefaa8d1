"""Models the metrics of a call: a sample of each media edge every ten seconds.

Twilio's documents disagree on what a sample holds, by edge and by year; so all of it is optional,
and `interval` and `cumulative` have one shape. What a sample of a gateway tells is of one
direction; a sample of the SDK is of both.
"""

from gateway.insights.catalogue import (
    AccountSid,
    CallSid,
    Counter,
    Entity,
    Instant,
    Int32,
    NonEmpty,
    Text,
    fact,
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

    value: float | None = fact("The value.", "that of the measurement", "where it is single")


class SampledMetrics(Entity, frozen=True):
    """The measurements of ten seconds, or since the beginning of the call."""

    codec: Int32 | None = fact("RTP payload type of the codec.", "RTP profile number", _SOME)
    codec_name: Text | None = fact("Name of the codec.", on=_SOME)
    packets_received: Counter | None = fact("Packets received.", "packets", _SOME)
    packets_sent: Counter | None = fact("Packets sent.", "packets", _SOME)
    packets_lost: Counter | None = fact("Packets lost.", "packets", _SOME)
    packets_loss_percentage: float | None = fact("Share of packets lost.", "percent", _SOME)
    bytes_received: Counter | None = fact("Bytes received.", "bytes", _SDK)
    bytes_sent: Counter | None = fact("Bytes sent.", "bytes", _SDK)
    jitter: SampledValue | None = fact("Variation of the time between packets.", "ms", _SOME)
    rtt: SampledValue | None = fact("Round-trip time between app and Twilio.", "ms", _SDK)
    mos: SampledValue | None = fact("Mean opinion score.", "score from 1 to 4.5", _SDK)
    audio_in: SampledValue | None = fact("Level of the microphone.", "level", _SDK)
    audio_out: SampledValue | None = fact("Level of the speaker.", "level", _SDK)
    latency: SampledValue | None = fact("Time inside Twilio.", "ms", _GATEWAY)
    packet_delay_variation: PacketDelays | None = fact(
        "How many packets came late, and by how much.", on=_GATEWAY
    )


class GatewaySample(Entity, frozen=True):
    """The measurements of a media gateway."""

    codec: Int32 | None = fact("RTP payload type of the codec.", "RTP profile number", _GATEWAY)
    codec_name: Text | None = fact("Name of the codec.", on=_GATEWAY)
    interval: SampledMetrics | None = fact("In the ten seconds before the sample.", on=_SOME)
    cumulative: SampledMetrics | None = fact("Since the beginning of the call.", on=_SOME)
    metadata: GatewayMetadata | None = fact("Where the gateway stood.", on=_GATEWAY)


class SdkSample(Entity, frozen=True):
    """The measurements of the Voice SDK."""

    codec: Int32 | None = fact("RTP payload type of the codec.", "RTP profile number", _SDK)
    codec_name: Text | None = fact("Name of the codec.", on=_SDK)
    interval: SampledMetrics | None = fact("In the ten seconds before the sample.", on=_SDK)
    cumulative: SampledMetrics | None = fact("Since the beginning of the call.", on=_SDK)
    metadata: ClientMetadata | None = fact("The user of the app.", on=_SOME)


class MetricSample(Entity, frozen=True):
    """One sample of one media edge; samples are ten seconds apart."""

    timestamp: Instant | None = fact("When the sample was taken.", on=_EVERY)
    call_sid: NonEmpty[CallSid] | None = fact("SID of the call.", on=_EVERY)
    account_sid: NonEmpty[AccountSid] | None = fact("Account that the call belongs to.", on=_EVERY)
    edge: MediaEdgeKind | None = fact("The edge that was measured.", on=_EVERY)
    direction: MediaDirection | None = fact(
        "The stream, seen from the edge; `BOTH` at the SDK.", on=_EVERY
    )
    carrier_edge: GatewaySample | None = fact(
        "At Twilio's carrier.", on="samples of the carrier edge"
    )
    sip_edge: GatewaySample | None = fact(
        "At your SIP infrastructure.", on="samples of the SIP edge"
    )
    client_edge: GatewaySample | None = fact(
        "At the gateway towards the app.", on="samples of the client edge"
    )
    sdk_edge: SdkSample | None = fact("In the app itself.", on=_SDK)
