"""Generates callers: fictional numbers, invented carriers, real cities.

Numbers come from ranges that regulators keep for fiction, addresses from those that are kept for
documentation; nobody can be reached by any of them.
"""

import random
from dataclasses import dataclass

from gateway.sandbox.calls import Call, Json

BAD_CARRIER = "Murkwater Telecom"
OLD_CHROME = "131"


@dataclass(frozen=True, slots=True)
class Place:
    """A city, and the numbers people have there: each `#` is a digit of anybody's choice."""

    country_code: str
    dialling: str
    numbers: str
    subdivision: str
    city: str
    lat: float
    lon: float


PLACES = (
    Place("US", "1", "+120655501##", "Washington", "Seattle", 47.606209, -122.332071),
    Place("US", "1", "+151255501##", "Texas", "Austin", 30.267153, -97.743061),
    Place("US", "1", "+131255501##", "Illinois", "Chicago", 41.878114, -87.629798),
    Place("US", "1", "+140455501##", "Georgia", "Atlanta", 33.748995, -84.387982),
    Place("CA", "1", "+141655501##", "Ontario", "Toronto", 43.653226, -79.383184),
    Place("GB", "44", "+447700900###", "England", "Leeds", 53.800755, -1.549077),
    Place("GB", "44", "+442079460###", "England", "London", 51.507351, -0.127758),
    Place("IE", "353", "+3532091#####", "Leinster", "Dublin", 53.349805, -6.26031),
    Place("FR", "33", "+339900#####", "Île-de-France", "Paris", 48.856613, 2.352222),
    Place("DE", "49", "+493023125###", "Berlin", "Berlin", 52.520008, 13.404954),
    Place("AU", "61", "+61491570###", "Victoria", "Melbourne", -37.813629, 144.963058),
)
SHARES = (20, 16, 14, 10, 6, 9, 9, 4, 4, 5, 3)

CARRIERS = {
    "US": ("Brook & Vale Wireless", "Lantern Mobile USA, Inc.", "Tall Pine Communications"),
    "CA": ("Maple Gate Mobility", "Northern Loop"),
    "GB": ("Fernside Mobile", "Gullwing Telecom"),
    "IE": ("Shannonside Networks",),
    "FR": ("Rivage Télécom",),
    "DE": ("Spreefunk GmbH",),
    "AU": ("Coolabah Mobile", "Southern Arc Telecom"),
}
BAD_CARRIER_SHARE = 0.09  # of the legs to and from the United States

AT_THE_TRUNK = {"trunking_originating": "callee", "trunking_terminating": "caller"}

CLIENTS = ("ada", "bela", "chidi", "desk-12", "grace.h", "kiosk_7", "marta", "support+night", "zoë")
SIP_USERS = ("front-desk", "+12065550142", "agent7", "boardroom", "ivr")
SIP_HOSTS = ("pbx.example.com", "sip.example.org:5061", "192.0.2.44")
NETWORKS = ("192.0.2", "198.51.100", "203.0.113")


def address(rng: random.Random) -> str:
    """An IPv4 address from the ranges kept for documentation."""
    return f"{rng.choice(NETWORKS)}.{rng.randint(1, 254)}"


def parties(rng: random.Random, call: Call) -> tuple[Json, Json]:
    """The `from` and `to` of a summary, as the type and direction of the call have them."""
    here, there = _ends(call)
    calling = _party(rng, here, "caller", call)
    called = _party(rng, there, "callee", call)
    if "old_browser" in call.traits:
        _make_old(calling)
        _make_old(called)
    if "event_shaped" in call.traits:
        return _spelled_out(calling), _spelled_out(called)
    return calling, called


def heard_badly(party: Json) -> bool:
    """The app runs in the browser that hears badly."""
    browser = (party.get("sdk") or {}).get("browser", {})
    return bool(browser.get("name") == "Chrome" and browser.get("major") == OLD_CHROME)


def _make_old(party: Json) -> None:
    """Have an app run in the browser that hears badly, if it is one of that name."""
    browser = (party.get("sdk") or {}).get("browser", {})
    if browser.get("name") == "Chrome":
        browser |= {"major": OLD_CHROME, "version": f"{OLD_CHROME}.0.41"}


def carried_badly(calling: Json, called: Json) -> bool:
    """The bad carrier has a hand in it."""
    return BAD_CARRIER in (calling.get("carrier"), called.get("carrier"))


def _ends(call: Call) -> tuple[str, str]:
    """What kinds of party there are at the two ends."""
    if "from_app" in call.traits:
        return "twilio", "phone"
    inward = call.direction == "inbound"
    return {
        "carrier": ("phone", "twilio") if inward else ("twilio", "phone"),
        "client": ("app", "twilio") if inward else ("phone", "app"),
        "sip": ("sip", "twilio") if inward else ("phone", "sip"),
        "whatsapp": ("whatsapp", "twilio") if inward else ("twilio", "whatsapp"),
    }.get(call.type, ("phone", "phone"))


