import json
from typing import Any

import pytest
from hypothesis import given, settings

from gateway.insights.call_events import CallEvent, EventLevel
from gateway.insights.call_metrics import MetricSample
from gateway.insights.catalogue import Entity, Pii
from gateway.insights.conversation_relay import RelayLanguageSetting, RelaySetting
from gateway.insights.decoding import Undecodable, decode_patiently
from gateway.insights.details import (
    DetailRef,
    decode_event,
    decode_sample,
    first_pages,
    read_page,
)
from gateway.insights.edge_kinds import MediaEdgeKind
from gateway.insights.media_edges import MediaDirection
from gateway.insights.summary_decoding import decode_summary
from gateway.instrumentation import FieldDropped, Happening, KeyUnknown, ValueUnrecognized
from gateway.sandbox import Sandbox
from tests.insights.places import ABSENT, Place, Sort, entities, filled, places, written
from tests.insights.strategies import clean
from tests.sandbox.conftest import Clock, visitor

Json = dict[str, Any]
quick = settings(max_examples=60, deadline=None)

OF_THE_SDK: Json = {
    "timestamp": "2026-10-07T22:32:06Z",
    "call_sid": "CA" + "0f" * 16,
    "account_sid": "AC" + "5a" * 16,
    "edge": "sdk_edge",
    "direction": "both",
    "sdk_edge": {
        "interval": {
            "packets_received": 50,
            "packets_lost": 0,
            "audio_in": {"value": 81.0},
            "audio_out": {"value": 5237.0},
            "jitter": {"value": 9},
            "mos": {"value": 4.39},
            "rtt": {"value": 81},
        },
        "cumulative": {"bytes_received": 547788, "packets_received": 3900, "packets_sent": 3934},
    },
    "client_edge": None,
    "carrier_edge": None,
    "sip_edge": None,
}
"""As Twilio's OpenAPI document has one."""

OF_A_GATEWAY: Json = {
    "timestamp": "2026-03-01T09:15:10Z",
    "edge": "carrier_edge",
    "direction": "inbound",
    "carrier_edge": {
        "codec": 0,
        "codec_name": "pcmu",
        "cumulative": {
            "packets_received": 489,
            "packets_lost": 3,
            "jitter": {"max": 4.1, "avg": 0.7},
        },
        "metadata": {"region": "us1", "external_ip": "192.0.2.9", "twilio_ip": "203.0.113.4"},
    },
}
"""As one was recorded: no interval, averages instead of values."""

OF_A_STREAM: Json = {
    "edge": "unknown_edge",
    "direction": "unknown",
    "sip_edge": {
        "codec_name": "unknown_codec_name",
        "interval": {
            "packets_sent": 500,
            "packets_loss_percentage": 0.0,
            "latency": {"min": 0.0, "max": 10.0, "avg": 5.0, "value": 3.5},
            "packet_delay_variation": {"d50": 20, "d70": 30, "d90": 4},
        },
    },
}
"""As Event Streams write it, with all that is not there spelled out."""

AN_ERROR: Json = {
    "timestamp": "2026-09-19T22:15:23Z",
    "edge": "sdk_edge",
    "group": "connection",
    "name": "error",
    "level": "ERROR",
    "sdk_edge": {
        "error": {"code": 31600},
        "metadata": {
            "client_name": "harbour-7",
            "location": {"lat": 53.8, "lon": -1.549},
            "city": "Leeds",
            "country_code": "GB",
            "ip_address": "198.51.100.7",
            "sdk": {"type": "twilio-voice-android", "version": "4.5.1", "os": {"name": "android"}},
        },
    },
}
OF_AN_AGENT: Json = {
    "timestamp": "2026-09-19T22:15:23Z",
    "group": "conversation_relay",
    "name": "tts_latency",
    "edge": None,
    "level": None,
    "conversation_relay_data": {
        "session_id": "VX1",
        "sequence_number": 4,
        "tts_latency": {"latency_ms": 210},
        "configurations": {
            "configurations": {"interruptible": "any"},
            "languages": {"en-US": {"voice": "Joanna"}},
        },
    },
}


def sample(plain: Json) -> tuple[MetricSample, list[Happening]]:
    heard: list[Happening] = []
    return decode_sample(json.dumps(plain).encode(), heard.append), heard


def event(plain: Json) -> tuple[CallEvent, list[Happening]]:
    heard: list[Happening] = []
    return decode_event(json.dumps(plain).encode(), heard.append), heard


