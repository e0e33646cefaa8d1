"""Models the gateway or client at an edge, as samples and events describe it."""

from gateway.insights.catalogue import Entity, Pii, Text, fact
from gateway.insights.party import Location, Sdk

_GATEWAY = "samples and events of gateway edges"
_SDK = "samples and events of the SDK edge"


class GatewayMetadata(Entity, frozen=True):
    """Where a media gateway stood, and with whom it exchanged media."""

    region: Text | None = fact("Twilio region of the gateway.", on=_GATEWAY)
    edge_location: Text | None = fact("Twilio edge location of the gateway.", on=_GATEWAY)
    twilio_ip: Text | None = fact("Address of the gateway.", on=_GATEWAY)
    external_ip: Text | None = fact("Address of the other side.", on=_GATEWAY, pii=Pii.NETWORK)


class ClientMetadata(Entity, frozen=True):
    """The user of the app, with place, SDK and device."""

    client_name: Text | None = fact(
        "Name that the app is registered by.", on=_SDK, pii=Pii.IDENTITY
    )
    location: Location | None = fact("Coordinates, by IP address.", on=_SDK, pii=Pii.LOCATION)
    city: Text | None = fact("City, by IP address.", on=_SDK, pii=Pii.LOCATION)
    country_code: Text | None = fact("Country, as two letters of ISO 3166-1.", on=_SDK)
    country_subdivision: Text | None = fact("State or province, by IP address.", on=_SDK)
    ip_address: Text | None = fact("Public IP address of the app.", on=_SDK, pii=Pii.NETWORK)
    sdk: Sdk | None = fact("The Voice SDK.", on=_SDK)
