from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.insights.media_edges import GatewayInboundStream
from gateway.insights.mos import best_mos, codec_of, estimated_mos

CLEAN = {"codec_name": "pcmu", "packets_loss_percentage": 0.0, "jitter": {"avg": 0.3}}
LOSSES = st.floats(0, 100)
MILLISECONDS = st.floats(0, 2000)


def stream(**numbers: Any) -> GatewayInboundStream:
    return msgspec.convert({**CLEAN, **numbers}, GatewayInboundStream)


def mos(**numbers: Any) -> float | None:
    return estimated_mos(stream(**numbers))


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ({}, 4.41),
        ({"codec_name": "PCMA"}, 4.41),
        ({"codec_name": "g729"}, 4.10),
        ({"codec_name": "G.729A"}, 4.10),
        ({"codec_name": "gsm"}, 3.74),
        ({"packets_loss_percentage": 1.0}, 4.33),
        ({"packets_loss_percentage": 5.0}, 3.92),
        ({"packets_loss_percentage": 10.0}, 3.41),
        ({"packets_loss_percentage": 20.0}, 2.64),
        ({"packets_loss_percentage": 5.0, "codec_name": "g729"}, 3.34),
        ({"latency": {"avg": 99.0}}, 4.41),
        ({"latency": {"avg": 200.0}}, 4.34),
        ({"latency": {"avg": 400.0}}, 3.56),
    ],
)
def test_known_values(numbers: dict[str, Any], expected: float) -> None:
    """By hand from the formulas of ITU-T G.107 and the values of G.113, Appendix I.

    R of 93.2 is a MOS of 4.41 (G.107, Annex B); G.729A takes 11 of it; 5 % of G.711 with
    concealment takes 95 · 5 / (5 + 25.1) = 15.8; a delay of up to 100 ms takes nothing.
    """
    assert mos(**numbers) == pytest.approx(expected, abs=0.011)


@pytest.mark.parametrize(
    "missing",
    [
        {"packets_loss_percentage": None},
        {"jitter": None},
        {"jitter": {"max": 3.0}},
        {"codec_name": None},
        {"codec_name": "opus"},
        {"codec_name": "telepathy"},
        {"codec_name": "gsm", "packets_loss_percentage": 0.5},
    ],
)
def test_what_is_not_known_is_not_guessed(missing: dict[str, Any]) -> None:
    """No measurement, or no planning value of G.113 for the codec, or for its loss."""
    assert mos(**missing) is None


def test_a_codec_without_a_name_is_known_by_its_payload_type() -> None:
    """RFC 3551: 18 is G.729; dynamic types say nothing."""
    assert mos(codec_name=None, codec=18) == mos(codec_name="g729")
    assert mos(codec_name=None, codec=111) is None


def test_the_best_of_a_codec_is_what_it_has_when_nothing_is_wrong() -> None:
    """A ceiling that the estimate reaches, and never passes."""
    for name in ("pcmu", "g729", "gsm", "g723", "amr"):
        codec = codec_of(stream(codec_name=name))
        assert codec is not None
        assert mos(codec_name=name) == best_mos(codec)


@given(LOSSES, LOSSES, MILLISECONDS, MILLISECONDS, MILLISECONDS)
def test_worse_numbers_never_give_a_better_estimate(
    loss: float, more: float, jitter: float, late: float, delay: float
) -> None:
    """It falls with loss, jitter and latency, and stays on the scale."""

    def of(lost: float, shaken: float, inside: float) -> float:
        found = mos(packets_loss_percentage=lost, jitter={"avg": shaken}, latency={"avg": inside})
        assert found is not None
        return found

    best = of(loss, jitter, delay)
    assert 1.0 <= best <= 4.41
    assert of(min(loss + more, 100.0), jitter, delay) <= best
    assert of(loss, jitter + late, delay) <= best
    assert of(loss, jitter, delay + late) <= best


@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(-1e308, 1e308))
def test_any_number_that_could_stand_there_gives_a_score_or_none(loss: float, ms: float) -> None:
    """Nobody promises that Twilio's numbers make sense."""
    found = mos(packets_loss_percentage=loss, jitter={"avg": ms}, latency={"avg": ms})
    assert found is None or 1.0 <= found <= 4.5
