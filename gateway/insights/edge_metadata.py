"""Models the gateway or client at an edge, as samples and events describe it."""

from typing import Annotated

from gateway.insights.catalogue import Entity, Fact, Pii, Text
from gateway.insights.party import Location, Sdk

_GATEWAY = "samples and events of gateway edges"
_SDK = "samples and events of the SDK edge"


class GatewayMetadata(Entity, frozen=True):
    """Where a media gateway stood, and with whom it exchanged media."""

    region: Annotated[Text | None, Fact("Twilio region of the gateway.", on=_GATEWAY)] = None
    edge_location: Annotated[
        Text | None, Fact("Twilio edge location of the gateway.", on=_GATEWAY)
    ] = None
    twilio_ip: Annotated[Text | None, Fact("Address of the gateway.", on=_GATEWAY)] = None
    external_ip: Annotated[
        Text | None, Fact("Address of the other side.", on=_GATEWAY, pii=Pii.NETWORK)
    ] = None


class ClientMetadata(Entity, frozen=True):
    """The user of the app, with place, SDK and device."""

    client_name: Annotated[
        Text | None, Fact("Name that the app is registered by.", on=_SDK, pii=Pii.IDENTITY)
    ] = None
    location: Annotated[
        Location | None, Fact("Coordinates, by IP address.", on=_SDK, pii=Pii.LOCATION)
    ] = None
    city: Annotated[Text | None, Fact("City, by IP address.", on=_SDK, pii=Pii.LOCATION)] = None
    country_code: Annotated[
        Text | None, Fact("Country, as two letters of ISO 3166-1.", on=_SDK)
    ] = None
    country_subdivision: Annotated[
        Text | None, Fact("State or province, by IP address.", on=_SDK)
    ] = None
    ip_address: Annotated[
        Text | None, Fact("Public IP address of the app.", on=_SDK, pii=Pii.NETWORK)
    ] = None
    sdk: Annotated[Sdk | None, Fact("The Voice SDK.", on=_SDK)] = None
