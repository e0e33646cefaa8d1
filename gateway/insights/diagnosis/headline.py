"""Summarises a diagnosis in one sentence: the likely cause, and how sure that is."""

from collections.abc import Sequence

from gateway.insights.diagnosis.call_view import CARRIER, CallView
from gateway.insights.diagnosis.findings import Finding, Severity, Suspect, SuspectKind
from gateway.insights.diagnosis.parties import CALLER
from gateway.insights.diagnosis.rule_names import FindingRule as Rules
from gateway.insights.diagnosis.wording import clause_of
from gateway.insights.summary import ProcessingState

_NAMES = {
    SuspectKind.CARRIER: "The carrier",
    SuspectKind.SIP_PEER: "Your SIP side or its network",
    SuspectKind.APP_NETWORK: "The app's network",
    SuspectKind.APP_DEVICE: "The app's device",
    SuspectKind.TWILIO: "Twilio, another leg of the call or the region used",
    SuspectKind.ROUTING: "Routing",
    SuspectKind.BLOCKED: "Blocking",
}
_OUTCOMES = (Rules.NOT_ANSWERED, Rules.DECLINED)


def headline(view: CallView, suspects: Sequence[Suspect], findings: Sequence[Finding]) -> str:
    """One sentence for people; it says so if more may come."""
    sentence = _blame(view, suspects) or _first(findings) or _nothing_found(view, findings)
    partial = view.summary.processing_state is ProcessingState.PARTIAL
    return f"So far, {clause_of(sentence)}" if partial else sentence


def _blame(view: CallView, suspects: Sequence[Suspect]) -> str | None:
    if not suspects:
        return None
    likeliest = suspects[0]
    evidence = clause_of(likeliest.findings[0].message)
    return f"{_name(view, likeliest.where)} is the likeliest cause: {evidence}"


def _first(findings: Sequence[Finding]) -> str | None:
    """The message of the first finding that is more than context."""
    for one in findings:
        if one.severity is not Severity.INFO or one.rule in _OUTCOMES:
            return one.message
    return None


def _name(view: CallView, where: SuspectKind) -> str:
    """The suspect; a carrier by its name, if the summary tells whose number it faces."""
    if where is not SuspectKind.CARRIER or view.parties.get(CARRIER) is None:
        return _NAMES[where]
    summary = view.summary
    party = summary.from_ if view.parties[CARRIER] is CALLER else summary.to
    carrier = party.carrier if party else None
    return f"{_NAMES[where]} ({carrier})" if carrier else _NAMES[where]


def _nothing_found(view: CallView, findings: Sequence[Finding]) -> str:
    """What can be said of a call at which nothing is wrong that is known."""
    if not _measured(view):
        return "How this call sounded is not known: its summary tells no measurements."
    missing = [one.edge.value for one in findings if one.rule is Rules.METRICS_MISSING and one.edge]
    if missing:
        edges = " and ".join(missing)
        return f"Nothing that was measured points to a fault; the {edges} edge is not known."
    return "Nothing that was measured points to a fault."


def _measured(view: CallView) -> bool:
    """Whether the quality of any stream is told."""
    return any(
        stream.packets_loss_percentage is not None or stream.jitter is not None
        for stream in view.streams.values()
    )
