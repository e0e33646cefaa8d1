"""Evaluates a media stream: loss, jitter, delay, opinion score and codec."""

from typing import cast

from gateway.insights.diagnosis.call_view import INBOUND, CallView, Place
from gateway.insights.diagnosis.findings import Finding
from gateway.insights.diagnosis.parties import BOTH
from gateway.insights.diagnosis.rule_names import FindingRule as Rules
from gateway.insights.diagnosis.rules import threshold
from gateway.insights.diagnosis.wording import figure, finding
from gateway.insights.media_edges import (
    GatewayInboundStream,
    GatewayOutboundStream,
    GatewayStream,
    MediaStream,
    SdkInboundStream,
)
from gateway.insights.mos import Codec, best_mos, codec_of, estimated_mos
from gateway.insights.open_maps import PacketDelay
from gateway.insights.statistics import AvgMax

HIGH_LOSS = threshold(Rules.HIGH_PACKET_LOSS)
SOME_LOSS = threshold(Rules.ELEVATED_PACKET_LOSS)
JITTER = threshold(Rules.HIGH_JITTER)
JITTER_PEAK = threshold(Rules.JITTER_PEAK)
LATE = threshold(Rules.LATE_PACKETS)
LATE_MS = 200
LATENCY = threshold(Rules.HIGH_LATENCY)
RTT = threshold(Rules.HIGH_RTT)
MOS = threshold(Rules.LOW_MOS)
ESTIMATED_MOS = threshold(Rules.LOW_ESTIMATED_MOS)
MOS_DIP = threshold(Rules.MOS_DIP)


def quality(view: CallView) -> list[Finding]:
    """All that stands out in the measurements of all streams."""
    found: list[Finding] = []
    for place, stream in view.streams.items():
        lost, jitter = stream.packets_loss_percentage, stream.jitter
        if lost is not None and lost > SOME_LOSS:
            found.append(_loss(view, place, lost))
        if jitter is not None and (_above(jitter.avg, JITTER) or _above(jitter.max, JITTER_PEAK)):
            found.append(_jitter(view, place, jitter))
        codec = codec_of(stream)
        if codec is not None and codec.ie > 0:
            found.append(_codec(view, place, stream, codec))
        if isinstance(stream, GatewayStream):
            found += _at_a_gateway(view, place, stream)
        elif place.direction is INBOUND and isinstance(stream, SdkInboundStream):
            found += _at_the_sdk(view, place, stream)
    return found


def late_packets(stream: GatewayStream) -> float | None:
    """How many of a hundred packets came at least 200 ms late; None if that is not known."""
    if stream.packet_delay_variation is None:
        return None
    packets = None
    if isinstance(stream, GatewayInboundStream):
        packets = stream.packets_received
    elif isinstance(stream, GatewayOutboundStream):
        packets = stream.packets_sent
    if packets is None or packets <= 0:
        return None
    steps = cast("tuple[PacketDelay, ...]", stream.packet_delay_variation)
    late = (step.packets for step in steps if step.threshold_ms >= LATE_MS)
    return 100 * max(late, default=0) / packets


def _above(value: float | None, limit: float) -> bool:
    return value is not None and value > limit


def _loss(view: CallView, place: Place, lost: float) -> Finding:
    rule = Rules.HIGH_PACKET_LOSS if lost > HIGH_LOSS else Rules.ELEVATED_PACKET_LOSS
    return _of(view, rule, place, "packetsLossPercentage", lost)


def _jitter(view: CallView, place: Place, jitter: AvgMax) -> Finding:
    """Jitter of which the average, the peak or both are above their thresholds."""
    if not _above(jitter.avg, JITTER):
        return _of(view, Rules.JITTER_PEAK, place, "jitter.max", jitter.max)
    if jitter.max is None or not _above(jitter.max, JITTER_PEAK):
        return _of(view, Rules.ELEVATED_JITTER, place, "jitter.avg", jitter.avg)
    return _of(view, Rules.HIGH_JITTER, place, "jitter.avg", jitter.avg, figure(jitter.max))


def _codec(view: CallView, place: Place, stream: MediaStream, codec: Codec) -> Finding:
    name = stream.codec_name or f"payload type {stream.codec}"
    field = "codecName" if stream.codec_name else "codec"
    return _of(view, Rules.CODEC_CEILING, place, field, best_mos(codec), name)


def _at_a_gateway(view: CallView, place: Place, stream: GatewayStream) -> list[Finding]:
    found: list[Finding] = []
    late = late_packets(stream)
    if late is not None and late > LATE:
        fair = stream.jitter is not None and not _above(stream.jitter.avg, JITTER)
        detail = ", although jitter was fair on average" if fair else ""
        found.append(_of(view, Rules.LATE_PACKETS, place, "packetDelayVariation", late, detail))
    latency = stream.latency.avg if stream.latency else None
    if latency is not None and latency > LATENCY:
        found.append(_of(view, Rules.HIGH_LATENCY, place, "latency.avg", latency))
    score = estimated_mos(stream)
    if score is not None and score < ESTIMATED_MOS:
        found.append(_of(view, Rules.LOW_ESTIMATED_MOS, place, "estimatedMos", score))
    return found


def _at_the_sdk(view: CallView, place: Place, stream: SdkInboundStream) -> list[Finding]:
    found: list[Finding] = []
    rtt, mos = stream.rtt, stream.mos
    if rtt is not None and _above(rtt.avg, RTT):
        field = f"{place.path}.rtt.avg"
        found.append(finding(Rules.HIGH_RTT, place, heard=BOTH, field=field, value=rtt.avg))
    if mos is not None and mos.avg is not None and mos.avg < MOS:
        found.append(_of(view, Rules.LOW_MOS, place, "mos.avg", mos.avg))
    if mos is not None and mos.min is not None and mos.min < MOS_DIP:
        found.append(_of(view, Rules.MOS_DIP, place, "mos.min", mos.min))
    return found


def _of(  # noqa: PLR0913, PLR0917 - what differs from stream to stream
    view: CallView, rule: Rules, place: Place, name: str, value: float | None, detail: str = ""
) -> Finding:
    """A finding on a stream, heard by whom the stream was sent to."""
    field = f"{place.path}.{name}"
    heard = view.heard(place)
    return finding(rule, place, heard=heard, field=field, value=value, detail=detail)
