"""Twilio is down: what was known is told, and marked for what it is."""

import asyncio
from typing import Any

import httpx
import pytest

from gateway.cache.policy import POLL_INTERVAL
from gateway.config.settings import Settings
from gateway.sandbox import Fault, Sandbox
from tests.conftest import Clock, Gateway

CALL = "query($sid: CallSid!) { call(sid: $sid) { sid processing { version source } } }"
LOOKUP = """
query($sid: CallSid!) {
  callLookup(sid: $sid) { retryAfterSeconds call { processing { source } } }
}
"""
CALLS = """
{
  calls(first: 25, filter: { startTime: "2026-05-28T16:00:00Z", endTime: "2026-05-28T20:00:00Z" }) {
    nodes { sid processing { source } }
  }
}
"""


async def test_a_stale_answer_is_better_than_none(sandbox: Sandbox, clock: Clock) -> None:
    """A partial summary that is too old is told while Twilio is down, as STALE."""
    async with Gateway(sandbox, clock, Settings()) as gateway:
        sid = sandbox.examples()["partial"]
        before = (await gateway.ask(CALL, sid=sid))["call"]["processing"]
        sandbox.inject(Fault(kind="server_error", times=None))
        clock.advance(600)
        after = (await gateway.ask(CALL, sid=sid))["call"]["processing"]
        assert after == {"version": before["version"], "source": "STALE"}


async def test_who_was_told_something_stale_is_told_when_to_ask_again(
    sandbox: Sandbox, clock: Clock
) -> None:
    """Not at once: Twilio was asked in vain a moment ago."""
    async with Gateway(sandbox, clock, Settings()) as gateway:
        sid = sandbox.examples()["partial"]
        before = (await gateway.ask(LOOKUP, sid=sid))["callLookup"]
        sandbox.inject(Fault(kind="server_error", times=None))
        clock.advance(600)
        after = (await gateway.ask(LOOKUP, sid=sid))["callLookup"]
    assert before["retryAfterSeconds"] == after["retryAfterSeconds"] == POLL_INTERVAL
    assert after["call"]["processing"]["source"] == "STALE"


async def test_a_summary_that_twilio_does_not_tell_any_more_is_a_remembered_one(
    sandbox: Sandbox, clock: Clock
) -> None:
    """Of a call that still changed; it is not told as if Twilio had said so just now."""
    twilio = Forgetful(httpx.ASGITransport(app=sandbox.app))
    async with Gateway(sandbox, clock, Settings(), transport=twilio) as gateway:
        sid = sandbox.examples()["partial"]
        await gateway.ask(LOOKUP, sid=sid)
        clock.advance(600)
        twilio.forgets = True
        after = (await gateway.ask(LOOKUP, sid=sid))["callLookup"]
    assert after["call"]["processing"]["source"] == "CACHE"
    assert after["retryAfterSeconds"] == POLL_INTERVAL


