"""Summaries, and what somebody who knows voice says of each: written before any rule was run.

Where an expectation was found wrong later, the case says what changed and why.
A finding is written `RULE edge.direction who-heard-it`, as far as there is a place and somebody.
"""

from typing import NamedTuple

from tests.insights.diagnosis.made import (
    CLEAN,
    LOSSY,
    SHAKY,
    Json,
    call,
    clean_gateway,
    gateway,
    heard,
    sdk,
    spoke,
    stream,
)

BAD_APP: Json = {"loss": 8.4, "jitter": (15.0, 104.0), "rtt": 230.0, "mos": (3.1, 1.9)}
APP_IS_BAD = (
    "HIGH_PACKET_LOSS sdk.inbound {0}",
    "HIGH_JITTER sdk.inbound {0}",
    "LOW_MOS sdk.inbound {0}",
    "MOS_DIP sdk.inbound {0}",
)


class Case(NamedTuple):
    """A summary with the findings and the suspects, likeliest first, that are expected."""

    name: str
    summary: Json
    findings: tuple[str, ...] = ()
    suspects: tuple[str, ...] = ()


def app_is_bad(who: str) -> tuple[str, ...]:
    return tuple(finding.format(who) for finding in APP_IS_BAD)


# As they were recorded from Twilio, with other parties and places.
RECORDED = (
    Case(
        "an app calls a telephone",
        call(
            "carrier",
            "outbound_api",
            properties={"last_sip_response_num": 200, "disconnected_by": "caller", "pdd_ms": 2917},
            sdk_edge=sdk(
                heard(9987, loss=0.01, jitter=(0.17, 3.0), rtt=85.8, mos=(4.43, 4.33)),
                spoke(9997),
                events={"levels": {"INFO": 13, "DEBUG": 6}, "groups": {"connection": 4}},
                direction="outbound",
                disconnected_by="remote",
                settings={"dscp": True, "ice_restart_enabled": True},
            ),
            carrier_edge=gateway(
                stream(6861, loss=0.0, jitter=(0.05, 0.36)),
                stream(6513, loss=0.0, jitter=(0.12, 4.4), late={"d50": 1}),
                direction="outbound",
            ),
        ),
        ("DISCONNECTED_BY",),
    ),
    Case(
        "an event, with all that is not there spelled out",
        call(
            "client",
            "outbound_api",
            "canceled",
            processing_state="partial",
            processing_version=1,
            connect_duration=0,
            tags=[],
            properties={
                "q850_cause": 0,
                "last_sip_response_num": 0,
                "pdd_ms": 0,
                "media_region": "unknown_realm",
                "disconnected_by": "unknown_disconnected_by",
            },
        ),
        ("PARTIAL_SUMMARY", "NOT_ANSWERED"),
    ),
    Case(
        "the example of Twilio's OpenAPI document",
        call(
            "carrier",
            None,
            "ringing",
            answered_by="machine_start",
            connect_duration=99,
            carrier_edge={},
            sdk_edge={},
            tags=["tags"],
            annotation={"answered_by": "human", "quality_issues": ["low_volume"], "call_score": 2},
        ),
        ("AMD_MISMATCH", "REPORTED_ISSUE"),
    ),
    Case(
        "a SIP endpoint was dialled",
        call(
            "sip",
            "outbound_dial",
            connect_duration=12,
            answered_by="machine_start",
            properties={"last_sip_response_num": 200, "pdd_ms": 255, "disconnected_by": "callee"},
            sip_edge=gateway(
                stream(525, loss=0.0, jitter=(0.23, 0.55)),
                stream(245, loss=0.0, jitter=(0.34, 1.04)),
                direction="outbound",
            ),
        ),
        ("DISCONNECTED_BY",),
    ),
    Case(
        "a trunk calls a telephone, and Twilio hears nothing from the trunk",
        call(
            "trunking",
            "trunking_terminating",
            connect_duration=41,
            tags=["silence"],
            properties={"last_sip_response_num": 200, "pdd_ms": 1990, "disconnected_by": "caller"},
            sip_edge=gateway(
                None,
                stream(1953, loss=0.0, jitter=(0.23, 1.76), latency=0.38),
                direction="inbound",
            ),
            carrier_edge=gateway(direction="outbound"),
        ),
        (
            "SILENCE sip.inbound callee",
            "ONE_WAY_AUDIO sip.inbound callee",
            "METRICS_MISSING carrier",
            "DISCONNECTED_BY",
        ),
        ("SIP_PEER",),
    ),
    Case(
        "from an app, tagged for its post-dial delay though that was short",
        call(
            "client",
            "inbound",
            connect_duration=6,
            tags=["high_pdd"],
            properties={"last_sip_response_num": 200, "pdd_ms": 58, "disconnected_by": "callee"},
            client_edge=gateway(
                stream(252, loss=0.0, jitter=(0.93, 5.6)),
                stream(229, loss=0.0, jitter=(0.4, 0.96)),
                direction="inbound",
            ),
        ),
        ("HIGH_POST_DIAL_DELAY caller", "DISCONNECTED_BY"),
    ),
    Case(
        "to an app, three seconds",
        call(
            "client",
            "outbound_api",
            connect_duration=3,
            properties={"last_sip_response_num": 200, "pdd_ms": 35, "disconnected_by": "callee"},
            client_edge=gateway(
                stream(110, loss=0.0, jitter=(0.46, 1.06)),
                stream(147, loss=0.0, jitter=(0.32, 0.87)),
                direction="outbound",
            ),
        ),
        ("DISCONNECTED_BY",),
    ),
    Case(
        "to a telephone, six seconds",
        call(
            "carrier",
            "outbound_api",
            connect_duration=6,
            properties={"last_sip_response_num": 200, "pdd_ms": 315, "disconnected_by": "callee"},
            carrier_edge=gateway(
                stream(229, loss=0.0, jitter=(0.45, 1.1)),
                stream(273, loss=0.0, jitter=(0.3, 0.41)),
                direction="outbound",
            ),
        ),
        ("SHORT_CALL", "DISCONNECTED_BY"),
    ),
    Case(
        "to a telephone, three seconds, and Twilio hears nothing",
        call(
            "carrier",
            "outbound_dial",
            connect_duration=3,
            tags=["silence"],
            properties={"last_sip_response_num": 200, "pdd_ms": 105, "disconnected_by": "caller"},
            carrier_edge=gateway(
                None, stream(103, loss=0.0, jitter=(0.25, 0.6)), direction="outbound"
            ),
        ),
        ("SILENCE carrier.inbound caller", "SHORT_CALL", "DISCONNECTED_BY"),
        ("CARRIER",),
    ),
    Case(
        "from a telephone, branded and verified",
        call(
            "carrier",
            "inbound",
            connect_duration=18,
            properties={"last_sip_response_num": 200, "pdd_ms": 121, "disconnected_by": "callee"},
            carrier_edge=gateway(
                stream(100, loss=0.0, jitter=(0.48, 1.48)),
                stream(102, loss=0.0, jitter=(0.36, 0.52)),
                direction="inbound",
            ),
            trust={"verified_caller": {"verified": True}},
        ),
        ("DISCONNECTED_BY",),
    ),
)