def test_a_sample_of_the_sdk_is_read() -> None:
    """Single values, and counters since the beginning."""
    read, heard = sample(OF_THE_SDK)

    assert not heard
    assert (read.edge, read.direction) == (MediaEdgeKind.SDK, MediaDirection.BOTH)
    assert read.sdk_edge is not None
    assert read.sdk_edge.interval is not None
    assert read.sdk_edge.interval.jitter is not None
    assert read.sdk_edge.interval.jitter.value == 9
    assert read.sdk_edge.cumulative is not None
    assert read.sdk_edge.cumulative.packets_sent == 3934


def test_a_sample_of_a_gateway_is_read() -> None:
    """As old as 2020, with another shape."""
    read, heard = sample(OF_A_GATEWAY)

    assert not heard
    assert read.carrier_edge is not None
    assert read.carrier_edge.cumulative is not None
    assert read.carrier_edge.cumulative.jitter is not None
    assert read.carrier_edge.cumulative.jitter.avg == 0.7
    assert read.carrier_edge.interval is None
    assert read.carrier_edge.metadata is not None
    assert read.carrier_edge.metadata.external_ip == "192.0.2.9"


def test_what_is_spelled_out_as_not_there_is_null() -> None:
    """`unknown_edge`, `unknown` and `unknown_codec_name` say nothing."""
    read, heard = sample(OF_A_STREAM)

    assert not heard
    assert read.edge is None
    assert read.direction is None
    assert read.sip_edge is not None
    assert read.sip_edge.codec_name is None
    assert read.sip_edge.interval is not None
    assert read.sip_edge.interval.packet_delay_variation is not None
    assert len(read.sip_edge.interval.packet_delay_variation) == 3


def test_an_event_of_the_sdk_is_read() -> None:
    """Group and name as they are, level as a word."""
    read, heard = event(AN_ERROR)

    assert not heard
    assert (read.group, read.name, read.level) == ("connection", "error", EventLevel.ERROR)
    assert read.sdk_edge is not None
    assert read.sdk_edge.error is not None
    assert read.sdk_edge.error.code == 31600
    assert read.sdk_edge.metadata is not None
    assert read.sdk_edge.metadata.client_name == "harbour-7"


def test_an_event_of_a_voice_agent_is_read() -> None:
    """It belongs to no edge; settings and languages are open maps, and so lists."""
    read, heard = event(OF_AN_AGENT)

    assert not heard
    assert read.edge is None
    assert read.level is None
    data = read.conversation_relay_data
    assert data is not None
    assert data.tts_latency is not None
    assert data.tts_latency.latency_ms == 210
    assert data.configurations is not None
    assert data.configurations.configurations == (RelaySetting("interruptible", "any"),)
    assert data.configurations.languages == (RelayLanguageSetting("en-US", voice="Joanna"),)


@pytest.mark.parametrize(
    ("level", "read_as", "told"),
    [
        ("WARNING", EventLevel.WARNING, []),
        ("warning", EventLevel.WARNING, []),
        ("UNKNOWN", None, []),
        ("FATAL", EventLevel.UNRECOGNIZED, [ValueUnrecognized("events.level")]),
        (7, None, [FieldDropped("events.level")]),
    ],
)
def test_a_level_is_a_word_or_not_there(level: object, read_as: object, told: object) -> None:
    """Gateways write `UNKNOWN`; a word that nobody knows is counted."""
    read, heard = event({**AN_ERROR, "level": level})

    assert read.level is read_as
    assert heard == told


@pytest.mark.parametrize("edge", ["ashburn", 5])
def test_an_edge_that_nobody_knows_is_dropped(edge: object) -> None:
    """Twilio's own example of an event names an edge location there."""
    read, heard = event({**AN_ERROR, "edge": edge})

    assert read.edge is None
    assert heard == [FieldDropped("events.edge")]


DETAILS = [(MetricSample, "metrics", sample), (CallEvent, "events", event)]
BOTH = pytest.mark.parametrize(("kind", "name", "read"), DETAILS, ids=["metrics", "events"])


def leaves(kind: type[Entity]) -> list[Place]:
    return [place for place in places(kind) if place.sort is not Sort.OBJECT]


