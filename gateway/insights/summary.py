"""Models the summary of a call: the JSON object that Voice Insights returns."""

from typing import Annotated

from msgspec import field

from gateway.insights.agent_sessions import AgentSessionSummary
from gateway.insights.annotation import Annotation
from gateway.insights.catalogue import (
    UNRECOGNIZED,
    AccountSid,
    CallSid,
    Entity,
    Fact,
    Instant,
    Int32,
    Numbered,
    Pii,
    Said,
    SipStatus,
    Text,
    Vocabulary,
)
from gateway.insights.media_edges import (
    CarrierEdge,
    ClientEdge,
    MediaEdge,
    SdkEdge,
    SdkSettings,
    SipEdge,
)
from gateway.insights.party import Party
from gateway.insights.tags import CallTag
from gateway.insights.trust import Trust

EVENTS = "summaries that came by Event Streams"
"""Where a field is that Twilio tells by events alone: asked for again, the summary lacks it."""


class CallType(Vocabulary):
    """Over what a call came or went; it decides which media edges there are."""

    CARRIER = "carrier", "The telephone network: a carrier edge."
    SIP = "sip", "A SIP domain or `<Dial><Sip>`: a SIP edge."
    TRUNKING = "trunking", "Elastic SIP Trunking: a SIP and a carrier edge."
    CLIENT = "client", "A Voice SDK: an SDK and a client edge."
    WHATSAPP = "whatsapp", "WhatsApp Business calling."
    UNRECOGNIZED = UNRECOGNIZED


class CallState(Vocabulary):
    """How a call went."""

    RINGING = "ringing", "It is ringing."
    ANSWERED = "answered", "It was answered and goes on."
    COMPLETED = "completed", "It was answered and has ended."
    BUSY = "busy", "The called party was busy."
    FAIL = "fail", "It could not be carried out."
    NOANSWER = "noanswer", "The call was not answered."
    CANCELED = "canceled", "The caller gave up before it was answered."
    UNDIALED = "undialed", "It was never dialled."
    UNRECOGNIZED = UNRECOGNIZED


class AnsweredBy(Vocabulary):
    """The result of answering machine detection (AMD)."""

    HUMAN = "human", "A person."
    MACHINE_START = "machine_start", "A machine, recognised at its start."
    MACHINE_END_BEEP = "machine_end_beep", "A machine, and its greeting ended in a beep."
    MACHINE_END_SILENCE = "machine_end_silence", "A machine, and its greeting ended in silence."
    MACHINE_END_OTHER = "machine_end_other", "A machine, and its greeting ended in another way."
    FAX = "fax", "A fax machine."
    UNKNOWN = "unknown", "AMD reached no result. For filters; in a call it is null."
    UNRECOGNIZED = UNRECOGNIZED


class ProcessingState(Vocabulary):
    """How far Voice Insights is with a summary."""

    PARTIAL = "partial", "Still changing: the call runs, or ended less than half an hour ago."
    COMPLETE = "complete", "Final, but for its annotation."
    UNRECOGNIZED = UNRECOGNIZED


class CallDirection(Vocabulary):
    """The direction and kind of a call."""

    INBOUND = "inbound", "A call to a number of yours."
    OUTBOUND_API = "outbound_api", "Placed with the REST API."
    OUTBOUND_DIAL = "outbound_dial", "Placed with `<Dial>`."
    TRUNKING_ORIGINATING = "trunking_originating", "From the network to your trunk."
    TRUNKING_TERMINATING = "trunking_terminating", "From your trunk to the network."
    UNRECOGNIZED = UNRECOGNIZED


class CallDisconnector(Vocabulary):
    """The side that hung up."""

    CALLER = "caller", "The calling party."
    CALLEE = "callee", "The called party."
    UNRECOGNIZED = UNRECOGNIZED


class CallAttributes(Entity, frozen=True):
    """Details of the flow of a call."""

    conference_participant: Annotated[
        bool | None,
        Fact(
            "Whether its media went mainly through a conference.",
            on="calls before 2026-08-01",
            deprecated="Twilio removed it from all summaries on 2026-08-01: it is null in those of "
            "later calls, and nothing takes its place. Use `raw` for what earlier ones hold.",
        ),
    ] = None


