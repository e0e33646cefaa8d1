import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from gateway.sandbox import Sandbox
from tests.sandbox.conftest import Clock, Json, visitor

AVERAGES = "jitter.avg jitter.max"
GATEWAY = (
    "codec codec_name packets_lost packets_loss_percentage latency.avg latency.max "
    f"packet_delay_variation.d50 {AVERAGES}"
)
NETWORK = (
    "media_region signaling_region twilio_media_ip twilio_signaling_ip external_media_ip "
    "external_signaling_ip"
)
SDK = (
    "type version platform region selected_region edge_location browser.name browser.major "
    "browser.version os.name os.version device.arch device.model device.type device.vendor "
    "engine.name engine.version app.name app.version"
)
PARTY = (
    "carrier connection number_prefix country_code country_subdivision city location.lat "
    f"location.lon ip_address {' '.join(f'sdk.{name}' for name in SDK.split())}"
)
LATENCIES = (
    "tts_latency_ms stt_latency_ms network_latency_ms time_to_first_audio_ms "
    "application_latency_ms tokens.tokens_per_second words.words_per_minute"
)
SDK_IN = (
    f"mos.avg mos.max mos.min rtt.avg rtt.max rtt.min packets_received packets_lost {AVERAGES} "
    "packets_loss_percentage audio_in.avg audio_in.max audio_out.avg audio_out.max bytes_received "
    "tags"
)
# Where in a summary → the fields that Twilio is known to put there.
FIELDS = {
    "": (
        "account_sid call_sid parent_account_sid parent_call_sid call_type call_state answered_by "
        "processing_state processing_version created_time start_time end_time duration "
        "connect_duration tags attributes.conference_participant url"
    ),
    "from": f"caller {PARTY}",
    "to": f"callee {PARTY}",
    "properties": (
        "direction disconnected_by last_sip_response_num pdd_ms queue_time q850_cause route_id "
        f"{NETWORK} sip_call_id user_agent selected_region region trunk_sid settings"
    ),
    "carrier_edge.metrics.inbound": f"packets_received {GATEWAY}",
    "carrier_edge.metrics.outbound": f"packets_sent {GATEWAY}",
    "carrier_edge.properties": "direction media_region signaling_region edge_location q850_cause",
    "client_edge.metrics.inbound": f"packets_received {GATEWAY}",
    "client_edge.metrics.outbound": f"packets_sent {GATEWAY}",
    "client_edge.properties": (
        f"direction edge_location {NETWORK} selected_region region disconnected_by"
    ),
    "sip_edge.metrics.inbound": f"packets_received {GATEWAY}",
    "sip_edge.metrics.outbound": f"packets_sent {GATEWAY}",
    "sip_edge.properties": f"direction edge_location {NETWORK} sip_call_id user_agent trunk_sid",
    "sdk_edge.metrics.inbound": SDK_IN,
    "sdk_edge.metrics.outbound": "codec codec_name packets_sent bytes_sent",
    "sdk_edge.properties": (
        "direction disconnected_by settings.dscp settings.ice_restart_enabled settings.edge "
        "settings.selected_edges"
    ),
    "sdk_edge.events": "levels.INFO groups.connection errors.31005 feedback.score feedback.reason",
    "trust": (
        "verified_caller.verified branded.enabled branded.display_name branded.long_display_name "
        "branded.bundle_sid branded.logo branded.type branded.use_case branded.call_reason "
        "business_profile.bundle_sid business_profile.identity business_profile.industry "
        "business_profile.type voice_integrity.enabled voice_integrity.bundle_sid "
        "voice_integrity.use_case branded_call.branded branded_call.caller branded_call.use_case "
        "branded_call.branded_channel_sid branded_call.business_sid branded_call.brand_sid"
    ),
    "annotation": (
        "answered_by connectivity_issue quality_issues spam call_score comment incident"
    ),
    "agent_session_summaries": (
        "session_id tokens.total words.total turns interruptions.customer_to_agent "
        "interruptions.agent_to_customer session_state "
        + " ".join(f"{name}.{end}" for name in LATENCIES.split() for end in ("min", "max", "avg"))
    ),
}
EDGES_OF = {
    "carrier": {"carrier_edge"},
    "sip": {"sip_edge"},
    "trunking": {"sip_edge", "carrier_edge"},
    "client": {"sdk_edge", "client_edge"},
    "whatsapp": {"sip_edge"},
}
EDGES = ("carrier_edge", "client_edge", "sdk_edge", "sip_edge")


def paths(value: object, prefix: str = "") -> Iterator[str]:
    """Every path that leads to something in a summary."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield f"{prefix}{name}"
            yield from paths(inner, f"{prefix}{name}.")
    if isinstance(value, list):
        for inner in value:
            yield from paths(inner, prefix)


@pytest.fixture(scope="module")
def world() -> Sandbox:
    return Sandbox(calls=1100, seed=2, clock=Clock(), arrivals=False)


@pytest.fixture
async def summaries(world: Sandbox) -> list[Json]:
    account = visitor(world)
    own = await account.calls(ProcessingState="completed")
    return own + await account.calls(Subaccount=world.subaccounts[0], ProcessingState="completed")


async def test_every_field_that_twilio_is_known_to_send_occurs_somewhere(
    summaries: list[Json],
) -> None:
    """Whoever reads this world has met every field there is."""
    met = {path for summary in summaries for path in paths(summary)}
    known = {f"{where}.{name}".lstrip(".") for where in FIELDS for name in FIELDS[where].split()}

    assert known <= met, sorted(known - met)


async def test_every_type_state_and_direction_occurs(summaries: list[Json]) -> None:
    """All five types, every state that a call can end in, every direction in both spellings."""
    directions = {summary["properties"]["direction"] for summary in summaries}

    assert {summary["call_type"] for summary in summaries} == set(EDGES_OF)
    assert {summary["call_state"] for summary in summaries} == {
        "completed",
        "busy",
        "fail",
        "noanswer",
        "canceled",
        "undialed",
    }
    assert {"outbound_api", "outbound-api", "inbound", "trunking_terminating"} <= directions


async def test_edges_follow_from_the_type_of_the_call(summaries: list[Json]) -> None:
    """A completed call has the edges of its type; a leg dialled from an app has the SDK's, too."""
    for summary in summaries:
        if summary["call_state"] != "completed":
            continue
        expected = EDGES_OF[summary["call_type"]]
        if summary.get("parent_call_sid"):
            expected = {"sdk_edge", "carrier_edge"}
        assert {edge for edge in EDGES if summary[edge]} == expected


