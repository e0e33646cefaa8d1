"""Models the parties of a call, `from` and `to`, with their devices and connections."""

from typing import Annotated

from gateway.insights.catalogue import UNRECOGNIZED, Entity, Fact, Pii, Text, Vocabulary

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

    lat: Annotated[
        float | None, Fact("Latitude.", "degrees north", "parties located", Pii.LOCATION)
    ] = None
    lon: Annotated[
        float | None, Fact("Longitude.", "degrees east", "parties located", Pii.LOCATION)
    ] = None


NOWHERE = Location(0.0, 0.0)
"""In the sea off Africa; Twilio writes it for a party that it cannot locate."""


class Browser(Entity, frozen=True):
    """The browser that an SDK call was made in."""

    name: Annotated[Text | None, Fact("Name of the browser.", on=_JS)] = None
    major: Annotated[Text | None, Fact("Major version of the browser.", on=_JS)] = None
    version: Annotated[Text | None, Fact("Full version of the browser.", on=_JS)] = None


class OperatingSystem(Entity, frozen=True):
    """The operating system under an SDK call."""

    name: Annotated[Text | None, Fact("Name, as the application gave it to the SDK.", on=_SDK)] = (
        None
    )
    version: Annotated[
        Text | None, Fact("Version, as the application gave it to the SDK.", on=_SDK)
    ] = None


class Device(Entity, frozen=True):
    """The machine under an SDK call."""

    arch: Annotated[
        Text | None, Fact("Processor architecture, for example `amd64`.", on=_SDK, pii=Pii.DEVICE)
    ] = None
    model: Annotated[Text | None, Fact("Model name or number.", on=_MOBILE, pii=Pii.DEVICE)] = None
    type: Annotated[
        Text | None, Fact("Kind of device, for example `mobile`.", on=_MOBILE, pii=Pii.DEVICE)
    ] = None
    vendor: Annotated[Text | None, Fact("Manufacturer.", on=_MOBILE, pii=Pii.DEVICE)] = None


class Engine(Entity, frozen=True):
    """The browser engine that the JavaScript SDK found."""

    name: Annotated[Text | None, Fact("Name of the engine.", on=_JS)] = None
    version: Annotated[Text | None, Fact("Version of the engine.", on=_JS)] = None


class App(Entity, frozen=True):
    """The application that embeds the SDK, as it named itself."""

    name: Annotated[Text | None, Fact("Name of the application.", on=_SDK)] = None
    version: Annotated[Text | None, Fact("Version of the application.", on=_SDK)] = None


class Sdk(Entity, frozen=True):
    """Twilio's Voice SDK at a party's end: its version and what it runs on."""

    type: Annotated[Text | None, Fact("The SDK, such as `twilio-voice-android`.", on=_SDK)] = None
    version: Annotated[Text | None, Fact("Version of the SDK.", on=_SDK)] = None
    platform: Annotated[Text | None, Fact("`WebRTC`, `android` or `iOS`.", on=_SDK)] = None
    region: Annotated[Text | None, Fact("Twilio region the device registered to.", on=_SDK)] = None
    selected_region: Annotated[
        Text | None, Fact("Region that the device was set up with.", on=_SDK)
    ] = None
    edge_location: Annotated[
        Text | None, Fact("Edge location that the device was set up with.", on=_SDK)
    ] = None
    browser: Annotated[Browser | None, Fact("The browser.", on=_JS)] = None
    os: Annotated[OperatingSystem | None, Fact("The operating system.", on=_SDK)] = None
    device: Annotated[Device | None, Fact("The machine.", on=_SDK)] = None
    engine: Annotated[Engine | None, Fact("The browser engine.", on=_JS)] = None
    app: Annotated[App | None, Fact("The application.", on=_SDK)] = None


class Party(Entity, frozen=True):
    """One end of a call: the calling party (`from`) or the called one (`to`)."""

    caller: Annotated[
        Text | None,
        Fact(
            "Caller ID: an E.164 number, `client:NAME` or a SIP address.",
            on="`from`",
            pii=Pii.IDENTITY,
        ),
    ] = None
    callee: Annotated[
        Text | None,
        Fact(
            "The dialled address: an E.164 number, `client:NAME` or a SIP address.",
            on="`to`",
            pii=Pii.IDENTITY,
        ),
    ] = None
    carrier: Annotated[Text | None, Fact("Carrier that serves the number.", on=_NUMBER)] = None
    connection: Annotated[ConnectionType | None, Fact("The kind of line.")] = None
    number_prefix: Annotated[
        Text | None, Fact("Country code and the next three digits of the number.", on=_NUMBER)
    ] = None
    country_code: Annotated[
        Text | None, Fact("Country, as two letters of ISO 3166-1.", on=_NUMBER)
    ] = None
    country_subdivision: Annotated[
        Text | None, Fact("State or province, for example `California`.", on="parties located")
    ] = None
    city: Annotated[
        Text | None,
        Fact("City, by coordinates or IP address.", on="parties located", pii=Pii.LOCATION),
    ] = None
    location: Annotated[
        Location | None,
        Fact("Coordinates of the number prefix.", on="parties located", pii=Pii.LOCATION),
    ] = None
    ip_address: Annotated[
        Text | None, Fact("Public IP address of the client.", on=_SDK, pii=Pii.NETWORK)
    ] = None
    sdk: Annotated[Sdk | None, Fact("The Voice SDK at this end.", on=_SDK)] = None
