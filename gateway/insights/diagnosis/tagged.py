"""Finds tags of Twilio that no measurement in the summary explains."""

from collections.abc import Iterator
from typing import NamedTuple

from gateway.insights.diagnosis import stream_quality as limits
from gateway.insights.diagnosis.call_view import INBOUND, PLACES, SDK, WHOLE_EDGE, CallView, Place
from gateway.insights.diagnosis.findings import Finding
from gateway.insights.diagnosis.parties import BOTH
from gateway.insights.diagnosis.rule import TAG
from gateway.insights.diagnosis.rule_names import FindingRule as Rules
from gateway.insights.diagnosis.wording import finding
from gateway.insights.media_edges import GatewayStream, MediaStream, SdkInboundStream
from gateway.insights.tags import CallTag

_EXPLAINED_BY = {
    CallTag.HIGH_PACKET_LOSS: (Rules.HIGH_PACKET_LOSS,),
    CallTag.HIGH_JITTER: (Rules.HIGH_JITTER, Rules.LATE_PACKETS),
    CallTag.HIGH_LATENCY: (Rules.HIGH_LATENCY, Rules.HIGH_RTT),
    CallTag.LOW_MOS: (Rules.LOW_MOS,),
}
_AT_THE_SDK = PLACES[SDK][0]


class _Shown(NamedTuple):
    """A number that a tag is about, and that stays on the good side of its threshold."""

    excess: float
    place: Place
    name: str
    value: float


def tagged(view: CallView, explained: set[Rules]) -> Iterator[Finding]:
    """Findings by tags alone; `explained` are the rules for which there are numbers."""
    by_sdk = _sdk_tags(view)
    tags = dict.fromkeys((*(view.summary.tags or ()), *by_sdk))
    if CallTag.ICE_FAILURE in tags:
        place = WHOLE_EDGE[SDK] if SDK in view.edges else None
        yield finding(Rules.ICE_FAILURE, place, heard=BOTH, field="tags")
    for tag in tags:
        rules = _EXPLAINED_BY.get(tag)
        if rules is None or not explained.isdisjoint(rules):
            continue
        yield _alone(view, tag, at_the_sdk=tag in by_sdk)
        worst = max(_shown(view, tag, at_the_sdk=tag in by_sdk), default=None)
        if worst is not None:
            field = f"{worst.place.path}.{worst.name}"
            yield finding(
                Rules.TAG_BELOW_THRESHOLD,
                worst.place,
                field=field,
                value=worst.value,
                detail=tag.value,
            )


def _sdk_tags(view: CallView) -> tuple[CallTag, ...]:
    stream = view.streams.get(_AT_THE_SDK)
    return (stream.tags or ()) if isinstance(stream, SdkInboundStream) else ()


def _alone(view: CallView, tag: CallTag, *, at_the_sdk: bool) -> Finding:
    rule = _EXPLAINED_BY[tag][0]
    if not at_the_sdk:
        return finding(rule, field="tags", detail=tag.value, basis=TAG)
    if tag is CallTag.HIGH_LATENCY:
        rule = Rules.HIGH_RTT
    heard = view.heard(_AT_THE_SDK)
    field = f"{_AT_THE_SDK.path}.tags"
    return finding(rule, _AT_THE_SDK, heard=heard, field=field, detail=tag.value, basis=TAG)


def _shown(view: CallView, tag: CallTag, *, at_the_sdk: bool) -> Iterator[_Shown]:
    for place, stream in view.streams.items():
        if at_the_sdk and place != _AT_THE_SDK:
            continue
        for name, value, limit in _numbers(tag, place, stream):
            if value is not None:
                yield _Shown(_excess(value, limit, tag), place, name, value)


def _excess(value: float, limit: float, tag: CallTag) -> float:
    """How near a number is to its threshold: the larger, the nearer."""
    return limit - value if tag is CallTag.LOW_MOS else value / limit


def _numbers(
    tag: CallTag, place: Place, stream: MediaStream
) -> Iterator[tuple[str, float | None, float]]:
    """The numbers of a stream that a tag is about, each with its name and threshold."""
    if tag is CallTag.HIGH_PACKET_LOSS:
        yield "packetsLossPercentage", stream.packets_loss_percentage, limits.HIGH_LOSS
    elif tag is CallTag.HIGH_JITTER and stream.jitter is not None:
        average, peak = stream.jitter.avg, stream.jitter.max
        if average is not None and average <= limits.JITTER:
            yield "jitter.avg", average, limits.JITTER
        elif average is not None and peak is not None:
            yield "jitter.max", peak, limits.JITTER_PEAK
    elif tag is CallTag.HIGH_LATENCY and isinstance(stream, GatewayStream):
        yield "latency.avg", stream.latency.avg if stream.latency else None, limits.LATENCY
    elif place.edge is SDK and place.direction is INBOUND and isinstance(stream, SdkInboundStream):
        if tag is CallTag.HIGH_LATENCY:
            yield "rtt.avg", stream.rtt.avg if stream.rtt else None, limits.RTT
        elif tag is CallTag.LOW_MOS:
            yield "mos.avg", stream.mos.avg if stream.mos else None, limits.MOS