async def test_a_call_that_nobody_answered_has_no_media(summaries: list[Json]) -> None:
    """No metrics, no talk, and nobody who hung up."""
    for summary in summaries:
        if summary["call_state"] != "completed":
            assert all("metrics" not in (summary[edge] or {}) for edge in EDGES)
            assert summary["connect_duration"] == 0
            assert summary["properties"].get("disconnected_by") in (None, "unknown_disconnected_by")


async def test_tags_follow_from_the_metrics(summaries: list[Json]) -> None:
    """Loss above 5 %, and jitter above both of its bounds, are tagged; no tags is null."""
    for summary in summaries:
        tags = summary["tags"] or []
        assert summary["tags"] != []
        streams = [
            stream
            for edge in EDGES
            for stream in (summary[edge] or {}).get("metrics", {}).values()
            if "jitter" in stream
        ]
        lossy = any(stream["packets_loss_percentage"] > 5 for stream in streams)
        assert ("high_packet_loss" in tags) == lossy
        if any(s["jitter"]["avg"] > 5 and s["jitter"]["max"] > 30 for s in streams):
            assert "high_jitter" in tags


async def test_every_tag_occurs(summaries: list[Json]) -> None:
    """An explorer can find one of each."""
    assert {tag for summary in summaries for tag in summary["tags"] or ()} == {
        "silence",
        "high_jitter",
        "high_packet_loss",
        "high_pdd",
        "high_latency",
        "pstn_short_duration",
        "low_mos",
        "ice_failure",
    }


async def test_numbers_within_a_metric_are_in_order(summaries: list[Json]) -> None:
    """The least is not above the average, nor the average above the most."""

    def check(value: object) -> None:
        if isinstance(value, dict):
            if {"avg", "max"} <= value.keys():
                assert value.get("min", value["avg"]) <= value["avg"] <= value["max"], value
            for inner in value.values():
                check(inner)

    for summary in summaries:
        check(summary)


async def test_one_carrier_is_clearly_worse_than_the_others(summaries: list[Json]) -> None:
    """Who asks which carrier is to blame gets an answer."""
    share: dict[str, list[bool]] = {}
    for summary in summaries:
        carrier = summary["to"].get("carrier")
        if carrier and summary["call_state"] == "completed":
            share.setdefault(carrier, []).append("high_jitter" in (summary["tags"] or ()))
    often = {name: sum(bad) / len(bad) for name, bad in share.items() if len(bad) > 8}

    worst = max(often, key=lambda name: often[name])
    assert worst == "Murkwater Telecom"
    assert often.pop(worst) > 2 * max(often.values())


async def test_nobody_can_be_reached_by_these_numbers(summaries: list[Json]) -> None:
    """All numbers come from ranges kept for fiction."""
    fiction = re.compile(
        r"\+(1\d{3}55501\d\d|447700900\d{3}|442079460\d{3}|3532091\d{5}|339900\d{5}"
        r"|493023125\d{3}|61491570\d{3})"
    )
    for summary in summaries:
        for number in (summary["from"].get("caller"), summary["to"].get("callee")):
            if number and number.startswith(("+", "whatsapp:")):
                assert fiction.fullmatch(number.removeprefix("whatsapp:")), number


async def test_durations_add_up(summaries: list[Json]) -> None:
    """Nobody talks for longer than the call lasts."""
    assert all(0 <= call["connect_duration"] <= call["duration"] for call in summaries)


async def test_calls_since_august_2026_have_no_attributes(clock: Clock) -> None:
    """Twilio's changelog of 2026-07-01: null in the summaries of all calls since 2026-08-01."""
    clock.now = datetime(2026, 8, 1, 1, tzinfo=UTC).timestamp()
    sandbox = Sandbox(calls=300, clock=clock, arrivals=False)
    listed = await visitor(sandbox).calls(StartTime="4h", PageSize="200")
    before, since = list[Json | None](), list[Json | None]()
    for call in listed:
        (since if call["start_time"] >= "2026-08-01" else before).append(call["attributes"])
    assert since
    assert set(map(repr, since)) == {"None"}
    assert any(before)


async def test_answers_are_compact_and_the_same_each_time(clock: Clock) -> None:
    """No spaces between tokens, and not one byte of difference when asked again."""
    sandbox = Sandbox(calls=1, clock=clock)
    sid = sandbox.examples()["trunking"]
    one, again = [await visitor(sandbox).summary(sid) for _ in range(2)]

    assert one.content == again.content
    assert b'","' in one.content
    assert b'", "' not in one.content
