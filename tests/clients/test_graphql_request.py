"""graphql-request, set up as docs/clients.md shows: `tests/clients/graphql-request` is run."""

from contextlib import aclosing

import pytest

from gateway.sandbox import Fault, Sandbox
from tests.clients.conftest import CALLS, WINDOW
from tests.conftest import Gateway
from tests.node import Json, lines


async def walk(url: str, sandbox: Sandbox) -> list[Json]:
    """What is printed of a walk through a window; Twilio can be asked after the first answer."""
    told = []
    async with aclosing(lines("graphql-request/pages.mjs", url, *WINDOW.values())) as printed:
        async for line in printed:
            told.append(line)
            sandbox.clear_faults()
    return told


async def test_pages_are_asked_for_by_get_and_changes_by_post(
    url: str, sandbox: Sandbox, gateway: Gateway
) -> None:
    """Each call once and in order, to the end."""
    sids = [node["sid"] for node in (await gateway.ask(CALLS, w=WINDOW))["calls"]["nodes"]]
    *asked, outcome = await walk(url, sandbox)
    assert len(sids) > 100
    assert asked == [{"method": "GET"}, {"method": "GET"}, {"method": "POST"}]
    assert outcome == {"sids": sids, "callScore": 2}


@pytest.mark.parametrize(
    ("fault", "code", "passes"),
    [
        (Fault(kind="rate_limited_retry_after", seconds=1), "UPSTREAM_RATE_LIMITED", True),
        (Fault(kind="refused_credentials"), "UPSTREAM_CREDENTIALS", False),
    ],
)
async def test_only_what_may_pass_is_asked_again(
    url: str, sandbox: Sandbox, fault: Fault, code: str, *, passes: bool
) -> None:
    """By `retryable`, after `retryAfterSeconds`; whoever asks gets the code of what cannot pass."""
    sandbox.inject(fault)
    first, *_, outcome = await walk(url, sandbox)
    assert first == {"method": "GET", "code": code}
    assert outcome.get("error") == (None if passes else code)
