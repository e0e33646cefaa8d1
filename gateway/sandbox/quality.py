"""Generates the measurements of a media stream, and Twilio's tags for them."""

import random
from dataclasses import dataclass

from gateway.sandbox.calls import Json

PACKETS_A_SECOND = 50  # one every 20 ms
PCMU, PCMA, OPUS = (0, "pcmu"), (8, "pcma"), (111, "opus")

JITTER_AVG, JITTER_MAX = 5.0, 30.0  # ms; both must be passed
LOSS = 5.0  # per cent
LATENCY = 150.0  # ms inside Twilio
RTT = 400.0  # ms at the SDK
LOW_MOS = 3.5
SLOW_PDD = 8000  # ms; Twilio's own bound is each country's slowest twentieth
SHORT = 10  # seconds


@dataclass(frozen=True, slots=True)
class Grade:
    """Ranges to draw from: per cent lost, jitter (avg, and max as its multiple), latency in ms."""

    loss: tuple[float, float]
    jitter: tuple[float, float]
    peak: tuple[float, float]
    latency: tuple[float, float]
    rtt: tuple[float, float]


GRADES = {
    "good": Grade((0.0, 0.2), (0.05, 1.4), (1.6, 9.0), (0.3, 40.0), (25.0, 120.0)),
    "fair": Grade((0.3, 3.2), (1.5, 4.8), (2.5, 8.0), (40.0, 130.0), (110.0, 330.0)),
    "bad": Grade((5.3, 16.0), (5.4, 24.0), (6.0, 9.0), (90.0, 420.0), (250.0, 900.0)),
}


def spread(rng: random.Random, within: tuple[float, float], digits: int = 6) -> float:
    """A number of the range, rounded as Twilio rounds it."""
    return round(rng.uniform(*within), digits)


def losses(rng: random.Random, grade: Grade, seconds: int) -> tuple[int, int, float]:
    """Packets that came, packets that did not, and the per cent of the second in both."""
    sent = max(1, int(seconds * PACKETS_A_SECOND * rng.uniform(0.96, 1.0)))
    lost = int(sent * rng.uniform(*grade.loss) / 100)
    return sent - lost, lost, round(100 * lost / sent, 6)


def jitter(rng: random.Random, grade: Grade) -> Json:
    """Average and highest jitter in ms."""
    average = spread(rng, grade.jitter)
    return {"max": round(average * rng.uniform(*grade.peak), 6), "avg": average}


def stream(
    rng: random.Random, grade: Grade, seconds: int, counted: str, codec: tuple[int, str]
) -> Json:
    """One direction at a gateway; `counted` is what it does with packets: received or sent."""
    came, lost, per_cent = losses(rng, grade, seconds)
    metrics: Json = {
        "codec": codec[0],
        "codec_name": codec[1],
        f"packets_{counted}": came,
        "packets_lost": lost,
        "packets_loss_percentage": per_cent,
        "jitter": jitter(rng, grade),
    }
    if rng.random() < 0.6:  # noqa: PLR2004  (most calls cross more than one gateway)
        latency = spread(rng, grade.latency, 4)
        metrics["latency"] = {"max": round(latency * rng.uniform(1.0, 1.6), 4), "avg": latency}
    delayed = _delays(rng, grade, came)
    if delayed:
        metrics["packet_delay_variation"] = delayed
    return metrics


def _delays(rng: random.Random, grade: Grade, packets: int) -> Json:
    """Packets delayed by more than so many ms; only the steps that any packet reached."""
    late = int(packets * grade.jitter[1] / 600 * rng.random() ** 2)
    delays: Json = {}
    for step in ("d50", "d70", "d90", "d120", "d150", "d170", "d200", "d300"):
        if not late:
            break
        delays[step] = late
        late = int(late * rng.uniform(0.2, 0.6))
    return delays


def stream_tags(metrics: Json) -> set[str]:
    """What Voice Insights would say about one direction at a gateway."""
    tags = set()
    shaky = metrics["jitter"]
    delays = metrics.get("packet_delay_variation", {})
    packets = metrics.get("packets_received") or metrics.get("packets_sent") or 1
    late = delays.get("d200", 0) > packets / 100
    if late or (shaky["avg"] > JITTER_AVG and shaky["max"] > JITTER_MAX):
        tags.add("high_jitter")
    if metrics["packets_loss_percentage"] > LOSS:
        tags.add("high_packet_loss")
    if metrics.get("latency", {}).get("avg", 0.0) > LATENCY:
        tags.add("high_latency")
    return tags


def sdk_tags(metrics: Json) -> set[str]:
    """What Voice Insights would say about the stream that the SDK received."""
    tags = set()
    if metrics["jitter"]["avg"] > JITTER_AVG and metrics["jitter"]["max"] > JITTER_MAX:
        tags.add("high_jitter")
    if metrics["packets_loss_percentage"] > LOSS:
        tags.add("high_packet_loss")
    if metrics["rtt"]["avg"] > RTT:
        tags.add("high_latency")
    if metrics["mos"]["avg"] < LOW_MOS:
        tags.add("low_mos")
    return tags


def mos(rtt: float, shake: float, per_cent: float) -> float:
    """Mean opinion score, 1 to 4.5, by the simplified E-model: ms, ms and per cent in."""
    delay = rtt / 2 + 2 * shake + 10
    rating = 93.2 - delay / 40 - max(0.0, (delay - 160) / 8) - 2.5 * per_cent
    rating = min(100.0, max(0.0, rating))
    score = 1 + 0.035 * rating + 7e-6 * rating * (rating - 60) * (100 - rating)
    return round(min(4.5, max(1.0, score)), 2)
