"""Writes the texts of a finding, from the row of its rule and the values of the call."""

from gateway.insights.diagnosis.call_view import (
    CARRIER,
    CLIENT,
    INBOUND,
    OUTBOUND,
    SDK,
    SIP,
    Place,
)
from gateway.insights.diagnosis.findings import Finding, FindingBasis
from gateway.insights.diagnosis.parties import BOTH, CALLEE, CALLER, NOBODY_KNOWS
from gateway.insights.diagnosis.rule import TAG
from gateway.insights.diagnosis.rule_names import FindingRule
from gateway.insights.diagnosis.rules import RULES
from gateway.insights.edge_kinds import CallSide

TAGGED = "Twilio tagged `{detail}`, and no number of the summary shows it{heard}"
"""What a rule with a threshold says when a tag of Twilio's is all that it rests on."""

_STREAMS = {
    Place(CARRIER, INBOUND): "received from the carrier",
    Place(CARRIER, OUTBOUND): "sent to the carrier",
    Place(SIP, INBOUND): "received from your SIP side",
    Place(SIP, OUTBOUND): "sent to your SIP side",
    Place(CLIENT, INBOUND): "received from the app",
    Place(CLIENT, OUTBOUND): "sent to the app",
    Place(SDK, INBOUND): "received by the app",
    Place(SDK, OUTBOUND): "sent by the app",
}
_HEARD = {
    NOBODY_KNOWS: "",
    (CALLER,): ", heard by the caller",
    (CALLEE,): ", heard by the callee",
    BOTH: ", heard by both parties",
}
_SILENCE = {
    NOBODY_KNOWS: "",
    (CALLER,): ", so that the caller heard nothing",
    (CALLEE,): ", so that the callee heard nothing",
    BOTH: ", so that nobody heard anything",
}
_LARGE = 100
_NAMES = ("Twilio", "Voice Insights")


def finding(  # noqa: PLR0913 - what differs from call to call
    rule: FindingRule,
    at: Place | None = None,
    *,
    heard: tuple[CallSide, ...] = NOBODY_KNOWS,
    field: str | None = None,
    value: float | None = None,
    detail: str = "",
    basis: FindingBasis | None = None,
) -> Finding:
    """Write one finding; of a tag alone, with another basis and without a threshold."""
    row = RULES[rule]
    by_tag_alone = basis is TAG and row.basis is not TAG
    clause = (TAGGED if by_tag_alone and value is None else row.message).format(
        value="" if value is None else figure(value),
        stream=_STREAMS[at] if at and at.direction else "",
        edge=at.edge.value if at else "",
        heard=_HEARD[heard],
        silence=_SILENCE[heard],
        detail=detail,
    )
    return Finding(
        rule,
        row.severity,
        at.edge if at else None,
        at.direction if at else None,
        heard,
        field,
        value,
        None if by_tag_alone else row.threshold,
        row.unit,
        f"{clause[0].upper()}{clause[1:]}.",
        row.advice,
        basis or row.basis,
        row.source,
    )


def figure(value: float) -> str:
    """A number for people: three digits that count, or all of a large one."""
    return f"{value:,.0f}" if abs(value) >= _LARGE else f"{value:.3g}"


def clause_of(message: str) -> str:
    """A sentence, to go on with after a colon."""
    return message if message.startswith(_NAMES) else f"{message[0].lower()}{message[1:]}"