# In the shapes of the sandbox's stories, with numbers of our own.
STORIES = (
    Case(
        "the bad carrier",
        call(
            "carrier",
            "outbound_api",
            tags=["high_jitter", "high_packet_loss"],
            answered_by="human",
            properties={"last_sip_response_num": 200, "pdd_ms": 900, "disconnected_by": "callee"},
            carrier_edge=gateway(
                stream(11000, loss=12.0, jitter=(12.4, 86.0), latency=130.0),
                stream(11400, loss=7.5, jitter=(9.1, 61.0)),
                direction="outbound",
            ),
        ),
        (
            "HIGH_PACKET_LOSS carrier.inbound caller",
            "HIGH_JITTER carrier.inbound caller",
            "LOW_ESTIMATED_MOS carrier.inbound caller",
            "HIGH_PACKET_LOSS carrier.outbound callee",
            "HIGH_JITTER carrier.outbound callee",
            "DISCONNECTED_BY",
        ),
        ("CARRIER",),
    ),
    Case(
        "to an app, bad everywhere",
        call(
            "client",
            "outbound_api",
            tags=["high_jitter", "high_packet_loss", "low_mos"],
            properties={"last_sip_response_num": 200, "disconnected_by": "caller"},
            client_edge=gateway(
                stream(codec="opus", **SHAKY), stream(codec="opus", **SHAKY), direction="outbound"
            ),
            sdk_edge=sdk(
                heard(**BAD_APP),
                spoke(),
                events={
                    "levels": {"WARNING": 4, "ERROR": 2},
                    "groups": {"network_quality_warning_raised": 4},
                    "errors": {"31005": 1, "53405": 1},
                },
                direction="inbound",
            ),
        ),
        (
            *app_is_bad("callee"),
            "HIGH_JITTER client.inbound caller",
            "HIGH_JITTER client.outbound callee",
            "SDK_ERRORS sdk",
            "SDK_WARNINGS sdk",
            "DISCONNECTED_BY",
        ),
        ("TWILIO", "APP_NETWORK"),
    ),
    Case(
        "a trunk calls a telephone, and all is well",
        call(
            "trunking",
            "trunking_terminating",
            sip_edge=clean_gateway(direction="inbound"),
            carrier_edge=clean_gateway(direction="outbound"),
        ),
    ),
    Case(
        "from an app, fair",
        call(
            "client",
            "inbound",
            client_edge=gateway(
                stream(codec="opus", loss=2.1, jitter=(3.5, 25.0)),
                stream(codec="opus", loss=1.7, jitter=(3.1, 22.0)),
                direction="inbound",
            ),
            sdk_edge=sdk(
                heard(loss=1.9, jitter=(4.1, 24.0), rtt=250.0, mos=(3.9, 3.2)),
                spoke(),
                direction="outbound",
            ),
        ),
    ),
    Case(
        "annotated as choppy",
        call(
            "carrier",
            "outbound_api",
            carrier_edge=clean_gateway(direction="outbound"),
            annotation={"quality_issues": ["choppy_robotic", "latency"], "call_score": 2},
        ),
        ("REPORTED_ISSUE",),
    ),
    Case(
        "annotated as good",
        call(
            "carrier",
            "outbound_api",
            carrier_edge=clean_gateway(direction="outbound"),
            annotation={"quality_issues": ["no_quality_issue"], "call_score": 5},
        ),
    ),
    Case(
        "by WhatsApp, and all is well",
        call("whatsapp", "inbound", sip_edge=clean_gateway(direction="inbound")),
    ),
    Case(
        "busy",
        call(
            "carrier",
            "outbound_api",
            "busy",
            properties={"last_sip_response_num": 486, "pdd_ms": 2100},
            carrier_edge=gateway(direction="outbound", q850_cause=17),
        ),
        ("NOT_ANSWERED", "SIP_RESPONSE", "Q850_CAUSE carrier"),
    ),
    Case(
        "no answer",
        call(
            "carrier",
            "outbound_api",
            "noanswer",
            properties={"last_sip_response_num": 487},
            carrier_edge=gateway(direction="outbound", q850_cause=19),
        ),
        ("NOT_ANSWERED", "SIP_RESPONSE", "Q850_CAUSE carrier"),
    ),
    Case(
        "failed with 503",
        call(
            "carrier",
            "outbound_api",
            "fail",
            properties={"last_sip_response_num": 503, "pdd_ms": 5100},
            carrier_edge=gateway(direction="outbound", q850_cause=41),
        ),
        ("FAILED_BEFORE_MEDIA", "SIP_RESPONSE", "Q850_CAUSE carrier"),
        ("ROUTING",),
    ),
    Case(
        "cleared as usual, told by an event",
        call(
            "carrier",
            "outbound_api",
            properties={"q850_cause": 16, "last_sip_response_num": 200},
            carrier_edge=clean_gateway(direction="outbound"),
        ),
    ),
    Case(
        "the first partial summary",
        call("client", "outbound_api", processing_state="partial", processing_version=1),
        ("PARTIAL_SUMMARY",),
    ),
    Case(
        "under way",
        call("carrier", "inbound", "answered", processing_state="partial", duration=None),
        ("PARTIAL_SUMMARY",),
    ),
    Case(
        "the app found no way for media",
        call(
            "client",
            "inbound",
            "noanswer",
            tags=["ice_failure"],
            properties={"last_sip_response_num": 487},
            sdk_edge=sdk(direction="outbound", settings={"edge": "dublin"}),
            client_edge=gateway(direction="inbound"),
        ),
        ("ICE_FAILURE sdk both", "NOT_ANSWERED", "SIP_RESPONSE"),
        ("APP_NETWORK",),
    ),
    Case(
        "from a telephone, and Twilio hears nothing",
        call(
            "carrier",
            "inbound",
            tags=["silence"],
            carrier_edge=gateway(None, stream(**CLEAN), direction="inbound"),
        ),
        ("SILENCE carrier.inbound callee", "ONE_WAY_AUDIO carrier.inbound callee"),
        ("CARRIER",),
    ),
    Case(
        "slow to ring",
        call(
            "carrier",
            "outbound_api",
            tags=["high_pdd"],
            properties={"pdd_ms": 9400},
            carrier_edge=clean_gateway(direction="outbound"),
        ),
        ("HIGH_POST_DIAL_DELAY caller",),
    ),
)

