"""Defines the types of a diagnosis: findings with evidence, suspects, and a headline."""

from typing import NewType

from gateway.insights.catalogue import Entity, Vocabulary, fact
from gateway.insights.diagnosis.rule_names import FindingRule
from gateway.insights.edge_kinds import CallSide, MediaEdgeKind, StreamDirection

Url = NewType("Url", str)
"""An absolute address of a page."""

_FINDING = "every finding"


class Severity(Vocabulary):
    """How much a finding matters."""

    INFO = "info", "Context: no fault by itself."
    WARNING = "warning", "People probably noticed it, or the numbers are not to be relied on."
    CRITICAL = "critical", "People could not talk, or could hardly understand each other."


class FindingBasis(Vocabulary):
    """The evidence that a finding rests on."""

    TAG = "tag", "A tag of Twilio's; no number of the summary shows the same."
    THRESHOLD = "threshold", "A number of the summary that passes a published threshold."
    COMPARISON = "comparison", "Two facts of the summary that do not fit together."
    STATE = "state", "A state, code or setting in the summary."


class SuspectKind(Vocabulary):
    """Where a fault most likely lies."""

    CARRIER = "carrier", "The telephone network beyond Twilio's carrier edge."
    SIP_PEER = "sip_peer", "Your SIP infrastructure, or the network between it and Twilio."
    APP_NETWORK = "app_network", "The network between the app and Twilio."
    APP_DEVICE = "app_device", "The device of the app: microphone, speaker or permission."
    TWILIO = "twilio", "Inside Twilio, another leg of the call, or the region that was used."
    ROUTING = "routing", "The call failed before media, without a sign of blocking."
    BLOCKED = "blocked", "A network blocked the call, or the called party refused it as unwanted."


class Finding(Entity, frozen=True):
    """One thing that stands out in a summary, with the evidence for it."""

    rule: FindingRule = fact("The rule that found it.", on=_FINDING, required=True)
    severity: Severity = fact("How much it matters.", on=_FINDING, required=True)
    edge: MediaEdgeKind | None = fact(
        "The media edge it was found at.", on="findings at an edge", required=True
    )
    direction: StreamDirection | None = fact(
        "The stream it was found on.", on="findings on a stream", required=True
    )
    heard_by: tuple[CallSide, ...] = fact(
        "The parties who heard or noticed it, by edge, stream and direction of the call. An "
        "empty list: not known.",
        on=_FINDING,
        required=True,
    )
    field: str | None = fact(
        "The field of the call with the evidence, as a path in the graph.",
        on="most findings",
        required=True,
    )
    value: float | None = fact(
        "The value of that field.", "that of `unit`", "findings with a number", required=True
    )
    threshold: float | None = fact(
        "The threshold it passed.", "that of `unit`", "rules with one", required=True
    )
    unit: str | None = fact("Unit of `value` and `threshold`.", on="rules with one", required=True)
    message: str = fact("The finding in a sentence.", on=_FINDING, required=True)
    advice: str = fact("A step that people can take.", on=_FINDING, required=True)
    basis: FindingBasis = fact("The evidence that it rests on.", on=_FINDING, required=True)
    source: Url = fact("The specification or page behind the rule.", on=_FINDING, required=True)


class Suspect(Entity, frozen=True):
    """A place where the fault may lie, with the findings that speak for it."""

    where: SuspectKind = fact("The place.", on="every suspect", required=True)
    findings: tuple[Finding, ...] = fact(
        "The findings that speak for it; never empty.", on="every suspect", required=True
    )


class Diagnosis(Entity, frozen=True):
    """Why a call went or sounded as it did, as far as its summary says, and no more than that."""

    headline: str = fact("The diagnosis in one sentence.", on="every call", required=True)
    suspects: tuple[Suspect, ...] = fact(
        "Where the fault likely lies, the likeliest first; often none.",
        on="every call",
        required=True,
    )
    findings: tuple[Finding, ...] = fact(
        "The problems of the call, the most severe first.", on="every call", required=True
    )
