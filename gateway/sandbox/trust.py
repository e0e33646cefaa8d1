"""Generates the trusted communications of a call, in both of Twilio's formats."""

import random

from gateway.sandbox.calls import Call, Json

BRANDS = (
    ("Heron Credit", "Heron Credit Union Ltd", "Account Services", "Fraud check", "BANKING"),
    ("Juniper Care", "Juniper Care Clinics", "Appointments", "Visit reminder", "HEALTHCARE"),
    ("Kite Parcels", "Kite Parcels and Freight", "Deliveries", "At your door", "TRANSPORTATION"),
)
INTEGRITY_USES = (
    "customer_support",
    "appointment_reminders",
    "identify_&_verification",
    "dating/social",
    "therapy_(individual+group)",
    "self-service",
)
VERIFIABLE = ("outbound_api", "outbound_dial", "trunking_terminating")


def trust(rng: random.Random, call: Call) -> Json | None:
    """The `trust` object; None for calls that nobody could have vouched for."""
    if "branded_legacy" in call.traits:
        return {"branded_call": _legacy(rng), "verified_caller": {"verified": True}}
    if "branded" in call.traits:
        return _today(rng)
    if call.direction in VERIFIABLE and call.type != "client":
        verified = rng.random() < 0.7  # noqa: PLR2004  (most have attestation A)
        return {"verified_caller": {"verified": verified}}
    return None


def _today(rng: random.Random) -> Json:
    number = rng.randrange(len(BRANDS))
    name, long_name, use, reason, industry = BRANDS[number]
    shown = rng.random() < 0.85  # noqa: PLR2004  (some handsets show nothing)
    return {
        "verified_caller": {"verified": True},
        "branded": {
            "enabled": shown,
            "display_name": name,
            "long_display_name": long_name,
            "bundle_sid": _sid("BU", 10 + number),
            "logo": number != 1,
            "type": rng.choice(("in_band", "out_of_band")),
            "use_case": use,
            "call_reason": reason,
        },
        "business_profile": {
            "bundle_sid": _sid("BU", 20 + number),
            "identity": rng.choice(("direct_customer", "isv_reseller_or_partner")),
            "industry": industry,
            "type": rng.choice(("primary", "secondary")),
        },
        "voice_integrity": {
            "enabled": rng.random() < 0.8,  # noqa: PLR2004  (not every brand signed up)
            "bundle_sid": _sid("BU", 30 + number),
            "use_case": rng.choice(INTEGRITY_USES),
        },
    }


def _legacy(rng: random.Random) -> Json:
    number = rng.randrange(len(BRANDS))
    return {
        "branded": True,
        "caller": f"+1206555018{number}",
        "use_case": BRANDS[number][2],
        "branded_channel_sid": _sid("BW", number),
        "business_sid": _sid("BX", number),
        "brand_sid": _sid("BZ", number),
    }


def _sid(prefix: str, number: int) -> str:
    return f"{prefix}{number:032x}"