def _party(rng: random.Random, kind: str, role: str, call: Call) -> Json:
    if kind == "app":
        return {role: f"client:{rng.choice(CLIENTS)}", "connection": "twilio_sdk"} | _app(rng)
    if kind == "sip":
        user, host = rng.choice(SIP_USERS), rng.choice(SIP_HOSTS)
        return {role: f"sip:{user}@{host}", "connection": "sip_interface"}
    place = rng.choices(PLACES, SHARES)[0]
    wanted = "bad_carrier" in call.traits and kind == "phone"
    if wanted:
        place = PLACES[0]
    number = "".join(str(rng.randrange(10)) if c == "#" else c for c in place.numbers)
    if kind == "whatsapp":
        country = {"country_code": place.country_code}
        return {role: f"whatsapp:{number}", "connection": "whatsapp"} | country
    carrier, connection = "Twilio", "voip"
    if kind == "phone":
        carrier = BAD_CARRIER if wanted else _carrier(rng, place)
        connection = rng.choices(("mobile", "landline", "voip"), (70, 22, 8))[0]
    if role == AT_THE_TRUNK.get(call.direction):
        connection = "sip_trunk"
    return {role: number, "carrier": carrier, "connection": connection} | _whereabouts(place)


def _carrier(rng: random.Random, place: Place) -> str:
    if place.country_code == "US" and rng.random() < BAD_CARRIER_SHARE:
        return BAD_CARRIER
    return rng.choice(CARRIERS[place.country_code])


def _whereabouts(place: Place) -> Json:
    return {
        "number_prefix": place.numbers[1 : len(place.dialling) + 4],
        "location": {"lat": place.lat, "lon": place.lon},
        "country_code": place.country_code,
        "country_subdivision": place.subdivision,
        "city": place.city,
    }


def _app(rng: random.Random) -> Json:
    """Where the person with the app is, by IP address, and what the app runs on."""
    place = rng.choices(PLACES, SHARES)[0]
    return {
        "ip_address": address(rng),
        "city": place.city,
        "country_code": place.country_code,
        "country_subdivision": place.subdivision,
        "sdk": _sdk(rng),
    }


def _sdk(rng: random.Random) -> Json:
    edge = rng.choice(("ashburn", "dublin", "roaming", "sydney"))
    registered = {"region": "us1", "selected_region": "gll", "edge_location": edge}
    kind = rng.choices(("browser", "android", "ios"), (62, 20, 18))[0]
    return {"browser": _browser, "android": _android, "ios": _iphone}[kind](rng) | registered


def _browser(rng: random.Random) -> Json:
    system, version = rng.choice((("Windows", "10"), ("Mac OS", "15.5"), ("Linux", "x86_64")))
    browsers = (("Chrome", "Blink", 137), ("Firefox", "Gecko", 140), ("Safari", "WebKit", 18))
    name, engine, major = rng.choice(browsers if system == "Mac OS" else browsers[:2])
    return {
        "type": "twilio-voice-js",
        "version": rng.choice(("2.12.3", "2.11.0", "1.14.3")),
        "platform": "WebRTC",
        "browser": {"name": name, "major": str(major), "version": f"{major}.0.{rng.randrange(99)}"},
        "os": {"name": system, "version": version},
        "device": {"arch": "amd64"},
        "engine": {"name": engine, "version": f"{major}.0"},
    }


def _android(rng: random.Random) -> Json:
    vendor, model = rng.choice((("Google", "Pixel 8"), ("samsung", "SM-S921B")))
    return {
        "type": "twilio-voice-android",
        "version": rng.choice(("6.7.1", "6.4.0")),
        "platform": "android",
        "os": {"name": "Android", "version": rng.choice(("14", "15"))},
        "device": {"arch": "arm64-v8a", "model": model, "type": "mobile", "vendor": vendor},
        "app": {"name": "com.example.dialler", "version": f"3.{rng.randrange(20)}.0"},
    }


def _iphone(rng: random.Random) -> Json:
    device = {"arch": "arm64", "model": "iPhone15,4", "type": "mobile", "vendor": "Apple"}
    return {
        "type": "twilio-voice-ios",
        "version": rng.choice(("6.12.1", "6.10.0")),
        "platform": "iOS",
        "os": {"name": "iOS", "version": rng.choice(("17.6", "18.5"))},
        "device": device,
        "app": {"name": "Example Dialler", "version": f"3.{rng.randrange(20)}"},
    }


def _spelled_out(party: Json) -> Json:
    """The same party as events spell it: every name is there, what is not known is empty."""
    names = ("caller", "callee", "carrier", "connection", "number_prefix", "city", "country_code")
    empty: Json = dict.fromkeys((*names, "country_subdivision", "ip_address"), "")
    return empty | {"location": {"lat": 0.0, "lon": -0.0}, "sdk": None} | party
