"""Generates the media edges of a summary, for carriers, SIP, apps and SDKs."""

import random

from gateway.sandbox import quality, sdk_events
from gateway.sandbox.callers import address
from gateway.sandbox.calls import Call, Json

REGIONS = {"us1": "ashburn", "ie1": "dublin", "au1": "sydney"}
TROUBLED = "ie1"  # where calls are bad for an hour
EDGES_OF = {
    "carrier": ("carrier_edge",),
    "sip": ("sip_edge",),
    "trunking": ("sip_edge", "carrier_edge"),
    "client": ("sdk_edge", "client_edge"),
    "whatsapp": ("sip_edge",),  # not documented; WhatsApp calls reach Twilio by SIP
}
USER_AGENTS = ("Example-PBX/4.2", "Asterisk PBX 20.9", "ExampleSBC/9.1 (trunk)")
FEEDBACK = (
    {"score": 5, "reason": ""},
    {"score": 3, "reason": "choppy-audio"},
    {"score": 1, "reason": "one-way-audio"},
)


def media_edges(rng: random.Random, call: Call, grade: quality.Grade) -> Json:
    """All four edges by name; those that the call does not touch are None."""
    edges: Json = dict.fromkeys(("sdk_edge", "sip_edge", "client_edge", "carrier_edge"))
    if call.state in ("canceled", "undialed"):
        return edges
    names = EDGES_OF[call.type]
    if "from_app" in call.traits:
        names = ("sdk_edge", "carrier_edge")
    for name in names:
        make = _sdk_edge if name == "sdk_edge" else _gateway_edge
        edges[name] = make(rng, name, call, grade)
    return edges


def edge_tags(edges: Json) -> set[str]:
    """Every tag that the metrics of these edges call for."""
    tags: set[str] = set()
    for name, edge in edges.items():
        metrics = (edge or {}).get("metrics")
        if not metrics:
            continue
        if name == "sdk_edge":
            tags |= set(metrics["inbound"].get("tags") or ())
            continue
        tags |= {tag for stream in metrics.values() for tag in quality.stream_tags(stream)}
        if "inbound" not in metrics:
            tags.add("silence")
    return tags


def _gateway_edge(rng: random.Random, name: str, call: Call, grade: quality.Grade) -> Json:
    region = rng.choices(list(REGIONS), (7, 2, 1))[0]
    if "trouble" in call.traits:
        region = TROUBLED
    properties: Json = {
        "media_region": region,
        "signaling_region": region,
        "edge_location": REGIONS[region],
        "direction": _flow(name, call),
    }
    if not call.answered:
        properties["q850_cause"] = {"busy": 17, "noanswer": 19}.get(call.state, 41)
    if name != "carrier_edge":
        properties |= _addresses(rng, external_media=call.answered)
    if name == "sip_edge":
        properties["sip_call_id"] = f"{rng.getrandbits(64):016x}@198.51.100.7"
    if call.type == "trunking" and name == "sip_edge":
        trunk = {"user_agent": rng.choice(USER_AGENTS), "trunk_sid": f"TK{call.account_sid[2:]}"}
        properties |= trunk
    if name == "client_edge":
        hung_up = rng.choice(("local", "remote"))
        properties |= {"selected_region": "gll", "region": region, "disconnected_by": hung_up}
    edge: Json = {"properties": properties}
    if call.answered:
        edge["metrics"] = _streams(rng, name, call, grade)
    return edge


def _streams(rng: random.Random, name: str, call: Call, grade: quality.Grade) -> Json:
    """Both directions; one that Twilio heard nothing of is not there at all."""
    codec = quality.OPUS if name == "client_edge" else rng.choice((quality.PCMU, quality.PCMA))
    seconds = max(1, call.talk)
    streams = {
        "inbound": quality.stream(rng, grade, seconds, "received", codec),
        "outbound": quality.stream(rng, grade, seconds, "sent", codec),
    }
    if "silent" in call.traits:
        del streams["inbound"]
    return streams


