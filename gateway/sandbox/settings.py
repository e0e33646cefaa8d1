"""Writes the settings of an account as the API returns them."""

import msgspec

PATH = "/v1/Voice/Settings"
PARAMETERS = ("SubaccountSid",)


def body(sid: str, is_off: bool) -> bytes:  # noqa: FBT001 - on or off is what it is about
    """The JSON of the settings of one account."""
    return msgspec.json.encode(
        {
            "account_sid": sid,
            "advanced_features": not is_off,
            "voice_trace": False,
            "url": f"https://insights.twilio.com{PATH}",
        }
    )
