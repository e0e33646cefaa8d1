"""Models the events of a call: of gateways, of Voice SDKs and of voice agents.

Groups and names are open: each version of an SDK may add some.
"""

from typing import Annotated

from gateway.insights.catalogue import (
    UNRECOGNIZED,
    AccountSid,
    CallSid,
    Entity,
    Fact,
    Instant,
    Int32,
    Said,
    Text,
    Vocabulary,
)
from gateway.insights.conversation_relay import ConversationRelayData
from gateway.insights.edge_kinds import MediaEdgeKind
from gateway.insights.edge_metadata import ClientMetadata, GatewayMetadata
from gateway.insights.media_edges import SdkFeedback

_EVERY, _GATEWAY, _SDK = "every event", "events of gateway edges", "events of the SDK"


class EventLevel(Vocabulary):
    """How severe an event is."""

    DEBUG = "DEBUG", "For those who look for the cause of something."
    INFO = "INFO", "It happened."
    WARNING = "WARNING", "It may have been heard."
    ERROR = "ERROR", "Something failed."
    UNRECOGNIZED = UNRECOGNIZED


class SdkError(Entity, frozen=True):
    """An error that the SDK reported."""

    code: Annotated[Int32 | None, Fact("Twilio's error code.", "error code", _SDK)] = None
    message: Annotated[Text | None, Fact("The message of the SDK about it.", on=_SDK)] = None


class WarnedMetric(Entity, frozen=True):
    """The measurements that made the SDK raise or clear a warning."""

    threshold: Annotated[
        float | None, Fact("The threshold.", "that of the measurement", "warnings of the SDK")
    ] = None
    values: Annotated[
        tuple[float, ...] | None,
        Fact("The latest values.", "that of the measurement", "warnings of the SDK"),
    ] = None


class IceCandidate(Entity, frozen=True):
    """One end of a way for media."""

    type: Annotated[Text | None, Fact("Such as `host`, `srflx` or `relay`.", on=_SDK)] = None
    protocol: Annotated[Text | None, Fact("`udp` or `tcp`.", on=_SDK)] = None


class IceCandidatePair(Entity, frozen=True):
    """The way for media that was chosen: `relay` or `tcp` hint at a firewall."""

    local: Annotated[IceCandidate | None, Fact("The end of the app.", on=_SDK)] = None
    remote: Annotated[IceCandidate | None, Fact("The end of Twilio.", on=_SDK)] = None


class GatewayEvent(Entity, frozen=True):
    """The part of a media gateway in an event."""

    metadata: Annotated[GatewayMetadata | None, Fact("Where the gateway stood.", on=_GATEWAY)] = (
        None
    )


class SdkEvent(Entity, frozen=True):
    """The part of the Voice SDK in an event."""

    error: Annotated[SdkError | None, Fact("The error.", on="errors of the SDK")] = None
    feedback: Annotated[SdkFeedback | None, Fact("The feedback of the user.", on="feedback")] = None
    metric: Annotated[WarnedMetric | None, Fact("Measurements.", on="warnings of the SDK")] = None
    ice_candidate_pair: Annotated[
        IceCandidatePair | None, Fact("The way for media.", on="chosen candidate pairs")
    ] = None
    metadata: Annotated[ClientMetadata | None, Fact("The user of the app.", on=_SDK)] = None


class CallEvent(Entity, frozen=True):
    """Something that happened in a call."""

    timestamp: Annotated[Instant | None, Fact("When it happened.", on=_EVERY)] = None
    call_sid: Annotated[Said[CallSid] | None, Fact("SID of the call.", on=_EVERY)] = None
    account_sid: Annotated[
        Said[AccountSid] | None, Fact("Account that the call belongs to.", on=_EVERY)
    ] = None
    edge: Annotated[MediaEdgeKind | None, Fact("Where it happened.", on="events of an edge")] = None
    group: Annotated[
        Text | None, Fact("Group, such as `network-quality-warning-raised`.", on=_EVERY)
    ] = None
    level: Annotated[EventLevel | None, Fact("How severe it is.", on=_SDK)] = None
    name: Annotated[Text | None, Fact("Name, such as `high-jitter`.", on=_EVERY)] = None
    carrier_edge: Annotated[
        GatewayEvent | None, Fact("At Twilio's carrier.", on="events of the carrier edge")
    ] = None
    sip_edge: Annotated[
        GatewayEvent | None, Fact("At your SIP infrastructure.", on="events of the SIP edge")
    ] = None
    client_edge: Annotated[
        GatewayEvent | None,
        Fact("At the gateway towards the app.", on="events of the client edge"),
    ] = None
    sdk_edge: Annotated[SdkEvent | None, Fact("In the app itself.", on=_SDK)] = None
    conversation_relay_data: Annotated[
        ConversationRelayData | None,
        Fact("The step of a voice agent.", on="events of ConversationRelay"),
    ] = None