def _sdk_edge(rng: random.Random, name: str, call: Call, grade: quality.Grade) -> Json:
    location = rng.choice(list(REGIONS.values()))
    settings = {
        "dscp": rng.random() < 0.5,  # noqa: PLR2004  (a coin)
        "ice_restart_enabled": True,
        "edge": location,
        "selected_edges": [location, "roaming"],
    }
    properties: Json = {"direction": _flow(name, call), "settings": settings}
    if call.answered:
        properties["disconnected_by"] = rng.choice(("local", "remote"))
    edge: Json = {"properties": properties}
    if call.answered:
        inbound = _heard(rng, call, grade)
        edge["metrics"] = {"inbound": inbound, "outbound": _spoken(rng, inbound)}
    timeline = sdk_timeline(call, edge.get("metrics"))
    return edge | {"events": sdk_events.counted(timeline)}


def _heard(rng: random.Random, call: Call, grade: quality.Grade) -> Json:
    """What came in at the app, with the sound levels of speaker and microphone."""
    received, lost, per_cent = quality.losses(rng, grade, max(1, call.talk))
    shake = quality.jitter(rng, grade)
    rtt = quality.spread(rng, grade.rtt, 2)
    best, worst = rtt * rng.uniform(0.7, 0.95), rtt * rng.uniform(1.05, 2.2)
    metrics: Json = {
        "audio_out": {
            "max": float(rng.randint(2000, 19000)),
            "avg": quality.spread(rng, (60, 900), 2),
        },
        "audio_in": {
            "max": float(rng.randint(3000, 21000)),
            "avg": quality.spread(rng, (90, 2400), 2),
        },
        "jitter": shake,
        "packets_received": received,
        "packets_lost": lost,
        "packets_loss_percentage": per_cent,
        "bytes_received": received * 160,
        "rtt": {"max": round(worst, 2), "avg": rtt, "min": round(best, 2)},
        "mos": {
            "max": quality.mos(best, shake["avg"] / 2, per_cent / 3),
            "avg": quality.mos(rtt, shake["avg"], per_cent),
            "min": quality.mos(worst, shake["max"], per_cent * 1.5),
        },
    }
    metrics["tags"] = sorted(quality.sdk_tags(metrics)) or None
    return metrics


def _spoken(rng: random.Random, inbound: Json) -> Json:
    """What went out from the app; Twilio says less about it."""
    sent = inbound["packets_received"] + rng.randint(0, 40)
    codec, name = quality.OPUS
    return {"codec": codec, "codec_name": name, "packets_sent": sent, "bytes_sent": sent * 160}


def sdk_timeline(call: Call, metrics: Json | None) -> list[sdk_events.SdkEvent]:
    """What the SDK of a call noticed; `metrics` are those of its edge."""
    troubled = bool(call.traits & {"rich_events", "bad"})
    heard = (metrics or {}).get("inbound")
    return sdk_events.timeline(call, heard, _feedback(call), troubled=troubled)


def _feedback(call: Call) -> Json | None:
    if not call.traits & {"rich_events", "fair"}:
        return None
    return random.Random(f"{call.sid}/feedback").choice(FEEDBACK)


def _addresses(rng: random.Random, *, external_media: bool) -> Json:
    names = ["twilio_media_ip", "twilio_signaling_ip", "external_signaling_ip"]
    if external_media:
        names.append("external_media_ip")
    return {name: address(rng) for name in names}


def _flow(name: str, call: Call) -> str:
    """Which way the call goes from where this edge stands."""
    inward = call.direction in ("inbound", "trunking_originating")
    if call.type == "trunking" and name == "sip_edge":
        inward = not inward
    if name == "sdk_edge":
        inward = not inward and "from_app" not in call.traits
    return "inbound" if inward else "outbound"
