"""Calls drawn at random around the thresholds of the rules."""

from typing import Any

from hypothesis import strategies as st

from gateway.insights.summary import CallDirection, CallState, CallType
from gateway.insights.tags import CallTag
from tests.insights.diagnosis.made import Json, call, gateway, sdk

CODECS = [("pcmu", 0), ("pcma", 8), ("g729", 18), ("gsm", 3), ("opus", 111)]
PACKETS = st.sampled_from([0, 1, 150, 151, 6000])
LOSSES = st.sampled_from([0.0, 0.4, 3.0, 3.01, 5.0, 5.01, 12.0, 60.0])
AVERAGES = st.sampled_from([0.0, 0.3, 5.0, 5.01, 14.0])
PEAKS = st.sampled_from([0.9, 30.0, 30.1, 96.0])
LATENCIES = st.sampled_from([0.3, 150.0, 150.1, 420.0])
SCORES = st.sampled_from([1.2, 2.9, 3.0, 3.49, 3.5, 4.4])
LEVELS = st.sampled_from([0.0, 327.0, 328.0, 9000.0])
DELAYS = st.dictionaries(
    st.sampled_from(["d50", "d200", "d300"]), st.sampled_from([1, 12, 90, 900]), min_size=1
)


def words(kind: Any) -> st.SearchStrategy[str]:
    return st.sampled_from([one.value for one in kind if one.name != "UNRECOGNIZED"])


def some(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Json]:
    """An object with any of the fields; none of them alone is not there."""
    return st.fixed_dictionaries({}, optional=fields).filter(bool)


def streams(counter: str) -> st.SearchStrategy[Json]:
    """A gateway's measurements of one direction."""
    numbers = some(
        packets_loss_percentage=LOSSES,
        jitter=some(avg=AVERAGES, max=PEAKS),
        latency=some(avg=LATENCIES),
        packet_delay_variation=DELAYS,
        **{counter: PACKETS},
    )
    codecs = st.sampled_from(CODECS).map(lambda one: {"codec_name": one[0], "codec": one[1]})
    return st.builds(lambda coded, told: {**coded, **told}, codecs, numbers)


def gateways() -> st.SearchStrategy[Json]:
    return st.builds(
        _gateway,
        st.none() | streams("packets_received"),
        st.none() | streams("packets_sent"),
        st.sampled_from(["inbound", "outbound", "both"]),
        st.none() | st.sampled_from([16, 17, 41]),
    )


def sdks() -> st.SearchStrategy[Json]:
    inbound = some(
        packets_received=PACKETS,
        packets_loss_percentage=LOSSES,
        jitter=some(avg=AVERAGES, max=PEAKS),
        rtt=some(avg=st.sampled_from([80.0, 400.0, 400.1, 900.0])),
        mos=some(avg=SCORES, min=SCORES),
        audio_in=some(max=LEVELS),
        audio_out=some(max=LEVELS),
        tags=st.lists(words(CallTag), min_size=1, max_size=2),
    )
    events = some(
        errors=some(**{code: st.just(1) for code in ("31401", "53405", "20104")}),
        groups=some(network_quality_warning_raised=st.just(2)),
        feedback=some(score=st.integers(1, 5)),
    )
    edges = st.sampled_from(["ashburn", "dublin", "roaming"])
    settings = some(edge=edges, selected_edges=st.lists(edges, min_size=1, max_size=2))
    return st.builds(
        lambda heard, spoke, events, settings: sdk(heard, spoke, events, settings=settings),
        inbound | st.none(),
        some(packets_sent=PACKETS) | st.none(),
        events | st.none(),
        settings,
    )


def calls() -> st.SearchStrategy[Json]:
    """Summaries, of which any part may be missing."""
    properties = some(
        last_sip_response_num=st.sampled_from([200, 404, 486, 503, 603, 606, 607, 608]),
        q850_cause=st.sampled_from([16, 17, 41]),
        pdd_ms=st.sampled_from([58, 11_000, 11_001, 20_000]),
        disconnected_by=st.sampled_from(["caller", "callee"]),
    )
    return st.builds(
        _call,
        words(CallType),
        st.none() | words(CallDirection),
        words(CallState),
        properties | st.just({}),
        some(
            carrier_edge=gateways(),
            sip_edge=gateways(),
            client_edge=gateways(),
            sdk_edge=sdks(),
            tags=st.lists(words(CallTag), min_size=1, max_size=3),
            processing_state=st.sampled_from(["complete", "partial"]),
            connect_duration=st.sampled_from([0, 9, 10, 300]),
            answered_by=st.sampled_from(["human", "machine_start", "fax"]),
            annotation=some(
                answered_by=st.sampled_from(["human", "machine"]),
                quality_issues=st.just(["echo"]),
            ),
        ),
    )


def _gateway(
    inbound: Json | None, outbound: Json | None, direction: str, cause: int | None
) -> Json:
    edge = gateway(direction=direction) | {"metrics": {"inbound": inbound, "outbound": outbound}}
    if cause is not None:
        edge["properties"]["q850_cause"] = cause
    return edge


def _call(type_: str, direction: str | None, state: str, properties: Json, more: Json) -> Json:
    return call(type_, direction, state, properties=properties, **more)
