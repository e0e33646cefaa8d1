"""Summaries in the shapes that Twilio sends, from the few numbers that matter to a case."""

from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]

ACCOUNT = "AC" + "5a" * 16
CALL = "CA" + "0f" * 16

CLEAN: Json = {"loss": 0.0, "jitter": (0.4, 2.1)}
LOSSY: Json = {"loss": 12.0, "jitter": (0.9, 6.0)}
SHAKY: Json = {"loss": 0.2, "jitter": (14.0, 96.0)}


def call(type_: str, direction: str | None, state: str = "completed", **more: Any) -> Json:
    """A complete summary of an answered call of two minutes, unless `more` says otherwise."""
    talk = {"connect_duration": 120, "duration": 131} if state == "completed" else {"duration": 20}
    properties = {"direction": direction} if direction else {}
    properties |= more.pop("properties", {})
    summary: Json = {
        "call_sid": CALL,
        "account_sid": ACCOUNT,
        "call_type": type_,
        "call_state": state,
        "processing_state": "complete",
        "tags": None,
        "properties": properties,
        **talk,
    }
    return summary | {name.rstrip("_"): value for name, value in more.items()}


def stream(  # noqa: PLR0913 - one argument for each kind of number
    packets: int = 6000,
    *,
    loss: float | None = None,
    jitter: tuple[float, float] | None = None,
    latency: float | None = None,
    codec: str = "pcmu",
    late: Json | None = None,
) -> Json:
    """The measurements of one direction at a gateway, without its count of packets."""
    numbers: Json = {"codec_name": codec, "packets": packets}
    if loss is not None:
        numbers |= {"packets_lost": round(packets * loss / 100), "packets_loss_percentage": loss}
    if jitter is not None:
        numbers["jitter"] = {"avg": jitter[0], "max": jitter[1]}
    if latency is not None:
        numbers["latency"] = {"avg": latency, "max": round(latency * 1.4, 1)}
    if late is not None:
        numbers["packet_delay_variation"] = late
    return numbers


def gateway(inbound: Json | None = None, outbound: Json | None = None, **properties: Any) -> Json:
    """A gateway edge; a direction that is None is not there."""
    streams = {
        name: _counted(numbers, counter)
        for name, numbers, counter in (
            ("inbound", inbound, "packets_received"),
            ("outbound", outbound, "packets_sent"),
        )
        if numbers is not None
    }
    edge: Json = {"properties": {"media_region": "us1", "edge_location": "ashburn"} | properties}
    return edge | ({"metrics": streams} if streams else {})


def clean_gateway(**properties: Any) -> Json:
    """A gateway edge at which nothing is wrong."""
    return gateway(stream(**CLEAN), stream(**CLEAN), **properties)


def sdk(
    inbound: Json | None = None,
    outbound: Json | None = None,
    events: Json | None = None,
    **properties: Any,
) -> Json:
    """An SDK edge."""
    streams = {"inbound": inbound, "outbound": outbound}
    edge: Json = {"properties": properties}
    if any(streams.values()):
        edge["metrics"] = {name: numbers for name, numbers in streams.items() if numbers}
    return edge | ({"events": events} if events else {})


def heard(  # noqa: PLR0913 - one argument for each kind of number
    packets: int = 5900,
    *,
    loss: float = 0.1,
    jitter: tuple[float, float] = (2.0, 9.0),
    rtt: float = 84.0,
    mos: tuple[float, float] = (4.3, 4.1),
    levels: tuple[float, float] = (11000.0, 9000.0),
    **more: Any,
) -> Json:
    """What the SDK received: `mos` is average and minimum, `levels` microphone and speaker."""
    return {
        "packets_received": packets,
        "packets_lost": round(packets * loss / 100),
        "packets_loss_percentage": loss,
        "jitter": {"avg": jitter[0], "max": jitter[1]},
        "rtt": {"avg": rtt, "max": rtt * 1.5, "min": rtt * 0.8},
        "mos": {"avg": mos[0], "max": 4.4, "min": mos[1]},
        "audio_in": {"avg": levels[0] / 7, "max": levels[0]},
        "audio_out": {"avg": levels[1] / 9, "max": levels[1]},
        **more,
    }


def spoke(packets: int = 6000) -> Json:
    """What the SDK sent."""
    return {"codec": 111, "codec_name": "opus", "packets_sent": packets}


def _counted(numbers: Json, counter: str) -> Json:
    return {counter if name == "packets" else name: value for name, value in numbers.items()}
