"""Names the media edges, the stream directions and the sides of a call."""

from typing import Self

from gateway.insights.catalogue import Vocabulary


class MediaEdgeKind(Vocabulary):
    """Which media edge of a call it is. Twilio writes `carrier_edge` for `CARRIER`."""

    CARRIER = "carrier", "Between Twilio and its carrier: `carrierEdge`."
    SIP = "sip", "Between Twilio and your SIP infrastructure: `sipEdge`."
    CLIENT = "client", "At Twilio's gateway towards the app: `clientEdge`."
    SDK = "sdk", "In the app itself, measured by the Voice SDK: `sdkEdge`."

    @classmethod
    def spelled(cls, word: str) -> "Self | None":
        """The edge that `word` names, with or without `_edge`."""
        return super().spelled(word.removesuffix("_edge"))


class StreamDirection(Vocabulary):
    """Which of the two media streams of an edge it is."""

    INBOUND = (
        "inbound",
        "The stream that the edge received: at a gateway by Twilio, at the SDK by the app.",
    )
    OUTBOUND = (
        "outbound",
        "The stream that the edge sent: at a gateway by Twilio, at the SDK by the app.",
    )


class CallSide(Vocabulary):
    """One of the two parties of a call."""

    CALLER = "caller", "The calling party: `from`."
    CALLEE = "callee", "The called party: `to`."
