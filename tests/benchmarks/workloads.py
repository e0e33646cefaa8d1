"""What is asked: W1 to W4, in the order in which a server is asked for it."""

import itertools
import random
from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

import msgspec
from graphql import (
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLUnionType,
    get_named_type,
    is_leaf_type,
)

from gateway.schema.operations import build_schema
from tests.benchmarks.load import Exchange
from tests.benchmarks.servers import TOKEN
from tests.benchmarks.world import PAGE, PARTIAL_EVERY, Row, Rows

Name = Literal["W1", "W2", "W3", "W4"]

LEFT_OUT = {"edges", "parentCall", "raw", "annotation", "diagnosis", "estimatedMos"} | {
    *("metrics", "events")
}
"""The same values again, other calls, what is asked for anew, what is computed, other resources."""

DETAILS = {"events", "metrics"}
"""Fields of a call that are lists of their own, with requests of their own to Twilio."""

OF_THE_MOMENT = {"asOf", "source", "refreshAfter"}
"""Fields of `processing` that tell of the asking, not of the call."""

TWELVE = """
  sid type state startTime endTime duration connectDuration answeredBy tags
  processing { isFinal } carrierEdge { metrics { inbound { jitter { avg max } } } }
"""
TEN = """
  sid type state startTime endTime duration tags
  processing { isFinal } carrierEdge { metrics { inbound { jitter { avg max } } } }
"""
FRESH_ALIAS = "sid000000"
"""In a document that is to be new each time, this is another name each time."""


def every_field() -> str:
    """The selection of all fields of a call but those left out."""
    call = build_schema().type_map["Call"]
    assert isinstance(call, GraphQLObjectType)
    return _selection(call)


def _selection(kind: GraphQLObjectType) -> str:
    words = []
    for name, field in kind.fields.items():
        of_the_moment = kind.name == "Processing" and name in OF_THE_MOMENT
        if name in LEFT_OUT or of_the_moment or (kind.name == "Call" and name in DETAILS):
            continue
        inner = get_named_type(field.type)
        if is_leaf_type(inner):
            words.append(name)
        elif isinstance(inner, GraphQLObjectType):
            words.append(f"{name} {{ {_selection(inner)} }}")
        else:
            assert isinstance(inner, GraphQLInterfaceType | GraphQLUnionType), inner
            raise AssertionError(f"{kind.name}.{name} has no one selection")
    return " ".join(words)


class Workload(NamedTuple):
    """A document, and what it is asked of."""

    document: str
    complete: Row
    mixed: Row
    step: int

    @property
    def places(self) -> range:
        """Where in a row it is asked."""
        return range(0, self.complete.count, self.step)

    def exchange(self, origin: int, row: Row, place: int, document: str | None = None) -> Exchange:
        """The request for one place in a row."""
        on_page = self.step == PAGE
        asked: dict[str, object]
        asked = {"filter": row.window(origin, place)} if on_page else {"sid": row.sid(place)}
        return request({"query": document or self.document, "variables": asked})


def workloads(rows: Rows) -> dict[Name, Workload]:
    """All four, over these rows."""
    calls = (rows.complete_calls, rows.all_calls, 1)
    pages = (rows.complete_pages, rows.all_pages, PAGE)
    one = "query One($sid: CallSid!) {{ call(sid: $sid) {{ {} }} }}"
    page = (
        f"query Page($filter: CallFilter!) {{{{ calls(first: {PAGE}, filter: $filter) {{{{ "
        "nodes {{ {} }} pageInfo {{ hasNextPage endCursor }} }} }}"
    )
    everything = every_field()
    return {
        "W1": Workload(one.format(TWELVE), *calls),
        "W2": Workload(one.format(everything), *calls),
        "W3": Workload(page.format(TEN), *pages),
        "W4": Workload(page.format(everything), *pages),
    }


def request(body: object) -> Exchange:
    """A POST as it goes over the wire."""
    encoded = msgspec.json.encode(body)
    head = (
        "POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {TOKEN}\r\nContent-Length: {len(encoded)}\r\n\r\n"
    )
    return Exchange(head.encode("ascii") + encoded)


def body_of(exchange: Exchange) -> bytes:
    """The body of a request."""
    return exchange.request.partition(b"\r\n\r\n")[2]


def zipf(exchanges: list[Exchange], seed: int) -> Iterator[Exchange]:
    """For ever, the n-th of them 1/n as often as the first."""
    weights = [1 / rank for rank in range(1, len(exchanges) + 1)]
    chance = random.Random(seed)
    while True:
        yield from chance.choices(exchanges, weights, k=1000)


def in_turn(exchanges: list[Exchange], seed: int) -> Iterator[Exchange]:
    """For ever, each after all others: what a small cache holds of them is never of use."""
    start = random.Random(seed).randrange(len(exchanges))
    return itertools.cycle(exchanges[start:] + exchanges[:start])


def blended(exchanges: list[Exchange], is_partial: list[bool], seed: int) -> Iterator[Exchange]:
    """For ever, by zipf: nine times in ten one of the complete, else one of the partial."""
    pairs = list(zip(exchanges, is_partial, strict=True))
    complete = zipf([exchange for exchange, partial in pairs if not partial], seed)
    partial = zipf([exchange for exchange, partial in pairs if partial], seed)
    chance = random.Random(seed)
    while True:
        yield next(partial if chance.random() < 1 / PARTIAL_EVERY else complete)


def with_fresh_alias(
    build: Callable[[str], Exchange], template: bytes, numbers: Iterator[int]
) -> Iterator[Exchange]:
    """The same question in a document that is new each time; `template` is an answer to it."""
    for number in numbers:
        alias = f"sid{number:06}"
        expected = template.replace(FRESH_ALIAS.encode(), alias.encode())
        yield build(alias)._replace(expected=expected)
