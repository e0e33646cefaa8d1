"""Estimates the mean opinion score (MOS) of a stream at a media gateway, by ITU-T's E-model.

The E-model (G.107) subtracts impairments from the best rating of a telephone call, 93.2:

    R = 93.2 - Idd(delay) - Ie_eff(codec, loss)

Delay is the time inside Twilio plus a jitter buffer of twice the average jitter. The impairment of
a codec and its robustness to loss are the planning values of G.113, Appendix I.

Each assumption is the favourable one: loss at random and well concealed, no echo, no noise, no
delay outside of Twilio. So the estimate is an upper bound: the leg sounded like that at best.
"""

import math
from functools import lru_cache
from typing import NamedTuple

from gateway.insights.media_edges import GatewayStream, MediaStream

BEST_RATING = 93.2
"""R without any impairment: all parameters of G.107 at their defaults."""

_UNHEARD_DELAY = 100.0
_LONGEST_DELAY = 10_000.0
_LOSS_AT_ITS_WORST = 95.0
_BEST_SCORE = 4.5
_JITTER_BUFFER = 2.0


class Codec(NamedTuple):
    """What G.113 says of a codec: its impairment `Ie`, and its robustness to loss `Bpl`, if any."""

    ie: float
    bpl: float | None


_G711 = Codec(0, 25.1)
_G723 = Codec(15, 16.1)
_G729 = Codec(11, 19.0)
_GSM = Codec(20, None)
_G726 = Codec(7, None)
_G728 = Codec(7, None)
_EFR = Codec(5, 10.0)

_BY_NAME = {
    "pcmu": _G711,
    "pcma": _G711,
    "g711": _G711,
    "g723": _G723,
    "g7231": _G723,
    "g729": _G729,
    "g729a": _G729,
    "g729b": _G729,
    "g729ab": _G729,
    "gsm": _GSM,
    "gsmefr": _EFR,
    "amr": _EFR,
    "g721": _G726,
    "g72632": _G726,
    "g728": _G728,
}
_BY_PAYLOAD_TYPE = {
    0: _G711,
    2: _G726,
    3: _GSM,
    4: _G723,
    8: _G711,
    15: _G728,
    18: _G729,
}
"""The static payload types of RFC 3551, for streams that do not name their codec."""


def estimated_mos(stream: GatewayStream) -> float | None:
    """The MOS of a stream, 1 to 4.5, at most; None if codec, loss or jitter is not known.

    G.113 has no value for Opus: an estimate would be a guess.
    """
    loss, jitter = stream.packets_loss_percentage, stream.jitter
    codec = codec_of(stream)
    if codec is None or loss is None or jitter is None or jitter.avg is None:
        return None
    impairment = _equipment(codec, loss)
    if impairment is None:
        return None
    inside = stream.latency.avg if stream.latency else None
    delay = (inside or 0.0) + _JITTER_BUFFER * jitter.avg
    return _score(BEST_RATING - _delay(delay) - impairment)


def best_mos(codec: Codec) -> float:
    """The MOS of a codec when nothing else is wrong."""
    return _score(BEST_RATING - codec.ie)


def codec_of(stream: MediaStream) -> Codec | None:
    """The codec of a stream, if G.113 has values for it."""
    named = None if stream.codec_name is None else _codec_named(stream.codec_name)
    return named or (None if stream.codec is None else _BY_PAYLOAD_TYPE.get(stream.codec))


@lru_cache(maxsize=256)
def _codec_named(name: str) -> Codec | None:
    return _BY_NAME.get("".join(filter(str.isalnum, name.lower())))


def _equipment(codec: Codec, loss: float) -> float | None:
    """`Ie_eff` of G.107, with packets lost at random (percent)."""
    if loss <= 0:
        return codec.ie
    if codec.bpl is None:
        return None
    lost = min(loss, 100.0)
    return codec.ie + (_LOSS_AT_ITS_WORST - codec.ie) * lost / (lost + codec.bpl)


def _delay(ms: float) -> float:
    """`Idd` of G.107: what a one-way delay costs where there is no echo."""
    if ms <= _UNHEARD_DELAY:
        return 0.0
    x = math.log2(min(ms, _LONGEST_DELAY) / _UNHEARD_DELAY)
    return 25 * (_soft(x) - 3 * _soft(x / 3) + 2)


def _soft(x: float) -> float:
    return math.pow(1 + math.pow(x, 6), 1 / 6)


def _score(rating: float) -> float:
    """The MOS that a rating stands for (G.107, Annex B)."""
    if rating <= 0:
        return 1.0
    score = 1 + 0.035 * rating + 7e-6 * rating * (rating - 60) * (100 - rating)
    return round(min(max(score, 1.0), _BEST_SCORE), 2)
