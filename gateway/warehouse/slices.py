"""Computes slices of time by calendar and time zone.

Minutes and hours are counted from the midnight of each local day on, so a slice is cut short where
a day has an hour less. Days and weeks begin at local midnight, weeks on Monday.
"""

import math
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property, lru_cache
from zoneinfo import ZoneInfo, available_timezones

from msgspec import Struct

DAY = 86400
_EPOCH = date(1970, 1, 1)
_MONDAY = 3
"""Days from the Monday before 1970 to its first day."""

_NOT_OF_IANA = {"localtime", "Factory", "posixrules"}


@lru_cache(1)
def time_zones() -> frozenset[str]:
    """The names of time zones."""
    return frozenset(available_timezones() - _NOT_OF_IANA)


class Slices(Struct, frozen=True, dict=True):
    """Slices of so many `seconds` from midnight on, or of so many `days`; one of them is 0."""

    zone: str
    seconds: int = 0
    days: int = 0

    @cached_property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.zone)

    def expression(self, column: str, zone: str) -> str:
        """The key of the slice of a moment, as SQL; `zone` is the placeholder of the zone."""
        if self.days:
            shift = self._shift
            number = f"toInt32(toDate({column}, {zone}))"
            return f"intDiv({number} + {shift}, {self.days}) * {self.days} - {shift}"
        midnight = f"toInt64(toUnixTimestamp(toStartOfDay({column}, {zone})))"
        since = f"(toInt64(toUnixTimestamp({column})) - {midnight})"
        return f"{midnight} + intDiv({since}, {self.seconds}) * {self.seconds}"

    def start(self, key: int) -> datetime:
        """When the slice with this key begins, in its zone."""
        if self.days:
            return self._midnight(_EPOCH + timedelta(days=key))
        return datetime.fromtimestamp(key, self._zone)

    def key(self, moment: datetime) -> int:
        """The key of the slice in which a moment is."""
        local = moment.astimezone(self._zone)
        if self.days:
            number = (local.date() - _EPOCH).days
            return (number + self._shift) // self.days * self.days - self._shift
        midnight = int(self._midnight(local.date()).timestamp())
        since = int(moment.timestamp()) - midnight
        return midnight + since // self.seconds * self.seconds

    def between(self, first: datetime, until: datetime) -> Iterator[int]:
        """The keys of all slices from that of a moment on, which begin before another."""
        key, end = self.key(first), until.timestamp()
        if self.seconds:
            yield from self._of_days(key, math.ceil(end))
            return
        while self.start(key).timestamp() < end:
            yield key
            key += self.days

    def _of_days(self, key: int, end: int) -> Iterator[int]:
        """The keys from one on and before an end, day by day: each begins at midnight anew."""
        day = datetime.fromtimestamp(key, self._zone).date()
        while key < end:
            day += timedelta(days=1)
            tomorrow = int(self._midnight(day).timestamp())
            yield from range(key, min(tomorrow, end), self.seconds)
            key = tomorrow

    @property
    def _shift(self) -> int:
        return _MONDAY if self.days % 7 == 0 else 0

    def _midnight(self, day: date) -> datetime:
        """The first moment of a local day, which is later where a clock skips midnight."""
        written = datetime.combine(day, time(), self._zone)
        return written.astimezone(UTC).astimezone(self._zone)
