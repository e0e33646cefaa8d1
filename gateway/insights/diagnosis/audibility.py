"""Evaluates from packet counts and audio levels which party received sound."""

from collections.abc import Iterator

from gateway.insights.diagnosis.call_view import (
    GATEWAYS,
    INBOUND,
    OUTBOUND,
    PLACES,
    SDK,
    WHOLE_EDGE,
    CallView,
    Place,
)
from gateway.insights.diagnosis.findings import Finding
from gateway.insights.diagnosis.parties import BOTH
from gateway.insights.diagnosis.rule_names import FindingRule as Rules
from gateway.insights.diagnosis.rules import threshold
from gateway.insights.diagnosis.wording import finding
from gateway.insights.edge_kinds import MediaEdgeKind
from gateway.insights.media_edges import SdkInboundStream
from gateway.insights.tags import CallTag

SPEECH = 150
"""Packets of three seconds, at one in 20 ms: without bytes for so long, the SDK gives a warning."""

SILENT_LEVEL = threshold(Rules.SILENT_MICROPHONE)
"""One per cent of the full scale. The SDK takes a level for constant that deviates less."""

_COUNTERS = {INBOUND: "packetsReceived", OUTBOUND: "packetsSent"}


def audibility(view: CallView) -> Iterator[Finding]:
    """Silence and one-way audio of an answered call."""
    if not view.is_answered:
        return
    for kind, edge in view.edges.items():
        if edge.metrics is not None:
            yield from _one_way(view, kind)
        elif view.is_complete:
            yield finding(Rules.METRICS_MISSING, WHOLE_EDGE[kind], field=WHOLE_EDGE[kind].path)
    if CallTag.SILENCE in (view.summary.tags or ()):
        yield _silence(view)
    yield from _levels(view)


def packets_at(view: CallView, place: Place) -> int | None:
    """Packets of a stream. One that a gateway of a complete summary does not tell of has none."""
    stream = view.streams.get(place)
    if stream is None:
        counts = view.is_complete and place.edge is not SDK
        metrics = view.edges[place.edge].metrics if place.edge in view.edges else None
        return 0 if counts and metrics is not None else None
    counter = "packets_received" if place.direction is INBOUND else "packets_sent"
    return getattr(stream, counter, None)


def _one_way(view: CallView, kind: MediaEdgeKind) -> Iterator[Finding]:
    inbound, outbound = PLACES[kind]
    came, went = packets_at(view, inbound), packets_at(view, outbound)
    if came == 0 and went == 0:
        yield finding(Rules.NO_MEDIA, WHOLE_EDGE[kind], heard=BOTH, value=0.0)
    elif came == 0 and went is not None and went > SPEECH:
        yield _nothing(view, inbound)
    elif went == 0 and came is not None and came > SPEECH:
        yield _nothing(view, outbound)


def _nothing(view: CallView, place: Place) -> Finding:
    field = f"{place.path}.{_COUNTERS[place.direction]}" if place.direction else place.path
    value = 0.0 if place in view.streams else None
    heard = view.heard(place)
    return finding(Rules.ONE_WAY_AUDIO, place, heard=heard, field=field, value=value)


def _silence(view: CallView) -> Finding:
    """The tag; with its place, if only one gateway received nothing."""
    silent = [PLACES[kind][0] for kind in GATEWAYS if packets_at(view, PLACES[kind][0]) == 0]
    if len(silent) != 1:
        return finding(Rules.SILENCE, field="tags")
    (place,) = silent
    detail = f" on what was received at the {place.edge.value} edge"
    return finding(Rules.SILENCE, place, heard=view.heard(place), field="tags", detail=detail)


def _levels(view: CallView) -> Iterator[Finding]:
    """What microphone and speaker of the app had; the SDK tells both with its inbound stream."""
    inbound, outbound = PLACES[SDK]
    stream = view.streams.get(inbound)
    if not isinstance(stream, SdkInboundStream):
        return
    for rule, place, name, level in (
        (Rules.SILENT_MICROPHONE, outbound, "audioIn", stream.audio_in),
        (Rules.SILENT_SPEAKER, inbound, "audioOut", stream.audio_out),
    ):
        loudest = level.max if level else None
        if loudest is not None and loudest < SILENT_LEVEL:
            field = f"{inbound.path}.{name}.max"
            yield finding(rule, place, heard=view.heard(place), field=field, value=loudest)
