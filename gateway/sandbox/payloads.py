"""Generates the complete summary of a call as JSON."""

import random
from datetime import UTC, datetime

from gateway.sandbox import callers, quality
from gateway.sandbox.agent_sessions import agent_sessions
from gateway.sandbox.calls import Call, Json
from gateway.sandbox.media_edges import edge_tags, media_edges
from gateway.sandbox.trust import trust

ANSWERS = (
    "human",
    "machine_start",
    "machine_end_beep",
    "machine_end_silence",
    "machine_end_other",
    "fax",
    "unknown",
)
SIP_RESPONSES = {"completed": 200, "busy": 486, "noanswer": 487, "canceled": 487, "fail": 503}
WITHOUT_ATTRIBUTES = datetime(2026, 8, 1, tzinfo=UTC).timestamp()
"""Twilio's changelog: on that day it removed them, and `attributes` is null since."""

REMARKS = (("choppy both ways", "INC-2041"), ("caller thanked us", ""), ("", "DESK-77"))


def summary(call: Call) -> Json:
    """Everything but `url`, which depends on who asks; the same call gives the same summary."""
    if call.verbatim is not None:
        return call.verbatim
    rng = random.Random(call.sid)
    calling, called = callers.parties(rng, call)
    edges = media_edges(rng, call, _grade(rng, call, calling, called))
    properties = _properties(rng, call)
    whole = _identity(rng, call) | {
        "from": calling,
        "to": called,
        **edges,
        "tags": _tags(call, edges, properties),
        "attributes": _attributes(call),
        "properties": properties,
        "trust": trust(rng, call),
        "annotation": _annotation(rng, call),
    }
    if "agent" in call.traits and call.answered:
        whole["agent_session_summaries"] = agent_sessions(rng, call.talk)
    return whole


def _identity(rng: random.Random, call: Call) -> Json:
    """Who, when and how it ended; queued calls were created before they started."""
    amd = "amd" in call.traits and call.answered
    identity: Json = {
        "call_sid": call.sid,
        "account_sid": call.account_sid,
        "created_time": iso(call.start - rng.choice((0, 0, 0, 1, 3))),
        "start_time": iso(call.start),
        "end_time": iso(call.end),
        "duration": call.end - call.start,
        "connect_duration": call.talk,
        "call_type": call.type,
        "call_state": call.state,
        "answered_by": rng.choice(ANSWERS) if amd else None,
        "processing_state": "complete",
        "processing_version": 0,
    }
    if call.parent_account_sid:
        identity["parent_account_sid"] = call.parent_account_sid
    if call.parent_sid:
        identity["parent_call_sid"] = call.parent_sid
    return identity


def iso(seconds: float) -> str:
    """Epoch seconds the way Twilio writes times."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _grade(rng: random.Random, call: Call, calling: Json, called: Json) -> quality.Grade:
    """How good the media were: the bad carrier spoils most of what it touches."""
    if callers.carried_badly(calling, called) and ("bad" in call.traits or rng.random() < 0.75):  # noqa: PLR2004
        return quality.GRADES["bad"]
    if "trouble" in call.traits or callers.heard_badly(calling) or callers.heard_badly(called):
        return quality.GRADES["bad"]
    return next(grade for name, grade in quality.GRADES.items() if name in call.traits)


def _tags(call: Call, edges: Json, properties: Json) -> list[str] | None:
    """The tags that follow from the rest, in alphabetical order; None rather than none."""
    tags = edge_tags(edges)
    if properties.get("pdd_ms", 0) > quality.SLOW_PDD:
        tags.add("high_pdd")
    if edges["carrier_edge"] and call.answered and call.talk < quality.SHORT:
        tags.add("pstn_short_duration")
    if edges["sdk_edge"] and not call.answered and "bad" in call.traits:
        tags.add("ice_failure")
    return sorted(tags) or None


def _attributes(call: Call) -> Json | None:
    if "silent" in call.traits or call.start >= WITHOUT_ATTRIBUTES:
        return None
    return {"conference_participant": "conference" in call.traits}


def _properties(rng: random.Random, call: Call) -> Json:
    slow = "slow_dial" in call.traits
    pdd = rng.randint(8200, 16000) if slow else int(rng.lognormvariate(6.6, 0.8)) % 7900
    old = call.traits & {"legacy", "branded_legacy"}
    properties: Json = {
        "last_sip_response_num": SIP_RESPONSES.get(call.state),
        "pdd_ms": pdd,
        "disconnected_by": rng.choice(("caller", "callee")) if call.answered else None,
        "direction": call.direction.replace("_", "-") if old else call.direction,
        "queue_time": rng.choice((0, 0, 0, 850, 2900)),
    }
    properties = {name: value for name, value in properties.items() if value is not None}
    return spelled_out(rng, properties, call) if "event_shaped" in call.traits else properties


def spelled_out(rng: random.Random, properties: Json, call: Call) -> Json:
    """The same properties as events spell them, with their many ways to say "not there"."""
    unknown = dict.fromkeys(
        ("media_region", "signaling_region", "selected_region", "region"), "unknown_realm"
    )
    empty = dict.fromkeys(("route_id", "sip_call_id", "user_agent", "trunk_sid"), "")
    network = (
        "twilio_media_ip",
        "twilio_signaling_ip",
        "external_media_ip",
        "external_signaling_ip",
    )
    addresses = {name: callers.address(rng) if call.answered else "" for name in network}
    rest = {
        "q850_cause": 16 if call.answered else 0,
        "last_sip_response_num": 0,
        "disconnected_by": "unknown_disconnected_by",
        "settings": None,
    }
    return unknown | empty | addresses | rest | properties


def _annotation(rng: random.Random, call: Call) -> Json | None:
    """What somebody had said about the call before the sandbox was asked; None for most."""
    if not call.traits & {"annotated", "spam"}:
        return None
    poor = "good" not in call.traits
    comment, incident = rng.choice(REMARKS)
    issues = rng.sample(("choppy_robotic", "echo", "latency", "low_volume", "static_noise"), 2)
    return {
        "answered_by": rng.choice(("human", "machine")),
        "connectivity_issue": rng.choice(("dropped_call", "caller_id", "invalid_number"))
        if poor
        else "no_connectivity_issue",
        "quality_issues": issues if poor else ["no_quality_issue"],
        "spam": "spam" in call.traits,
        "call_score": rng.randint(1, 3) if poor else rng.randint(4, 5),
        "comment": comment or None,
        "incident": incident or None,
    }
