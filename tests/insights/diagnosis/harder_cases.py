"""More summaries, written after the rules to find where they go wrong; not run before it was done.

Where an expectation was found wrong later, the case says what changed and why.
"""

from tests.insights.diagnosis.cases import BAD_APP, Case, app_is_bad
from tests.insights.diagnosis.made import (
    CLEAN,
    LOSSY,
    SHAKY,
    call,
    clean_gateway,
    gateway,
    heard,
    sdk,
    spoke,
    stream,
)

HARDER = (
    Case(
        "on hold with music: tagged silent, packets both ways",
        call("carrier", "inbound", tags=["silence"], carrier_edge=clean_gateway()),
        ("SILENCE",),
    ),
    Case(
        "hung up before Twilio heard anything",
        call(
            "carrier",
            "outbound_api",
            connect_duration=1,
            properties={"disconnected_by": "callee"},
            carrier_edge=gateway(None, stream(40, loss=0.0)),
        ),
        ("SHORT_CALL", "DISCONNECTED_BY"),
    ),
    Case(
        "completed, though the app found no way for media",
        call(
            "client",
            "outbound_dial",
            client_edge=gateway(None, stream(2900, loss=0.0)),
            sdk_edge=sdk(
                {"packets_received": 0, "tags": ["ice_failure"]}, spoke(0), direction="inbound"
            ),
        ),
        ("ICE_FAILURE sdk both", "ONE_WAY_AUDIO client.inbound caller", "NO_MEDIA sdk both"),
        ("APP_NETWORK",),
    ),
    Case(
        "G.729 with loss",
        call(
            "sip",
            "outbound_dial",
            sip_edge=gateway(stream(codec="G729", loss=6.0, jitter=(1.0, 8.0)), stream(**CLEAN)),
        ),
        (
            "HIGH_PACKET_LOSS sip.inbound caller",
            "LOW_ESTIMATED_MOS sip.inbound caller",
            "CODEC_CEILING sip.inbound caller",
        ),
        ("SIP_PEER",),
    ),
    Case(
        "the caller gave up on a slow route",
        call(
            "carrier",
            "outbound_api",
            "canceled",
            properties={"pdd_ms": 21000, "last_sip_response_num": 487},
        ),
        ("HIGH_POST_DIAL_DELAY caller", "NOT_ANSWERED", "SIP_RESPONSE"),
    ),
    Case(
        "late from the carrier, and uneven on to the trunk",
        call(
            "trunking",
            "trunking_originating",
            carrier_edge=gateway(
                stream(loss=0.0, jitter=(3.0, 29.0), late={"d200": 200}), stream(**CLEAN)
            ),
            sip_edge=gateway(stream(**CLEAN), stream(**SHAKY)),
        ),
        ("LATE_PACKETS carrier.inbound callee", "HIGH_JITTER sip.outbound callee"),
        ("CARRIER",),
    ),
    Case(
        "bad at the app, and the carrier edge tells nothing",
        call(
            "carrier",
            "outbound_api",
            carrier_edge=gateway(direction="outbound"),
            sdk_edge=sdk(heard(**BAD_APP), spoke(), direction="outbound"),
        ),
        (*app_is_bad("caller"), "METRICS_MISSING carrier"),
        ("APP_NETWORK",),
    ),
    Case(
        "neither microphone nor speaker had sound",
        call(
            "client",
            "inbound",
            client_edge=clean_gateway(),
            sdk_edge=sdk(heard(levels=(0.0, 0.0)), spoke(), direction="outbound"),
        ),
        ("SILENT_MICROPHONE sdk.outbound callee", "SILENT_SPEAKER sdk.inbound caller"),
        ("APP_DEVICE",),
    ),
    Case(
        "the speaker was silent because the carrier was",
        call(
            "carrier",
            "outbound_api",
            tags=["silence"],
            carrier_edge=gateway(None, stream(**CLEAN), direction="outbound"),
            sdk_edge=sdk(heard(levels=(9000.0, 0.0)), spoke(), direction="outbound"),
        ),
        (
            "ONE_WAY_AUDIO carrier.inbound caller",
            "SILENCE carrier.inbound caller",
            "SILENT_SPEAKER sdk.inbound caller",
        ),
        ("CARRIER",),
    ),
    Case(
        "muted: silent at the microphone, tagged silent at the gateway",
        call(
            "client",
            "inbound",
            tags=["silence"],
            client_edge=clean_gateway(),
            sdk_edge=sdk(heard(levels=(12.0, 9000.0)), spoke(), direction="outbound"),
        ),
        ("SILENCE", "SILENT_MICROPHONE sdk.outbound callee"),
        ("APP_DEVICE",),
    ),
    Case(
        "far away by the wanted edge location",
        call(
            "client",
            "inbound",
            tags=["high_latency"],
            client_edge=clean_gateway(),
            sdk_edge=sdk(
                heard(rtt=610.0, mos=(3.6, 3.1)),
                spoke(),
                direction="outbound",
                settings={"edge": "sydney", "selected_edges": ["sydney"]},
            ),
        ),
        ("HIGH_RTT sdk.inbound both",),
        ("APP_NETWORK",),
    ),
    Case(
        "a long round trip, and bad from Twilio too",
        call(
            "client",
            "inbound",
            client_edge=gateway(stream(**CLEAN), stream(codec="opus", **SHAKY)),
            sdk_edge=sdk(heard(rtt=700.0, mos=(3.7, 3.3)), spoke(), direction="outbound"),
        ),
        ("HIGH_RTT sdk.inbound both", "HIGH_JITTER client.outbound caller"),
        ("APP_NETWORK",),
    ),
    Case(
        "low only because it was long inside Twilio",
        call(
            "carrier",
            "inbound",
            carrier_edge=gateway(stream(latency=520.0, **CLEAN), stream(**CLEAN)),
        ),
        (
            "HIGH_LATENCY carrier.inbound callee",
            "LOW_ESTIMATED_MOS carrier.inbound callee",
        ),
        ("TWILIO",),
    ),
    Case(
        "a beta of a supported mobile SDK, called",
        call(
            "client",
            "outbound_api",
            to={"sdk": {"type": "twilio-voice-android", "version": "3.0.0-beta2"}},
            client_edge=clean_gateway(),
        ),
    ),
    Case(
        "very old JavaScript, called",
        call(
            "client",
            "outbound_api",
            to={"sdk": {"platform": "WebRTC", "version": "1.2.4"}},
            client_edge=clean_gateway(),
        ),
        ("UNSUPPORTED_SDK",),
    ),
    Case(
        "by a private edge location, as wanted",
        call(
            "client",
            "inbound",
            client_edge=clean_gateway(),
            sdk_edge=sdk(
                heard(), spoke(), settings={"edge": "ashburn", "selected_edges": ["ashburn-ix"]}
            ),
        ),
    ),
    Case(
        "failed with its media already flowing",
        call(
            "carrier",
            "outbound_api",
            "fail",
            properties={"last_sip_response_num": 500},
            carrier_edge=clean_gateway(q850_cause=38),
        ),
        ("SIP_RESPONSE", "Q850_CAUSE carrier"),
    ),
    Case(
        "the same cause told by the edge and by the call",
        call(
            "carrier",
            "outbound_api",
            "busy",
            properties={"q850_cause": 17, "last_sip_response_num": 486},
            carrier_edge=gateway(q850_cause=17),
        ),
        ("NOT_ANSWERED", "SIP_RESPONSE", "Q850_CAUSE carrier"),
    ),
    Case(
        "slow inside Twilio on its way to an app, by another region",
        call(
            "client",
            "outbound_dial",
            client_edge=gateway(
                stream(**CLEAN),
                stream(latency=210.0, **CLEAN),
                selected_region="de1",
                region="us1",
            ),
        ),
        ("HIGH_LATENCY client.outbound callee", "REGION_MISMATCH client"),
        ("TWILIO",),
    ),
    Case(
        "one edge of a trunk was never measured, the other is bad",
        call(
            "trunking",
            "trunking_terminating",
            sip_edge=gateway(),
            carrier_edge=gateway(stream(**LOSSY), stream(**CLEAN)),
        ),
        (
            "HIGH_PACKET_LOSS carrier.inbound caller",
            "LOW_ESTIMATED_MOS carrier.inbound caller",
            "METRICS_MISSING sip",
        ),
        ("CARRIER",),
    ),
    Case(
        "partial, with one direction not there yet",
        call(
            "carrier",
            "inbound",
            processing_state="partial",
            carrier_edge=gateway(None, stream(**CLEAN)),
        ),
        ("PARTIAL_SUMMARY",),
    ),
    Case(
        "still under way, and already nothing comes in",
        call(
            "carrier",
            "inbound",
            "answered",
            processing_state="partial",
            carrier_edge=gateway(stream(0), stream(2000, loss=0.0)),
        ),
        ("ONE_WAY_AUDIO carrier.inbound callee", "PARTIAL_SUMMARY"),
        ("CARRIER",),
    ),
)
