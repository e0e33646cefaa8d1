"""Decodes JSON objects whose keys are data into lists."""

import re
from functools import lru_cache

import msgspec

from gateway.insights.catalogue import BigInt, Counter, Entity, Int32, OpenMap, fact

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

    threshold_ms: Int32 = fact("The delay that they passed.", "ms", _HERE, required=True)
    packets: Counter = fact("Packets later than that.", "packets", _HERE, required=True)


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

    name: str = fact("Events.", on=_HERE, required=True)
    count: Counter = fact("How often.", "times", _HERE, required=True)


class Counts(OpenMap):
    """`{"INFO": 13, "DEBUG": 6}`."""

    __slots__ = ()
    entry = Count

    @classmethod
    def read(cls, key: str, value: object) -> Count:
        """Read `"INFO": 13`."""
        key.encode()  # a lone surrogate is an error, for no answer could carry it
        return Count(key, _count(value))
