"""Computes when a followed call is polled next: a pure function of its state and the time.

Twilio has a first partial summary within ten minutes of the end of a call, and the complete one
about thirty minutes after it. So it is asked often around those moments, and seldom in between.
"""

from gateway.calls.call import Lookup, LookupStatus

MINUTE = 60.0

OFTEN, SELDOM = 10.0, MINUTE
"""Seconds between two questions."""

SAFETY_NET = 45 * MINUTE
"""Seconds between two questions when Twilio pushes what is new: for pushes that got lost."""

JITTER = 0.2
"""The share of an interval by which it is made shorter at random, so that calls do not march."""


def poll_interval(state: Lookup | None, now: float, *, events_are_on: bool) -> float:
    """Seconds until the next question; `now` in seconds since 1970."""
    if events_are_on:
        return SAFETY_NET
    if state is None or state.status is LookupStatus.NOT_READY:
        return OFTEN
    if state.call is None:
        return SELDOM  # no such call: it began just now, or never
    ended = state.call.summary.end_time
    if ended is None:
        return SELDOM / 2  # it goes on, and nobody says when it ends
    since_end = now - ended.timestamp()
    if since_end < 5 * MINUTE or 25 * MINUTE <= since_end < 40 * MINUTE:
        return OFTEN
    return SELDOM


def jittered(interval: float, chance: float) -> float:
    """The interval as it is waited; `chance` is a random number from 0 to 1."""
    return interval * (1 - JITTER * chance)


def shortest(interval: float) -> float:
    """The least that an interval can be: so long, nobody else asks."""
    return jittered(interval, 1)
