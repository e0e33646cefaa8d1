"""Models the four media edges of a call: their properties, metrics and streams.

A carrier call has a carrier edge, a SIP call a SIP edge, a client call an SDK and a client edge,
a trunking call a SIP and a carrier edge. `inbound` is what the edge received from the outside,
`outbound` what it sent there.
"""

from typing import Annotated

from gateway.insights.catalogue import (
    UNRECOGNIZED,
    Counter,
    Entity,
    Fact,
    Int32,
    Numbered,
    Pii,
    Text,
    Vocabulary,
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

    codec: Annotated[
        Int32 | None, Fact("RTP payload type of the codec.", "RTP profile number", _MEDIA)
    ] = None
    codec_name: Annotated[
        Text | None, Fact("Name of the codec, for example `pcmu` or `opus`.", on=_MEDIA)
    ] = None
    packets_lost: Annotated[Counter | None, Fact("Packets lost.", "packets", _MEDIA)] = None
    packets_loss_percentage: Annotated[
        float | None,
        Fact("Share of packets lost; above 5 % is tagged `HIGH_PACKET_LOSS`.", "percent", _MEDIA),
    ] = None
    jitter: Annotated[
        AvgMax | None,
        Fact(
            "Variation of the time between packets. At gateway edges an average above 5 ms with a "
            "maximum above 30 ms is tagged `HIGH_JITTER`.",
            "ms",
            _MEDIA,
        ),
    ] = None


class GatewayStream(MediaStream, frozen=True):
    """A media stream at one of Twilio's media gateways."""

    latency: Annotated[
        AvgMax | None,
        Fact(
            "Time that RTP packets spend inside Twilio, from ingress to egress; above 150 ms is "
            "tagged `HIGH_LATENCY`.",
            "ms",
            _MEDIA,
        ),
    ] = None
    packet_delay_variation: Annotated[
        PacketDelays | None,
        Fact("How many packets came late, and by how much; sparse.", on=_MEDIA),
    ] = None


class GatewayInboundStream(GatewayStream, frozen=True):
    """The stream that a media gateway received from the outside."""

    packets_received: Annotated[Counter | None, Fact("Packets received.", "packets", _INBOUND)] = (
        None
    )


class GatewayOutboundStream(GatewayStream, frozen=True):
    """The stream that a media gateway sent to the outside."""

    packets_sent: Annotated[Counter | None, Fact("Packets sent.", "packets", _OUTBOUND)] = None


class SdkInboundStream(MediaStream, frozen=True):
    """The stream from Twilio to the SDK; quality metrics are about this direction."""

    mos: Annotated[
        AvgMaxMin | None,
        Fact(
            "Mean opinion score, from jitter, packet loss and round-trip time. Above 4 is good, "
            "below 3.5 is tagged `LOW_MOS`.",
            "score from 0 to 5",
            _SDK,
        ),
    ] = None
    rtt: Annotated[
        AvgMaxMin | None,
        Fact(
            "Round-trip time between the SDK and Twilio; above 400 ms is tagged `HIGH_LATENCY`.",
            "ms",
            _SDK,
        ),
    ] = None
    packets_received: Annotated[Counter | None, Fact("Packets received.", "packets", _SDK)] = None
    bytes_received: Annotated[Counter | None, Fact("Bytes received.", "bytes", _SDK)] = None
    audio_in: Annotated[
        AvgMax | None,
        Fact("Level of the microphone; nothing hints at muting or hardware.", "level", _SDK),
    ] = None
    audio_out: Annotated[AvgMax | None, Fact("Level of the speaker.", "level", _SDK)] = None
    tags: Annotated[
        tuple[CallTag, ...] | None, Fact("Conditions found on this stream.", on=_SDK)
    ] = None


class SdkOutboundStream(SdkInboundStream, frozen=True):
    """The stream from the SDK to Twilio."""

    packets_sent: Annotated[Counter | None, Fact("Packets sent.", "packets", _SDK)] = None
    bytes_sent: Annotated[Counter | None, Fact("Bytes sent.", "bytes", _SDK)] = None


@shared_shape
class MediaEdgeMetrics(Entity, frozen=True):
    """The two media streams of an edge."""

    inbound: Annotated[MediaStream | None, Fact("The received stream.", on=_INBOUND)] = None
    outbound: Annotated[MediaStream | None, Fact("The sent stream.", on=_OUTBOUND)] = None


class GatewayEdgeMetrics(MediaEdgeMetrics, frozen=True):
    """The two media streams of a media gateway."""

    inbound: Annotated[GatewayInboundStream | None, Fact("The received stream.", on=_INBOUND)] = (
        None
    )
    outbound: Annotated[GatewayOutboundStream | None, Fact("The sent stream.", on=_OUTBOUND)] = None


class SdkEdgeMetrics(MediaEdgeMetrics, frozen=True):
    """The two media streams of the SDK."""

    inbound: Annotated[SdkInboundStream | None, Fact("The received stream.", on=_SDK)] = None
    outbound: Annotated[SdkOutboundStream | None, Fact("The sent stream.", on=_SDK)] = None


@shared_shape
class MediaEdgeProperties(Entity, frozen=True):
    """Properties that every edge has."""

    direction: Annotated[
        MediaDirection | None, Fact("Which way the call went, seen from the edge.", on=_MEDIA)
    ] = None
    disconnected_by: Annotated[
        EdgeDisconnector | None, Fact("The side that ended the call.", on="SDK and client edges")
    ] = None


class GatewayEdgeProperties(MediaEdgeProperties, frozen=True):
    """Where a media gateway stood and whom it spoke to."""

    q850_cause: Annotated[
        Numbered | None,
        Fact("Why the call was cleared, by ITU-T Q.850.", "cause code", "some edges and calls"),
    ] = None
    media_region: Annotated[Text | None, Fact("Twilio region that handled media.")] = None
    signaling_region: Annotated[Text | None, Fact("Twilio region that handled signaling.")] = None
    edge_location: Annotated[Text | None, Fact("Twilio edge location that handled media.")] = None
    twilio_media_ip: Annotated[
        Text | None, Fact("Address of Twilio's media gateway.", on=_NOT_CARRIER)
    ] = None
    twilio_signaling_ip: Annotated[
        Text | None, Fact("Address of Twilio's signaling gateway.", on=_NOT_CARRIER)
    ] = None
    external_media_ip: Annotated[
        Text | None, Fact("Address that media came from.", on=_NOT_CARRIER, pii=Pii.NETWORK)
    ] = None
    external_signaling_ip: Annotated[
        Text | None, Fact("Address that signaling came from.", on=_NOT_CARRIER, pii=Pii.NETWORK)
    ] = None
    sip_call_id: Annotated[
        Text | None,
        Fact(
            "SIP `Call-ID` between Twilio and you; often with the address of who made it.",
            on="SIP and trunking calls",
            pii=Pii.NETWORK,
        ),
    ] = None
    user_agent: Annotated[
        Text | None, Fact("SIP `User-Agent`.", on="trunking calls", pii=Pii.DEVICE)
    ] = None
    selected_region: Annotated[Text | None, Fact("Region selected.", on="client calls")] = None
    region: Annotated[Text | None, Fact("Region used.", on="client calls")] = None
    trunk_sid: Annotated[Text | None, Fact("SID of the trunk.", on="trunking calls")] = None


class SdkSettings(Entity, frozen=True):
    """How `Twilio.Device` was set up."""

    dscp: Annotated[bool | None, Fact("Whether packets were marked with DSCP.", on=_SDK)] = None
    ice_restart_enabled: Annotated[
        bool | None, Fact("Whether ICE restart was enabled.", on=_SDK)
    ] = None
    edge: Annotated[Text | None, Fact("Edge location that the call used.", on=_SDK)] = None
    selected_edges: Annotated[
        tuple[Text, ...] | None, Fact("Edge locations asked for, best first.", on=_SDK)
    ] = None


class SdkEdgeProperties(MediaEdgeProperties, frozen=True):
    """The SDK and its environment."""

    settings: Annotated[SdkSettings | None, Fact("How the device was set up.", on=_SDK)] = None


class SdkFeedback(Entity, frozen=True):
    """Feedback on the call by the user of the SDK."""

    score: Annotated[Numbered | None, Fact("How good it was.", "1 to 5", _SDK)] = None
    reason: Annotated[
        Text | None, Fact("The problem, as the user chose it.", on=_SDK, pii=Pii.FREE_TEXT)
    ] = None


class SdkEdgeEvents(Entity, frozen=True):
    """Events that the SDK reported, counted."""

    levels: Annotated[Counts | None, Fact("Events by severity.", "events", _SDK)] = None
    groups: Annotated[Counts | None, Fact("Events by group.", "events", _SDK)] = None
    errors: Annotated[Counts | None, Fact("Errors by code.", "events", _SDK)] = None
    feedback: Annotated[SdkFeedback | None, Fact("Feedback of the user.", on=_SDK)] = None


@shared_shape
class MediaEdge(Entity, frozen=True):
    """A place where Twilio measured the media of a call; `__typename` says which."""

    metrics: Annotated[MediaEdgeMetrics | None, Fact("Measurements.", on=_MEDIA)] = None
    properties: Annotated[
        MediaEdgeProperties | None, Fact("Where the edge stood.", on="every edge")
    ] = None


class GatewayEdge(MediaEdge, frozen=True):
    """A media gateway of Twilio's."""

    metrics: Annotated[GatewayEdgeMetrics | None, Fact("Measurements.", on=_MEDIA)] = None
    properties: Annotated[
        GatewayEdgeProperties | None, Fact("Where the edge stood.", on="every edge")
    ] = None


class CarrierEdge(GatewayEdge, frozen=True):
    """Between Twilio and its carrier."""


class ClientEdge(GatewayEdge, frozen=True):
    """Between Twilio's media gateway and the app with the Voice SDK, seen from Twilio."""


class SipEdge(GatewayEdge, frozen=True):
    """Between Twilio and your SIP infrastructure."""


class SdkEdge(MediaEdge, frozen=True):
    """The sensors in the Voice SDK itself: what the user of the app had."""

    metrics: Annotated[SdkEdgeMetrics | None, Fact("Measurements.", on=_SDK)] = None
    properties: Annotated[SdkEdgeProperties | None, Fact("How it was set up.", on=_SDK)] = None
    events: Annotated[SdkEdgeEvents | None, Fact("Events.", on=_SDK)] = None
