"""Decodes JSON objects whose keys are data into lists."""

import re
from functools import lru_cache
from typing import Annotated

import msgspec

from gateway.insights.catalogue import BigInt, Counter, Entity, Fact, Int32, OpenMap

_HERE = "every entry"

_DELAY = re.compile(r"d\d{1,7}")


@lru_cache(maxsize=1024)
def _threshold(key: str) -> int:
    if _DELAY.fullmatch(key) is None:
        raise ValueError("Expected `d` and a number of milliseconds")
    return int(key[1:])


def _count(value: object) -> Counter:
    if type(value) is int and 0 <= value < 2**53:  # as nearly all are; the rest is told apart
        return BigInt(value)
    return msgspec.convert(value, Counter)


class PacketDelay(Entity, frozen=True):
    """How many packets came later than a threshold."""

    threshold_ms: Annotated[Int32, Fact("The delay that they passed.", "ms", _HERE)]
    packets: Annotated[Counter, Fact("Packets later than that.", "packets", _HERE)]


class PacketDelays(OpenMap):
    """`{"d50": 24}`: 24 packets were delayed by more than 50 ms."""

    __slots__ = ()
    entry = PacketDelay

    @classmethod
    def read(cls, key: str, value: object) -> PacketDelay:
        """Read `"d50": 24`."""
        return PacketDelay(_threshold(key), _count(value))


class Count(Entity, frozen=True):
    """How often something happened."""

    name: Annotated[str, Fact("Events.", on=_HERE)]
    count: Annotated[Counter, Fact("How often.", "times", _HERE)]


class Counts(OpenMap):
    """`{"INFO": 13, "DEBUG": 6}`."""

    __slots__ = ()
    entry = Count

    @classmethod
    def read(cls, key: str, value: object) -> Count:
        """Read `"INFO": 13`."""
        key.encode()  # a lone surrogate is an error, for no answer could carry it
        return Count(key, _count(value))
