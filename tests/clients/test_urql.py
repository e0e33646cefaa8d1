"""urql with its normalised cache, set up as docs/clients.md shows: `tests/clients/urql` is run."""

from contextlib import aclosing

import pytest

from gateway.sandbox import Fault, Sandbox
from tests.clients.conftest import CALLS, COMPLETE, WINDOW
from tests.conftest import Clock, Gateway
from tests.live import to_the_end
from tests.node import lines, printed


async def test_all_pages_are_one_list(url: str, gateway: Gateway) -> None:
    """Forth to the end, or back to the beginning: each call once and in order, page by page.

    What is said of a call is seen on the list and alone, without asking for it again. What is
    known of it is shown at once, and the rest follows.
    """
    sids = [node["sid"] for node in (await gateway.ask(CALLS, w=WINDOW))["calls"]["nodes"]]
    told = await printed("urql/pages.mjs", url, *WINDOW.values())
    assert len(sids) > 50
    assert told["sids"] == told["fromTheEnd"] == sids
    assert told["lengths"] == [*range(10, len(sids), 10), len(sids)]
    assert {name: (seen[0], seen[-1]) for name, seen in told["seen"].items()} == {
        "list": (None, 2),
        "alone": (None, 2),
    }
    assert told["requestsOfChange"] == 1
    assert told["answers"][0] == {"stale": True, "state": None}
    assert told["answers"][-1] == {"stale": False, "state": "COMPLETED"}


@pytest.mark.parametrize(
    ("fault", "code", "outcome"),
    [
        (Fault(kind="rate_limited_retry_after"), "UPSTREAM_RATE_LIMITED", {"state": "COMPLETED"}),
        (
            Fault(kind="refused_credentials"),
            "UPSTREAM_CREDENTIALS",
            {"error": "UPSTREAM_CREDENTIALS"},
        ),
    ],
)
async def test_only_what_may_pass_is_asked_again(
    url: str, sandbox: Sandbox, fault: Fault, code: str, outcome: dict[str, str]
) -> None:
    """By `retryable`: the page sees the answer, or the code of what cannot pass."""
    sandbox.inject(fault)
    told = []
    async with aclosing(lines("urql/errors.mjs", url, sandbox.examples()["client"])) as printed:
        async for line in printed:
            told.append(line)
            sandbox.clear_faults()
    assert told[0] == {"codes": [code]}
    assert told[-1] == outcome


@pytest.mark.usefixtures("impatient")
async def test_what_is_followed_is_seen_where_it_is_shown(
    url: str, sandbox: Sandbox, clock: Clock
) -> None:
    """A subscription over graphql-ws: whoever shows the call sees each version, and the end."""
    async with aclosing(lines("urql/live.mjs", url, sandbox.examples()["partial"])) as told:
        shown = await to_the_end(told, clock)
    versions = [line["version"] for line in shown if "version" in line]
    assert versions == sorted(versions)
    assert versions[0] < versions[-1] == COMPLETE
    assert {"end": True} in shown[1:]
