import json
from datetime import UTC, datetime, timedelta

import pytest

from gateway.insights.annotation import QualityIssue
from gateway.insights.catalogue import BigInt
from gateway.insights.decoding import Undecodable, decode_annotation
from gateway.insights.media_edges import CarrierEdge, SdkEdge, SipEdge
from gateway.insights.open_maps import Count, PacketDelay
from gateway.insights.statistics import AvgMax, AvgMaxMin
from gateway.insights.summary import AnsweredBy, CallDirection, CallType, ProcessingState
from gateway.insights.summary_decoding import decode_summary
from gateway.insights.tags import CallTag
from gateway.insights.trust_words import BusinessIndustry, VoiceIntegrityUseCase
from gateway.instrumentation import FieldDropped, KeyUnknown, ValueUnrecognized
from tests.insights.conftest import read, there
from tests.insights.payloads import (
    ACCOUNT,
    CALL,
    FROM_AN_APP,
    SPELLED_OUT,
    THROUGH_A_TRUNK,
    TRUST_OF_OLD,
)


def test_a_call_from_an_app_to_a_telephone_keeps_all_that_was_measured() -> None:
    """What Twilio writes as it should be is read as it is written."""
    summary, heard = read(FROM_AN_APP)

    assert not heard
    assert summary.call_type is CallType.CARRIER
    assert summary.processing_state is ProcessingState.COMPLETE
    assert summary.start_time == datetime(2026, 3, 1, 9, 15, tzinfo=UTC)
    assert summary.from_ is not None
    assert summary.from_.caller == "+12025550143"
    assert [type(edge) for edge in summary.media_edges] == [CarrierEdge, SdkEdge]
    sdk = summary.sdk_edge
    assert sdk is not None
    assert sdk.metrics is not None
    assert sdk.metrics.inbound is not None
    assert sdk.metrics.inbound.mos == AvgMaxMin(4.4, 4.41, 4.2)
    assert sdk.events is not None
    assert sdk.events.levels == (Count("DEBUG", BigInt(6)), Count("INFO", BigInt(13)))


def test_a_sparse_map_becomes_a_list_in_the_order_of_its_thresholds() -> None:
    """`{"d50": 24}` says that 24 packets came more than 50 ms late."""
    summary, _ = read(FROM_AN_APP)

    assert summary.carrier_edge is not None
    assert summary.carrier_edge.metrics is not None
    assert summary.carrier_edge.metrics.inbound is not None
    assert summary.carrier_edge.metrics.outbound is not None
    assert summary.carrier_edge.metrics.inbound.jitter == AvgMax(0.06, 0.41)
    assert summary.carrier_edge.metrics.outbound.packet_delay_variation == (
        PacketDelay(50, BigInt(24)),
        PacketDelay(70, BigInt(2)),
    )


def test_an_event_that_spells_out_absences_holds_only_what_is_there() -> None:
    """Empty texts, empty objects, `unknown_…`, a SIP response and a cause of 0 are all null."""
    summary, heard = read(SPELLED_OUT)

    assert not heard
    assert there(summary) == {
        *("call_sid", "account_sid", "call_type", "call_state", "processing_state"),
        *("processing_version", "duration", "from_", "to", "tags", "properties"),
    }
    assert summary.from_ is not None
    assert summary.to is not None
    assert summary.properties is not None
    assert there(summary.from_) == {"caller"}
    assert there(summary.to) == {"callee", "connection"}
    assert there(summary.properties) == {"pdd_ms", "direction"}
    assert (summary.tags, summary.duration, summary.properties.pdd_ms) == ((), 0, 0)


def test_the_older_spelling_with_hyphens_is_the_same_word() -> None:
    """`outbound-api` of older payloads is `outbound_api`."""
    summary, heard = read(SPELLED_OUT)

    assert summary.properties is not None
    assert summary.properties.direction is CallDirection.OUTBOUND_API
    assert not heard


def test_a_call_through_a_trunk_has_two_edges_and_trust_of_today() -> None:
    """Trunking calls have a SIP and a carrier edge; words are read in any case of letters."""
    summary, heard = read(THROUGH_A_TRUNK)

    assert not heard
    assert [type(edge) for edge in summary.media_edges] == [CarrierEdge, SipEdge]
    assert summary.answered_by is AnsweredBy.MACHINE_START
    assert summary.tags == (CallTag.SILENCE, CallTag.HIGH_JITTER)
    trust = summary.trust
    assert trust is not None
    assert there(trust) == {"verified_caller", "branded", "business_profile", "voice_integrity"}
    assert trust.business_profile is not None
    assert trust.business_profile.industry is BusinessIndustry.BANKING
    assert trust.voice_integrity is not None
    assert trust.voice_integrity.use_case is VoiceIntegrityUseCase.THERAPY_INDIVIDUAL_GROUP


def test_trust_of_older_summaries_stays_readable() -> None:
    """Both generations of branding are in the catalogue, side by side."""
    summary, heard = read(TRUST_OF_OLD)

    assert not heard
    assert summary.trust is not None
    assert there(summary.trust) == {"verified_caller", "branded_call"}
    assert summary.trust.verified_caller is not None
    assert summary.trust.verified_caller.verified is False
    assert summary.trust.branded_call is not None
    assert summary.trust.branded_call.caller == "+12025550143"


