"""Generates samples of media streams that add up to the numbers of the summary.

Packets add up, means of averages are the average, and the largest maximum is the maximum. Twilio's
documents do not agree on the shape at gateways; calls of old (`legacy`) have that of 2020, without
intervals.
"""

import random
from collections.abc import Iterator
from itertools import accumulate
from typing import Any

from gateway.sandbox import distribution
from gateway.sandbox.calls import Call, Json
from gateway.sandbox.clients import client_metadata

EVERY = 10  # seconds
GATEWAYS = ("carrier_edge", "sip_edge", "client_edge")
SDK = "sdk_edge"
MEASURED = ("jitter", "latency", "rtt", "mos", "audio_in", "audio_out")


def samples(call: Call, summary: Json) -> Iterator[tuple[int, Json]]:
    """Each sample with the moment (epoch seconds) it was taken at, edge after edge."""
    if call.verbatim is not None:
        yield from ((call.end, sample) for sample in call.verbatim_metrics)
        return
    for edge in (*GATEWAYS, SDK):
        metrics = (summary.get(edge) or {}).get("metrics")
        if not metrics:
            continue
        if edge == SDK:
            streams = {"both": _sdk_stream(call, summary, metrics)}
        else:
            streams = {
                direction: _gateway_stream(call, summary[edge], edge, direction, metrics[direction])
                for direction in ("inbound", "outbound")
                if metrics.get(direction)
            }
        for direction, parts in streams.items():
            for moment, part in zip(_moments(call), parts, strict=True):
                yield moment, _sample(call, edge, direction, part)


def _moments(call: Call) -> list[int]:
    """When samples of the conversation are taken: at the end of each ten seconds begun."""
    answered = call.end - call.talk
    parts = max(1, -(-call.talk // EVERY))
    return [min(call.end, answered + EVERY * part) for part in range(1, parts + 1)]


def _sample(call: Call, edge: str, direction: str, part: Json) -> Json:
    nothing: Json = dict.fromkeys((*GATEWAYS, SDK))
    identity = {"call_sid": call.sid, "account_sid": call.account_sid}
    return {"edge": edge, "direction": direction, **identity, **nothing, edge: part}


def _gateway_stream(call: Call, edge: Json, name: str, direction: str, whole: Json) -> list[Json]:
    """The samples of one direction at a gateway."""
    rng = random.Random(f"{call.sid}/{name}/{direction}")
    count = len(_moments(call))
    counter = "packets_received" if direction == "inbound" else "packets_sent"
    intervals = _intervals(rng, whole, (counter,), count)
    cumulative = _cumulative(intervals, (counter, "packets_lost"))
    if "jitter" in whole:
        for number, since in enumerate(cumulative, 1):
            since["jitter"] = _so_far([one["jitter"] for one in intervals[:number]])
    codec = {key: whole[key] for key in ("codec", "codec_name") if key in whole}
    where = {"metadata": gateway_metadata(edge)}
    parts = [{**codec, "cumulative": since, **where} for since in cumulative]
    if "legacy" in call.traits:
        return parts
    return [{"interval": one, **part} for one, part in zip(intervals, parts, strict=True)]


def _sdk_stream(call: Call, summary: Json, metrics: Json) -> list[Json]:
    """The samples of both directions at the SDK."""
    rng = random.Random(f"{call.sid}/{SDK}")
    count = len(_moments(call))
    heard, spoken = metrics.get("inbound") or {}, metrics.get("outbound") or {}
    intervals = _intervals(rng, heard, ("packets_received",), count)
    for name in MEASURED:
        for one in intervals:
            if name in one:
                one[name] = {"value": one[name]["avg"], **one[name]}
    totals = {name: whole for name, whole in (heard | spoken).items() if name in _SDK_COUNTERS}
    parts = {name: distribution.share(rng, total, count) for name, total in totals.items()}
    parts |= {name: [one[name] for one in intervals] for name in ("packets_lost",) if name in heard}
    if "packets_received" in heard:
        parts["packets_received"] = [one["packets_received"] for one in intervals]
    since = {name: list(accumulate(shares)) for name, shares in parts.items()}
    cumulative = [{name: sums[place] for name, sums in since.items()} for place in range(count)]
    codec = {key: spoken[key] for key in ("codec", "codec_name") if key in spoken}
    who = {"metadata": client_metadata(summary)}
    return [
        {**codec, "interval": one, "cumulative": sums, **who}
        for one, sums in zip(intervals, cumulative, strict=True)
    ]


_SDK_COUNTERS = frozenset({"bytes_received", "bytes_sent", "packets_received", "packets_sent"})


def _intervals(
    rng: random.Random, whole: Json, counters: tuple[str, ...], count: int
) -> list[Json]:
    """The numbers of a stream in so many parts."""
    columns: dict[str, list[Any]] = {}
    for counter in counters:
        columns[counter] = distribution.share(rng, whole.get(counter, 0), count)
    columns["packets_lost"] = distribution.share(rng, whole.get("packets_lost", 0), count)
    columns["packets_loss_percentage"] = [
        _per_cent(lost, came)
        for lost, came in zip(columns["packets_lost"], columns[counters[0]], strict=True)
    ]
    for name in MEASURED:
        if name in whole:
            columns[name] = _measured(rng, whole[name], count)
    if "packet_delay_variation" in whole:
        columns["packet_delay_variation"] = _delays(
            whole["packet_delay_variation"], columns[counters[0]]
        )
    rows = ({name: column[place] for name, column in columns.items()} for place in range(count))
    return [{name: value for name, value in row.items() if value != {}} for row in rows]


def _per_cent(lost: int, came: int) -> float:
    return round(100 * lost / (lost + came), distribution.DIGITS) if lost + came else 0.0


def _measured(rng: random.Random, whole: Json, count: int) -> list[Json]:
    """Averages, maxima and, if there is one, minima of the parts of a measurement."""
    average, high, low = whole["avg"], whole["max"], whole.get("min", 0.0)
    averages = distribution.around(rng, average, low, high, count)
    maxima = distribution.extremes(rng, averages, high, most=True)
    parts = [{"avg": one, "max": most} for one, most in zip(averages, maxima, strict=True)]
    if "min" in whole:
        minima = distribution.extremes(rng, averages, low, most=False)
        return [{**part, "min": least} for part, least in zip(parts, minima, strict=True)]
    return parts


def _delays(whole: Json, packets: list[int]) -> list[Json]:
    """Late packets of each part: all in the parts that have the most packets."""
    columns = {step: distribution.within(packets, late) for step, late in whole.items()}
    return [
        {step: column[place] for step, column in columns.items() if column[place]}
        for place in range(len(packets))
    ]


def _cumulative(intervals: list[Json], names: tuple[str, ...]) -> list[Json]:
    sums = {name: list(accumulate(one[name] for one in intervals)) for name in names}
    return [{name: sums[name][place] for name in names} for place in range(len(intervals))]


def _so_far(parts: list[Json]) -> Json:
    average = sum(part["avg"] for part in parts) / len(parts)
    return {
        "max": max(part["max"] for part in parts),
        "avg": round(average, distribution.DIGITS),
    }


def gateway_metadata(edge: Json) -> Json:
    """Where the gateway stood, as far as the summary tells it."""
    properties = edge.get("properties") or {}
    names = {
        "region": "media_region",
        "edge_location": "edge_location",
        "twilio_ip": "twilio_media_ip",
        "external_ip": "external_media_ip",
    }
    return {name: properties[place] for name, place in names.items() if properties.get(place)}
