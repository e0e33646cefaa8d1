import re
from typing import Any

import pytest

from gateway.errors import BadUserInput
from gateway.insights.annotation import AnnotationAnsweredBy, ConnectivityIssue, QualityIssue
from gateway.insights.catalogue import Pii, Vocabulary
from gateway.insights.filters import FILTERS, CallSort, Filter, ProcessingStateFilter, to_parameters
from gateway.insights.summary import AnsweredBy, CallDirection, CallState, CallType
from gateway.insights.trust import BrandedType, BusinessIdentity, BusinessProfileType
from gateway.insights.trust_words import BusinessIndustry, VoiceIntegrityUseCase

BUNDLE = "BU" + "7e" * 16
ACCOUNT = "AC" + "5a" * 16
NUMBER = "+12025550143"

TABLE: tuple[tuple[str, object, str, str], ...] = (
    ("from", NUMBER, "From", NUMBER),
    ("to", "client:harbour", "To", "client:harbour"),
    ("fromCarrier", "Prairie Wireless, Inc.", "FromCarrier", "Prairie Wireless, Inc."),
    ("toCarrier", "Österreich & Söhne", "ToCarrier", "Österreich & Söhne"),
    ("fromCountryCode", "US", "FromCountryCode", "US"),
    ("toCountryCode", "GB", "ToCountryCode", "GB"),
    ("type", [CallType.SIP, CallType.CARRIER], "CallType", "carrier,sip"),
    ("state", CallState.NOANSWER, "CallState", "noanswer"),
    (
        "direction",
        [CallDirection.OUTBOUND_API, CallDirection.TRUNKING_TERMINATING],
        "Direction",
        "outbound_api,trunking_terminating",
    ),
    ("processingState", ProcessingStateFilter.STARTED, "ProcessingState", "started"),
    ("answeredBy", AnsweredBy.UNKNOWN, "AnsweredBy", "unknown"),
    ("hasTag", True, "HasTag", "true"),
    ("abnormalSession", False, "AbnormalSession", "false"),
    ("verifiedCaller", True, "VerifiedCaller", "true"),
    ("subaccount", ACCOUNT, "Subaccount", ACCOUNT),
    ("answeredByAnnotation", AnnotationAnsweredBy.MACHINE, "AnsweredByAnnotation", "machine"),
    (
        "connectivityIssueAnnotation",
        [ConnectivityIssue.DROPPED_CALL, ConnectivityIssue.CALLER_ID],
        "ConnectivityIssueAnnotation",
        "caller_id,dropped_call",
    ),
    (
        "qualityIssueAnnotation",
        [QualityIssue.OWA, QualityIssue.ECHO, QualityIssue.OWA],
        "QualityIssueAnnotation",
        "echo,owa",
    ),
    ("spamAnnotation", False, "SpamAnnotation", "false"),
    ("callScoreAnnotation", [5, 1], "CallScoreAnnotation", "1,5"),
    ("brandedEnabled", True, "BrandedEnabled", "true"),
    ("brandedBundleSid", BUNDLE, "BrandedBundleSid", BUNDLE),
    ("brandedLogo", True, "BrandedLogo", "true"),
    ("brandedType", BrandedType.OUT_OF_BAND, "BrandedType", "out_of_band"),
    ("brandedUseCase", "Customer Care", "BrandedUseCase", "Customer Care"),
    ("brandedCallReason", "Your boat, is ready", "BrandedCallReason", "Your boat, is ready"),
    ("voiceIntegrityEnabled", False, "VoiceIntegrityEnabled", "false"),
    ("voiceIntegrityBundleSid", BUNDLE, "VoiceIntegrityBundleSid", BUNDLE),
    (
        "voiceIntegrityUseCase",
        VoiceIntegrityUseCase.THERAPY_INDIVIDUAL_GROUP,
        "VoiceIntegrityUseCase",
        "therapy_(individual+group)",
    ),
    ("businessProfileBundleSid", BUNDLE, "BusinessProfileBundleSid", BUNDLE),
    (
        "businessProfileIdentity",
        BusinessIdentity.ISV_RESELLER_OR_PARTNER,
        "BusinessProfileIdentity",
        "isv_reseller_or_partner",
    ),
    ("businessProfileIndustry", BusinessIndustry.BANKING, "BusinessProfileIndustry", "banking"),
    ("businessProfileType", BusinessProfileType.SECONDARY, "BusinessProfileType", "secondary"),
)
SEVERAL = {
    *("type", "direction", "callScoreAnnotation"),
    *("connectivityIssueAnnotation", "qualityIssueAnnotation"),
}
BY_NAME = {row.name: row for row in FILTERS}


@pytest.mark.parametrize(("argument", "value", "parameter", "spelled"), TABLE)
def test_an_argument_is_sent_under_its_name_and_in_its_spelling(
    argument: str, value: object, parameter: str, spelled: str
) -> None:
    """Twilio's names are case-sensitive, and a wrong one would be another question."""
    assert to_parameters({argument: value}) == {parameter: spelled}


def test_the_table_has_every_filter_and_no_other() -> None:
    """A parameter that is added comes with its line above."""
    assert [row[0] for row in TABLE] == list(BY_NAME)
    assert len(BY_NAME) == 33


