"""Generates the metadata of a client with a Voice SDK, for samples and events."""

from gateway.sandbox.calls import Json

NAMES = ("city", "country_code", "country_subdivision", "ip_address", "location", "sdk")


def client_metadata(summary: Json) -> Json:
    """The party with the app; nothing of a leg to a telephone, which tells it of its parent."""
    for party, role in (("from", "caller"), ("to", "callee")):
        details = summary.get(party) or {}
        if details.get("connection") == "twilio_sdk":
            name = str(details.get(role, "")).removeprefix("client:")
            return {"client_name": name} | {key: details[key] for key in NAMES if details.get(key)}
    return {}
