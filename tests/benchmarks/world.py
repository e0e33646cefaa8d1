"""The upstream of the benchmark: the sandbox, with calls in known places, as a process of its own.

Calls end a minute apart, so that a window of time holds a known page. None of them ever changes: a
call is complete, or stays partial. Run by `servers.py`.
"""

import asyncio
import itertools
import sys
from datetime import UTC, datetime
from typing import Any, NamedTuple, Self

import msgspec
import uvicorn

from gateway.sandbox import Sandbox
from tests.benchmarks.memory import patterns

MINUTE = 60
PAGE = 50
PARTIAL_EVERY = 10


class Row:
    """A row of calls by their numbers, each a minute younger than the one before."""

    def __init__(self, first: int, count: int, *, partial: bool) -> None:
        self.first, self.count, self._partial = first, count, partial

    def sid(self, place: int) -> str:
        """The call in this place."""
        return f"CA{self.first + place:032x}"

    def is_partial(self, place: int) -> bool:
        """Whether its summary is partial, which it then stays."""
        return self._partial and place % PARTIAL_EVERY == 0

    def window(self, origin: int, place: int) -> dict[str, str]:
        """The window that holds this call and the others of a page."""
        start = origin + (self.first + place) * MINUTE
        return {"startTime": _iso(start), "endTime": _iso(start + (PAGE - 1) * MINUTE + 1)}


class Rows(NamedTuple):
    """All calls there are, each row by what its calls are asked for."""

    complete_calls: Row
    all_calls: Row
    complete_pages: Row
    all_pages: Row

    @classmethod
    def of(cls, calls: int, pages: int) -> Self:
        """Rows of so many calls to be asked for alone, and of so many pages."""
        on_pages = pages * PAGE
        return cls(
            Row(0, calls, partial=False),
            Row(calls, calls, partial=True),
            Row(2 * calls, on_pages, partial=False),
            Row(2 * calls + on_pages, on_pages, partial=True),
        )


class TwilioAccount(msgspec.Struct):
    """The account of the simulation, in the first line of its output."""

    port: int
    sid: str
    token: str


EDGES = ("carrier_edge", "client_edge", "sdk_edge", "sip_edge")


def with_all_edges(calls: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Calls that have all four edges, the missing ones taken from others in turn."""
    there = {edge: [call[edge] for call in calls if call.get(edge)] for edge in EDGES}
    return [
        call | {edge: call.get(edge) or there[edge][n % len(there[edge])] for edge in EDGES}
        for n, call in enumerate(calls)
    ]


def build(origin: int, rows: Rows, *, all_edges: bool) -> Sandbox:
    """The sandbox; `origin` is when the first call ended (seconds since 1970)."""
    sandbox = Sandbox(calls=0, arrivals=False)
    plain = [msgspec.json.decode(one.raw) for one in asyncio.run(patterns())]
    models = itertools.cycle(with_all_edges(plain) if all_edges else plain)
    for row in rows:
        for place, model in zip(range(row.count), models, strict=False):
            end = origin + (row.first + place) * MINUTE
            state = {"processing_state": "partial", "processing_version": 2}
            sandbox.add(
                model
                | (state if row.is_partial(place) else {})
                | {
                    "call_sid": row.sid(place),
                    "account_sid": sandbox.account_sid,
                    "start_time": _iso(end),
                    "end_time": _iso(end),
                    "url": "https://insights.twilio.com/v1/Voice/Summary",
                }
            )
    return sandbox


def _iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def main(port: int, origin: int, calls: int, pages: int, all_edges: int) -> None:
    """Serve it, for as long as the process lives."""
    sandbox = build(origin, Rows.of(calls, pages), all_edges=bool(all_edges))
    account = TwilioAccount(port, sandbox.account_sid, sandbox.auth_token)
    print(msgspec.json.encode(account).decode(), flush=True)
    uvicorn.run(sandbox.app, port=port, log_config=None, access_log=False)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
