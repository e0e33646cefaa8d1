"""Generates sessions of voice agents, as ConversationRelay summarises them."""

import random

from gateway.sandbox.calls import Json
from gateway.sandbox.quality import spread

LATENCIES = {  # ms, on average
    "tts_latency_ms": (80.0, 320.0),
    "stt_latency_ms": (120.0, 480.0),
    "network_latency_ms": (8.0, 70.0),
    "time_to_first_audio_ms": (350.0, 1400.0),
    "application_latency_ms": (200.0, 1900.0),
}
STATES = ("ended", "hung_up", "failure", "unknown")


def agent_sessions(rng: random.Random, seconds: int) -> list[Json]:
    """The sessions of a call that lasted so long; a second one when the agent was replaced."""
    count = 1 if rng.random() < 0.8 else 2  # noqa: PLR2004  (few agents are replaced)
    return [_session(rng, max(1, seconds // count)) for _ in range(count)]


def _session(rng: random.Random, seconds: int) -> Json:
    pace = _rates(rng, (110.0, 170.0))
    words = int(pace["avg"] * seconds / 120)
    return {
        "session_id": f"VX{rng.getrandbits(128):032x}",
        **{name: _rates(rng, usual) for name, usual in LATENCIES.items()},
        "tokens": {"total": words * 4 // 3, "tokens_per_second": _rates(rng, (18.0, 60.0))},
        "words": {"total": words, "words_per_minute": pace},
        "turns": max(1, seconds // 14),
        "interruptions": {
            "customer_to_agent": rng.randrange(5),
            "agent_to_customer": rng.randrange(2),
        },
        "session_state": rng.choices(STATES, (60, 30, 6, 4))[0],
    }


def _rates(rng: random.Random, usual: tuple[float, float]) -> Json:
    average = spread(rng, usual, 1)
    low, high = average * rng.uniform(0.5, 0.9), average * rng.uniform(1.1, 2.5)
    return {"min": round(low, 1), "max": round(high, 1), "avg": average}