def test_only_what_twilio_takes_several_of_is_a_list() -> None:
    """A comma in any other value is a part of that value."""
    assert {row.name for row in FILTERS if row.many} == SEVERAL


def test_arguments_become_one_question_in_whatever_order() -> None:
    """Equal questions share an answer; what is null was not said."""
    one = to_parameters({"type": [CallType.SIP, CallType.CLIENT], "hasTag": True, "to": None})
    other = to_parameters({"hasTag": True, "type": [CallType.CLIENT, CallType.SIP]})

    assert list(one.items()) == list(other.items())
    assert one == {"CallType": "client,sip", "HasTag": "true"}


def test_one_value_will_do_where_several_may_stand() -> None:
    """GraphQL makes a list of it, and so does the filter."""
    assert to_parameters({"type": CallType.SIP}) == {"CallType": "sip"}


def words(vocabulary: type[Vocabulary]) -> list[str]:
    return [word.value for word in vocabulary if word.name != "UNRECOGNIZED"]


@pytest.mark.parametrize("row", [row for row in FILTERS if issubclass(row.kind, Vocabulary)])
def test_every_word_that_may_be_asked_for_is_sent_as_twilio_writes_it(row: Filter) -> None:
    """`self-service` with its hyphen, `survey/research` with its stroke."""
    assert issubclass(row.kind, Vocabulary)
    for word in row.kind:
        if word.name not in {"UNRECOGNIZED", *row.refused}:
            assert row.spell(word) == word.value
            assert word.name in row.accepted
        else:
            assert word.name not in row.accepted.split(", ")


BAD: tuple[tuple[str, Any], ...] = (
    ("from", ""),
    ("from", "2025550143"),
    ("from", "+1 202 555 0143"),
    ("from", f"{NUMBER},{NUMBER}"),
    ("from", "+" + "\u0661" * 10),
    ("from", "client:"),
    ("to", "client:har bour"),
    ("to", "sip:a\r\nX: y"),
    ("fromCarrier", ""),
    ("fromCarrier", "x" * 257),
    ("fromCarrier", "a\nb"),
    ("fromCarrier", "a\x00b"),
    ("fromCarrier", "a\x85b"),
    ("toCarrier", "\ud800"),
    ("fromCountryCode", "us"),
    ("fromCountryCode", "USA"),
    ("subaccount", "SK" + "5a" * 16),
    ("subaccount", ACCOUNT + "\n"),
    ("brandedBundleSid", "BU1"),
    ("callScoreAnnotation", [0]),
    ("callScoreAnnotation", [6]),
    ("callScoreAnnotation", [True]),
    ("callScoreAnnotation", []),
    ("type", []),
    ("type", [CallType.UNRECOGNIZED]),
    ("type", [CallType.SIP, None]),
    ("type", ["sip"]),
    ("type", [CallState.BUSY]),
    ("state", CallState.UNRECOGNIZED),
    ("hasTag", "yes"),
    ("hasTag", 1),
    ("businessProfileType", BusinessProfileType.CORPORATE),
)


@pytest.mark.parametrize(("argument", "value"), BAD)
def test_what_twilio_would_not_take_is_refused_before_it_is_asked(
    argument: str, value: object
) -> None:
    """The error names the argument and says what is accepted."""
    with pytest.raises(BadUserInput) as caught:
        to_parameters({argument: value})

    error = caught.value
    assert error.argument == f"filter.{argument}"
    assert error.accepted == BY_NAME[argument].accepted or BY_NAME[argument].many
    assert f"`filter.{argument}`" in str(error)
    assert error.accepted in str(error)


def test_a_refusal_is_a_sentence() -> None:
    """With the value or without it."""
    with pytest.raises(BadUserInput, match=r"`filter\.fromCountryCode` is 'us', which cannot "):
        to_parameters({"fromCountryCode": "us"})
    with pytest.raises(BadUserInput, match=r"`filter\.to` has a value that cannot be asked for\. "):
        to_parameters({"to": "2025550143"})


@pytest.mark.parametrize("argument", ["from", "to"])
@pytest.mark.parametrize("value", ["2025550143", "client:Ada Lovelace", f"{NUMBER};ext=7"])
def test_a_party_is_never_repeated_in_a_message(argument: str, value: str) -> None:
    """Messages end up in logs; numbers and names must not."""
    with pytest.raises(BadUserInput) as caught:
        to_parameters({argument: value})

    shown = f"{caught.value} {caught.value.extensions}"
    assert value not in shown
    assert not re.search(r"2025550143|Lovelace", shown)


def test_parties_are_marked_as_personal_data() -> None:
    """It is the mark that keeps them out of messages."""
    assert {row.name for row in FILTERS if row.pii is not Pii.NONE} == {"from", "to"}


def test_every_filter_says_what_it_means_and_what_it_takes() -> None:
    """The reference is written from the table."""
    for row in FILTERS:
        assert re.fullmatch(r"[A-Z].*\.", row.meaning), row.name
        assert row.accepted, row.name


def test_lists_are_sorted_by_start_or_by_end() -> None:
    """The two words of Twilio's `SortBy`."""
    assert words(CallSort) == ["start_time", "end_time"]
