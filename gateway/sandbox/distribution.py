"""Splits the total or average of a call into parts that add up to it."""

import random
from collections.abc import Iterable
from itertools import accumulate

DIGITS = 6  # Twilio rounds to millionths


def share(rng: random.Random, total: int, parts: int) -> list[int]:
    """`total` in so many parts of about the same size, which add up to it."""
    weights = [rng.uniform(0.7, 1.3) for _ in range(parts)]
    ends = [round(total * end / sum(weights)) for end in accumulate(weights)]
    return [end - start for start, end in zip([0, *ends], ends, strict=False)]


def within(parts: Iterable[int], total: int) -> list[int]:
    """`total` in parts of which none is larger than the part in its place; the largest first."""
    limits = list(parts)
    shares = [0] * len(limits)
    for place in sorted(range(len(limits)), key=lambda place: -limits[place]):
        shares[place] = min(limits[place], total)
        total -= shares[place]
    return shares


def around(rng: random.Random, average: float, low: float, high: float, parts: int) -> list[float]:
    """So many values between `low` and `high` whose mean is `average`."""
    drawn = [rng.uniform(-1, 1) for _ in range(parts)]
    middle = sum(drawn) / parts
    swings = [one - middle for one in drawn]
    widest = max(map(abs, swings)) or 1.0
    room = max(0.0, min(average - low, high - average)) / widest
    return [round(average + 0.9 * room * swing, DIGITS) for swing in swings]


def extremes(rng: random.Random, averages: list[float], limit: float, *, most: bool) -> list[float]:
    """For each part its extreme: none passes `limit`, and one of them reaches it."""
    reaching = rng.randrange(len(averages))
    return [
        limit if place == reaching else round(one + (limit - one) * rng.uniform(0, 0.8), DIGITS)
        for place, one in enumerate(_inside(averages, limit, most=most))
    ]


def _inside(averages: list[float], limit: float, *, most: bool) -> list[float]:
    return [min(one, limit) if most else max(one, limit) for one in averages]
