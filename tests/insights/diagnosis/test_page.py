import re
from pathlib import Path

import pytest

from gateway.insights.diagnosis.rule_names import FindingRule
from gateway.insights.diagnosis.rules import RULES, threshold
from gateway.insights.diagnosis.signaling_words import (
    Q850_CAUSES,
    SIP_RESPONSES,
    q850_words,
    sip_words,
)

PAGE = (Path(__file__).parents[3] / "docs" / "diagnosis.md").read_text("utf-8")
SECTIONS = dict(re.findall(r"^### `(\w+)`\n(.*?)(?=^###|\Z)", PAGE, re.DOTALL | re.MULTILINE))


def test_every_rule_has_a_place_in_the_page_and_nothing_else_has() -> None:
    """Whoever reads a finding looks its rule up by name."""
    assert list(SECTIONS) == [rule.name for rule in FindingRule]


@pytest.mark.parametrize("rule", FindingRule)
def test_the_page_says_of_a_rule_what_the_table_says(rule: FindingRule) -> None:
    """Severity, basis, threshold, source and advice."""
    section, row = SECTIONS[rule.name], RULES[rule]

    assert rule.meaning in section
    assert f"| {row.severity.name} | {row.basis.name} |" in section
    assert f"<{row.source}>" in section
    assert row.advice in section
    assert row.threshold is None or f" {row.side} {row.threshold:g} {row.unit} " in section


@pytest.mark.parametrize("rule", FindingRule)
def test_a_bound_is_said_in_one_direction(rule: FindingRule) -> None:
    """`above 30 ms at most` reads as 30 ms or less, where a maximum above 30 ms is meant (ours)."""
    assert not re.search(r"(above|below|more than|less than)\b[^,]*\bat (most|least)", rule.meaning)


@pytest.mark.parametrize("rule", FindingRule)
def test_a_row_of_the_table_is_whole(rule: FindingRule) -> None:
    """A source on the web, sentences for people, and a side for each threshold."""
    row = RULES[rule]

    assert row.source.startswith("https://")
    assert row.advice.endswith(".")
    assert not row.message.endswith(".")
    assert (row.threshold is None) is (row.side == "")
    assert row.threshold is None or row.unit


def test_rules_by_numbers_have_the_thresholds_that_are_published() -> None:
    """Twilio's call tags and the SDK's statsMonitor; ITU-T E.721 for the post-dial delay."""
    published = {
        FindingRule.HIGH_PACKET_LOSS: 5,
        FindingRule.ELEVATED_PACKET_LOSS: 3,
        FindingRule.HIGH_JITTER: 5,
        FindingRule.JITTER_PEAK: 30,
        FindingRule.LATE_PACKETS: 1,
        FindingRule.HIGH_LATENCY: 150,
        FindingRule.HIGH_RTT: 400,
        FindingRule.LOW_MOS: 3.5,
        FindingRule.MOS_DIP: 3,
        FindingRule.SHORT_CALL: 10,
        FindingRule.SILENT_MICROPHONE: 327.67,
        FindingRule.HIGH_POST_DIAL_DELAY: 11_000,
    }
    assert {rule: threshold(rule) for rule in published} == published


def test_codes_are_told_in_words() -> None:
    """Also those that no list has: by their class, or as they are."""
    assert sip_words(486) == "486, called party busy"
    assert sip_words(499) == "499, refused by the other side"
    assert sip_words(999) == "999"
    assert q850_words(17) == "17, user busy"
    assert q850_words(126) == "126"
    assert all(300 <= code < 700 for code in SIP_RESPONSES)
    assert all(0 < cause < 128 for cause in Q850_CAUSES)
