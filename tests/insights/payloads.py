"""Summaries as Twilio writes them, by hand: four shapes that were seen, over a made-up world."""

from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]

ACCOUNT = "AC" + "5a" * 16
CALL = "CA" + "0f" * 16

FROM_AN_APP: Json = {
    "call_sid": CALL,
    "account_sid": ACCOUNT,
    "call_type": "carrier",
    "call_state": "completed",
    "processing_state": "complete",
    "start_time": "2026-03-01T09:15:00Z",
    "end_time": "2026-03-01T09:17:11Z",
    "duration": 131,
    "connect_duration": 122,
    "from": {
        "caller": "+12025550143",
        "carrier": "Twilio",
        "connection": "voip",
        "country_code": "US",
        "number_prefix": "1202",
        "location": {"lat": 38.907192, "lon": -77.036873},
    },
    "to": {
        "callee": "+13125550178",
        "carrier": "Prairie Wireless, Inc.",
        "connection": "mobile",
        "country_code": "US",
    },
    "carrier_edge": {
        "metrics": {
            "inbound": {
                "codec": 0,
                "codec_name": "pcmu",
                "packets_received": 6100,
                "packets_lost": 0,
                "packets_loss_percentage": 0.0,
                "jitter": {"avg": 0.06, "max": 0.41},
            },
            "outbound": {
                "packets_sent": 6093,
                "packet_delay_variation": {"d70": 2, "d50": 24},
            },
        },
        "properties": {"direction": "outbound", "media_region": "us1"},
    },
    "sdk_edge": {
        "metrics": {
            "inbound": {
                "mos": {"avg": 4.4, "max": 4.41, "min": 4.2},
                "rtt": {"avg": 81.5, "max": 97.0, "min": 78.0},
                "packets_received": 6090,
                "audio_in": {"avg": 1820.5, "max": 11000.0},
            },
            "outbound": {"codec": 111, "codec_name": "opus", "packets_sent": 6101},
        },
        "properties": {
            "direction": "outbound",
            "disconnected_by": "remote",
            "settings": {"dscp": True, "ice_restart_enabled": True},
        },
        "events": {"levels": {"INFO": 13, "DEBUG": 6}, "groups": {"connection": 4}},
    },
    "client_edge": None,
    "sip_edge": None,
    "tags": None,
    "attributes": {"conference_participant": False},
    "properties": {
        "direction": "outbound_api",
        "disconnected_by": "caller",
        "last_sip_response_num": 200,
        "pdd_ms": 2400,
    },
    "url": f"https://insights.twilio.com/v1/Voice/{CALL}/Summary",
}
"""An app calls a telephone: the leg on the telephone network has an SDK and a carrier edge."""

SPELLED_OUT: Json = {
    "call_sid": CALL,
    "account_sid": ACCOUNT,
    "parent_call_sid": "",
    "parent_account_sid": "",
    "call_type": "client",
    "call_state": "canceled",
    "processing_state": "partial",
    "processing_version": 1,
    "duration": 0,
    "from": {"caller": "client:harbour", "callee": "", "carrier": "", "sdk": None, "location": {}},
    "to": {"caller": "", "callee": "client:lighthouse", "connection": "twilio_sdk", "city": ""},
    "carrier_edge": {"metrics": None, "properties": {}},
    "sdk_edge": None,
    "tags": [],
    "attributes": None,
    "properties": {
        "q850_cause": 0,
        "last_sip_response_num": 0,
        "pdd_ms": 0,
        "route_id": "",
        "media_region": "unknown_realm",
        "disconnected_by": "unknown_disconnected_by",
        "direction": "outbound-api",
        "settings": None,
    },
}
"""The data of an event: whatever is not there is there, spelled out."""

THROUGH_A_TRUNK: Json = {
    "call_sid": CALL,
    "account_sid": ACCOUNT,
    "call_type": "trunking",
    "call_state": "completed",
    "answered_by": "machine_start",
    "processing_state": "complete",
    "sip_edge": {
        "metrics": {"outbound": {"latency": {"avg": 0.41, "max": 0.52}, "packets_sent": 1804}},
        "properties": {"trunk_sid": "TK" + "1b" * 16, "user_agent": "harbour/2.1"},
    },
    "carrier_edge": {"properties": {"edge_location": "dublin"}},
    "tags": ["silence", "high_jitter"],
    "properties": {"direction": "trunking_terminating"},
    "trust": {
        "verified_caller": {"verified": True},
        "branded": {"enabled": True, "display_name": "Harbour", "type": "in_band"},
        "business_profile": {"identity": "direct_customer", "industry": "BANKING"},
        "voice_integrity": {"enabled": True, "use_case": "therapy_(individual+group)"},
    },
    "annotation": {
        "account_sid": ACCOUNT,
        "call_sid": CALL,
        "quality_issues": ["low_volume", "echo"],
        "spam": False,
        "call_score": 2,
    },
}
"""A trunk calls a telephone; trust as it is written today."""

TRUST_OF_OLD: Json = {
    "call_sid": CALL,
    "call_type": "carrier",
    "trust": {
        "verified_caller": {"verified": False},
        "branded_call": {
            "branded": True,
            "caller": "+12025550143",
            "use_case": "reminders",
            "branded_channel_sid": "BW" + "2c" * 16,
        },
    },
}
"""Trust as older summaries have it."""
