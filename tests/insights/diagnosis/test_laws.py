import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings

from gateway.insights.catalogue import Entity, Pii, graph_name
from gateway.insights.diagnosis.diagnosis import diagnose
from gateway.insights.diagnosis.findings import Diagnosis, Finding, FindingBasis, Severity
from gateway.insights.diagnosis.rule_names import FindingRule
from gateway.insights.diagnosis.rules import RULES
from gateway.insights.masking import mask
from gateway.insights.media_edges import GatewayStream
from gateway.insights.mos import estimated_mos
from gateway.insights.summary import Summary
from gateway.insights.summary_decoding import decode_summary, whole
from tests.insights.diagnosis.cases import CASES
from tests.insights.diagnosis.drawn import calls
from tests.insights.diagnosis.harder_cases import HARDER
from tests.insights.diagnosis.made import Json
from tests.insights.places import ABSENT, written
from tests.insights.strategies import clean

quick = settings(max_examples=200, deadline=None)
SEVERITIES = list(Severity)
FAMILY = dict.fromkeys(("HIGH_JITTER", "ELEVATED_JITTER", "JITTER_PEAK"), "jitter")
"""Rules of which one may take the place of another when more is known."""


def read(plain: Json) -> Summary:
    return whole(decode_summary(json.dumps(plain).encode()))


def told(summary: Summary, path: str) -> Any:
    """What the field at a path of the graph says; None if any part of the way is missing."""
    value: Any = summary
    for name in path.split("."):
        if name == "estimatedMos":
            assert isinstance(value, GatewayStream)
            return estimated_mos(value)
        if value is None:
            return None
        value = getattr(value, _attributes(type(value))[name])
    return value


def _attributes(entity: type[Entity]) -> dict[str, str]:
    """The attributes of an entity by their names in the graph."""
    names = zip(entity.__struct_fields__, entity.__struct_encode_fields__, strict=True)
    drop = "call_" if entity is Summary else ""
    return {graph_name(name.removeprefix(drop)): attribute for attribute, name in names}


def contradicts(summary: Summary, finding: Finding) -> bool:
    """Whether a finding says another thing than the number that it points at."""
    row = RULES[finding.rule]
    assert (
        finding.field is None or told(summary, finding.field) is not None or finding.value is None
    )
    if finding.value is None:
        return False
    value, threshold = finding.value, finding.threshold
    there = told(summary, finding.field) if finding.field else None
    if finding.rule is FindingRule.CODEC_CEILING:
        return not (1 <= value <= 4.5)  # of the codec in the field: a score, by G.107
    if isinstance(there, int | float) and there != value:
        return True
    if threshold is None:
        return False
    return not (value > threshold if row.side == "above" else value < threshold)


@quick
@given(calls() | clean(Summary))
def test_a_diagnosis_never_contradicts_its_numbers(plain: Json) -> None:
    """A value is the one that stands in its field, and on the bad side of the threshold."""
    summary = read(plain)
    diagnosis = diagnose(summary)

    assert not [one for one in diagnosis.findings if contradicts(summary, one)]


@quick
@given(calls() | clean(Summary))
def test_a_diagnosis_is_well_formed(plain: Json) -> None:
    """Suspects rest on findings that are there, sentences end, and nothing raises."""
    diagnosis = diagnose(read(plain))

    for suspect in diagnosis.suspects:
        assert suspect.findings
        assert all(any(one is other for other in diagnosis.findings) for one in suspect.findings)
        assert any(one.severity is not Severity.INFO for one in suspect.findings)
    kinds = [suspect.where for suspect in diagnosis.suspects]
    assert len(kinds) == len(set(kinds))
    severities = [SEVERITIES.index(one.severity) for one in diagnosis.findings]
    assert severities == sorted(severities, reverse=True)
    for sentence in (diagnosis.headline, *(one.message for one in diagnosis.findings)):
        assert sentence.endswith(".")
        assert "{" not in re.sub(r"\(.*\)", "", sentence) or "{" in json.dumps(plain)
    assert msgspec.json.encode(diagnosis)


@quick
@given(calls())
def test_without_a_tag_nothing_rests_on_one(plain: Json) -> None:
    """What Twilio did not tag is not said to be tagged."""
    summary = read(plain | {"tags": None})
    sdk = summary.sdk_edge
    inbound = sdk.metrics.inbound if sdk and sdk.metrics else None
    bases = {one.basis for one in diagnose(summary).findings}

    assert FindingBasis.TAG not in bases or (inbound is not None and inbound.tags)


def parties_of(plain: Json) -> Json:
    identity = {"from": {"caller": "+12025550143", "city": "Leeds", "ip_address": "192.0.2.7"}}
    return plain | identity | {"to": {"callee": "client:ana", "connection": "twilio_sdk"}}


def masked(value: Any) -> Any:
    """The same value as somebody sees it who may not see personal data."""
    if isinstance(value, tuple):
        return type(value)(masked(item) for item in value)
    if not isinstance(value, Entity):
        return value
    shown = {}
    for attribute in value.__struct_fields__:
        inner = getattr(value, attribute)
        marked = _pii(type(value), attribute)
        hidden = marked is not Pii.NONE and not isinstance(inner, Entity)
        shown[attribute] = mask(inner, marked) if hidden else masked(inner)
    return type(value)(**shown)


def _pii(entity: type[Entity], attribute: str) -> Pii:
    try:
        return entity.facts[attribute].pii
    except AttributeError:  # an entry of an open map, of which every field has a fact too
        return Pii.NONE


@quick
@given(calls().map(parties_of) | clean(Summary))
def test_masking_changes_nothing_of_a_diagnosis(plain: Json) -> None:
    """It reads no personal data, and so it says none."""
    summary = read(plain)

    assert diagnose(masked(summary)) == diagnose(summary)


@pytest.mark.parametrize("case", [*CASES, *HARDER], ids=lambda case: case.name)
def test_no_case_tells_who_the_parties_are(case: Any) -> None:
    """Neither headline nor message nor advice repeats a number, a name, a place or an address."""
    diagnosis = diagnose(read(parties_of(case.summary)))

    text = msgspec.json.encode(diagnosis).decode()
    assert not re.search(r"2025550143|\bana\b|Leeds|192\.0\.2", text)


def leaves(plain: Json, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The paths of all that a summary tells, but its SID."""
    for name, value in plain.items():
        if isinstance(value, dict):
            yield from leaves(value, (*path, name))
        elif name != "call_sid":
            yield (*path, name)


def still_shown(before: Finding, after: Diagnosis) -> bool:
    """Whether what was shown by a number is shown again, and no less severe."""
    family = FAMILY.get(before.rule.name, before.rule.name)
    return any(
        FAMILY.get(one.rule.name, one.rule.name) == family
        and (one.edge, one.direction) == (before.edge, before.direction)
        and SEVERITIES.index(one.severity) >= SEVERITIES.index(before.severity)
        for one in after.findings
    )


@quick
@given(calls())
def test_more_data_never_removes_the_evidence_for_what_was_shown(plain: Json) -> None:
    """What rests on a number that is there still does, whatever one thing more is told.

    States, tags and what is missing are left out: more data may say that it was otherwise.
    """
    more = diagnose(read(plain))
    for untold in leaves(plain):
        less = diagnose(read(written(untold, ABSENT, plain)))
        for one in less.findings:
            by_number = one.basis is FindingBasis.THRESHOLD and one.value is not None
            assert not by_number or still_shown(one, more), (untold, one.message)