@BOTH
def test_a_field_of_the_wrong_type_costs_that_field_alone(kind: Any, name: str, read: Any) -> None:
    """It is counted under its name, and all else reads as before."""
    whole = filled(kind)
    for place in leaves(kind):
        wrong: object = [[]] if place.sort is not Sort.LIST else 5
        without, _ = read(written(place.path, ABSENT, whole))
        found, heard = read(written(place.path, wrong, whole))
        assert found == without, place.name
        assert heard == [FieldDropped(f"{name}.{place.name}")], place.name


@BOTH
def test_a_key_that_nobody_knows_is_counted(kind: Any, name: str, read: Any) -> None:
    """Twilio adds some; the sources disagree on which there are."""
    whole = filled(kind)
    known, _ = read(whole)

    found, heard = read({**whole, "mood": "fine"})

    assert found == known
    assert heard == [KeyUnknown(f"{name}.mood")]


@quick
@given(clean(MetricSample), clean(CallEvent))
def test_both_ways_of_reading_agree(one: Json, other: Json) -> None:
    """As for summaries: by the types alone, or field by field."""
    for plain, kind, decode in (
        (one, MetricSample, decode_sample),
        (other, CallEvent, decode_event),
    ):
        body = json.dumps(plain).encode()
        assert decode(body) == decode_patiently(kind, body)


def test_every_field_says_what_it_means() -> None:
    """A client that finds null can look up whether that was to be expected."""
    for kind in {*entities(MetricSample), *entities(CallEvent)}:
        assert kind.__doc__
        for attribute in kind.__struct_fields__:
            fact = kind.facts[attribute]
            assert fact.meaning.endswith(".")
            assert fact.on


def test_personal_data_is_marked() -> None:
    """Masking is derived from the marks: all that tells who, where, or by which machine."""
    marked = {
        (kind.__name__, attribute): fact.pii
        for kind in {*entities(MetricSample), *entities(CallEvent)}
        for attribute, fact in kind.facts.items()
        if fact.pii is not Pii.NONE
    }
    assert marked == {
        ("ClientMetadata", "client_name"): Pii.IDENTITY,
        ("ClientMetadata", "location"): Pii.LOCATION,
        ("ClientMetadata", "city"): Pii.LOCATION,
        ("ClientMetadata", "ip_address"): Pii.NETWORK,
        ("GatewayMetadata", "external_ip"): Pii.NETWORK,
        ("Location", "lat"): Pii.LOCATION,
        ("Location", "lon"): Pii.LOCATION,
        ("SdkFeedback", "reason"): Pii.FREE_TEXT,
        **{("Device", name): Pii.DEVICE for name in ("arch", "model", "type", "vendor")},
    }


METRICS = DetailRef("Metrics", MediaEdgeKind.CARRIER, 2)


def page(*items: object, following: str | None = None, key: str = "metrics") -> bytes:
    return json.dumps({"meta": {"next_page_url": following}, key: items}).encode()


def test_a_page_asks_for_one_edge_and_both_directions() -> None:
    """Twilio answers of the default edge alone, unless it is told which."""
    assert METRICS.parameters == {"PageSize": "2", "Edge": "carrier_edge", "Direction": "both"}
    assert DetailRef("Events", MediaEdgeKind.SDK).parameters == {
        "PageSize": "1000",
        "Edge": "sdk_edge",
    }
    assert DetailRef("Events", None).parameters == {"PageSize": "1000"}


def test_a_page_leads_to_the_next_by_its_token() -> None:
    """Of the address that Twilio names, nothing but number and token is used."""
    url = "https://elsewhere.example/x?PageSize=9&Page=1&PageToken=PTabc&Edge=sip_edge"
    read = read_page(page({"edge": "carrier_edge"}, {}, following=url), METRICS)

    assert [json.loads(item) for item in read.items] == [{"edge": "carrier_edge"}, {}]
    assert read.next is not None
    assert read.next.parameters == METRICS.parameters | {"Page": "1", "PageToken": "PTabc"}


def test_the_last_page_leads_nowhere() -> None:
    """With null, without the URL, and without any `meta`."""
    assert read_page(page(), METRICS).next is None
    assert read_page(b'{"metrics": [], "meta": {}}', METRICS).next is None
    assert read_page(b'{"metrics": []}', METRICS).next is None


