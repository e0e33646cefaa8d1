import re
from typing import get_args, get_type_hints

import pytest

from gateway.insights.catalogue import (
    SHARED_SHAPES,
    Entity,
    Fact,
    Pii,
    graph_name,
    vocabulary_name,
)
from gateway.insights.field_decoding import bare
from gateway.insights.media_edges import (
    MediaEdge,
    MediaEdgeMetrics,
    MediaEdgeProperties,
    MediaStream,
)
from gateway.insights.open_maps import Count, PacketDelay
from gateway.insights.summary import Summary
from tests.insights.places import Sort, entities, fields, sort_of

AVG_MAX, AVG_MAX_MIN = "avg max", "avg max min"
GATEWAY_STREAM = (
    "codec codec_name packets_lost packets_loss_percentage jitter latency packet_delay_variation"
)
SDK_STREAM = (
    "mos rtt packets_received packets_lost packets_loss_percentage jitter audio_in audio_out "
    "bytes_received tags"
)
GATEWAY_PROPERTIES = (
    "q850_cause direction media_region signaling_region edge_location twilio_media_ip "
    "twilio_signaling_ip external_media_ip external_signaling_ip sip_call_id user_agent "
    "selected_region region disconnected_by trunk_sid"
)
PARTY = (
    "caller callee carrier connection number_prefix country_code country_subdivision city "
    "location ip_address sdk"
)
SDK = "type version platform region selected_region edge_location browser os device engine app"
SESSION = (
    "session_id tts_latency_ms stt_latency_ms network_latency_ms time_to_first_audio_ms "
    "application_latency_ms tokens words turns interruptions session_state"
)

EXPECTED: dict[str, str] = {
    "": "account_sid call_sid parent_account_sid parent_call_sid call_type call_state answered_by "
    "processing_state processing_version created_time start_time end_time duration "
    "connect_duration from to carrier_edge client_edge sdk_edge sip_edge tags attributes "
    "properties trust annotation agent_session_summaries url",
    "properties": "direction disconnected_by last_sip_response_num pdd_ms queue_time q850_cause "
    "route_id media_region signaling_region twilio_media_ip twilio_signaling_ip external_media_ip "
    "external_signaling_ip sip_call_id user_agent selected_region region trunk_sid settings",
    "properties.settings": "dscp ice_restart_enabled edge selected_edges",
    "attributes": "conference_participant",
    **{
        f"{party}{path}": names
        for party in ("from", "to")
        for path, names in {
            "": PARTY,
            ".location": "lat lon",
            ".sdk": SDK,
            ".sdk.browser": "name major version",
            ".sdk.os": "name version",
            ".sdk.device": "arch model type vendor",
            ".sdk.engine": "name version",
            ".sdk.app": "name version",
        }.items()
    },
    **{
        f"{edge}{path}": names
        for edge in ("carrier_edge", "client_edge", "sip_edge")
        for path, names in {
            "": "metrics properties",
            ".metrics": "inbound outbound",
            ".metrics.inbound": f"{GATEWAY_STREAM} packets_received",
            ".metrics.outbound": f"{GATEWAY_STREAM} packets_sent",
            ".metrics.inbound.jitter": AVG_MAX,
            ".metrics.outbound.latency": AVG_MAX,
            ".properties": GATEWAY_PROPERTIES,
        }.items()
    },
    "sdk_edge": "metrics properties events",
    "sdk_edge.metrics.inbound": f"codec codec_name {SDK_STREAM}",
    "sdk_edge.metrics.outbound": f"codec codec_name packets_sent bytes_sent {SDK_STREAM}",
    "sdk_edge.metrics.inbound.mos": AVG_MAX_MIN,
    "sdk_edge.metrics.inbound.rtt": AVG_MAX_MIN,
    "sdk_edge.metrics.inbound.jitter": AVG_MAX,
    "sdk_edge.metrics.inbound.audio_in": AVG_MAX,
    "sdk_edge.metrics.inbound.audio_out": AVG_MAX,
    "sdk_edge.properties": "direction disconnected_by settings",
    "sdk_edge.properties.settings": "dscp ice_restart_enabled edge selected_edges",
    "sdk_edge.events": "levels groups errors feedback",
    "sdk_edge.events.feedback": "score reason",
    "trust": "verified_caller branded business_profile voice_integrity branded_call",
    "trust.verified_caller": "verified",
    "trust.branded": "enabled display_name long_display_name bundle_sid logo type use_case "
    "call_reason",
    "trust.business_profile": "bundle_sid identity industry type",
    "trust.voice_integrity": "enabled bundle_sid use_case",
    "trust.branded_call": "branded caller use_case branded_channel_sid business_sid brand_sid",
    "annotation": "answered_by connectivity_issue quality_issues spam call_score comment incident",
    "agent_session_summaries": SESSION,
    **{
        f"agent_session_summaries.{latency}": AVG_MAX_MIN
        for latency in SESSION.split()
        if latency.endswith("_ms")
    },
    "agent_session_summaries.tokens": "total tokens_per_second",
    "agent_session_summaries.tokens.tokens_per_second": AVG_MAX_MIN,
    "agent_session_summaries.words": "total words_per_minute",
    "agent_session_summaries.words.words_per_minute": AVG_MAX_MIN,
    "agent_session_summaries.interruptions": "customer_to_agent agent_to_customer",
}
"""Twilio's fields, object by object, as its documents and its answers have them."""

