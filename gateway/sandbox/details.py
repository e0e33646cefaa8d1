"""Serves metrics and events of a call, by edge and page by page.

Without `Edge`, Twilio answers of the default edge alone, and of what belongs to no edge. A sample
or event can be read 90 seconds after it was taken or happened, also while the call runs.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Literal

from gateway.sandbox import paging
from gateway.sandbox.call_events import call_events
from gateway.sandbox.calls import Call, Json
from gateway.sandbox.errors import bad_parameter
from gateway.sandbox.metrics import samples
from gateway.sandbox.payloads import iso
from gateway.sandbox.query import PAGING, page_size, whole_number

LATE = 90  # seconds until one can read of it
LAST_PAGE = 1_000_000

EDGES = ("unknown_edge", "carrier_edge", "sip_edge", "sdk_edge", "client_edge")
DIRECTIONS = ("unknown", "inbound", "outbound", "both")
CHOICES = {"Edge": EDGES, "Direction": DIRECTIONS}
DEFAULT_EDGES = {
    "carrier": "carrier_edge",
    "sip": "sip_edge",
    "whatsapp": "sip_edge",
    "client": "sdk_edge",
    "trunking": "sip_edge",
}


@dataclass(frozen=True, slots=True)
class Resource:
    """One of the two: its name in the path, its key in the JSON, its parameters, its items."""

    name: Literal["Metrics", "Events"]
    key: Literal["metrics", "events"]
    filters: tuple[str, ...]
    items: Callable[[Call, Json], Iterator[tuple[float, Json]]]

    @property
    def parameters(self) -> tuple[str, ...]:
        """All that can be asked."""
        return (*self.filters, *PAGING)


METRICS = Resource("Metrics", "metrics", ("Edge", "Direction"), samples)
EVENTS = Resource("Events", "events", ("Edge",), call_events)


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of one call: `given` are the parameters, `mark` tells askers apart."""

    resource: Resource
    call: Call
    given: Mapping[str, str]
    mark: str

    def page(self, summary: Json, now: float, speed: float, tokens: paging.Tokens) -> Json:
        """One page of it, as of `now` (epoch seconds); raises the 400 for a bad parameter."""
        size = page_size(self.given)
        number = whole_number(self.given, "Page", 0, LAST_PAGE)
        token = self.given.get("PageToken")
        cursor = tokens.read(token, self.mark) if token is not None else None
        as_of = cursor.as_of if cursor else now
        start = cursor.when if cursor else number * size
        number = cursor.page if cursor else number
        found = self._items(summary, as_of, speed)
        link = partial(self._link, tokens, as_of)
        before, after = start - size, start + size
        links: dict[Literal["own", "next", "previous"], str | None] = {
            "own": token,
            "previous": link(number - 1, max(0, before)) if number else None,
            "next": link(number + 1, after) if after < len(found) else None,
        }
        asked = {name: self.given[name] for name in self.resource.filters if name in self.given}
        path = f"/v1/Voice/{self.call.sid}/{self.resource.name}"
        meta = paging.meta(asked, size, number, links, path=path, key=self.resource.key)
        return {"meta": meta, self.resource.key: found[start:after]}

    def _link(self, tokens: paging.Tokens, as_of: float, page: int, place: int) -> str:
        cursor = paging.Cursor(page, "on", place, self.call.sid, as_of, self.mark)
        return tokens.write(cursor)

    def _items(self, summary: Json, now: float, speed: float) -> list[Json]:
        """All that fit and can be read already, the oldest first."""
        wanted = {name: self._choice(name) for name in self.resource.filters}
        timed = sorted(
            (
                (moment, item)
                for moment, item in self.resource.items(self.call, summary)
                if self._ripe(moment, now, speed) and self._fits(item, wanted)
            ),
            key=lambda one: one[0],
        )
        if self.call.verbatim is not None:
            return [item for _, item in timed]
        return [{"timestamp": iso(moment), **item} for moment, item in timed]

    def _choice(self, name: str) -> str | None:
        value = self.given.get(name)
        if value is not None and value not in CHOICES[name]:
            raise bad_parameter(name, f"not one of {', '.join(CHOICES[name])}")
        return value

    def _ripe(self, moment: float, now: float, speed: float) -> bool:
        return self.call.verbatim is not None or moment + LATE / speed <= now

    def _fits(self, item: Json, wanted: Mapping[str, str | None]) -> bool:
        edge, direction = item.get("edge"), wanted.get("Direction")
        asked = wanted["Edge"]
        if asked is None:
            here = edge in {None, default_edge(self.call)}
        else:
            here = edge == asked or (edge is None and asked == "unknown_edge")
        of_item = item.get("direction")
        return here and (direction in {None, "both", of_item} or of_item == "both")


def default_edge(call: Call) -> str | None:
    """The edge that is answered of when none is asked for."""
    if call.direction.replace("-", "_") == "trunking_originating":
        return "carrier_edge"
    return DEFAULT_EDGES.get(call.type)
