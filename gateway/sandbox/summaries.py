"""Renders the summaries of a world at any moment, and caches them encoded."""

import bisect
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any
from weakref import WeakKeyDictionary

import msgspec

from gateway.sandbox import annotations, filters, payloads, summary_state
from gateway.sandbox.calls import Call, Json
from gateway.sandbox.paging import HOST, LIST_URL, Cursor
from gateway.sandbox.query import Query
from gateway.sandbox.world import World

NOT_ENABLED = "not_enabled"  # the trait of calls made while Voice Insights was off


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One summary at one stage: `facts` are what filters compare; `body` lacks only its `url`."""

    stage: summary_state.Stage
    facts: Mapping[str, Any]
    body: bytes

    def at(self, url: str) -> msgspec.Raw:
        """The encoded summary with this `url`."""
        return msgspec.Raw(self.body[:-1] + b',"url":' + msgspec.json.encode(url) + b"}")


@dataclass(frozen=True, slots=True)
class Page:
    """Calls with their summaries, newest first; `more` says whether others follow."""

    items: tuple[tuple[Call, Snapshot], ...]
    more: bool


class Summaries:
    """Answers what a world's calls look like; what was written about them stays with them."""

    def __init__(self, world: World, speed: float) -> None:
        """Summaries of `world` that age at `speed`."""
        self._world = world
        self.speed = speed
        self._kept: WeakKeyDictionary[Call, Snapshot] = WeakKeyDictionary()
        self._written: WeakKeyDictionary[Call, Json] = WeakKeyDictionary()

    def stage(self, call: Call, now: float) -> summary_state.Stage:
        """Where the call's summary is in its life."""
        return summary_state.stage(call, now, self.speed)

    def snapshot(self, call: Call, now: float) -> Snapshot | None:
        """The summary as it is at `now`; None if there is none to show."""
        stage = self.stage(call, now)
        if not stage.readable or NOT_ENABLED in call.traits:
            return None
        kept = self._kept.get(call)
        if kept is None or kept.stage != stage:
            kept = self._kept[call] = self._render(call, stage)
        return kept

    def one(self, call: Call, snapshot: Snapshot) -> bytes:
        """The encoded summary as a resource of its own."""
        own = f"{HOST}/v1/Voice/{call.sid}/Summary"
        return bytes(snapshot.at((call.verbatim or {}).get("url", own)))

    def annotation(self, call: Call) -> Json:
        """What was said about the call, as a resource of its own; nulls if nothing was."""
        return {
            "account_sid": call.account_sid,
            "call_sid": call.sid,
            **annotations.BLANK,
            **self._annotation(call, payloads.summary(call)),
            "url": f"{HOST}/v1/Voice/{call.sid}/Annotation",
        }

    def annotate(self, call: Call, changes: Json) -> None:
        """Change what is said about the call, and nothing else."""
        annotation = self._annotation(call, payloads.summary(call))
        self._written[call] = {**annotations.BLANK, **annotation, **changes}
        self._kept.pop(call, None)

    def page(self, query: Query, as_of: float, place: Cursor | int, size: int) -> Page:
        """`size` summaries from a cursor on, or from the page of this number."""
        if isinstance(place, int):
            found = self._newer_first(query, as_of, None)
            skipped = place * size
            items = tuple(islice(found, skipped, skipped + size + 1))
        elif place.way == "on":
            found = self._newer_first(query, as_of, (place.when, place.sid))
            items = tuple(islice(found, size + 1))
        else:
            found = self._older_first(query, as_of, (place.when, place.sid))
            return Page(tuple(islice(found, size))[::-1], more=True)
        return Page(items[:size], more=len(items) > size)

    def _newer_first(
        self, query: Query, as_of: float, after: tuple[int, str] | None
    ) -> Iterator[tuple[Call, Snapshot]]:
        """From a place on into the past, no farther than the query's window."""
        shelf = self._world.shelf(query.account_sid, query.sort)
        high = len(shelf) if after is None else bisect.bisect_left(shelf, after)
        stretches = self._stretches(query, as_of, self._lowest(query), high)
        numbers = chain.from_iterable(map(reversed, reversed(stretches)))
        return self._admitted(query, as_of, (shelf[number] for number in numbers))

    def _older_first(
        self, query: Query, as_of: float, before: tuple[int, str]
    ) -> Iterator[tuple[Call, Snapshot]]:
        """From a place back to the present."""
        shelf = self._world.shelf(query.account_sid, query.sort)
        first = max(self._lowest(query), bisect.bisect_right(shelf, before))
        stretches = self._stretches(query, as_of, first, len(shelf))
        numbers = chain.from_iterable(stretches)
        return self._admitted(query, as_of, (shelf[number] for number in numbers))

    def _stretches(
        self, query: Query, as_of: float, low: int, high: int
    ) -> tuple[Sequence[int], ...]:
        """Places of the shelf from `low` to below `high` in which there may be calls of the window.

        A call that ended after the window is not in it; but one that tells no end is. On a shelf
        that is sorted by end, those stand together, and need not be looked at.
        """
        if query.sort != "end_time":
            return (range(low, high),)
        shelf = self._world.shelf(query.account_sid, query.sort)
        over = max(low, bisect.bisect_left(shelf, (math.floor(query.until) + 1, "")))
        running = max(over, bisect.bisect_left(shelf, (math.floor(as_of), "")))
        endless, between = self._world.endless, range(over, min(running, high))
        telling_no_end = [one for one in between if shelf[one][1] in endless] if endless else []
        return range(low, min(over, high)), telling_no_end, range(running, high)

    def _lowest(self, query: Query) -> int:
        """No call below this place on the shelf can be in the window: it ended before it."""
        shelf = self._world.shelf(query.account_sid, query.sort)
        return bisect.bisect_left(shelf, (int(query.since), ""))

    def _admitted(
        self, query: Query, as_of: float, places: Iterator[tuple[int, str]]
    ) -> Iterator[tuple[Call, Snapshot]]:
        for _, sid in places:
            call = self._world.find(sid)
            snapshot = self.snapshot(call, as_of) if call else None
            if call and snapshot and query.admits(snapshot.facts):
                yield call, snapshot

    def _render(self, call: Call, stage: summary_state.Stage) -> Snapshot:
        summary = payloads.summary(call)
        if call.verbatim is None:
            summary = summary_state.seen_at(summary, stage)
        if call in self._written:
            summary = summary | {"annotation": self._written[call]}
        body = {name: value for name, value in summary.items() if name != "url"}
        return Snapshot(stage, filters.facts(summary), msgspec.json.encode(body))

    def _annotation(self, call: Call, summary: Json) -> Json:
        return self._written.get(call) or summary.get("annotation") or {}


def list_item(snapshot: Snapshot) -> msgspec.Raw:
    """A summary as an item of the list, whose `url` is the list's own."""
    return snapshot.at(LIST_URL)
