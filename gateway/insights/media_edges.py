"""Models the four media edges of a call: their properties, metrics and streams.

A carrier call has a carrier edge, a SIP call a SIP edge, a client call an SDK and a client edge,
a trunking call a SIP and a carrier edge. `inbound` is what the edge received from the outside,
`outbound` what it sent there.
"""

from gateway.insights.catalogue import (
    UNRECOGNIZED,
    Counter,
    Entity,
    Int32,
    Numbered,
    Pii,
    Text,
    Vocabulary,
    fact,
    shared_shape,
)
from gateway.insights.open_maps import Counts, PacketDelays
from gateway.insights.statistics import AvgMax, AvgMaxMin
from gateway.insights.tags import CallTag

_MEDIA = "edges that carried media"
_INBOUND, _OUTBOUND = "inbound streams with media", "outbound streams with media"
_SDK = "Voice SDK (client) calls"
_NOT_CARRIER = "client and SIP edges"


class MediaDirection(Vocabulary):
    """Which way a call went, from the perspective of an edge."""

    INBOUND = "inbound", "Towards Twilio."
    OUTBOUND = "outbound", "Away from Twilio."
    BOTH = "both", "Both ways."
    UNRECOGNIZED = UNRECOGNIZED


class EdgeDisconnector(Vocabulary):
    """The side that ended a client call."""

    LOCAL = "local", "The local application, by `Twilio.Device.disconnect()`."
    REMOTE = "remote", "The other party."
    UNRECOGNIZED = UNRECOGNIZED


@shared_shape
class MediaStream(Entity, frozen=True):
    """Measurements of the media of one direction at one edge."""

    codec: Int32 | None = fact("RTP payload type of the codec.", "RTP profile number", _MEDIA)
    codec_name: Text | None = fact("Name of the codec, for example `pcmu` or `opus`.", on=_MEDIA)
    packets_lost: Counter | None = fact("Packets lost.", "packets", _MEDIA)
    packets_loss_percentage: float | None = fact(
        "Share of packets lost; above 5 % is tagged `HIGH_PACKET_LOSS`.", "percent", _MEDIA
    )
    jitter: AvgMax | None = fact(
        "Variation of the time between packets. At gateway edges an average above 5 ms with a "
        "maximum above 30 ms is tagged `HIGH_JITTER`.",
        "ms",
        _MEDIA,
    )


class GatewayStream(MediaStream, frozen=True):
    """A media stream at one of Twilio's media gateways."""

    latency: AvgMax | None = fact(
        "Time that RTP packets spend inside Twilio, from ingress to egress; above 150 ms is "
        "tagged `HIGH_LATENCY`.",
        "ms",
        _MEDIA,
    )
    packet_delay_variation: PacketDelays | None = fact(
        "How many packets came late, and by how much; sparse.", on=_MEDIA
    )


class GatewayInboundStream(GatewayStream, frozen=True):
    """The stream that a media gateway received from the outside."""

    packets_received: Counter | None = fact("Packets received.", "packets", _INBOUND)


class GatewayOutboundStream(GatewayStream, frozen=True):
    """The stream that a media gateway sent to the outside."""

    packets_sent: Counter | None = fact("Packets sent.", "packets", _OUTBOUND)


class SdkInboundStream(MediaStream, frozen=True):
    """The stream from Twilio to the SDK; quality metrics are about this direction."""

    mos: AvgMaxMin | None = fact(
        "Mean opinion score, from jitter, packet loss and round-trip time. Above 4 is good, "
        "below 3.5 is tagged `LOW_MOS`.",
        "score from 0 to 5",
        _SDK,
    )
    rtt: AvgMaxMin | None = fact(
        "Round-trip time between the SDK and Twilio; above 400 ms is tagged `HIGH_LATENCY`.",
        "ms",
        _SDK,
    )
    packets_received: Counter | None = fact("Packets received.", "packets", _SDK)
    bytes_received: Counter | None = fact("Bytes received.", "bytes", _SDK)
    audio_in: AvgMax | None = fact(
        "Level of the microphone; nothing hints at muting or hardware.", "level", _SDK
    )
    audio_out: AvgMax | None = fact("Level of the speaker.", "level", _SDK)
    tags: tuple[CallTag, ...] | None = fact("Conditions found on this stream.", on=_SDK)


class SdkOutboundStream(SdkInboundStream, frozen=True):
    """The stream from the SDK to Twilio."""

    packets_sent: Counter | None = fact("Packets sent.", "packets", _SDK)
    bytes_sent: Counter | None = fact("Bytes sent.", "bytes", _SDK)


@shared_shape
class MediaEdgeMetrics(Entity, frozen=True):
    """The two media streams of an edge."""

    inbound: MediaStream | None = fact("The received stream.", on=_INBOUND)
    outbound: MediaStream | None = fact("The sent stream.", on=_OUTBOUND)


class GatewayEdgeMetrics(MediaEdgeMetrics, frozen=True):
    """The two media streams of a media gateway."""

    inbound: GatewayInboundStream | None = fact("The received stream.", on=_INBOUND)
    outbound: GatewayOutboundStream | None = fact("The sent stream.", on=_OUTBOUND)


