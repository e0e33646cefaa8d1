"""An assistant searches and counts calls by the tools that ship, as its viewer may.

It looks a bad call up, searches for its like by what the diagnosis found, and compares carriers:
what the prompts ask for, without a model. In this process, for the warehouse has one at a time.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from gateway.warehouse.embedded import Embedded
from tests.schema.many_calls.conftest import SETTINGS, Filled, filled

pytestmark = pytest.mark.asyncio(loop_scope="session")

ACCEPT = {"Accept": "application/json, text/event-stream"}


class Asking:
    """Calls tools by messages as any client sends them."""

    def __init__(self, gateway: Filled) -> None:
        self._gateway = gateway

    async def call(self, name: str, **arguments: Any) -> dict[str, Any]:
        message = {
            "jsonrpc": "2.0",
            "id": 1,
            "method": "tools/call",
            "params": {"name": name, "arguments": arguments},
        }
        answer = await self._gateway.http.post("/mcp", json=message, headers=ACCEPT)
        data = answer.text.partition("data: ")[2]
        result: dict[str, Any] = msgspec.json.decode(data)["result"]
        return result

    async def data(self, name: str, **arguments: Any) -> Any:
        result = await self.call(name, **arguments)
        assert not result["isError"], result
        (root,) = result["structuredContent"]["data"].values()
        return root


@asynccontextmanager
async def asking(engine: Embedded, **changes: Any) -> AsyncIterator[Asking]:
    settings = replace(SETTINGS, gateway_mcp=True, **changes)
    async with asynccontextmanager(filled)(engine, settings) as gateway:
        yield Asking(gateway)


async def test_it_searches_for_calls_with_the_same_fault(engine: Embedded) -> None:
    """The rules of one call's diagnosis find others, and each has one of them."""
    async with asking(engine) as assistant:
        bad = await assistant.data("search_calls", suspects=["CARRIER"], first=1)
        rules = [finding["rule"] for finding in bad["nodes"][0]["diagnosis"]["findings"]]
        alike = await assistant.data("search_calls", rules=rules[:1], first=50)
    assert bad["totalCount"] > 1
    assert alike["totalCount"] >= len(alike["nodes"]) > 1
    for node in alike["nodes"]:
        assert rules[0] in [finding["rule"] for finding in node["diagnosis"]["findings"]]


async def test_without_conditions_it_finds_all(engine: Embedded) -> None:
    """A variable that is left out is a condition that is not there (GraphQL §6.4.1)."""
    async with asking(engine) as assistant:
        found = await assistant.data("search_calls")
        counted = await assistant.data("call_statistics")
        few = await assistant.data("search_calls", where=[{"duration": {"gte": 60}}])
        fewer = await assistant.data("search_calls", since="2h", where=[{"duration": {"gte": 60}}])
    assert found["totalCount"] == counted["total"]["count"] > few["totalCount"]
    assert few["totalCount"] > fewer["totalCount"]
    assert len(found["nodes"]) == 10


async def test_it_finds_the_worst_carrier(engine: Embedded) -> None:
    """Groups come with the share of calls that have a suspect, and can be sorted by it."""
    async with asking(engine) as assistant:
        found = await assistant.data(
            "call_statistics",
            groupBy=[{"field": "TO_CARRIER"}],
            orderBy=[{"by": "withSuspect"}],
            measure="CARRIER_EDGE_METRICS_INBOUND_JITTER_MAX",
            where=[{"type": {"eq": "CARRIER"}}],
        )
    groups = [group for group in found["groups"] if group["count"] >= 10]
    shares = [group["withSuspect"] for group in groups]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] > 2 * shares[-1]
    assert groups[0]["measured"]["p95"] > found["total"]["measured"]["median"]


async def test_a_long_answer_is_shortened_and_says_so(engine: Embedded) -> None:
    """The bound is a setting; how many calls are missing, and how to have them, is in the text."""
    async with asking(engine, gateway_mcp_answer_bytes=4000) as assistant:
        result = await assistant.call("search_calls", first=100)
    answer = result["structuredContent"]
    kept = len(answer["data"]["searchCalls"]["nodes"])
    assert len(msgspec.json.encode(answer["data"])) <= 4000
    assert 1 <= kept < 100
    (told,) = answer["leftOut"]
    assert told.startswith(f"`searchCalls.nodes` has {kept} of 100 here.")
    assert told in result["content"][0]["text"]