class Forgetful(httpx.AsyncBaseTransport):
    """A Twilio that may lose what it knew."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner
        self.forgets = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.forgets:
            return httpx.Response(404, json={"code": 20404, "message": "gone", "status": 404})
        return await self._inner.handle_async_request(request)


async def test_staleness_has_an_end(sandbox: Sandbox, clock: Clock) -> None:
    """Beyond GATEWAY_STALE_IF_ERROR the failure is told instead."""
    settings = Settings(gateway_stale_if_error=300)
    async with Gateway(sandbox, clock, settings) as gateway:
        sid = sandbox.examples()["partial"]
        await gateway.ask(CALL, sid=sid)
        sandbox.inject(Fault(kind="server_error", times=None))
        clock.advance(301)
        error = await gateway.fail(CALL, sid=sid)
        assert error["extensions"]["code"] == "UPSTREAM_UNAVAILABLE"


async def test_a_list_outlives_its_upstream(sandbox: Sandbox, clock: Clock) -> None:
    """A page that is too old is told while Twilio is down; every call on it says so."""
    async with Gateway(sandbox, clock, Settings()) as gateway:
        fresh = (await gateway.ask(CALLS))["calls"]["nodes"]
        sandbox.inject(Fault(kind="server_error", times=None))
        clock.advance(9)
        assert _sources(await gateway.ask(CALLS)) == {"CACHE"}
        clock.advance(2)
        stale = await gateway.ask(CALLS)
        assert _sources(stale) == {"STALE"}
        assert [n["sid"] for n in stale["calls"]["nodes"]] == [n["sid"] for n in fresh]
        clock.advance(3600)
        error = await gateway.fail(CALLS)
        assert error["extensions"]["code"] == "UPSTREAM_UNAVAILABLE"


async def test_a_final_answer_is_renewed_while_it_is_told(sandbox: Sandbox, clock: Clock) -> None:
    """At the end of its time a complete summary is told at once, and fetched anew aside."""
    async with Gateway(sandbox, clock, Settings(gateway_complete_max_age=1000)) as gateway:
        sid = sandbox.examples()["client"]
        await gateway.ask(CALL, sid=sid)
        clock.advance(1001)
        with gateway.upstream() as requests:
            told = (await gateway.ask(CALL, sid=sid))["call"]["processing"]
            again = (await gateway.ask(CALL, sid=sid))["call"]["processing"]
            for _ in range(50):
                await asyncio.sleep(0)
        assert told["source"] == again["source"] == "CACHE"
        assert len(requests) == 1


def _sources(data: dict[str, Any]) -> set[str]:
    return {node["processing"]["source"] for node in data["calls"]["nodes"]}


async def test_a_stale_list_is_told_with_the_annotations_that_are_known(
    sandbox: Sandbox, clock: Clock
) -> None:
    """Twilio is not asked for each of them while it cannot be asked for the list."""
    query = CALLS.replace("nodes {", "nodes { annotation { spam }")
    async with Gateway(sandbox, clock, Settings()) as gateway:
        before = (await gateway.ask(query))["calls"]["nodes"]
        sandbox.inject(Fault(kind="server_error", times=None, path_contains="Summaries"))
        clock.advance(65)
        with gateway.upstream() as requests:
            after = (await gateway.ask(query))["calls"]["nodes"]
        assert {request.path.rpartition("/")[2] for request in requests} == {"Summaries"}
    assert [node["annotation"] for node in after] == [node["annotation"] for node in before]


@pytest.mark.parametrize(
    "filtered", ["", 'filter: { startTime: "1d" }', 'filter: { startTime: "2026-05-28T16:00:00Z" }']
)
@pytest.mark.parametrize("later", [11, 300, 3500])
async def test_a_list_up_to_now_outlives_its_upstream_too(
    sandbox: Sandbox, clock: Clock, filtered: str, later: int
) -> None:
    """Though its window is another one every few seconds: it is told as it was then."""
    query = f"{{ calls(first: 5 {filtered}) {{ nodes {{ sid processing {{ source }} }} }} }}"
    async with Gateway(sandbox, clock, Settings()) as gateway:
        fresh = (await gateway.ask(query))["calls"]["nodes"]
        sandbox.inject(Fault(kind="server_error", times=None))
        clock.advance(later)
        told = await gateway.ask(query)
        assert _sources(told) == {"STALE"}
        assert [n["sid"] for n in told["calls"]["nodes"]] == [n["sid"] for n in fresh]
        clock.advance(3700 - later)
        assert (await gateway.fail(query))["extensions"]["code"] == "UPSTREAM_UNAVAILABLE"


async def test_an_annotation_is_no_older_than_a_setting_allows(
    sandbox: Sandbox, clock: Clock
) -> None:
    """Beyond it, while Twilio cannot be asked for it, the failure is told."""
    query = "query($sid: CallSid!) { call(sid: $sid) { sid annotation { callScore } } }"
    async with Gateway(sandbox, clock, Settings(gateway_stale_if_error=300)) as gateway:
        sid = sandbox.examples()["annotated"]
        known = await gateway.ask(query, sid=sid)
        sandbox.inject(Fault(kind="server_error", times=None))
        clock.advance(60 + 299)
        assert await gateway.ask(query, sid=sid) == known
        clock.advance(2)
        body = await gateway.send(query, sid=sid)
    assert body["data"]["call"] == {"sid": sid, "annotation": None}
    assert body["errors"][0]["path"] == ["call", "annotation"]
