import re

import pytest

from gateway.insights.agent_sessions import AgentSessionState
from gateway.insights.annotation import AnnotationAnsweredBy, ConnectivityIssue, QualityIssue
from gateway.insights.annotation_input import UserErrorCode
from gateway.insights.call_events import EventLevel
from gateway.insights.catalogue import Vocabulary, vocabulary_name
from gateway.insights.conversation_relay import InterruptionType
from gateway.insights.diagnosis.findings import FindingBasis, Severity, SuspectKind
from gateway.insights.diagnosis.rule_names import FindingRule
from gateway.insights.edge_kinds import CallSide, MediaEdgeKind, StreamDirection
from gateway.insights.filters import CallSort, ProcessingStateFilter
from gateway.insights.media_edges import EdgeDisconnector, MediaDirection
from gateway.insights.party import ConnectionType
from gateway.insights.summary import (
    AnsweredBy,
    CallDirection,
    CallDisconnector,
    CallState,
    CallType,
    ProcessingState,
)
from gateway.insights.tags import CallTag
from gateway.insights.trust import BrandedType, BusinessIdentity, BusinessProfileType
from gateway.insights.trust_words import BusinessIndustry, VoiceIntegrityUseCase

WORDS: dict[type[Vocabulary], str] = {
    CallType: "carrier sip trunking client whatsapp",
    CallState: "ringing completed busy fail noanswer canceled answered undialed",
    AnsweredBy: "unknown machine_start machine_end_beep machine_end_silence machine_end_other "
    "human fax",
    ProcessingState: "complete partial",
    CallDirection: "outbound_api outbound_dial inbound trunking_originating trunking_terminating",
    CallDisconnector: "caller callee",
    EdgeDisconnector: "local remote",
    MediaDirection: "inbound outbound both",
    ConnectionType: "landline mobile voip twilio_sdk pstn sip_interface sip_trunk whatsapp",
    CallTag: "silence high_jitter high_packet_loss high_pdd high_latency pstn_short_duration "
    "low_mos ice_failure",
    AnnotationAnsweredBy: "human machine",
    ConnectivityIssue: "no_connectivity_issue invalid_number caller_id dropped_call "
    "number_reachability",
    QualityIssue: "no_quality_issue low_volume choppy_robotic echo dtmf latency owa static_noise",
    AgentSessionState: "failure ended hung_up",
    BrandedType: "in_band out_of_band",
    BusinessIdentity: "direct_customer isv_reseller_or_partner",
    BusinessProfileType: "primary secondary corporate",
    BusinessIndustry: "automotive agriculture banking consumer construction education engineering "
    "energy oil_and_gas fast_moving_consumer_goods financial fintech food_and_beverage government "
    "healthcare hospitality insurance legal manufacturing media online professional_services "
    "raw_materials real_estate religion retail jewelry technology telecommunications "
    "transportation travel electronics not_for_profit",
    VoiceIntegrityUseCase: "abandoned_cart appointment_reminders appointment_scheduling "
    "asset_management automated_support call_tracking click_to_call contact_tracing "
    "contactless_delivery customer_support dating/social delivery_notifications distance_learning "
    "emergency_notifications employee_notifications exam_proctoring field_notifications "
    "first_responder fraud_alerts group_messaging identify_&_verification intelligent_routing "
    "lead_alerts lead_distribution lead_generation lead_management lead_nurturing "
    "marketing_events mass_alerts meetings/collaboration order_notifications outbound_dialer "
    "pharmacy phone_system purchase_confirmation remote_appointments rewards_program self-service "
    "service_alerts shift_management survey/research telehealth telemarketing "
    "therapy_(individual+group)",
    EventLevel: "DEBUG INFO WARNING ERROR",
    InterruptionType: "DTMF SPEECH",
    CallSort: "start_time end_time",
    ProcessingStateFilter: "completed started partial all",
}
"""Twilio's words, as its documents write them."""

OURS = {
    UserErrorCode,
    FindingRule,
    FindingBasis,
    Severity,
    SuspectKind,
    CallSide,
    MediaEdgeKind,
    StreamDirection,
}
OF_QUESTIONS = {CallSort, ProcessingStateFilter}
VOCABULARIES = [pytest.param(kind, id=kind.__name__) for kind in WORDS]


def test_every_vocabulary_is_in_the_list() -> None:
    """A list of words that is added comes with its line above."""
    every = {
        kind
        for kind in Vocabulary.__subclasses__()
        if kind.__module__.startswith("gateway.insights")
    }
    assert every - OURS == WORDS.keys()


@pytest.mark.parametrize("kind", VOCABULARIES)
def test_the_words_are_twilios(kind: type[Vocabulary]) -> None:
    """Each of them, letter by letter, and no other."""
    unknown = set() if kind in OF_QUESTIONS else {"UNRECOGNIZED"}

    assert {word.value for word in kind} == set(WORDS[kind].split()) | unknown


@pytest.mark.parametrize("kind", VOCABULARIES)
def test_every_word_has_a_name_by_rule_and_a_meaning(kind: type[Vocabulary]) -> None:
    """The name is what the word's letters and digits make; GraphQL accepts it."""
    assert kind.__doc__
    for word in kind:
        assert word.name == vocabulary_name(word.value)
        assert re.fullmatch(r"[A-Z][A-Z0-9_]*", word.name)
        assert word.meaning.endswith("."), word
        assert kind.spelled(word.value) is word


@pytest.mark.parametrize("kind", VOCABULARIES)
def test_an_answer_may_hold_a_word_that_nobody_knows_yet(kind: type[Vocabulary]) -> None:
    """Lists of words for answers have a place for it; one that is asked for must be known."""
    assert ("UNRECOGNIZED" in kind.__members__) is (kind not in OF_QUESTIONS)
    assert kind.spelled("telepathy") is None


def test_what_is_no_word_is_not_remembered() -> None:
    """Ours: names are, and a hundred megabytes of what Twilio never says are not."""
    before = vocabulary_name.cache_info().currsize
    assert all(CallType.spelled("carrier" * length) is None for length in range(20, 60))
    assert vocabulary_name.cache_info().currsize == before


def test_an_older_spelling_leads_to_the_same_word() -> None:
    """Hyphens for underscores, capitals for small letters."""
    assert CallDirection.spelled("outbound-api") is CallDirection.OUTBOUND_API
    assert BusinessIndustry.spelled("BANKING") is BusinessIndustry.BANKING