class SdkEdgeMetrics(MediaEdgeMetrics, frozen=True):
    """The two media streams of the SDK."""

    inbound: SdkInboundStream | None = fact("The received stream.", on=_SDK)
    outbound: SdkOutboundStream | None = fact("The sent stream.", on=_SDK)


@shared_shape
class MediaEdgeProperties(Entity, frozen=True):
    """Properties that every edge has."""

    direction: MediaDirection | None = fact(
        "Which way the call went, seen from the edge.", on=_MEDIA
    )
    disconnected_by: EdgeDisconnector | None = fact(
        "The side that ended the call.", on="SDK and client edges"
    )


class GatewayEdgeProperties(MediaEdgeProperties, frozen=True):
    """Where a media gateway stood and whom it spoke to."""

    q850_cause: Numbered | None = fact(
        "Why the call was cleared, by ITU-T Q.850.", "cause code", "some edges and calls"
    )
    media_region: Text | None = fact("Twilio region that handled media.")
    signaling_region: Text | None = fact("Twilio region that handled signaling.")
    edge_location: Text | None = fact("Twilio edge location that handled media.")
    twilio_media_ip: Text | None = fact("Address of Twilio's media gateway.", on=_NOT_CARRIER)
    twilio_signaling_ip: Text | None = fact(
        "Address of Twilio's signaling gateway.", on=_NOT_CARRIER
    )
    external_media_ip: Text | None = fact(
        "Address that media came from.", on=_NOT_CARRIER, pii=Pii.NETWORK
    )
    external_signaling_ip: Text | None = fact(
        "Address that signaling came from.", on=_NOT_CARRIER, pii=Pii.NETWORK
    )
    sip_call_id: Text | None = fact(
        "SIP `Call-ID` between Twilio and you; often with the address of who made it.",
        on="SIP and trunking calls",
        pii=Pii.NETWORK,
    )
    user_agent: Text | None = fact("SIP `User-Agent`.", on="trunking calls", pii=Pii.DEVICE)
    selected_region: Text | None = fact("Region selected.", on="client calls")
    region: Text | None = fact("Region used.", on="client calls")
    trunk_sid: Text | None = fact("SID of the trunk.", on="trunking calls")


class SdkSettings(Entity, frozen=True):
    """How `Twilio.Device` was set up."""

    dscp: bool | None = fact("Whether packets were marked with DSCP.", on=_SDK)
    ice_restart_enabled: bool | None = fact("Whether ICE restart was enabled.", on=_SDK)
    edge: Text | None = fact("Edge location that the call used.", on=_SDK)
    selected_edges: tuple[Text, ...] | None = fact("Edge locations asked for, best first.", on=_SDK)


class SdkEdgeProperties(MediaEdgeProperties, frozen=True):
    """The SDK and its environment."""

    settings: SdkSettings | None = fact("How the device was set up.", on=_SDK)


class SdkFeedback(Entity, frozen=True):
    """Feedback on the call by the user of the SDK."""

    score: Numbered | None = fact("How good it was.", "1 to 5", _SDK)
    reason: Text | None = fact("The problem, as the user chose it.", on=_SDK, pii=Pii.FREE_TEXT)


class SdkEdgeEvents(Entity, frozen=True):
    """Events that the SDK reported, counted."""

    levels: Counts | None = fact("Events by severity.", "events", _SDK)
    groups: Counts | None = fact("Events by group.", "events", _SDK)
    errors: Counts | None = fact("Errors by code.", "events", _SDK)
    feedback: SdkFeedback | None = fact("Feedback of the user.", on=_SDK)


@shared_shape
class MediaEdge(Entity, frozen=True):
    """A place where Twilio measured the media of a call; `__typename` says which."""

    metrics: MediaEdgeMetrics | None = fact("Measurements.", on=_MEDIA)
    properties: MediaEdgeProperties | None = fact("Where the edge stood.", on="every edge")


class GatewayEdge(MediaEdge, frozen=True):
    """A media gateway of Twilio's."""

    metrics: GatewayEdgeMetrics | None = fact("Measurements.", on=_MEDIA)
    properties: GatewayEdgeProperties | None = fact("Where the edge stood.", on="every edge")


class CarrierEdge(GatewayEdge, frozen=True):
    """Between Twilio and its carrier."""


class ClientEdge(GatewayEdge, frozen=True):
    """Between Twilio's media gateway and the app with the Voice SDK, seen from Twilio."""


class SipEdge(GatewayEdge, frozen=True):
    """Between Twilio and your SIP infrastructure."""


class SdkEdge(MediaEdge, frozen=True):
    """The sensors in the Voice SDK itself: what the user of the app had."""

    metrics: SdkEdgeMetrics | None = fact("Measurements.", on=_SDK)
    properties: SdkEdgeProperties | None = fact("How it was set up.", on=_SDK)
    events: SdkEdgeEvents | None = fact("Events.", on=_SDK)