# One thing at a time, at the edges of what can be known.
EDGES = (
    Case(
        "bad at the app, clean at the gateway towards it",
        call(
            "client",
            "outbound_dial",
            client_edge=clean_gateway(direction="outbound"),
            sdk_edge=sdk(heard(**BAD_APP), spoke(), direction="inbound"),
        ),
        app_is_bad("callee"),
        ("APP_NETWORK",),
    ),
    Case(
        "bad at the app, and so was what Twilio sent to it",
        call(
            "client",
            "outbound_dial",
            client_edge=gateway(stream(**CLEAN), stream(codec="opus", **SHAKY)),
            sdk_edge=sdk(heard(**BAD_APP), spoke(), direction="inbound"),
        ),
        (*app_is_bad("callee"), "HIGH_JITTER client.outbound callee"),
        ("TWILIO",),
    ),
    Case(
        "bad at the app, clean at the carrier",
        call(
            "carrier",
            "outbound_api",
            carrier_edge=clean_gateway(direction="outbound"),
            sdk_edge=sdk(heard(**BAD_APP), spoke(), direction="outbound"),
        ),
        app_is_bad("caller"),
        ("APP_NETWORK",),
    ),
    Case(
        "bad at the app and at the carrier",
        call(
            "carrier",
            "outbound_api",
            carrier_edge=gateway(stream(**LOSSY), stream(**CLEAN), direction="outbound"),
            sdk_edge=sdk(heard(**BAD_APP), spoke(), direction="outbound"),
        ),
        (
            *app_is_bad("caller"),
            "HIGH_PACKET_LOSS carrier.inbound caller",
            "LOW_ESTIMATED_MOS carrier.inbound caller",
        ),
        ("TWILIO", "CARRIER"),
    ),
    Case(
        "bad at the SIP side, clean at the app",
        call(
            "sip",
            "inbound",
            sip_edge=gateway(stream(**LOSSY), stream(**CLEAN), direction="inbound"),
            sdk_edge=sdk(heard(), spoke(), direction="inbound"),
        ),
        (
            "HIGH_PACKET_LOSS sip.inbound callee",
            "LOW_ESTIMATED_MOS sip.inbound callee",
        ),
        ("SIP_PEER",),
    ),
    Case(
        "bad on its way from the app",
        call(
            "client",
            "inbound",
            client_edge=gateway(stream(codec="opus", **LOSSY), stream(**CLEAN)),
            sdk_edge=sdk(heard(), spoke(), direction="outbound"),
        ),
        ("HIGH_PACKET_LOSS client.inbound callee",),
        ("APP_NETWORK",),
    ),
    Case(
        "from the network to a trunk, bad from the carrier",
        call(
            "trunking",
            "trunking_originating",
            carrier_edge=gateway(stream(**SHAKY), stream(**CLEAN)),
            sip_edge=clean_gateway(),
        ),
        ("HIGH_JITTER carrier.inbound callee",),
        ("CARRIER",),
    ),
    Case(
        "from a trunk to the network, bad from the trunk",
        call(
            "trunking",
            "trunking_terminating",
            carrier_edge=clean_gateway(),
            sip_edge=gateway(stream(**SHAKY), stream(**CLEAN)),
        ),
        ("HIGH_JITTER sip.inbound callee",),
        ("SIP_PEER",),
    ),
    Case(
        "clean from the carrier, bad to the trunk",
        call(
            "trunking",
            "trunking_terminating",
            carrier_edge=clean_gateway(),
            sip_edge=gateway(stream(**CLEAN), stream(**SHAKY)),
        ),
        ("HIGH_JITTER sip.outbound caller",),
        ("TWILIO",),
    ),
    Case(
        "bad from both sides of a trunk",
        call(
            "trunking",
            "trunking_originating",
            carrier_edge=gateway(stream(**SHAKY), stream(**CLEAN)),
            sip_edge=gateway(stream(**SHAKY), stream(**CLEAN)),
        ),
        ("HIGH_JITTER carrier.inbound callee", "HIGH_JITTER sip.inbound caller"),
        ("TWILIO", "CARRIER", "SIP_PEER"),
    ),
    Case(
        "to a SIP domain, bad",
        call("sip", "inbound", sip_edge=gateway(stream(**LOSSY), stream(**CLEAN))),
        ("HIGH_PACKET_LOSS sip.inbound callee", "LOW_ESTIMATED_MOS sip.inbound callee"),
        ("SIP_PEER",),
    ),
    Case(
        "long inside Twilio",
        call(
            "carrier",
            "outbound_dial",
            tags=["high_latency"],
            carrier_edge=gateway(stream(**CLEAN), stream(latency=260.0, **CLEAN)),
        ),
        ("HIGH_LATENCY carrier.outbound callee",),
        ("TWILIO",),
    ),
    Case(
        "far from the app, by an edge location that was not asked for",
        call(
            "client",
            "inbound",
            client_edge=clean_gateway(),
            sdk_edge=sdk(
                heard(rtt=520.0, mos=(3.8, 3.4)),
                spoke(),
                direction="outbound",
                settings={"edge": "ashburn", "selected_edges": ["dublin", "frankfurt"]},
            ),
        ),
        ("HIGH_RTT sdk.inbound both", "EDGE_LOCATION_MISMATCH sdk"),
        ("TWILIO", "APP_NETWORK"),
    ),
    Case(
        "the second choice of edge location",
        call(
            "client",
            "inbound",
            client_edge=clean_gateway(),
            sdk_edge=sdk(
                heard(),
                spoke(),
                settings={"edge": "dublin", "selected_edges": ["frankfurt", "dublin"]},
            ),
        ),
        ("EDGE_LOCATION_FALLBACK sdk",),
    ),
    Case(
        "whichever edge location is near",
        call(
            "client",
            "inbound",
            client_edge=clean_gateway(selected_region="gll", region="us1"),
            sdk_edge=sdk(
                heard(), spoke(), settings={"edge": "ashburn", "selected_edges": ["roaming"]}
            ),
        ),
    ),
    Case(
        "another region than selected",
        call("client", "inbound", client_edge=clean_gateway(selected_region="ie1", region="us1")),
        ("REGION_MISMATCH client",),
    ),
    Case(
        "late packets, though jitter is fair",
        call(
            "carrier",
            "outbound_api",
            tags=["high_jitter"],
            carrier_edge=gateway(
                stream(loss=0.1, jitter=(2.2, 28.0), late={"d50": 300, "d200": 150, "d300": 70}),
                stream(**CLEAN),
            ),
        ),
        ("LATE_PACKETS carrier.inbound caller",),
        ("CARRIER",),
    ),
    Case(
        "few late packets",
        call(
            "carrier",
            "outbound_api",
            carrier_edge=gateway(
                stream(loss=0.1, jitter=(2.2, 28.0), late={"d50": 300, "d200": 12}),
                stream(**CLEAN),
            ),
        ),
    ),
    Case(
        "one high peak of jitter",
        call(
            "carrier",
            "outbound_api",
            carrier_edge=gateway(stream(loss=0.0, jitter=(1.2, 55.0)), stream(**CLEAN)),
        ),
        ("JITTER_PEAK carrier.inbound caller",),
    ),
    Case(
        "steady jitter without a peak",
        call(
            "carrier",
            "outbound_api",
            carrier_edge=gateway(stream(**CLEAN), stream(loss=0.0, jitter=(9.0, 22.0))),
        ),
        ("ELEVATED_JITTER carrier.outbound callee",),
    ),
    Case(
        "some loss",
        call("carrier", "inbound", carrier_edge=gateway(stream(loss=3.8), stream(**CLEAN))),
        ("ELEVATED_PACKET_LOSS carrier.inbound callee",),
        ("CARRIER",),
    ),
    Case(
        "loss at the threshold, not above it",
        call(
            "carrier",
            "inbound",
            carrier_edge=gateway(stream(loss=5.0), stream(loss=3.0), direction="inbound"),
        ),
        ("ELEVATED_PACKET_LOSS carrier.inbound callee",),
        ("CARRIER",),
    ),
    Case(
        "loss on the way to a telephone alone",
        call("carrier", "inbound", carrier_edge=gateway(stream(**CLEAN), stream(loss=7.0))),
        ("HIGH_PACKET_LOSS carrier.outbound caller",),
    ),
    Case(
        "a microphone without sound",
        call(
            "client",
            "inbound",
            client_edge=clean_gateway(),
            sdk_edge=sdk(heard(levels=(0.0, 9000.0)), spoke(), direction="outbound"),
        ),
        ("SILENT_MICROPHONE sdk.outbound callee",),
        ("APP_DEVICE",),
    ),
    Case(
        "no permission for the microphone",
        call(
            "client",
            "inbound",
            "canceled",
            sdk_edge=sdk(events={"errors": {"31401": 1}}, direction="outbound"),
        ),
        ("MICROPHONE_UNAVAILABLE sdk.outbound callee", "NOT_ANSWERED"),
        ("APP_DEVICE",),
    ),
    Case(
        "a speaker without sound",
        call(
            "client",
            "inbound",
            client_edge=clean_gateway(),
            sdk_edge=sdk(heard(levels=(8000.0, 0.0)), spoke(), direction="outbound"),
        ),
        ("SILENT_SPEAKER sdk.inbound caller",),
        ("APP_DEVICE",),
    ),
    Case(
        "the app sends, and nothing arrives",
        call(
            "client",
            "inbound",
            client_edge=gateway(stream(0), stream(**CLEAN)),
            sdk_edge=sdk(heard(), spoke(), direction="outbound"),
        ),
        ("ONE_WAY_AUDIO client.inbound callee",),
        ("APP_NETWORK",),
    ),
    Case(
        "the app sends nothing",
        call(
            "client",
            "inbound",
            client_edge=gateway(None, stream(**CLEAN)),
            sdk_edge=sdk(heard(), spoke(0), direction="outbound"),
        ),
        ("ONE_WAY_AUDIO client.inbound callee", "ONE_WAY_AUDIO sdk.outbound callee"),
        ("APP_DEVICE",),
    ),
    Case(
        "Twilio sends, and nothing arrives at the app",
        call(
            "client",
            "inbound",
            client_edge=clean_gateway(),
            sdk_edge=sdk({"packets_received": 0}, spoke(), direction="outbound"),
        ),
        ("ONE_WAY_AUDIO sdk.inbound caller",),
        ("APP_NETWORK",),
    ),
    Case(
        "no packets at all at the gateway towards the app",
        call(
            "client",
            "outbound_dial",
            client_edge=gateway(stream(0), stream(0)),
        ),
        ("NO_MEDIA client both",),
        ("APP_NETWORK",),
    ),
    Case(
        "G.729 on a trunk",
        call(
            "trunking",
            "trunking_terminating",
            carrier_edge=clean_gateway(),
            sip_edge=gateway(stream(codec="g729", **CLEAN), stream(codec="g729", **CLEAN)),
        ),
        ("CODEC_CEILING sip.inbound callee", "CODEC_CEILING sip.outbound caller"),
    ),
    Case(
        "blocked by a network",
        call("carrier", "outbound_api", "fail", properties={"last_sip_response_num": 608}),
        ("BLOCKED_BY_NETWORK", "FAILED_BEFORE_MEDIA", "SIP_RESPONSE"),
        ("BLOCKED",),
    ),
    Case(
        "unwanted by the called",
        call("carrier", "outbound_api", "busy", properties={"last_sip_response_num": 607}),
        ("UNWANTED", "NOT_ANSWERED", "SIP_RESPONSE"),
        ("BLOCKED",),
    ),
    Case(
        "declined, with a bare 603",
        call(
            "carrier",
            "outbound_api",
            "fail",
            properties={"last_sip_response_num": 603, "q850_cause": 21},
        ),
        ("DECLINED", "SIP_RESPONSE", "Q850_CAUSE"),
    ),
    Case(
        "604 is no blocking",
        call("carrier", "outbound_api", "fail", properties={"last_sip_response_num": 604}),
        ("FAILED_BEFORE_MEDIA", "SIP_RESPONSE"),
        ("ROUTING",),
    ),
    Case(
        "606 is no blocking",
        call("sip", "outbound_dial", "fail", properties={"last_sip_response_num": 606}),
        ("FAILED_BEFORE_MEDIA", "SIP_RESPONSE"),
        ("ROUTING",),
    ),
    Case(
        "no such number",
        call(
            "carrier",
            "outbound_api",
            "fail",
            properties={"last_sip_response_num": 404, "q850_cause": 1, "pdd_ms": 15200},
        ),
        (
            "FAILED_BEFORE_MEDIA",
            "SIP_RESPONSE",
            "Q850_CAUSE",
            "HIGH_POST_DIAL_DELAY caller",
        ),
        ("ROUTING",),
    ),
    Case(
        "completed, and nothing is told of its media",
        call("carrier", "outbound_api"),
        ("NO_MEDIA_EDGE",),
    ),
    Case(
        "AMD heard a machine, a person heard a person",
        call(
            "carrier",
            "outbound_api",
            answered_by="machine_end_beep",
            carrier_edge=clean_gateway(),
            annotation={"answered_by": "human"},
        ),
        ("AMD_MISMATCH",),
    ),
    Case(
        "AMD and a person agree",
        call(
            "carrier",
            "outbound_api",
            answered_by="machine_end_beep",
            carrier_edge=clean_gateway(),
            annotation={"answered_by": "machine"},
        ),
    ),
    Case(
        "an old mobile SDK",
        call(
            "client",
            "inbound",
            from_={"sdk": {"type": "twilio-voice-ios", "version": "2.1.0"}},
            client_edge=clean_gateway(),
            sdk_edge=sdk(heard(), spoke(), direction="outbound"),
        ),
        ("UNSUPPORTED_SDK",),
    ),
    Case(
        "an old JavaScript SDK that is supported",
        call(
            "client",
            "inbound",
            from_={"sdk": {"type": "twilio-voice-js", "version": "1.14.3"}},
            client_edge=clean_gateway(),
            sdk_edge=sdk(heard(), spoke(), direction="outbound"),
        ),
    ),
    Case(
        "tags, and all numbers that are shown are fine",
        call(
            "carrier",
            "outbound_api",
            tags=["high_jitter", "high_packet_loss"],
            carrier_edge=gateway(
                stream(loss=0.4, jitter=(1.9, 12.0)), stream(loss=0.1, jitter=(0.3, 3.0))
            ),
        ),
        (
            "HIGH_JITTER",
            "HIGH_PACKET_LOSS",
            "TAG_BELOW_THRESHOLD carrier.inbound",
            "TAG_BELOW_THRESHOLD carrier.inbound",
        ),
    ),
    Case(
        "a tag before there are numbers",
        call(
            "carrier",
            "outbound_api",
            processing_state="partial",
            tags=["high_packet_loss"],
            carrier_edge=gateway(direction="outbound"),
        ),
        ("HIGH_PACKET_LOSS", "PARTIAL_SUMMARY"),
    ),
    Case("nothing but its SID", {"call_sid": "CA" + "0f" * 16}),
    Case(
        "packets counted, nothing measured",
        call(
            "carrier",
            "outbound_api",
            carrier_edge={"metrics": {"inbound": {"packets_received": 5000}, "outbound": {}}},
            processing_state="partial",
        ),
        ("PARTIAL_SUMMARY",),
    ),
    Case(
        "nobody says who called whom",
        call("carrier", None, carrier_edge=gateway(stream(**LOSSY), stream(**CLEAN))),
        ("HIGH_PACKET_LOSS carrier.inbound", "LOW_ESTIMATED_MOS carrier.inbound"),
        ("CARRIER",),
    ),
    Case(
        "the edge alone says who called whom",
        call(
            "carrier",
            None,
            carrier_edge=gateway(stream(**LOSSY), stream(**CLEAN), direction="outbound"),
        ),
        (
            "HIGH_PACKET_LOSS carrier.inbound caller",
            "LOW_ESTIMATED_MOS carrier.inbound caller",
        ),
        ("CARRIER",),
    ),
    Case(
        "bad for a moment at the app",
        call(
            "client",
            "inbound",
            client_edge=clean_gateway(),
            sdk_edge=sdk(
                heard(mos=(4.1, 2.1)),
                spoke(),
                events={"groups": {"network-quality-warning-raised": 2}},
                direction="outbound",
            ),
        ),
        ("MOS_DIP sdk.inbound caller", "SDK_WARNINGS sdk"),
    ),
    Case(
        "the user of the app was not content",
        call(
            "client",
            "inbound",
            client_edge=clean_gateway(),
            sdk_edge=sdk(heard(), spoke(), events={"feedback": {"score": 1}}, direction="outbound"),
        ),
        ("REPORTED_ISSUE sdk caller",),
    ),
    Case(
        "the app lost its media connection",
        call(
            "client",
            "inbound",
            client_edge=clean_gateway(),
            sdk_edge=sdk(heard(), spoke(), events={"errors": {"53405": 1}}, direction="outbound"),
        ),
        ("SDK_ERRORS sdk",),
        ("APP_NETWORK",),
    ),
    Case(
        "short, and tagged so",
        call(
            "carrier",
            "inbound",
            connect_duration=4,
            tags=["pstn_short_duration"],
            carrier_edge=clean_gateway(),
        ),
        ("SHORT_CALL",),
    ),
    Case(
        "tagged at the SDK, without numbers",
        call(
            "client",
            "inbound",
            client_edge=clean_gateway(),
            sdk_edge=sdk({"tags": ["low_mos"]}, spoke(), direction="outbound"),
        ),
        ("LOW_MOS sdk.inbound caller",),
        ("APP_NETWORK",),
    ),
    Case(
        "slow to ring, though nothing is tagged",
        call(
            "carrier",
            "outbound_api",
            properties={"pdd_ms": 14000},
            carrier_edge=clean_gateway(),
        ),
        ("HIGH_POST_DIAL_DELAY caller",),
    ),
    Case(
        "answered, then lost by the network",
        call(
            "carrier",
            "outbound_api",
            carrier_edge=clean_gateway(q850_cause=102),
        ),
        ("Q850_CAUSE carrier",),
    ),
    Case(
        "bad by WhatsApp",
        call("whatsapp", "inbound", sip_edge=gateway(stream(**SHAKY), stream(**CLEAN))),
        ("HIGH_JITTER sip.inbound callee",),
        ("SIP_PEER",),
    ),
    Case(
        "bad from a telephone, and slow inside Twilio",
        call(
            "carrier",
            "inbound",
            carrier_edge=gateway(stream(latency=300.0, **LOSSY), stream(**CLEAN)),
        ),
        (
            "HIGH_PACKET_LOSS carrier.inbound callee",
            "HIGH_LATENCY carrier.inbound callee",
            "LOW_ESTIMATED_MOS carrier.inbound callee",
        ),
        ("CARRIER", "TWILIO"),
    ),
)

CASES = RECORDED + STORIES + EDGES
