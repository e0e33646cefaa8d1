import json
from collections import Counter

import pytest

from gateway.insights.diagnosis.diagnosis import diagnose
from gateway.insights.diagnosis.findings import Diagnosis, Finding, SuspectKind
from gateway.insights.diagnosis.rule_names import FindingRule
from gateway.insights.summary_decoding import decode_summary
from tests.insights.diagnosis.cases import CASES, Case
from tests.insights.diagnosis.harder_cases import HARDER
from tests.insights.diagnosis.made import Json
from tests.insights.diagnosis.names import rules_of, suspects_by_name

EVERY = [*CASES, *HARDER]


def diagnosis_of(summary: Json) -> Diagnosis:
    return diagnose(decode_summary(json.dumps(summary).encode()))


def written(finding: Finding) -> str:
    """A finding as the table writes it: `RULE edge.direction who-heard-it`."""
    words = [finding.rule.name]
    if finding.edge is not None:
        direction = f".{finding.direction.value}" if finding.direction else ""
        words.append(f"{finding.edge.value}{direction}")
    if finding.heard_by:
        words.append("both" if len(finding.heard_by) > 1 else finding.heard_by[0].value)
    return " ".join(words)


@pytest.mark.parametrize("case", EVERY, ids=lambda case: case.name)
def test_a_summary_is_diagnosed_as_an_engineer_would(case: Case) -> None:
    """The expectations were written by hand, from what is known of voice, before the rules ran."""
    diagnosis = diagnosis_of(case.summary)

    assert Counter(map(written, diagnosis.findings)) == Counter(case.findings)
    assert suspects_by_name(diagnosis) == list(case.suspects)


def test_the_cases_speak_of_rules_and_suspects_that_there_are() -> None:
    """A misspelled expectation could never be met."""
    rules = {finding.split()[0] for case in EVERY for finding in case.findings}
    suspects = {suspect for case in EVERY for suspect in case.suspects}

    assert rules == FindingRule.__members__.keys()
    assert suspects == SuspectKind.__members__.keys()


def test_there_are_enough_cases_to_mean_something() -> None:
    """Some sixty at least, each of its own."""
    assert len({case.name for case in EVERY}) == len(EVERY) >= 60


def case_named(name: str) -> Diagnosis:
    return diagnosis_of(next(case for case in EVERY if case.name == name).summary)


@pytest.mark.parametrize(
    ("name", "headline"),
    [
        (
            "the bad carrier",
            (
                "The carrier is the likeliest cause: 12 % of the packets received from the carrier "
                "were lost, heard by the caller."
            ),
        ),
        (
            "failed with 503",
            (
                "Routing is the likeliest cause: the call failed before any media (SIP 503, "
                "service unavailable or overloaded)."
            ),
        ),
        (
            "long inside Twilio",
            (
                "Twilio, another leg of the call or the region used is the likeliest cause: the "
                "packets sent to the carrier spent 260 ms inside Twilio, heard by the callee."
            ),
        ),
        (
            "still under way, and already nothing comes in",
            (
                "So far, the carrier is the likeliest cause: no packets were received from the "
                "carrier, while there were packets the other way, so that the callee heard nothing."
            ),
        ),
        (
            "a trunk calls a telephone, and Twilio hears nothing from the trunk",
            (
                "Your SIP side or its network is the likeliest cause: no packets were received "
                "from your SIP side, while there were packets the other way, so that the callee "
                "heard nothing."
            ),
        ),
        ("busy", "The call was not answered: the called party was busy."),
        ("declined, with a bare 603", "The call was declined (SIP 603)."),
        (
            "loss on the way to a telephone alone",
            "7 % of the packets sent to the carrier were lost, heard by the caller.",
        ),
        ("annotated as good", "Nothing that was measured points to a fault."),
        (
            "packets counted, nothing measured",
            "So far, how this call sounded is not known: its summary tells no measurements.",
        ),
        (
            "nothing but its SID",
            "How this call sounded is not known: its summary tells no measurements.",
        ),
    ],
)
def test_a_headline_says_it_in_one_sentence(name: str, headline: str) -> None:
    """Who is to blame and why; and what is not known is never called fine."""
    assert case_named(name).headline == headline


def test_a_carrier_is_called_by_its_name() -> None:
    """That of the party that the edge faces, which is no personal data by Twilio's document."""
    case = next(case for case in CASES if case.name == "the bad carrier")
    named = {**case.summary, "to": {"carrier": "Murkwater Telecom"}, "from": {"carrier": "Twilio"}}

    assert diagnosis_of(named).headline.startswith("The carrier (Murkwater Telecom) is the")


def test_the_most_severe_finding_comes_first() -> None:
    """And the same order holds within a suspect."""
    diagnosis = case_named("the bad carrier")

    severities = [finding.severity.name for finding in diagnosis.findings]
    assert severities == ["CRITICAL"] * 2 + ["WARNING"] * 3 + ["INFO"]
    (carrier,) = diagnosis.suspects
    assert [written(one).split()[0] for one in carrier.findings] == [
        "HIGH_PACKET_LOSS",
        "HIGH_JITTER",
        "LOW_ESTIMATED_MOS",
    ]


def test_rules_and_suspects_are_plain_lists() -> None:
    """As columns have them: each rule once, in the order of the findings."""
    diagnosis = case_named("the bad carrier")

    assert rules_of(diagnosis) == [
        "HIGH_PACKET_LOSS",
        "HIGH_JITTER",
        "LOW_ESTIMATED_MOS",
        "DISCONNECTED_BY",
    ]
    assert suspects_by_name(diagnosis) == ["CARRIER"]


def test_a_finding_brings_its_evidence() -> None:
    """Where it stands, what it is, what it should be, who says so."""
    finding = case_named("the bad carrier").findings[0]

    assert finding.field == "carrierEdge.metrics.inbound.packetsLossPercentage"
    assert (finding.value, finding.threshold, finding.unit) == (12.0, 5.0, "%")
    assert finding.source.startswith("https://www.twilio.com/docs/")
    assert finding.basis.name == "THRESHOLD"
    assert finding.advice.endswith(".")
