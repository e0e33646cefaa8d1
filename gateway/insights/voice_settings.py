"""Decodes the settings of an account: `GET /v1/Voice/Settings`.

Source: Twilio's OpenAPI document of 2026-04, `insights.v1.account_settings`.
"""

from typing import Any

import msgspec
from msgspec import Struct


class VoiceSettings(Struct, frozen=True):
    """The settings of Voice Insights; None where Twilio does not say."""

    account_sid: str | None = None
    advanced_features: bool | None = None
    voice_trace: bool | None = None


def settings_in(body: bytes) -> VoiceSettings | None:
    """The settings in JSON, without values of a wrong type; None where there are none at all."""
    try:
        payload = msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    if payload.keys().isdisjoint(("advanced_features", "voice_trace")):
        return None
    sid = payload.get("account_sid")
    return VoiceSettings(
        sid if isinstance(sid, str) else None,
        _bool(payload.get("advanced_features")),
        _bool(payload.get("voice_trace")),
    )


def _bool(value: object) -> bool | None:
    return value if isinstance(value, bool) else None