PERSONAL = {
    Pii.IDENTITY: {"from", "to", "caller", "callee"},
    Pii.LOCATION: {"city", "location", "lat", "lon"},
    Pii.NETWORK: {"ip_address", "external_media_ip", "external_signaling_ip", "sip_call_id"},
    Pii.DEVICE: {"arch", "model", "type", "vendor", "user_agent"},
    Pii.FREE_TEXT: {"comment", "incident", "reason"},
}


def catalogue() -> dict[str, set[str]]:
    """Each object by its path, with the names of its fields."""
    found: dict[str, set[str]] = {"": set()}

    def walk(entity: type[Entity], path: str) -> None:
        found[path] = {name for name, _ in fields(entity)}
        for name, kind in fields(entity):
            inner = bare(get_args(kind)[0]) if sort_of(kind) is Sort.LIST else kind
            if sort_of(inner) is Sort.OBJECT:
                walk(inner, f"{path}.{name}".strip("."))

    walk(next(entities()), "")
    return found


CATALOGUE = catalogue()


@pytest.mark.parametrize("path", EXPECTED, ids=lambda path: path or "summary")
def test_no_field_of_twilios_is_lost(path: str) -> None:
    """Whatever Twilio has said in one place, the catalogue has there, under the same name."""
    assert CATALOGUE[path] == set(EXPECTED[path].split())


def test_no_object_is_in_the_catalogue_that_twilio_does_not_have() -> None:
    """Every object stands above, or is a measurement like one that does."""
    unsaid = CATALOGUE.keys() - EXPECTED.keys()

    assert {
        path for path in unsaid if CATALOGUE[path] not in ({"avg", "max"}, {"avg", "max", "min"})
    } <= {
        "sdk_edge.metrics",
    }


ENTITIES: set[type[Entity]] = {*entities(), PacketDelay, Count}


def facts() -> list[tuple[str, Fact]]:
    """Every field of every entity, with what is said of it."""
    return [
        (f"{entity.__name__}.{attribute.rstrip('_')}", entity.facts[attribute])
        for entity in ENTITIES
        for attribute in entity.__struct_fields__
    ]


FACTS = facts()


def test_every_field_says_what_it_means_and_for_which_calls_it_is_there() -> None:
    """A client that finds null can look up whether that was to be expected."""
    for name, fact in FACTS:
        assert re.match(r"[A-Z`]", fact.meaning), name
        assert fact.meaning.endswith("."), name
        assert fact.on, name
        assert fact.description.startswith(fact.meaning), name
        assert f"Available: {fact.on}." in fact.description, name
        assert f"PII: {fact.pii.value}." in fact.description, name


def test_every_figure_says_its_unit() -> None:
    """A number without a unit is half a number."""
    for entity in ENTITIES:
        hints = get_type_hints(entity, include_extras=True)
        named = dict(FACTS)
        for attribute in entity.__struct_fields__:
            if sort_of(bare(hints[attribute])) in {Sort.WHOLE, Sort.NUMBER}:
                name = f"{entity.__name__}.{attribute}"
                assert named[name].unit, name
                assert f"Unit: {named[name].unit}. " in named[name].description


def test_personal_data_is_marked_as_what_it_is() -> None:
    """Masking is derived from the marks."""
    for name, fact in FACTS:
        entity, field = name.split(".")
        if fact.pii is not Pii.NONE:
            assert field in PERSONAL[fact.pii], name
        elif field in set().union(*PERSONAL.values()) - {"type"}:
            assert entity == "OperatingSystem", name


def test_every_entity_is_described_and_immutable() -> None:
    """Its docstring is its description in the graph; a value in a cache must not change."""
    for entity in entities():
        assert entity.__doc__, entity
        assert entity.__struct_config__.frozen, entity


def test_moments_are_fields_of_the_summary_itself() -> None:
    """Where decoding sees to it that they are in UTC."""
    holders = {one for one in entities() for _, kind in fields(one) if sort_of(kind) is Sort.MOMENT}
    assert holders == {Summary}


def test_all_edges_share_their_shapes() -> None:
    """What all edges have in common is an interface, and asked for once."""
    assert {MediaEdge, MediaEdgeMetrics, MediaEdgeProperties, MediaStream} == SHARED_SHAPES


@pytest.mark.parametrize(
    ("upstream", "graph"),
    [
        ("duration", "duration"),
        ("last_sip_response_num", "lastSipResponseNum"),
        ("q850_cause", "q850Cause"),
        ("twilio_media_ip", "twilioMediaIp"),
        ("time_to_first_audio_ms", "timeToFirstAudioMs"),
        ("from", "from"),
        ("packets_loss_percentage", "packetsLossPercentage"),
    ],
)
def test_one_rule_names_every_field(upstream: str, graph: str) -> None:
    """Twilio's name in camelCase, so that its documentation stays searchable."""
    assert graph_name(upstream) == graph


def test_the_rule_gives_no_two_fields_of_one_object_the_same_name() -> None:
    """Every name is legal in GraphQL, and leads back to one field."""
    for names in CATALOGUE.values():
        graph_names = {graph_name(name) for name in names}
        assert len(graph_names) == len(names)
        assert all(re.fullmatch(r"[a-z][A-Za-z0-9]*", name) for name in graph_names)


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("therapy_(individual+group)", "THERAPY_INDIVIDUAL_GROUP"),
        ("dating/social", "DATING_SOCIAL"),
        ("identify_&_verification", "IDENTIFY_VERIFICATION"),
        ("outbound-api", "OUTBOUND_API"),
        ("Banking", "BANKING"),
        ("ä", ""),
    ],
)
def test_a_word_is_found_by_its_letters_and_digits(word: str, name: str) -> None:
    """Six of Twilio's words are no GraphQL names, and some have two spellings."""
    assert vocabulary_name(word) == name
