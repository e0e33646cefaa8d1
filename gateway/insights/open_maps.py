"""Objects of the upstream whose keys are data, as lists."""

import re
from typing import Annotated

from gateway.insights.catalogue import BigInt, Entity, Fact, Int32, OpenMap

_HERE = "every entry"


def _count(value: object) -> BigInt:
    if type(value) is not int:
        raise TypeError("Expected `int`")
    return BigInt(value)


class PacketDelay(Entity, frozen=True):
    """How many packets came later than a threshold."""

    threshold_ms: Annotated[Int32, Fact("The delay that they passed.", "ms", _HERE)]
    packets: Annotated[BigInt, Fact("Packets later than that.", "packets", _HERE)]


class PacketDelays(OpenMap):
    """`{"d50": 24}`: 24 packets were delayed by more than 50 ms."""

    __slots__ = ()
    entry = PacketDelay

    @classmethod
    def read(cls, key: str, value: object) -> PacketDelay:
        """Read `"d50": 24`."""
        if re.fullmatch(r"d\d{1,7}", key) is None:
            raise ValueError("Expected `d` and a number of milliseconds")
        return PacketDelay(int(key[1:]), _count(value))


class Count(Entity, frozen=True):
    """How often something happened."""

    name: Annotated[str, Fact("What happened.", on=_HERE)]
    count: Annotated[BigInt, Fact("How often.", "times", _HERE)]


class Counts(OpenMap):
    """`{"INFO": 13, "DEBUG": 6}`."""

    __slots__ = ()
    entry = Count

    @classmethod
    def read(cls, key: str, value: object) -> Count:
        """Read `"INFO": 13`."""
        return Count(key, _count(value))
