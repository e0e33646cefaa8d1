"""Generates a month of calls, with a bad carrier, a bad browser and an hour of trouble.

The bad carrier is worse than all others, as everywhere. One version of Chrome hears badly. And for
an hour, three days before the beginning, calls through Dublin are bad.
"""

import random
from collections.abc import Iterator
from dataclasses import replace

from gateway.sandbox import scenarios
from gateway.sandbox.accounts import Accounts
from gateway.sandbox.calls import Call

DAYS = 29
TROUBLE = "trouble"
TROUBLE_DAY, TROUBLE_HOUR = 3, 14  # so many days before the beginning; UTC
OLD_BROWSER, OLD_BROWSER_SHARE = "old_browser", 0.25  # of the calls from and to apps
NEWEST = 45 * scenarios.MINUTE  # seconds before the beginning in which the last of them ended


def day_of(sid: str) -> int | None:
    """The day that may have a call: its SID ends with that."""
    day = int(sid[-2:], 16)
    return day if day <= DAYS else None


def begins(day: int, beginning: int) -> int:
    """When a day began (epoch seconds); day 0 is that of the beginning of the world."""
    return (beginning // scenarios.DAY - day) * scenarios.DAY


def tell(seed: int, day: int, calls: int, beginning: int, accounts: Accounts) -> Iterator[Call]:
    """The calls of a day; most of them end in the afternoon."""
    rng = random.Random(f"{seed}/month/{day}")
    start = begins(day, beginning)
    for _ in range(calls):
        end = start + int(rng.triangular(0, scenarios.DAY - 1, TROUBLE_HOUR * scenarios.HOUR))
        related = scenarios.tell(rng, end, accounts)
        if end <= beginning - NEWEST:
            yield from _of_the_day(rng, related, day, end - start)


def _of_the_day(
    rng: random.Random, calls: tuple[Call, ...], day: int, second: int
) -> Iterator[Call]:
    """A story with what there is to find in it, under SIDs that name the day."""
    traits = set[str]()
    if day == TROUBLE_DAY and second // scenarios.HOUR == TROUBLE_HOUR:
        traits.add(TROUBLE)
    if rng.random() < OLD_BROWSER_SHARE:
        traits.add(OLD_BROWSER)
    parent = None
    for call in calls:
        sid = f"{call.sid[:-2]}{day:02x}"
        yield replace(call, sid=sid, parent_sid=parent, traits=call.traits | traits)
        parent = sid
