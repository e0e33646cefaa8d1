"""Generates the events of a Voice SDK in a call, and counts them for its summary."""

import random
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from gateway.sandbox.calls import Call, Json

DEBUG, INFO, WARNING, ERROR = "DEBUG", "INFO", "WARNING", "ERROR"
RAISED, CLEARED = "network-quality-warning-raised", "network-quality-warning-cleared"
ERRORS = (31005, 53405)

WARNINGS = {  # name → what is measured, and the threshold of the SDK
    "high-jitter": ("jitter", 30.0),
    "high-rtt": ("rtt", 400.0),
    "low-mos": ("mos", 3.0),
    "high-packet-loss": ("packets_loss_percentage", 1.0),
}


class SdkEvent(NamedTuple):
    """One event: `at` is the share of the call that was over then, `more` what it tells."""

    at: float
    group: str
    name: str
    level: str
    more: Json


def timeline(
    call: Call, heard: Json | None, feedback: Json | None, *, troubled: bool
) -> list[SdkEvent]:
    """The events of a call in order; `heard` are the measurements of its inbound stream."""
    rng = random.Random(f"{call.sid}/sdk-events")
    events = [*_setting_up(rng, call), *_warnings(rng, heard or {}, troubled=troubled)]
    if feedback:
        events.append(SdkEvent(1.0, "feedback", "received", INFO, {"feedback": feedback}))
    if troubled:
        events += [
            SdkEvent(rng.uniform(0.1, 0.9), "connection", "error", ERROR, {"error": {"code": code}})
            for code in ERRORS
        ]
    events += _background(rng)
    return sorted(events, key=lambda event: event.at)


def counted(events: list[SdkEvent]) -> Json:
    """The events as a summary counts them; groups have underscores there."""
    levels = Counter(event.level for event in events)
    groups = Counter(event.group.replace("-", "_") for event in events)
    errors = Counter(str(event.more["error"]["code"]) for event in events if "error" in event.more)
    summary: Json = {"levels": dict(levels), "groups": dict(groups)}
    if errors:
        summary["errors"] = dict(errors)
    for event in events:
        if "feedback" in event.more:
            summary["feedback"] = event.more["feedback"]
    return summary


def _setting_up(rng: random.Random, call: Call) -> Iterator[SdkEvent]:
    began = "outgoing" if call.direction == "inbound" or "from_app" in call.traits else "incoming"
    failed = not call.answered and "bad" in call.traits
    steps = (
        ("connection", began, INFO),
        ("get-user-media", "succeeded", INFO),
        ("signaling-state", "have-local-offer", DEBUG),
        ("ice-gathering-state", "gathering", DEBUG),
        ("ice-gathering-state", "complete", DEBUG),
        ("signaling-state", "stable", DEBUG),
        ("ice-connection-state", "checking", DEBUG),
        ("ice-connection-state", *(("failed", ERROR) if failed else ("connected", DEBUG))),
    )
    for place, (group, name, level) in enumerate(steps):
        yield SdkEvent(0.002 * place, group, name, level, {})
    if call.answered:
        pair = {end: {"type": "host", "protocol": "udp"} for end in ("local", "remote")}
        yield SdkEvent(
            0.018,
            "ice-candidate",
            "selected-ice-candidate-pair",
            DEBUG,
            {"ice_candidate_pair": pair},
        )
        yield SdkEvent(0.02, "connection", "accepted-by-remote", INFO, {})
        ended = rng.choice(("disconnected-by-local", "disconnected-by-remote"))
        yield SdkEvent(1.0, "connection", ended, INFO, {})
    yield SdkEvent(1.0, "signaling-state", "closed", DEBUG, {})


def _warnings(rng: random.Random, heard: Json, *, troubled: bool) -> Iterator[SdkEvent]:
    """Each warning is cleared before it is raised again; the last one lasts to the end, perhaps."""
    if not (troubled and heard):
        return
    names = [name for name in WARNINGS if _reaches(heard, name)] or ["high-jitter"]
    times = sorted(rng.uniform(0.05, 0.95) for _ in range(2 * rng.randint(1, 4)))
    for place, at in enumerate(times):
        name = names[place // 2 % len(names)]
        raised = place % 2 == 0
        measured, threshold = WARNINGS[name]
        group, level = (RAISED, WARNING) if raised else (CLEARED, INFO)
        if not raised and at == times[-1] and rng.random() < 0.5:  # noqa: PLR2004  (a coin)
            return
        values = _values(rng, heard, measured, threshold, beyond=raised)
        metric = {"threshold": threshold, "values": values}
        yield SdkEvent(at, group, name, level, {"metric": metric})


def _reaches(heard: Json, name: str) -> bool:
    """Whether the measurements of the call went beyond the threshold of a warning."""
    measured, threshold = WARNINGS[name]
    worst = _worst(heard, measured)
    if worst is None:
        return False
    return worst < threshold if measured == "mos" else worst > threshold


def _worst(heard: Json, measured: str) -> float | None:
    value = heard.get(measured)
    worst: float | None = value
    if isinstance(value, dict):
        worst = value["min" if measured == "mos" else "max"]
    return worst


def _values(
    rng: random.Random, heard: Json, measured: str, threshold: float, *, beyond: bool
) -> list[float]:
    """The last five seconds: beyond the threshold in all of them, or in none."""
    fine = threshold * (1.2 if measured == "mos" else 0.8)
    worst = _worst(heard, measured)
    limit = worst if beyond and worst is not None else fine
    return [round(threshold + (limit - threshold) * rng.uniform(0.05, 1), 2) for _ in range(5)]


def _background(rng: random.Random) -> Iterator[SdkEvent]:
    """What always happens: candidates for a way, and news of the network."""
    for _ in range(rng.randint(1, 6)):
        yield SdkEvent(rng.uniform(0.004, 0.016), "ice-candidate", "ice-candidate", DEBUG, {})
    for _ in range(rng.randint(2, 9)):
        yield SdkEvent(rng.uniform(0, 1), "network-information", "network-change", INFO, {})
