"""Locates the likely fault, by comparing the edges of a call.

Speech runs through the edges one after the other: what the carrier or SIP edge receives is what
the client edge sends, and what the SDK receives. So where it is clean at one edge and bad at the
next, the fault lies between the two; where it is bad at both, before the first or inside Twilio.

| Seen | Suspect |
|---|---|
| bad at the SDK, clean or not measured at the gateway before it | `APP_NETWORK` |
| bad at the SDK, and at the gateway before it | `TWILIO`; a carrier or SIP peer that is bad too |
| bad as the client edge received it from the app | `APP_NETWORK` |
| bad as the carrier or SIP edge received it | `CARRIER`, `SIP_PEER`; if both, `TWILIO` first |
| received well from one side of a trunk, bad as sent to the other | `TWILIO` |
| long inside Twilio | `TWILIO` |
| a long round trip by another edge location or region than wanted | `TWILIO` |
| nothing received from a side, while something was sent to it | that side |
| sent by the app, and nothing received from it | `APP_NETWORK` |
| the app sent nothing; its microphone, or its speaker alone, is silent | `APP_DEVICE` |
| no way for media, SDK errors of the connection | `APP_NETWORK` |
| failed before media | `ROUTING`, unless blocked or without a way for media |

A stream that is bad on its way out at a single edge speaks for nobody: another leg may be why.
"""

from collections.abc import Container, Iterable, Iterator, Sequence
from typing import TypeAlias

from gateway.insights.diagnosis.app_side import sdk_errors
from gateway.insights.diagnosis.audibility import SPEECH, packets_at
from gateway.insights.diagnosis.call_view import (
    CARRIER,
    CLIENT,
    PLACES,
    SDK,
    SIP,
    WHOLE_EDGE,
    CallView,
    Place,
)
from gateway.insights.diagnosis.findings import Finding, Severity, Suspect
from gateway.insights.diagnosis.findings import SuspectKind as Kind
from gateway.insights.diagnosis.rule_names import FindingRule as Rules

_WEIGHT = {Severity.CRITICAL: 4, Severity.WARNING: 2, Severity.INFO: 0}

_DEGRADED = frozenset(
    {
        Rules.HIGH_PACKET_LOSS,
        Rules.ELEVATED_PACKET_LOSS,
        Rules.HIGH_JITTER,
        Rules.LATE_PACKETS,
        Rules.LOW_MOS,
    }
)
"""What can be wrong with a stream on its last hop."""

_ON_A_STREAM = _DEGRADED | {Rules.LOW_ESTIMATED_MOS, Rules.MOS_DIP}
_UNHEARD = frozenset({Rules.ONE_WAY_AUDIO, Rules.SILENCE})
_DETOURS = frozenset({Rules.EDGE_LOCATION_MISMATCH, Rules.REGION_MISMATCH})
_BLOCKING = frozenset({Rules.BLOCKED_BY_NETWORK, Rules.UNWANTED})
_SETTING_UP = frozenset(
    {
        Rules.FAILED_BEFORE_MEDIA,
        Rules.SIP_RESPONSE,
        Rules.Q850_CAUSE,
        Rules.HIGH_POST_DIAL_DELAY,
    }
)
_OF_THE_APP = frozenset({Rules.ICE_FAILURE, Rules.MICROPHONE_UNAVAILABLE})
_CONNECTION_ERRORS = frozenset({"31003", "31005", "31009", "53000", "53001", "53405"})

_FROM_CARRIER, _TO_CARRIER = PLACES[CARRIER]
_FROM_SIP, _TO_SIP = PLACES[SIP]
_FROM_APP, _TO_APP = PLACES[CLIENT]
_AT_APP, _BY_APP = PLACES[SDK]

_BEFORE_THE_APP = (_TO_APP, _FROM_CARRIER, _FROM_SIP)
_SIDES = {_FROM_CARRIER: Kind.CARRIER, _FROM_SIP: Kind.SIP_PEER}
_THROUGH_A_TRUNK = {_TO_SIP: _FROM_CARRIER, _TO_CARRIER: _FROM_SIP}

_Speaks: TypeAlias = Iterator[tuple[Kind, list[Finding]]]


def suspects_of(view: CallView, findings: Sequence[Finding]) -> tuple[Suspect, ...]:
    """The places that something speaks for, the likeliest first."""
    if not any(_WEIGHT[one.severity] for one in findings):
        return ()
    evidence = _Evidence(view, findings)
    spoken: dict[Kind, list[Finding]] = {}
    for look in (_degraded, _slow, _unheard, _device, _connection, _setting_up):
        for where, speaking in look(evidence):
            if speaking:
                spoken.setdefault(where, []).extend(speaking)
    if Kind.TWILIO in spoken:
        spoken[Kind.TWILIO] += evidence.by(_DETOURS | {Rules.EDGE_LOCATION_FALLBACK})
    if Kind.APP_NETWORK in spoken:
        spoken[Kind.APP_NETWORK] += evidence.by({Rules.SDK_WARNINGS})
    suspects = (Suspect(where, evidence.in_order(found)) for where, found in spoken.items())
    return tuple(sorted(suspects, key=_likelihood))


def _likelihood(suspect: Suspect) -> tuple[int, int]:
    weight = sum(_WEIGHT[one.severity] for one in suspect.findings)
    return -weight, list(Kind).index(suspect.where)