@pytest.mark.parametrize(
    "url",
    [
        "https://twilio.example/?Page=1",
        "https://twilio.example/?Page=one&PageToken=PTabc",
        "https://twilio.example/?Page=0&PageToken=PTabc",
        "https://[twilio.example/?Page=1&PageToken=PTabc",
    ],
)
def test_a_next_page_that_cannot_be_had_is_no_page(url: str) -> None:
    """A list is never shorter than it says, and nobody walks in a circle."""
    with pytest.raises(Undecodable):
        read_page(page(following=url), METRICS)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b"<html>", b'{"metrics": 5}', b'{"events": []}']
)
def test_what_is_no_page_is_refused(body: bytes) -> None:
    """Whatever Twilio sends: another resource's page as well."""
    with pytest.raises(Undecodable):
        read_page(body, METRICS)


def test_a_value_that_is_no_json_costs_itself() -> None:
    """As in lists of summaries: a sample with a number beyond all bounds is a sample."""
    read = read_page(b'{"metrics": [{"edge": "sip_edge", "odd": NaN}]}', METRICS)

    assert decode_sample(read.items[0]).edge is MediaEdgeKind.SIP


UNDER_WAY = {"processing_state": "partial"}
AGENT = [{"session_id": "VX1"}]
HERE: Json = {"properties": {"media_region": "us1"}}
TRUNK = {"carrier_edge": HERE, "sip_edge": HERE}
APP = {"client_edge": HERE, "sdk_edge": {"properties": {"direction": "inbound"}}}


@pytest.mark.parametrize(
    ("call", "metrics", "events"),
    [
        ({"call_type": "carrier", "carrier_edge": HERE}, ["carrier"], ["carrier"]),
        ({"call_type": "trunking", **TRUNK}, ["carrier", "sip"], ["carrier", "sip"]),
        ({"call_type": "client", **APP}, ["client", "sdk"], ["client", "sdk"]),
        ({"call_type": "carrier"}, [], []),
        ({"call_type": "carrier", **UNDER_WAY}, ["carrier"], ["carrier"]),
        ({"call_type": "trunking", **UNDER_WAY}, ["carrier", "sip"], ["carrier", "sip"]),
        ({"call_type": "carrier", "sdk_edge": HERE, **UNDER_WAY}, *(2 * [["carrier", "sdk"]])),
        ({**UNDER_WAY}, [], []),
        (
            {"call_type": "carrier", "carrier_edge": HERE, "agent_session_summaries": AGENT},
            ["carrier"],
            [None],
        ),
        (
            {"call_type": "client", **APP, "agent_session_summaries": AGENT},
            ["client", "sdk"],
            ["client", None],
        ),
        (
            {
                "call_type": "trunking",
                "properties": {"direction": "trunking_originating"},
                "agent_session_summaries": AGENT,
                **TRUNK,
            },
            ["carrier", "sip"],
            [None, "sip"],
        ),
        (
            {"call_type": "client", "client_edge": HERE, "agent_session_summaries": AGENT},
            ["client"],
            ["client", None],
        ),
    ],
)
def test_each_edge_that_a_call_has_is_asked_for(
    call: Json, metrics: list[str | None], events: list[str | None]
) -> None:
    """One request for each; what belongs to no edge comes with the default edge, unasked.

    Of a call under way its edges are asked for by its type: its summary may not tell of them yet.
    """
    summary = decode_summary(json.dumps({"call_sid": "CA1", **call}).encode())

    def asked(resource: Any) -> list[str | None]:
        return [ref.edge and ref.edge.value for ref in first_pages(summary, resource)]

    assert asked("Metrics") == metrics
    assert asked("Events") == events


async def test_all_that_the_sandbox_tells_is_known() -> None:
    """Every field that it sends has a place in the catalogue, and its samples their numbers."""
    sandbox = Sandbox(calls=60, clock=Clock(), arrivals=False)
    asker, heard = visitor(sandbox), list[Happening]()
    read = 0
    for call in await asker.calls(ProcessingState="completed"):
        summary = decode_summary(json.dumps(call).encode())
        for resource, decode in (("Metrics", decode_sample), ("Events", decode_event)):
            for ref in first_pages(summary, resource):  # type: ignore[arg-type]
                path = f"/v1/Voice/{summary.call_sid}/{resource}"
                answer = await asker.get(path, **ref.parameters)
                items = read_page(answer.content, ref).items
                told = [decode(item, heard.append) for item in items]
                assert {one.edge for one in told} <= {ref.edge, None} | (
                    set() if ref.edge else set(MediaEdgeKind)
                )
                assert all(one.timestamp and one.call_sid == summary.call_sid for one in told)
                read += len(told)
    assert read > 500
    assert not heard
