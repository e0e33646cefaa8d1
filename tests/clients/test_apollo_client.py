"""Apollo Client, set up as docs/clients.md shows: `tests/clients/apollo` is run."""

import asyncio
import hashlib
from contextlib import aclosing

import pytest

from gateway.config.accounts import Account
from gateway.config.file import Configuration, Grant
from gateway.config.viewers import everybody
from gateway.sandbox import Fault, Sandbox
from tests.clients.conftest import CALLS, COMPLETE, WINDOW, Serve
from tests.conftest import Clock, Gateway
from tests.live import to_the_end
from tests.node import Json, lines, printed


async def ask_and_recover(url: str, sandbox: Sandbox) -> list[Json]:
    """What is printed of asking for a call while Twilio cannot be asked, until one answer later."""
    told = []
    async with aclosing(lines("apollo/errors.mjs", url, sandbox.examples()["client"])) as printed:
        async for line in printed:
            told.append(line)
            if "UPSTREAM_" in str(line):
                sandbox.clear_faults()
    return told


async def test_all_pages_are_one_list(url: str, gateway: Gateway) -> None:
    """To the end, to the beginning, or to both: each call once and in order, page by page.

    What is said of a call is seen on the list without asking for it again.
    """
    sids = [node["sid"] for node in (await gateway.ask(CALLS, w=WINDOW))["calls"]["nodes"]]
    told = await printed("apollo/pages.mjs", url, *WINDOW.values())
    assert len(sids) > 50
    assert told["sids"] == told["fromTheEnd"] == told["fromTheMiddle"] == sids
    assert told["lengths"] == [*range(10, len(sids), 10), len(sids)]
    assert told["annotated"] == {"queries": 0, "callScore": 2}


async def test_what_may_pass_is_asked_again(url: str, sandbox: Sandbox) -> None:
    """By `retryable`, after `retryAfterSeconds`; the page sees the answer and no error."""
    sandbox.inject(Fault(kind="rate_limited_retry_after", seconds=1))
    told = await ask_and_recover(url, sandbox)
    assert told == [
        {"status": 400, "codes": ["PERSISTED_QUERY_NOT_FOUND"]},
        {"status": 200, "codes": ["UPSTREAM_RATE_LIMITED"]},
        {"status": 200, "codes": []},
        {"state": "COMPLETED"},
    ]


async def test_what_cannot_pass_is_told_at_once(url: str, sandbox: Sandbox) -> None:
    """Credentials that Twilio refuses are refused again: the page gets the code."""
    sandbox.inject(Fault(kind="refused_credentials"))
    told = await ask_and_recover(url, sandbox)
    assert told[1:] == [
        {"status": 200, "codes": ["UPSTREAM_CREDENTIALS"]},
        {"error": "UPSTREAM_CREDENTIALS"},
    ]


async def test_a_token_that_ran_out_is_renewed(
    serve: Serve, sandbox: Sandbox, account: Account
) -> None:
    """`UNAUTHENTICATED` leads to one more try with a new token, and to no third."""
    token = hashlib.sha256(b"new").hexdigest()
    access = Configuration((account,), (Grant(everybody(account), token_sha256=token),))
    sid = sandbox.examples()["client"]
    with serve(access) as url:
        renewed, refused = await asyncio.gather(
            *(_all("apollo/errors.mjs", url, sid, "old", token) for token in ("new", "newer"))
        )
    unknown = {"status": 401, "codes": ["UNAUTHENTICATED"]}
    assert renewed[0] == unknown
    assert renewed[-1] == {"state": "COMPLETED"}
    assert refused == [unknown, unknown, {"error": "UNAUTHENTICATED"}]


async def test_a_document_is_sent_once_and_named_from_then_on(url: str, sandbox: Sandbox) -> None:
    """By its hash and GET, whole and POST when the gateway does not know it, and by its hash."""
    sid = sandbox.examples()["client"]
    told = await printed("apollo/persisted.mjs", url, sid)
    assert told["states"] == ["COMPLETED"] * 2
    assert told["requests"] == [
        {"method": "GET", "whole": False, "status": 400},
        {"method": "POST", "whole": True, "status": 200},
        {"method": "GET", "whole": False, "status": 200},
    ]


@pytest.mark.usefixtures("impatient")
async def test_what_is_followed_is_seen_where_it_is_shown(
    url: str, sandbox: Sandbox, clock: Clock
) -> None:
    """A subscription over multipart HTTP: whoever shows the call sees each version, and the end."""
    async with aclosing(lines("apollo/live.mjs", url, sandbox.examples()["partial"])) as told:
        shown = await to_the_end(told, clock)
    versions = [line["version"] for line in shown if "version" in line]
    assert versions == sorted(set(versions))
    assert versions[0] < versions[-1] == COMPLETE
    assert {"end": True} in shown[1:]


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("program", ["apollo/defer.mjs", "apollo/defer-by-path.mjs"])
async def test_what_is_deferred_is_shown_when_it_is_there(
    url: str, sandbox: Sandbox, clock: Clock, program: str
) -> None:
    """In either of Apollo Client's dialects: the rest is shown before."""
    examples = sandbox.examples()
    async with aclosing(lines(program, url, examples["client"], examples["partial"])) as told:
        first, *_, last = await to_the_end(told, clock)
    assert first == {"dataState": "streaming", "call": "COMPLETED"}
    assert last == {"dataState": "complete", "call": "COMPLETED", "later": "COMPLETE"}


async def _all(program: str, *arguments: str) -> list[Json]:
    return [line async for line in lines(program, *arguments)]