class CallProperties(Entity, frozen=True):
    """Details of a call that belong to no edge."""

    direction: Annotated[CallDirection | None, Fact("The direction and kind of the call.")] = None
    disconnected_by: Annotated[
        CallDisconnector | None,
        Fact("The side that hung up.", on="answered calls that ended in a SIP BYE"),
    ] = None
    last_sip_response_num: Annotated[
        SipStatus | None,
        Fact("Last SIP response; 200 for an answered call.", "SIP status code"),
    ] = None
    pdd_ms: Annotated[Int32 | None, Fact("Post-dial delay: from dialling to ringing.", "ms")] = None
    queue_time: Annotated[
        Int32 | None,
        Fact("Estimated wait between creating the call and its start.", "ms", "queued calls"),
    ] = None
    q850_cause: Annotated[
        Numbered | None, Fact("Why the call was cleared, by ITU-T Q.850.", "cause code", EVENTS)
    ] = None
    route_id: Annotated[Text | None, Fact("Twilio's route of the call.", on=EVENTS)] = None
    media_region: Annotated[Text | None, Fact("Twilio region that handled media.", on=EVENTS)] = (
        None
    )
    signaling_region: Annotated[
        Text | None, Fact("Twilio region that handled signaling.", on=EVENTS)
    ] = None
    twilio_media_ip: Annotated[
        Text | None, Fact("Address of Twilio's media gateway.", on=EVENTS)
    ] = None
    twilio_signaling_ip: Annotated[
        Text | None, Fact("Address of Twilio's signaling gateway.", on=EVENTS)
    ] = None
    external_media_ip: Annotated[
        Text | None, Fact("Address that media came from.", on=EVENTS, pii=Pii.NETWORK)
    ] = None
    external_signaling_ip: Annotated[
        Text | None, Fact("Address that signaling came from.", on=EVENTS, pii=Pii.NETWORK)
    ] = None
    sip_call_id: Annotated[Text | None, Fact("SIP `Call-ID`.", on=EVENTS, pii=Pii.NETWORK)] = None
    user_agent: Annotated[Text | None, Fact("SIP `User-Agent`.", on=EVENTS, pii=Pii.DEVICE)] = None
    selected_region: Annotated[Text | None, Fact("Region selected.", on=EVENTS)] = None
    region: Annotated[Text | None, Fact("Region used.", on=EVENTS)] = None
    trunk_sid: Annotated[Text | None, Fact("SID of the trunk.", on=EVENTS)] = None
    settings: Annotated[SdkSettings | None, Fact("How the device was set up.", on=EVENTS)] = None


class Summary(Entity, frozen=True):
    """One phone call, as Voice Insights sums it up: who, how it went, and how it sounded."""

    call_sid: Annotated[Said[CallSid], Fact("SID of the call.", on="every call")]
    account_sid: Annotated[Said[AccountSid] | None, Fact("Account that the call belongs to.")] = (
        None
    )
    parent_account_sid: Annotated[
        Said[AccountSid] | None, Fact("Parent of that account.", on="calls of subaccounts")
    ] = None
    parent_call_sid: Annotated[
        Said[CallSid] | None, Fact("The call that created this one.", on="child calls (`<Dial>`)")
    ] = None
    call_type: Annotated[CallType | None, Fact("Over what the call came or went.")] = None
    call_state: Annotated[CallState | None, Fact("How the call went.")] = None
    answered_by: Annotated[
        AnsweredBy | None,
        Fact(
            "The answering party, by AMD; null when AMD was off or reached no result.",
            on="AMD calls",
        ),
    ] = None
    processing_state: Annotated[
        ProcessingState | None, Fact("How far the summary is; `processing` says more.")
    ] = None
    processing_version: Annotated[
        Int32 | None,
        Fact("Grows with every update while the summary is partial.", "updates", changes=True),
    ] = None
    created_time: Annotated[
        Instant | None, Fact("When the call was created; before `startTime` if it was queued.")
    ] = None
    start_time: Annotated[Instant | None, Fact("When the call started.")] = None
    end_time: Annotated[Instant | None, Fact("When the call ended.", on="ended calls")] = None
    duration: Annotated[Int32 | None, Fact("From its start to its end.", "seconds")] = None
    connect_duration: Annotated[
        Int32 | None, Fact("From answer to end.", "seconds", "answered calls")
    ] = None
    from_: Annotated[Party | None, Fact("The calling party.", pii=Pii.IDENTITY)] = field(
        name="from", default=None
    )
    to: Annotated[Party | None, Fact("The called party.", pii=Pii.IDENTITY)] = None
    carrier_edge: Annotated[
        CarrierEdge | None, Fact("At Twilio's carrier.", on="carrier and trunking calls")
    ] = None
    client_edge: Annotated[
        ClientEdge | None, Fact("At the gateway towards the app.", on="client calls")
    ] = None
    sdk_edge: Annotated[SdkEdge | None, Fact("In the app itself.", on="client calls")] = None
    sip_edge: Annotated[
        SipEdge | None, Fact("At your SIP infrastructure.", on="SIP and trunking calls")
    ] = None
    tags: Annotated[
        tuple[CallTag, ...] | None, Fact("Conditions that could have been heard; often none.")
    ] = None
    attributes: Annotated[
        CallAttributes | None, Fact("Details of its flow.", on="calls before 2026-08-01")
    ] = None
    properties: Annotated[CallProperties | None, Fact("Details that belong to no edge.")] = None
    trust: Annotated[
        Trust | None, Fact("Trusted communications: caller verification and branding.")
    ] = None
    annotation: Annotated[
        Annotation | None, Fact("The annotation that people wrote.", on="annotated calls")
    ] = None
    agent_session_summaries: Annotated[
        tuple[AgentSessionSummary, ...] | None,
        Fact("Voice agent sessions.", on="calls with ConversationRelay"),
    ] = None
    url: Annotated[
        Text | None,
        Fact(
            "Twilio's address of the summary; on calls of a list, that of the list.", changes=True
        ),
    ] = None

    @property
    def media_edges(self) -> tuple[MediaEdge, ...]:
        """The edges that this call has, from the network inwards."""
        edges = (self.carrier_edge, self.sip_edge, self.client_edge, self.sdk_edge)
        return tuple(edge for edge in edges if edge is not None)
