"""When to ask again, as a table."""

import re
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from gateway.cache.policy import Freshness
from gateway.calls.call import Lookup, LookupStatus, Source, answer
from gateway.calls.polling import OFTEN, SAFETY_NET, SELDOM, jittered, poll_interval, shortest
from gateway.insights.snapshot import snapshot_of

SID = "CA" + "5" * 32
END = 1_780_000_000.0
MINUTE = 60.0


def partial(ended: float | None) -> Lookup:
    """A partial summary of a call that ended then; None: that goes on."""
    end = None if ended is None else datetime.fromtimestamp(ended, UTC).isoformat()
    said = {"call_sid": SID, "processing_state": "partial", "end_time": end}
    call = answer(snapshot_of(msgspec.json.encode(said), END), Source.CACHE, Freshness())
    return Lookup(call.snapshot.sid, LookupStatus.PARTIAL, call)


def without(status: LookupStatus) -> Lookup:
    return Lookup(partial(None).sid, status)


@pytest.mark.parametrize(
    ("state", "minutes_after_end", "seconds"),
    [
        (None, 0, OFTEN),
        (without(LookupStatus.NOT_READY), 0, OFTEN),
        (without(LookupStatus.NOT_FOUND), 0, SELDOM),
        (partial(None), 0, SELDOM / 2),
        (partial(END), -1, OFTEN),
        (partial(END), 0, OFTEN),
        (partial(END), 4.9, OFTEN),
        (partial(END), 5, SELDOM),
        (partial(END), 24.9, SELDOM),
        (partial(END), 25, OFTEN),
        (partial(END), 39.9, OFTEN),
        (partial(END), 40, SELDOM),
        (partial(END), 24 * 60, SELDOM),
    ],
)
def test_it_is_asked_often_around_the_moments_of_change(
    state: Lookup | None, minutes_after_end: float, seconds: float
) -> None:
    """Dense around the first partial summary and the complete one, slow in between and after."""
    now = END + minutes_after_end * MINUTE
    assert poll_interval(state, now, events_are_on=False) == seconds
    assert poll_interval(state, now, events_are_on=True) == SAFETY_NET


def test_the_page_says_the_same() -> None:
    """Who reads what following costs at Twilio reads what it does cost."""
    page = (Path(__file__).parents[2] / "docs" / "live.md").read_text("utf-8")
    said = [float(row[1]) for row in re.finditer(r"^\| [^|]+ \| (\d+) s \|$", page, re.MULTILINE)]
    states = [(without(LookupStatus.NOT_READY), 0), (partial(None), 0)]
    states += [(partial(END), minutes) for minutes in (1, 6, 26, 41)]
    states += [(without(LookupStatus.NOT_FOUND), 0)]
    assert said == [
        poll_interval(state, END + minutes * MINUTE, events_are_on=False)
        for state, minutes in states
    ]


@pytest.mark.parametrize(("chance", "share"), [(0.0, 1.0), (0.5, 0.9), (1.0, 0.8)])
def test_an_interval_is_made_shorter_by_chance(chance: float, share: float) -> None:
    """Calls that are followed from the same moment on are not asked for in step."""
    assert jittered(10, chance) == pytest.approx(10 * share)


def test_nobody_else_asks_before_the_shortest_interval_is_over() -> None:
    """What one replica waits at least is what the others leave the call alone for."""
    assert shortest(10) == jittered(10, 1.0)
