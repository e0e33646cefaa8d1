"""Evaluates the outcome of a call: setup, answer, end, and annotation."""

from collections.abc import Iterator

from gateway.insights.annotation import Annotation, AnnotationAnsweredBy, QualityIssue
from gateway.insights.diagnosis.call_view import CARRIER, WHOLE_EDGE, CallView
from gateway.insights.diagnosis.findings import Finding, FindingBasis
from gateway.insights.diagnosis.parties import CALLER
from gateway.insights.diagnosis.rule import TAG
from gateway.insights.diagnosis.rule_names import FindingRule as Rules
from gateway.insights.diagnosis.rules import threshold
from gateway.insights.diagnosis.signaling_words import q850_words, sip_words
from gateway.insights.diagnosis.wording import finding
from gateway.insights.media_edges import EdgeDisconnector, GatewayEdgeProperties
from gateway.insights.summary import AnsweredBy, CallState, ProcessingState, Summary
from gateway.insights.tags import CallTag

BUSY_EVERYWHERE, DECLINED, UNWANTED, REJECTED = 600, 603, 607, 608
_BUSY = 486
_REFUSED_BY_PEOPLE = frozenset({_BUSY, BUSY_EVERYWHERE, DECLINED})
_FAILURES = 300
_NORMAL = frozenset({0, 16, 31})

LONG_DIAL = threshold(Rules.HIGH_POST_DIAL_DELAY)
SHORT = threshold(Rules.SHORT_CALL)

_UNANSWERED = {
    CallState.BUSY: "the called party was busy",
    CallState.NOANSWER: "nobody answered",
    CallState.CANCELED: "the caller gave up",
    CallState.UNDIALED: "it was never dialled",
}
_MACHINES = frozenset(
    {
        AnsweredBy.MACHINE_START,
        AnsweredBy.MACHINE_END_BEEP,
        AnsweredBy.MACHINE_END_SILENCE,
        AnsweredBy.MACHINE_END_OTHER,
    }
)
_NO_ISSUE = frozenset({QualityIssue.NO_QUALITY_ISSUE, QualityIssue.UNRECOGNIZED})
_HUNG_UP = {EdgeDisconnector.LOCAL: "the app", EdgeDisconnector.REMOTE: "the other party"}


def outcome(view: CallView) -> Iterator[Finding]:
    """All that a summary tells of the call as a whole."""
    summary = view.summary
    if summary.processing_state is ProcessingState.PARTIAL:
        yield finding(Rules.PARTIAL_SUMMARY, field="processingState")
    if summary.call_state is CallState.COMPLETED and view.is_complete and not view.edges:
        yield finding(Rules.NO_MEDIA_EDGE, field="state")
    yield from _setting_up(view)
    yield from _response(summary)
    yield from _cause(view)
    yield from _post_dial_delay(summary)
    yield from _short(view)
    yield from _hanging_up(summary)
    if summary.annotation is not None:
        yield from _annotated(summary, summary.annotation)


def ending(summary: Summary) -> str | None:
    """How a call ended, in a sentence, if that was a SIP failure; None of any other.

    The Q.850 causes are those of the call and of its edges, if they are no normal clearing.
    """
    response = _last_response(summary)
    if response is None or response < _FAILURES:
        return None
    causes = dict.fromkeys(cause for cause in _causes(summary) if cause not in _NORMAL)
    suffix = "".join(f", and Q.850 cause {q850_words(cause)}" for cause in causes)
    return f"The call ended with SIP response {sip_words(response)}{suffix}."


def _causes(summary: Summary) -> Iterator[int]:
    for edge in summary.media_edges:
        properties = edge.properties
        if isinstance(properties, GatewayEdgeProperties) and properties.q850_cause is not None:
            yield properties.q850_cause
    if summary.properties is not None and summary.properties.q850_cause is not None:
        yield summary.properties.q850_cause


def _setting_up(view: CallView) -> Iterator[Finding]:
    state = view.summary.call_state
    response = _last_response(view.summary)
    if state is CallState.FAIL and not view.streams and response not in _REFUSED_BY_PEOPLE:
        detail = "" if response is None else f" (SIP {sip_words(response)})"
        yield finding(Rules.FAILED_BEFORE_MEDIA, field="state", detail=detail)
    if state in _UNANSWERED:
        yield finding(Rules.NOT_ANSWERED, field="state", detail=_UNANSWERED[state])


def _last_response(summary: Summary) -> int | None:
    return summary.properties.last_sip_response_num if summary.properties else None


