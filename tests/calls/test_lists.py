"""A dashboard walks through lists of calls: forward, back, from the middle, and again."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.config.settings import Settings
from gateway.sandbox import Fault, Sandbox
from gateway.upstream import retry
from tests.conftest import NOON, Clock, Gateway

FORWARD = """
query($first: Int, $after: String, $filter: CallFilter, $sortBy: CallSort) {
  calls(first: $first, after: $after, filter: $filter, sortBy: $sortBy) {
    edges { cursor node { sid } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}
"""
BACKWARD = """
query($last: Int, $before: String, $filter: CallFilter) {
  calls(last: $last, before: $before, filter: $filter) {
    edges { cursor node { sid } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}
"""
WIDE = {"startTime": "1w"}


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.fixture(scope="module")
def crowd() -> tuple[Sandbox, list[str]]:
    """A sandbox with exactly 3,000 calls, newest first; read only."""
    sandbox = Sandbox(calls=0, clock=Clock(), arrivals=False)
    sids = []
    for number in range(3000):
        ended = NOON - 60 - number * 100
        summary = {
            "account_sid": sandbox.account_sid,
            "call_sid": f"CA{number:032x}",
            "call_type": "carrier",
            "call_state": "completed",
            "processing_state": "complete",
            "start_time": _moment(ended - 30),
            "end_time": _moment(ended),
        }
        sids.append(sandbox.add(summary))
    return sandbox, sids


async def _walk(gateway: Gateway, query: str, size: int, **variables: Any) -> list[str]:
    """All SIDs, page by page, in the order of the list."""
    forward = query is FORWARD
    seen: list[list[str]] = []
    cursor = None
    while True:
        step = {"first": size, "after": cursor} if forward else {"last": size, "before": cursor}
        page = (await gateway.ask(query, **step, **variables))["calls"]
        info = page["pageInfo"]
        sids = [edge["node"]["sid"] for edge in page["edges"]]
        assert len(sids) <= size
        assert info["startCursor"] == page["edges"][0]["cursor"]
        assert info["endCursor"] == page["edges"][-1]["cursor"]
        assert info["hasPreviousPage" if forward else "hasNextPage"] == (cursor is not None)
        seen.append(sids)
        if not info["hasNextPage" if forward else "hasPreviousPage"]:
            break
        cursor = info["endCursor" if forward else "startCursor"]
    return [sid for page in (seen if forward else reversed(seen)) for sid in page]


@pytest.mark.parametrize(("size", "pages"), [(7, 120), (25, 120), (1000, 3)])
async def test_a_walk_forward_meets_every_call_once(
    crowd: tuple[Sandbox, list[str]], clock: Clock, size: int, pages: int
) -> None:
    """3,000 calls, whatever the step, for as many upstream requests as there are pages."""
    sandbox, sids = crowd
    gateway = Gateway(sandbox, clock, Settings())
    with gateway.upstream() as requests:
        assert await _walk(gateway, FORWARD, size, filter=WIDE) == sids
    assert len(requests) == pages


@pytest.mark.parametrize("size", [7, 25, 1000])
async def test_a_walk_backward_meets_every_call_once(
    crowd: tuple[Sandbox, list[str]], clock: Clock, size: int
) -> None:
    """From the last call to the first; the end is found in pages of 1,000."""
    sandbox, sids = crowd
    gateway = Gateway(sandbox, clock, Settings())
    with gateway.upstream() as requests:
        assert await _walk(gateway, BACKWARD, size, filter=WIDE) == sids
    # The pages are asked for on the way to the end, and again by the tokens that lead back.
    assert len(requests) == 3 + 2


async def test_a_walk_goes_on_from_any_edge_with_any_step(
    crowd: tuple[Sandbox, list[str]], clock: Clock
) -> None:
    """A cursor in mid-page is as good as one at its end, also with another `first`."""
    sandbox, sids = crowd
    gateway = Gateway(sandbox, clock, Settings())
    page = (await gateway.ask(FORWARD, first=40, filter=WIDE))["calls"]
    for index, first in [(0, 7), (12, 100), (24, 1), (39, 1000)]:
        cursor = page["edges"][index]["cursor"]
        rest = (await gateway.ask(FORWARD, first=first, after=cursor, filter=WIDE))["calls"]
        expected = sids[index + 1 : index + 1 + first]
        assert [edge["node"]["sid"] for edge in rest["edges"]] == expected


async def test_a_walk_can_turn_round(crowd: tuple[Sandbox, list[str]], clock: Clock) -> None:
    """Going back from a page gives the calls before it, across the upstream's pages."""
    sandbox, sids = crowd
    gateway = Gateway(sandbox, clock, Settings())
    cursor = None
    for _ in range(5):
        page = (await gateway.ask(FORWARD, first=20, after=cursor, filter=WIDE))["calls"]
        cursor = page["pageInfo"]["endCursor"]
    back = (
        await gateway.ask(BACKWARD, last=70, before=page["pageInfo"]["startCursor"], filter=WIDE)
    )["calls"]
    assert [edge["node"]["sid"] for edge in back["edges"]] == sids[10:80]
    assert back["pageInfo"]["hasPreviousPage"] is True
    assert back["pageInfo"]["hasNextPage"] is True


async def test_a_cold_replica_goes_on_with_the_cursor_of_another(
    crowd: tuple[Sandbox, list[str]], clock: Clock
) -> None:
    """Cursors hold all that is needed: no replica needs the memory of another."""
    sandbox, sids = crowd
    one, other = Gateway(sandbox, clock, Settings()), Gateway(sandbox, clock, Settings())
    cursor = (await one.ask(FORWARD, first=10, filter=WIDE))["calls"]["pageInfo"]["endCursor"]
    page = (await other.ask(FORWARD, first=5, after=cursor, filter=WIDE))["calls"]
    assert [edge["node"]["sid"] for edge in page["edges"]] == sids[10:15]


async def test_the_first_page_pins_a_relative_window(sandbox: Sandbox, clock: Clock) -> None:
    """`4h` means the same four hours on every page of a walk, however slowly one walks."""
    gateway = Gateway(sandbox, clock, Settings())
    with gateway.upstream() as requests:
        cursor = (await gateway.ask(FORWARD, first=25))["calls"]["pageInfo"]["endCursor"]
        clock.advance(1800)
        await gateway.ask(FORWARD, first=25, after=cursor)
    windows = {(r.params["StartTime"], r.params["EndTime"]) for r in requests}
    assert windows == {(_moment(NOON - 4 * 3600), _moment(NOON))}
    assert len(requests) == 2


async def test_many_viewers_of_one_dashboard_share_one_request(
    sandbox: Sandbox, clock: Clock
) -> None:
    """Relative windows are rounded, so that viewers a few seconds apart ask the same question."""
    gateway = Gateway(sandbox, clock, Settings())
    with gateway.upstream() as requests:
        for _ in range(3):
            await asyncio.gather(*(gateway.ask(FORWARD, first=20) for _ in range(10)))
            clock.advance(3)
    assert len(requests) == 1
    clock.advance(10)
    with gateway.upstream() as requests:
        await gateway.ask(FORWARD, first=20)
    assert len(requests) == 1


async def test_a_cursor_opens_only_the_list_that_it_is_of(gateway: Gateway) -> None:
    """Another filter, order or account, or an altered cursor, is INVALID_CURSOR."""
    page = (await gateway.ask(FORWARD, first=5))["calls"]
    cursor = page["pageInfo"]["endCursor"]
    altered = cursor[:-1] + ("A" if cursor[-1] != "A" else "B")
    with gateway.upstream() as requests:
        for variables in (
            {"after": cursor, "filter": {"hasTag": True}},
            {"after": cursor, "filter": {"startTime": "5h"}},
            {"after": cursor, "sortBy": "START_TIME"},
            {"after": altered},
            {"after": cursor + "AAAA"},
            {"after": ""},
            {"after": "ü"},
        ):
            error = await gateway.fail(FORWARD, first=5, **variables)
            assert error["extensions"]["code"] == "INVALID_CURSOR", variables
            assert error["extensions"]["argument"] == "after"
    assert requests == []


async def test_a_page_that_fails_is_an_error_and_no_shorter_list(
    crowd: tuple[Sandbox, list[str]], clock: Clock
) -> None:
    """A list of 100 calls whose second page fails is no list of 25."""
    sandbox, _ = crowd
    gateway = Gateway(sandbox, clock, Settings())
    page = (await gateway.ask(FORWARD, first=25, filter=WIDE))["calls"]
    sandbox.inject(Fault(kind="server_error", times=retry.MOST))
    body = await gateway.send(FORWARD, first=100, after=page["edges"][3]["cursor"], filter=WIDE)
    sandbox.clear_faults()
    assert body["data"] is None
    assert body["errors"][0]["extensions"]["code"] == "UPSTREAM_UNAVAILABLE"


@pytest.mark.parametrize(
    ("arguments", "argument"),
    [
        ("first: 0", "first"),
        ("first: -1", "first"),
        ("first: 1001", "first"),
        ("last: 0", "last"),
        ("first: 1, last: 1", "last"),
        ('first: 1, before: "x"', "before"),
        ('last: 1, after: "x"', "after"),
        ('before: "x"', "before"),
    ],
)
async def test_steps_that_make_no_sense_are_refused(
    gateway: Gateway, arguments: str, argument: str
) -> None:
    """The message names the argument and what would do; nothing is asked upstream."""
    with gateway.upstream() as requests:
        error = await gateway.fail(f"{{ calls({arguments}) {{ nodes {{ sid }} }} }}")
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert error["extensions"]["argument"] == argument
    assert requests == []


async def test_without_a_step_there_are_25(gateway: Gateway) -> None:
    """`first` missing is 25."""
    data = await gateway.ask("{ calls { nodes { sid } } }")
    assert len(data["calls"]["nodes"]) == 25


async def test_an_empty_list_has_no_cursors(clock: Clock) -> None:
    """Nothing there is no error."""
    gateway = Gateway(Sandbox(calls=0, clock=clock, arrivals=False), clock, Settings())
    for query in (FORWARD, BACKWARD):
        size = {"first": 5} if query is FORWARD else {"last": 5}
        data = await gateway.ask(query, **size)
        assert data["calls"]["edges"] == []
        assert data["calls"]["pageInfo"] == {
            "hasNextPage": False,
            "hasPreviousPage": False,
            "startCursor": None,
            "endCursor": None,
        }


async def test_a_cursor_opens_the_list_that_it_came_from(sandbox: Sandbox, clock: Clock) -> None:
    """Though another one shows the same calls, by bounds that were written in another way."""
    async with Gateway(sandbox, clock, Settings(gateway_page_max_age=60)) as gateway:
        for _ in range(3):
            first = await gateway.ask(FORWARD, first=5, filter={"startTime": "4h"})
        second = await gateway.ask(FORWARD, first=5)
        assert first["calls"]["edges"][0]["node"] == second["calls"]["edges"][0]["node"]
        for filtered, page in (({"startTime": "4h"}, first), ({}, second)):
            after = page["calls"]["pageInfo"]["endCursor"]
            assert await gateway.ask(FORWARD, first=5, after=after, filter=filtered)