class _Evidence:
    """The findings of a call, by rule and by place."""

    def __init__(self, view: CallView, findings: Sequence[Finding]) -> None:
        self.view = view
        self._findings = findings
        self._at: dict[tuple[object, object], list[Finding]] = {}
        for one in findings:
            self._at.setdefault((one.edge, one.direction), []).append(one)

    def by(self, rules: Container[Rules]) -> list[Finding]:
        """What these rules found, anywhere."""
        return [one for one in self._findings if one.rule in rules]

    def at(self, place: Place, rules: Container[Rules] = _ON_A_STREAM) -> list[Finding]:
        """What these rules found in a place."""
        return [one for one in self._at.get(place, ()) if one.rule in rules]

    def degraded(self, place: Place) -> bool:
        """Whether a stream lost its quality on the way to where it was measured, or before."""
        return bool(self.at(place, _DEGRADED))

    def measured(self, place: Place) -> bool:
        """Whether the quality of a stream is known."""
        stream = self.view.streams.get(place)
        return stream is not None and not (
            stream.packets_loss_percentage is None and stream.jitter is None
        )

    def flows(self, place: Place) -> bool:
        """Whether a stream is known to have had enough packets to be heard."""
        return (packets_at(self.view, place) or 0) > SPEECH

    def in_order(self, findings: Iterable[Finding]) -> tuple[Finding, ...]:
        """Each finding once, the most severe first."""
        kept = {id(one) for one in findings}
        return tuple(one for one in self._findings if id(one) in kept)


def _degraded(evidence: _Evidence) -> _Speaks:
    """Loss and jitter, by where along the way they are seen first."""
    before = next(filter(evidence.measured, _BEFORE_THE_APP), None)
    if evidence.degraded(_AT_APP):
        if before is not None and evidence.degraded(before):
            yield Kind.TWILIO, evidence.at(_AT_APP) + evidence.at(before)
        else:
            yield Kind.APP_NETWORK, evidence.at(_AT_APP)
    if evidence.degraded(_FROM_APP):
        yield Kind.APP_NETWORK, evidence.at(_FROM_APP)
    bad_sides = [place for place in _SIDES if evidence.degraded(place)]
    for place in bad_sides:
        yield _SIDES[place], evidence.at(place)
        if len(bad_sides) > 1:
            yield Kind.TWILIO, evidence.at(place)
    for sent, received in _THROUGH_A_TRUNK.items():
        clean = evidence.measured(received) and not evidence.degraded(received)
        if clean and evidence.degraded(sent):
            yield Kind.TWILIO, evidence.at(sent)


def _slow(evidence: _Evidence) -> _Speaks:
    """Latency inside Twilio, and a long way between app and Twilio."""
    for one in evidence.by({Rules.HIGH_LATENCY}):
        yield Kind.TWILIO, [one]
        if one.edge and not evidence.degraded(place := Place(one.edge, one.direction)):
            yield Kind.TWILIO, evidence.at(place, {Rules.LOW_ESTIMATED_MOS})
    if long_way := evidence.by({Rules.HIGH_RTT}):
        yield Kind.APP_NETWORK, long_way
        if evidence.by(_DETOURS):
            yield Kind.TWILIO, long_way


def _unheard(evidence: _Evidence) -> _Speaks:
    """One direction without packets, by what was sent before that place."""
    for place, where in _SIDES.items():
        yield where, evidence.at(place, _UNHEARD)
    no_way = evidence.by({Rules.ICE_FAILURE})
    where = Kind.APP_NETWORK if no_way or evidence.flows(_BY_APP) else Kind.APP_DEVICE
    yield where, evidence.at(_FROM_APP, _UNHEARD)
    yield Kind.APP_DEVICE, evidence.at(_BY_APP, _UNHEARD)
    if evidence.flows(_TO_APP):
        yield Kind.APP_NETWORK, evidence.at(_AT_APP, _UNHEARD)
    for place, received in _THROUGH_A_TRUNK.items():
        if evidence.flows(received):
            yield Kind.TWILIO, evidence.at(place, _UNHEARD)


def _device(evidence: _Evidence) -> _Speaks:
    """A microphone without sound; a speaker without it, if there was something to be heard."""
    yield Kind.APP_DEVICE, evidence.by({Rules.MICROPHONE_UNAVAILABLE})
    if microphone := evidence.by({Rules.SILENT_MICROPHONE}):
        unplaced = [one for one in evidence.by({Rules.SILENCE}) if one.edge is None]
        yield Kind.APP_DEVICE, microphone + unplaced
    elif not any(evidence.at(place, _UNHEARD) for place in (*_SIDES, _AT_APP, _TO_APP)):
        yield Kind.APP_DEVICE, evidence.by({Rules.SILENT_SPEAKER})


def _connection(evidence: _Evidence) -> _Speaks:
    """The app found no way to Twilio, or lost it."""
    yield Kind.APP_NETWORK, evidence.by({Rules.ICE_FAILURE})
    for edge in (CLIENT, SDK):
        yield Kind.APP_NETWORK, evidence.at(WHOLE_EDGE[edge], {Rules.NO_MEDIA})
    if any(one.name in _CONNECTION_ERRORS for one in sdk_errors(evidence.view.summary)):
        yield Kind.APP_NETWORK, evidence.by({Rules.SDK_ERRORS})


def _setting_up(evidence: _Evidence) -> _Speaks:
    """Blocked, or failed before media for another reason than the app."""
    if blocking := evidence.by(_BLOCKING):
        yield Kind.BLOCKED, blocking + evidence.by({Rules.SIP_RESPONSE})
    elif evidence.by({Rules.FAILED_BEFORE_MEDIA}) and not evidence.by(_OF_THE_APP):
        yield Kind.ROUTING, evidence.by(_SETTING_UP)