def _response(summary: Summary) -> Iterator[Finding]:
    response = _last_response(summary)
    if response is None or response < _FAILURES:
        return
    field, value = "properties.lastSipResponseNum", float(response)
    if response == REJECTED:
        yield finding(Rules.BLOCKED_BY_NETWORK, field=field, value=value)
    elif response == UNWANTED:
        yield finding(Rules.UNWANTED, field=field, value=value)
    elif response == DECLINED:
        yield finding(Rules.DECLINED, field=field, value=value)
    yield finding(Rules.SIP_RESPONSE, field=field, value=value, detail=sip_words(response))


def _cause(view: CallView) -> Iterator[Finding]:
    """The Q.850 causes of the edges; that of the call, if no edge tells the same."""
    of_edges = set[int]()
    for kind, edge in view.edges.items():
        properties = edge.properties
        cause = properties.q850_cause if isinstance(properties, GatewayEdgeProperties) else None
        if cause is not None and cause not in _NORMAL:
            of_edges.add(cause)
            place = WHOLE_EDGE[kind]
            field = f"{place.path}.properties.q850Cause"
            words = q850_words(cause)
            yield finding(Rules.Q850_CAUSE, place, field=field, value=float(cause), detail=words)
    cause = view.summary.properties.q850_cause if view.summary.properties else None
    if cause is not None and cause not in _NORMAL | of_edges:
        field, words = "properties.q850Cause", q850_words(cause)
        yield finding(Rules.Q850_CAUSE, field=field, value=float(cause), detail=words)


def _post_dial_delay(summary: Summary) -> Iterator[Finding]:
    """Twilio's tag goes by the country; without it, by the target of E.721 for any country."""
    delay = summary.properties.pdd_ms if summary.properties else None
    value = None if delay is None else float(delay)
    if value is not None and value > LONG_DIAL:
        yield _slow(value, "")
    elif CallTag.HIGH_PDD in (summary.tags or ()):
        by_tag = CallTag.HIGH_PDD.value if value is None else ", long for its country by a tag"
        yield _slow(value, by_tag, TAG)


def _slow(value: float | None, detail: str, basis: FindingBasis | None = None) -> Finding:
    field = "tags" if value is None else "properties.pddMs"
    return finding(
        Rules.HIGH_POST_DIAL_DELAY,
        heard=(CALLER,),
        field=field,
        value=value,
        detail=detail,
        basis=basis,
    )


def _short(view: CallView) -> Iterator[Finding]:
    """A telephone call that was over at once; by the tag alone, if its length says otherwise."""
    summary, talk = view.summary, view.summary.connect_duration
    tagged = CallTag.PSTN_SHORT_DURATION in (summary.tags or ())
    ended = summary.call_state is CallState.COMPLETED and CARRIER in view.edges
    if talk is not None and talk < SHORT and (tagged or ended):
        field, detail = "connectDuration", f": {talk} s"
        yield finding(Rules.SHORT_CALL, field=field, value=float(talk), detail=detail)
    elif tagged:
        name = CallTag.PSTN_SHORT_DURATION.value
        yield finding(Rules.SHORT_CALL, field="tags", detail=name, basis=TAG)


def _hanging_up(summary: Summary) -> Iterator[Finding]:
    by = summary.properties.disconnected_by if summary.properties else None
    if by is not None and by.name != "UNRECOGNIZED":
        field, detail = "properties.disconnectedBy", f"the {by.value}"
        yield finding(Rules.DISCONNECTED_BY, field=field, detail=detail)
        return
    for name, edge in (("sdkEdge", summary.sdk_edge), ("clientEdge", summary.client_edge)):
        ended = edge.properties.disconnected_by if edge and edge.properties else None
        if ended in _HUNG_UP:
            field = f"{name}.properties.disconnectedBy"
            yield finding(Rules.DISCONNECTED_BY, field=field, detail=_HUNG_UP[ended])
            return


def _annotated(summary: Summary, annotation: Annotation) -> Iterator[Finding]:
    heard = annotation.answered_by
    if heard is AnnotationAnsweredBy.HUMAN and summary.answered_by in _MACHINES:
        detail = "it found a machine, and a person answered"
        yield finding(Rules.AMD_MISMATCH, field="answeredBy", detail=detail)
    elif heard is AnnotationAnsweredBy.MACHINE and summary.answered_by is AnsweredBy.HUMAN:
        detail = "it found a person, and a machine answered"
        yield finding(Rules.AMD_MISMATCH, field="answeredBy", detail=detail)
    issues = [one for one in annotation.quality_issues or () if one not in _NO_ISSUE]
    if issues:
        detail = ", ".join(one.value.replace("_", " ") for one in issues)
        field = "annotation.qualityIssues"
        yield finding(Rules.REPORTED_ISSUE, field=field, detail=detail)
