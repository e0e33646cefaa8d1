"""Diagnoses a call: a pure function of its summary, from the table of rules."""

from collections.abc import Iterator

from gateway.insights.diagnosis.app_side import app_side
from gateway.insights.diagnosis.audibility import audibility
from gateway.insights.diagnosis.call_view import CallView, view_of
from gateway.insights.diagnosis.findings import Diagnosis, Finding, Severity
from gateway.insights.diagnosis.headline import headline
from gateway.insights.diagnosis.outcome import outcome
from gateway.insights.diagnosis.rule_names import FindingRule
from gateway.insights.diagnosis.stream_quality import quality
from gateway.insights.diagnosis.suspects import suspects_of
from gateway.insights.diagnosis.tagged import tagged
from gateway.insights.summary import Summary

_SEVERITY = {severity: -place for place, severity in enumerate(Severity)}
_IMPORTANCE = {rule: place for place, rule in enumerate(FindingRule)}


def diagnose(summary: Summary) -> Diagnosis:
    """What the summary says about why the call went or sounded as it did.

    It reads no personal data: a masked summary has the same diagnosis.
    """
    view = view_of(summary)
    findings = tuple(sorted(_findings(view), key=_order))
    suspects = suspects_of(view, findings)
    return Diagnosis(headline(view, suspects, findings), suspects, findings)


def _findings(view: CallView) -> Iterator[Finding]:
    measured = list(quality(view))
    yield from measured
    yield from tagged(view, {one.rule for one in measured})
    yield from audibility(view)
    yield from app_side(view)
    yield from outcome(view)


def _order(one: Finding) -> tuple[int, int]:
    """The most severe first, then by rule; findings of one rule stay in the order of the edges."""
    return _SEVERITY[one.severity], _IMPORTANCE[one.rule]
