import pytest

from gateway.insights.diagnosis.findings import Diagnosis
from tests.insights.diagnosis.made import LOSSY, Json, call, gateway, heard, sdk, stream
from tests.insights.diagnosis.test_cases import diagnosis_of

FACES = [
    ("carrier", "inbound", "carrier", "caller"),
    ("carrier", "outbound_api", "carrier", "callee"),
    ("carrier", "outbound_dial", "carrier", "callee"),
    ("trunking", "trunking_originating", "carrier", "caller"),
    ("trunking", "trunking_terminating", "carrier", "callee"),
    ("sip", "inbound", "sip", "caller"),
    ("sip", "outbound_api", "sip", "callee"),
    ("sip", "outbound_dial", "sip", "callee"),
    ("trunking", "trunking_originating", "sip", "callee"),
    ("trunking", "trunking_terminating", "sip", "caller"),
    ("client", "inbound", "client", "caller"),
    ("client", "outbound_api", "client", "callee"),
    ("client", "outbound_dial", "client", "callee"),
    ("client", "inbound", "sdk", "caller"),
    ("client", "outbound_dial", "sdk", "callee"),
]
"""Which party an edge faces: Twilio's "Understanding Twilio Media Edges", and what directions are
("trunking terminating": from your trunk to the network)."""

OTHER = {"caller": "callee", "callee": "caller"}


def bad(edge: str, direction: str) -> Json:
    """An edge of which one stream lost packets."""
    if edge == "sdk":
        lossy = heard(loss=12.0)
        return sdk(
            lossy if direction == "inbound" else None, lossy if direction != "inbound" else None
        )
    lossy = stream(**LOSSY)
    return gateway(*((lossy, None) if direction == "inbound" else (None, lossy)))


def who_heard_the_loss(diagnosis: Diagnosis) -> list[str]:
    """By name; empty if nobody knows."""
    (loss,) = [one for one in diagnosis.findings if one.rule.name == "HIGH_PACKET_LOSS"]
    return [side.value for side in loss.heard_by]


@pytest.mark.parametrize(("type_", "direction", "edge", "faces"), FACES)
@pytest.mark.parametrize("stream_direction", ["inbound", "outbound"])
def test_who_heard_a_stream_follows_from_whom_the_edge_faces(
    type_: str, direction: str, edge: str, faces: str, stream_direction: str
) -> None:
    """The party at a gateway hears `outbound`, the party at the SDK `inbound`; else the other."""
    summary = call(type_, direction) | {f"{edge}_edge": bad(edge, stream_direction)}

    to_the_party = stream_direction == ("inbound" if edge == "sdk" else "outbound")
    listener = faces if to_the_party else OTHER[faces]
    assert who_heard_the_loss(diagnosis_of(summary)) == [listener]


@pytest.mark.parametrize(
    ("edge_direction", "faces"), [("inbound", "caller"), ("outbound", "callee")]
)
def test_an_edge_tells_whom_it_faces_when_the_call_does_not(
    edge_direction: str, faces: str
) -> None:
    """Towards Twilio, the party outside is the caller; away from it, the callee."""
    edge = gateway(None, stream(**LOSSY), direction=edge_direction)

    assert who_heard_the_loss(diagnosis_of(call("carrier", None, carrier_edge=edge))) == [faces]


@pytest.mark.parametrize(
    ("sdk_direction", "faces"), [("outbound", "caller"), ("inbound", "callee")]
)
def test_the_sdk_tells_whether_its_app_called_or_was_called(sdk_direction: str, faces: str) -> None:
    """Its direction is "from the perspective of the SDK", whatever the leg says of itself."""
    for direction in (None, "outbound_api", "inbound"):
        edge = sdk(heard(loss=12.0), direction=sdk_direction)
        assert who_heard_the_loss(diagnosis_of(call("carrier", direction, sdk_edge=edge))) == [
            faces
        ]


def test_beside_a_carrier_edge_the_app_is_the_other_party() -> None:
    """A telephone leg that an app dialled, as it was recorded: the carrier faces the callee."""
    summary = call(
        "carrier", "outbound_api", carrier_edge=gateway(), sdk_edge=sdk(heard(loss=12.0))
    )

    assert who_heard_the_loss(diagnosis_of(summary)) == ["caller"]


def test_who_heard_it_is_not_guessed() -> None:
    """Nothing says who called whom, or something that is not known says it."""
    for direction in (None, "sideways"):
        summary = call("carrier", direction, carrier_edge=bad("carrier", "inbound"))
        assert who_heard_the_loss(diagnosis_of(summary)) == []
