"""Models the parties of a call, `from` and `to`, with their devices and connections."""

from gateway.insights.catalogue import UNRECOGNIZED, Entity, Pii, Text, Vocabulary, fact

_SDK = "Voice SDK (client) calls"
_JS = "Voice SDK calls from a browser"
_MOBILE = "Voice SDK calls from a mobile app"
_NUMBER = "parties with a phone number"


class ConnectionType(Vocabulary):
    """The kind of line of a party."""

    LANDLINE = "landline", "A fixed line."
    MOBILE = "mobile", "A mobile network."
    VOIP = "voip", "A number of an internet telephony carrier."
    TWILIO_SDK = "twilio_sdk", "An app with Twilio's Voice SDK."
    PSTN = "pstn", "The telephone network, kind of line not known."
    SIP_INTERFACE = "sip_interface", "A SIP endpoint."
    SIP_TRUNK = "sip_trunk", "An Elastic SIP Trunk."
    WHATSAPP = "whatsapp", "A WhatsApp user."
    UNRECOGNIZED = UNRECOGNIZED


class Location(Entity, frozen=True):
    """Where a number prefix belongs, or where an IP address seems to be."""

    lat: float | None = fact("Latitude.", "degrees north", "parties located", Pii.LOCATION)
    lon: float | None = fact("Longitude.", "degrees east", "parties located", Pii.LOCATION)


NOWHERE = Location(0.0, 0.0)
"""In the sea off Africa; Twilio writes it for a party that it cannot locate."""


class Browser(Entity, frozen=True):
    """The browser that an SDK call was made in."""

    name: Text | None = fact("Name of the browser.", on=_JS)
    major: Text | None = fact("Major version of the browser.", on=_JS)
    version: Text | None = fact("Full version of the browser.", on=_JS)


class OperatingSystem(Entity, frozen=True):
    """The operating system under an SDK call."""

    name: Text | None = fact("Name, as the application gave it to the SDK.", on=_SDK)
    version: Text | None = fact("Version, as the application gave it to the SDK.", on=_SDK)


class Device(Entity, frozen=True):
    """The machine under an SDK call."""

    arch: Text | None = fact(
        "Processor architecture, for example `amd64`.", on=_SDK, pii=Pii.DEVICE
    )
    model: Text | None = fact("Model name or number.", on=_MOBILE, pii=Pii.DEVICE)
    type: Text | None = fact("Kind of device, for example `mobile`.", on=_MOBILE, pii=Pii.DEVICE)
    vendor: Text | None = fact("Manufacturer.", on=_MOBILE, pii=Pii.DEVICE)


class Engine(Entity, frozen=True):
    """The browser engine that the JavaScript SDK found."""

    name: Text | None = fact("Name of the engine.", on=_JS)
    version: Text | None = fact("Version of the engine.", on=_JS)


class App(Entity, frozen=True):
    """The application that embeds the SDK, as it named itself."""

    name: Text | None = fact("Name of the application.", on=_SDK)
    version: Text | None = fact("Version of the application.", on=_SDK)


class Sdk(Entity, frozen=True):
    """Twilio's Voice SDK at a party's end: its version and what it runs on."""

    type: Text | None = fact("The SDK, such as `twilio-voice-android`.", on=_SDK)
    version: Text | None = fact("Version of the SDK.", on=_SDK)
    platform: Text | None = fact("`WebRTC`, `android` or `iOS`.", on=_SDK)
    region: Text | None = fact("Twilio region the device registered to.", on=_SDK)
    selected_region: Text | None = fact("Region that the device was set up with.", on=_SDK)
    edge_location: Text | None = fact("Edge location that the device was set up with.", on=_SDK)
    browser: Browser | None = fact("The browser.", on=_JS)
    os: OperatingSystem | None = fact("The operating system.", on=_SDK)
    device: Device | None = fact("The machine.", on=_SDK)
    engine: Engine | None = fact("The browser engine.", on=_JS)
    app: App | None = fact("The application.", on=_SDK)


class Party(Entity, frozen=True):
    """One end of a call: the calling party (`from`) or the called one (`to`)."""

    caller: Text | None = fact(
        "Caller ID: an E.164 number, `client:NAME` or a SIP address.", on="`from`", pii=Pii.IDENTITY
    )
    callee: Text | None = fact(
        "The dialled address: an E.164 number, `client:NAME` or a SIP address.",
        on="`to`",
        pii=Pii.IDENTITY,
    )
    carrier: Text | None = fact("Carrier that serves the number.", on=_NUMBER)
    connection: ConnectionType | None = fact("The kind of line.")
    number_prefix: Text | None = fact(
        "Country code and the next three digits of the number.", on=_NUMBER
    )
    country_code: Text | None = fact("Country, as two letters of ISO 3166-1.", on=_NUMBER)
    country_subdivision: Text | None = fact(
        "State or province, for example `California`.", on="parties located"
    )
    city: Text | None = fact(
        "City, by coordinates or IP address.", on="parties located", pii=Pii.LOCATION
    )
    location: Location | None = fact(
        "Coordinates of the number prefix.", on="parties located", pii=Pii.LOCATION
    )
    ip_address: Text | None = fact("Public IP address of the client.", on=_SDK, pii=Pii.NETWORK)
    sdk: Sdk | None = fact("The Voice SDK at this end.", on=_SDK)
