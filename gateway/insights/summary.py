"""Models the summary of a call: the JSON object that Voice Insights returns."""

from gateway.insights.agent_sessions import AgentSessionSummary
from gateway.insights.annotation import Annotation
from gateway.insights.catalogue import (
    UNRECOGNIZED,
    AccountSid,
    CallSid,
    Entity,
    Instant,
    Int32,
    NonEmpty,
    Numbered,
    Pii,
    SipStatus,
    Text,
    Vocabulary,
    fact,
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

    conference_participant: bool | None = fact(
        "Whether its media went mainly through a conference.",
        on="calls before 2026-08-01",
        deprecated="Twilio removed it from all summaries on 2026-08-01: it is null in those of "
        "later calls, and nothing takes its place. Use `raw` for what earlier ones hold.",
    )


class CallProperties(Entity, frozen=True):
    """Details of a call that belong to no edge."""

    direction: CallDirection | None = fact("The direction and kind of the call.")
    disconnected_by: CallDisconnector | None = fact(
        "The side that hung up.", on="answered calls that ended in a SIP BYE"
    )
    last_sip_response_num: SipStatus | None = fact(
        "Last SIP response; 200 for an answered call.", "SIP status code"
    )
    pdd_ms: Int32 | None = fact("Post-dial delay: from dialling to ringing.", "ms")
    queue_time: Int32 | None = fact(
        "Estimated wait between creating the call and its start.", "ms", "queued calls"
    )
    q850_cause: Numbered | None = fact(
        "Why the call was cleared, by ITU-T Q.850.", "cause code", EVENTS
    )
    route_id: Text | None = fact("Twilio's route of the call.", on=EVENTS)
    media_region: Text | None = fact("Twilio region that handled media.", on=EVENTS)
    signaling_region: Text | None = fact("Twilio region that handled signaling.", on=EVENTS)
    twilio_media_ip: Text | None = fact("Address of Twilio's media gateway.", on=EVENTS)
    twilio_signaling_ip: Text | None = fact("Address of Twilio's signaling gateway.", on=EVENTS)
    external_media_ip: Text | None = fact(
        "Address that media came from.", on=EVENTS, pii=Pii.NETWORK
    )
    external_signaling_ip: Text | None = fact(
        "Address that signaling came from.", on=EVENTS, pii=Pii.NETWORK
    )
    sip_call_id: Text | None = fact("SIP `Call-ID`.", on=EVENTS, pii=Pii.NETWORK)
    user_agent: Text | None = fact("SIP `User-Agent`.", on=EVENTS, pii=Pii.DEVICE)
    selected_region: Text | None = fact("Region selected.", on=EVENTS)
    region: Text | None = fact("Region used.", on=EVENTS)
    trunk_sid: Text | None = fact("SID of the trunk.", on=EVENTS)
    settings: SdkSettings | None = fact("How the device was set up.", on=EVENTS)


class Summary(Entity, frozen=True):
    """One phone call, as Voice Insights sums it up: who, how it went, and how it sounded."""

    call_sid: NonEmpty[CallSid] = fact("SID of the call.", on="every call", required=True)
    account_sid: NonEmpty[AccountSid] | None = fact("Account that the call belongs to.")
    parent_account_sid: NonEmpty[AccountSid] | None = fact(
        "Parent of that account.", on="calls of subaccounts"
    )
    parent_call_sid: NonEmpty[CallSid] | None = fact(
        "The call that created this one.", on="child calls (`<Dial>`)"
    )
    call_type: CallType | None = fact("Over what the call came or went.")
    call_state: CallState | None = fact("How the call went.")
    answered_by: AnsweredBy | None = fact(
        "The answering party, by AMD; null when AMD was off or reached no result.", on="AMD calls"
    )
    processing_state: ProcessingState | None = fact(
        "How far the summary is; `processing` says more."
    )
    processing_version: Int32 | None = fact(
        "Grows with every update while the summary is partial.", "updates", changes=True
    )
    created_time: Instant | None = fact(
        "When the call was created; before `startTime` if it was queued."
    )
    start_time: Instant | None = fact("When the call started.")
    end_time: Instant | None = fact("When the call ended.", on="ended calls")
    duration: Int32 | None = fact("From its start to its end.", "seconds")
    connect_duration: Int32 | None = fact("From answer to end.", "seconds", "answered calls")
    from_: Party | None = fact("The calling party.", pii=Pii.IDENTITY, name="from")
    to: Party | None = fact("The called party.", pii=Pii.IDENTITY)
    carrier_edge: CarrierEdge | None = fact("At Twilio's carrier.", on="carrier and trunking calls")
    client_edge: ClientEdge | None = fact("At the gateway towards the app.", on="client calls")
    sdk_edge: SdkEdge | None = fact("In the app itself.", on="client calls")
    sip_edge: SipEdge | None = fact("At your SIP infrastructure.", on="SIP and trunking calls")
    tags: tuple[CallTag, ...] | None = fact("Conditions that could have been heard; often none.")
    attributes: CallAttributes | None = fact("Details of its flow.", on="calls before 2026-08-01")
    properties: CallProperties | None = fact("Details that belong to no edge.")
    trust: Trust | None = fact("Trusted communications: caller verification and branding.")
    annotation: Annotation | None = fact("The annotation that people wrote.", on="annotated calls")
    agent_session_summaries: tuple[AgentSessionSummary, ...] | None = fact(
        "Voice agent sessions.", on="calls with ConversationRelay"
    )
    url: Text | None = fact(
        "Twilio's address of the summary; on calls of a list, that of the list.", changes=True
    )

    @property
    def media_edges(self) -> tuple[MediaEdge, ...]:
        """The edges that this call has, from the network inwards."""
        edges = (self.carrier_edge, self.sip_edge, self.client_edge, self.sdk_edge)
        return tuple(edge for edge in edges if edge is not None)
