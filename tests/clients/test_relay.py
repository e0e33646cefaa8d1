"""Relay, compiled and set up as docs/clients.md shows: `tests/clients/relay` is run.

The gateway trusts the documents that Relay's compiler wrote down, and runs nothing else.
"""

from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path

import pytest

from gateway.sandbox import Fault, Sandbox
from tests.clients.conftest import CALLS, COMPLETE, WINDOW, Serve
from tests.conftest import Clock, Gateway
from tests.live import to_the_end
from tests.node import lines, printed


@pytest.fixture
def url(serve: Serve, relay: Path) -> Iterator[str]:
    """Where a gateway answers that runs the compiled documents alone."""
    documents = str(relay / "documents.json")
    with serve(gateway_trusted_documents=documents, gateway_trusted_documents_only=True) as url:
        yield url


async def test_a_connection_is_read_to_its_end(relay: Path, url: str, gateway: Gateway) -> None:
    """By the query that a refetchable fragment brings: each call once and in order."""
    sids = [node["sid"] for node in (await gateway.ask(CALLS, w=WINDOW))["calls"]["nodes"]]
    told = await printed(str(relay / "pages.js"), url, *WINDOW.values())
    assert len(sids) > 50
    assert told["sids"] == sids
    assert told["lengths"] == [*range(10, len(sids), 10), len(sids)]


async def test_a_call_is_asked_for_again_by_its_id(relay: Path, url: str, sandbox: Sandbox) -> None:
    """A refetchable fragment asks `node`, and whoever shows the call is told.

    A fragment is null for a call that has not what is `@required`.
    """
    examples = sandbox.examples()
    told = await printed(str(relay / "call.js"), url, examples["client"], examples["bad_carrier"])
    assert told["scores"] == [None, 2]
    assert told["required"]["with"]["clientEdge"]["metrics"]["outbound"]["jitter"]["max"] > 0
    assert told["required"]["without"] is None


async def test_codes_are_seen_where_errors_are_caught(
    relay: Path, url: str, sandbox: Sandbox
) -> None:
    """`@catch` has the code of a field that may be null; of others it is with what is thrown."""
    sandbox.inject(Fault(kind="refused_credentials"))
    told = await printed(str(relay / "failures.js"), url, sandbox.examples()["client"])
    codes = [error["extensions"]["code"] for error in (*told["caught"]["errors"], *told["thrown"])]
    assert told["caught"]["ok"] is False
    assert codes == ["UPSTREAM_CREDENTIALS"] * 2


@pytest.mark.usefixtures("impatient")
async def test_what_is_followed_is_seen_where_it_is_shown(
    relay: Path, url: str, sandbox: Sandbox, clock: Clock
) -> None:
    """A subscription by its id, over graphql-ws: the store shows each version, and the end."""
    async with aclosing(lines(str(relay / "live.js"), url, sandbox.examples()["partial"])) as told:
        *shown, last = await to_the_end(told, clock)
    versions = [line["version"] for line in shown]
    assert versions == sorted(set(versions))
    assert versions[0] < versions[-1] == COMPLETE
    assert last == {"end": True}
