"""Models the events of a call: of gateways, of Voice SDKs and of voice agents.

Groups and names are open: each version of an SDK may add some.
"""

from gateway.insights.catalogue import (
    UNRECOGNIZED,
    AccountSid,
    CallSid,
    Entity,
    Instant,
    Int32,
    NonEmpty,
    Text,
    Vocabulary,
    fact,
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

    code: Int32 | None = fact("Twilio's error code.", "error code", _SDK)
    message: Text | None = fact("The message of the SDK about it.", on=_SDK)


class WarnedMetric(Entity, frozen=True):
    """The measurements that made the SDK raise or clear a warning."""

    threshold: float | None = fact(
        "The threshold.", "that of the measurement", "warnings of the SDK"
    )
    values: tuple[float, ...] | None = fact(
        "The latest values.", "that of the measurement", "warnings of the SDK"
    )


class IceCandidate(Entity, frozen=True):
    """One end of a way for media."""

    type: Text | None = fact("Such as `host`, `srflx` or `relay`.", on=_SDK)
    protocol: Text | None = fact("`udp` or `tcp`.", on=_SDK)


class IceCandidatePair(Entity, frozen=True):
    """The way for media that was chosen: `relay` or `tcp` hint at a firewall."""

    local: IceCandidate | None = fact("The end of the app.", on=_SDK)
    remote: IceCandidate | None = fact("The end of Twilio.", on=_SDK)


class GatewayEvent(Entity, frozen=True):
    """The part of a media gateway in an event."""

    metadata: GatewayMetadata | None = fact("Where the gateway stood.", on=_GATEWAY)


class SdkEvent(Entity, frozen=True):
    """The part of the Voice SDK in an event."""

    error: SdkError | None = fact("The error.", on="errors of the SDK")
    feedback: SdkFeedback | None = fact("The feedback of the user.", on="feedback")
    metric: WarnedMetric | None = fact("Measurements.", on="warnings of the SDK")
    ice_candidate_pair: IceCandidatePair | None = fact(
        "The way for media.", on="chosen candidate pairs"
    )
    metadata: ClientMetadata | None = fact("The user of the app.", on=_SDK)


class CallEvent(Entity, frozen=True):
    """Something that happened in a call."""

    timestamp: Instant | None = fact("When it happened.", on=_EVERY)
    call_sid: NonEmpty[CallSid] | None = fact("SID of the call.", on=_EVERY)
    account_sid: NonEmpty[AccountSid] | None = fact("Account that the call belongs to.", on=_EVERY)
    edge: MediaEdgeKind | None = fact("Where it happened.", on="events of an edge")
    group: Text | None = fact("Group, such as `network-quality-warning-raised`.", on=_EVERY)
    level: EventLevel | None = fact("How severe it is.", on=_SDK)
    name: Text | None = fact("Name, such as `high-jitter`.", on=_EVERY)
    carrier_edge: GatewayEvent | None = fact(
        "At Twilio's carrier.", on="events of the carrier edge"
    )
    sip_edge: GatewayEvent | None = fact("At your SIP infrastructure.", on="events of the SIP edge")
    client_edge: GatewayEvent | None = fact(
        "At the gateway towards the app.", on="events of the client edge"
    )
    sdk_edge: SdkEvent | None = fact("In the app itself.", on=_SDK)
    conversation_relay_data: ConversationRelayData | None = fact(
        "The step of a voice agent.", on="events of ConversationRelay"
    )
