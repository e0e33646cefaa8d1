"""Generates the events of ConversationRelay: sessions of a voice agent, turn by turn."""

import random
from collections.abc import Iterator

from gateway.sandbox import distribution
from gateway.sandbox.calls import Call, Json

GROUP = "conversation_relay"
STEPS = 8  # events of one turn


def relay_events(call: Call, summary: Json) -> Iterator[tuple[float, str, Json]]:
    """Each event as (epoch seconds, name, what it tells), session after session."""
    sessions = summary.get("agent_session_summaries") or []
    begin, length = call.end - call.talk, call.talk / max(1, len(sessions))
    for number, session in enumerate(sessions):
        rng = random.Random(f"{call.sid}/relay/{number}")
        events = list(_session(rng, session, int(length)))
        for place, (name, more) in enumerate(events):
            moment = begin + length * (number + place / len(events))
            data = {"session_id": session["session_id"], "sequence_number": place} | more
            yield moment, name, data


def _session(rng: random.Random, session: Json, seconds: int) -> Iterator[tuple[str, Json]]:
    turns = session["turns"]
    words = distribution.share(rng, session["words"]["total"], turns)
    tokens = distribution.share(rng, session["tokens"]["total"], turns)
    spoken, heard = (
        _latencies(rng, session[f"{name}_latency_ms"], turns) for name in ("tts", "stt")
    )
    language = {"tts_language_code": "en-US", "tts_provider": "amazon", "voice": "Joanna-Neural"}
    yield (
        "configurations",
        {
            "configurations": {
                "configurations": {"interruptible": "any", "dtmf_detection": "false"},
                "languages": {"en-US": {"voice": "Joanna-Neural", "tts_provider": "amazon"}},
            }
        },
    )
    yield "language_info", {"language_info": language}
    interruptions = session["interruptions"]["customer_to_agent"]
    for turn in range(turns):
        yield "start_of_customer_speech", {}
        yield "end_of_customer_speech", {}
        yield "stt_latency", {"stt_latency": {"latency_ms": heard[turn]}}
        yield "first_token_received", {}
        total = {"total_tokens": tokens[turn], "total_words": words[turn]}
        yield "final_token_received", {"last_token_received": total}
        yield "tts_latency", {"tts_latency": {"latency_ms": spoken[turn]}}
        yield "start_of_agent_speech", {}
        if turn < interruptions:
            yield "interrupt", {"interrupt": {"type": "SPEECH"}}
        yield "end_of_agent_speech", {}
    if session["session_state"] == "failure":
        yield "error", {"error": {"error_code": 64105, "message": "WebSocket ended"}}
    end = {"duration_in_seconds": seconds, "end_status": session["session_state"]}
    yield "call_wrap_up", {"call_wrap_up": end}


def _latencies(rng: random.Random, whole: Json, turns: int) -> list[int]:
    """Whole milliseconds whose mean is the average, to the nearest."""
    drawn = distribution.around(rng, whole["avg"], whole["min"], whole["max"], turns)
    return [round(one) for one in drawn]