def test_an_annotation_reads_alike_inside_a_summary_and_on_its_own() -> None:
    """The resource of the annotation writes what the summary holds."""
    summary, _ = read(THROUGH_A_TRUNK)
    alone = decode_annotation(json.dumps(THROUGH_A_TRUNK["annotation"]).encode())

    assert alone == summary.annotation
    assert alone.quality_issues == (QualityIssue.LOW_VOLUME, QualityIssue.ECHO)
    assert decode_annotation(b"{}") == decode_annotation(b'{"comment":""}')


@pytest.mark.parametrize(
    "written",
    ["2026-03-01T09:15:00Z", "2026-03-01T11:15:00+02:00", "2026-03-01T04:15:00.000-05:00"],
)
def test_times_are_utc(written: str) -> None:
    """Whatever offset a moment was written with."""
    summary, heard = read({**TRUST_OF_OLD, "end_time": written})

    assert not heard
    assert summary.end_time == datetime(2026, 3, 1, 9, 15, tzinfo=UTC)
    assert summary.end_time.utcoffset() == timedelta(0)


def test_a_time_without_an_offset_is_utc() -> None:
    """Twilio has no other time zone."""
    summary, _ = read({**TRUST_OF_OLD, "end_time": "2026-03-01T09:15:00"})

    assert summary.end_time == datetime(2026, 3, 1, 9, 15, tzinfo=UTC)


def test_a_new_word_is_unrecognized_and_counted() -> None:
    """Twilio adds values without notice; a value is never an error."""
    summary, heard = read({**TRUST_OF_OLD, "call_type": "telepathy", "tags": ["silence", "hum"]})

    assert summary.call_type is CallType.UNRECOGNIZED
    assert summary.tags == (CallTag.SILENCE, CallTag.UNRECOGNIZED)
    assert heard == [ValueUnrecognized("call_type"), ValueUnrecognized("tags")]


def test_a_new_key_is_counted_and_disturbs_nothing() -> None:
    """What the catalogue does not have is in `raw`, and operators learn its name."""
    plain = {**FROM_AN_APP, "mood": {"caller": "fine"}}
    plain["to"] = {**plain["to"], "mood": ["fine"]}

    summary, heard = read(plain)
    assert summary == read(FROM_AN_APP)[0]
    assert sorted(heard, key=str) == [KeyUnknown("mood"), KeyUnknown("to.mood")]


def test_a_new_key_that_says_nothing_is_not_counted() -> None:
    """There is no field to be added for it, yet."""
    spellings: tuple[object, ...] = (None, "", {}, "unknown")
    for nothing in spellings:
        assert read({**FROM_AN_APP, "mood": nothing}) == read(FROM_AN_APP)


@pytest.mark.parametrize("name", ["\ud800", "a" * 65, "two words", "é", ""])
def test_a_key_that_is_no_name_is_counted_without_it(name: str) -> None:
    """Names become labels of metrics, which take no text of any kind and length."""
    _, heard = read({**FROM_AN_APP, "properties": {"pdd_ms": 1, name: 1}})
    assert heard == [KeyUnknown("properties.other")]


def test_keys_that_are_data_are_none_that_is_new() -> None:
    """Those of open maps; and an annotation says whose it is, where its own resource does."""
    annotation = {"spam": True, "account_sid": ACCOUNT, "call_sid": CALL, "url": "https://a.b"}
    events = {"levels": {"TRACE": 1}, "groups": {"new": 2}, "errors": {"31005": 3}}
    _, heard = read({**FROM_AN_APP, "annotation": annotation, "sdk_edge": {"events": events}})
    assert not heard


def test_a_new_key_in_a_list_is_counted() -> None:
    """By the name of the list."""
    sessions = [{"session_id": "a", "mood": 1}, {"session_id": "b", "turns": 2}]
    summary, heard = read({**FROM_AN_APP, "agent_session_summaries": sessions})
    assert summary.agent_session_summaries is not None
    assert [one.turns for one in summary.agent_session_summaries] == [None, 2]
    assert heard == [KeyUnknown("agent_session_summaries.mood")]


def test_an_object_with_nothing_but_new_fields_is_there() -> None:
    """Something was said, only nothing that this version of the gateway knows."""
    summary, heard = read({**TRUST_OF_OLD, "sip_edge": {"mood": "fine"}})

    assert summary.sip_edge == SipEdge()
    assert heard == [KeyUnknown("sip_edge.mood")]


def test_bad_items_and_entries_leave_the_others_in_their_place() -> None:
    """One bad item costs that item; the list survives."""
    plain = {
        **TRUST_OF_OLD,
        "tags": ["silence", 5, None, "high_pdd"],
        "sdk_edge": {"events": {"errors": {"31005": 2, "31009": "two", "31000": None}}},
    }
    summary, heard = read(plain)

    assert summary.tags == (CallTag.SILENCE, CallTag.HIGH_PDD)
    assert summary.sdk_edge is not None
    assert summary.sdk_edge.events is not None
    assert summary.sdk_edge.events.errors == (Count("31005", BigInt(2)),)
    assert sorted(heard, key=repr) == [FieldDropped("sdk_edge.events.errors"), FieldDropped("tags")]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"17",
        b"{}",
        b'{"call_sid":null}',
        b'{"call_sid":""}',
        b'{"call_sid":7}',
        b'{"call_sid":"\\ud800"}',
        b'{"call_sid":"CA',
        b"<html><h1>502</h1></html>",
        '{"call_sid":"CA1"}'.encode("utf-16"),
        b'{"call_sid":"\xff"}',
    ],
)
def test_what_is_no_summary_is_undecodable(body: bytes) -> None:
    """A summary without its call is none: that is the one field that must be there."""
    with pytest.raises(Undecodable):
        decode_summary(body)
