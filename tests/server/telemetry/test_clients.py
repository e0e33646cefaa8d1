"""Which client asks for what: so that a field can be removed knowing who still uses it.

The names of the headers are Apollo's and GraphQL over HTTP's usual ones; the notation is that of
schema coordinates (GraphQL, September 2025).
"""

import asyncio
import random
import re
from collections.abc import Mapping
from typing import Any

import pytest

from gateway.sandbox import Sandbox
from gateway.server.telemetry import field_usage
from gateway.server.telemetry.clients import client_of
from gateway.server.telemetry.field_usage import AT_ONCE, MOST_SERIES
from gateway.server.telemetry.operation_names import MAX_NAMES
from tests.conftest import Gateway

SERIES = re.compile(
    r'^gateway_field_usage_total\{client="(.*)",coordinate="(.*)"\} (.*)$', re.MULTILINE
)
WEB = {"apollographql-client-name": "web", "apollographql-client-version": "1.2"}
ONE = "query ($sid: CallSid!) { call(sid: $sid) { sid %s } }"


async def ask(gateway: Gateway, query: str, headers: Mapping[str, str], **more: Any) -> None:
    body = {"query": query, **more}
    answer = await gateway.http.post("/graphql", json=body, headers=headers)
    assert "errors" not in answer.json(), answer.text


async def usage(gateway: Gateway) -> dict[tuple[str, str], float]:
    """How often each client used each coordinate."""
    text = (await gateway.http.get("/metrics")).text
    return {(client, where): float(number) for client, where, number in SERIES.findall(text)}


@pytest.mark.parametrize(
    ("headers", "extensions", "client"),
    [
        (WEB, None, ("web", "1.2")),
        ({"graphql-client-name": "job", "graphql-client-version": "7"}, None, ("job", "7")),
        ({}, {"clientLibrary": {"name": "@apollo/client", "version": "4.0.9"}}, None),
        (WEB, {"clientLibrary": {"name": "@apollo/client"}}, ("web", "1.2")),
        ({"graphql-client-name": "caller +15550001111"}, None, ("caller +0", "")),
        ({"graphql-client-name": "a\nb\x00" * 100}, None, ("ab" * 32, "")),
        ({}, {"clientLibrary": {"name": 5}}, None),
        ({}, {"clientLibrary": "web"}, None),
        ({}, None, None),
    ],
)
def test_a_client_is_known_by_what_it_says(
    headers: dict[str, str], extensions: object, client: tuple[str, str] | None
) -> None:
    """Headers come first; what may be a number, or breaks a line of log, is left out."""
    found = client_of(headers, extensions)

    if extensions and not headers and isinstance(extensions.get("clientLibrary"), dict):  # type: ignore[attr-defined]
        named = extensions["clientLibrary"].get("name")  # type: ignore[index]
        client = ("@apollo/client", "4.0.9") if isinstance(named, str) else None
    assert found == client


async def test_each_field_is_counted_for_the_client_that_asks_for_it(
    gateway: Gateway, sandbox: Sandbox
) -> None:
    """Right to the field, for two clients with different documents; replayed answers count too."""
    sid = sandbox.examples()["bad_carrier"]
    job = {"graphql-client-name": "job"}
    for _ in range(3):
        await ask(gateway, ONE % "from { carrier }", WEB, variables={"sid": sid})
    await ask(gateway, ONE % "tags ... on Call { type }", job, variables={"sid": sid})
    assert await usage(gateway) == {
        ("web", "Query.call"): 3,
        ("web", "Query.call(sid:)"): 3,
        ("web", "Call.sid"): 3,
        ("web", "Call.from"): 3,
        ("web", "Party.carrier"): 3,
        ("job", "Query.call"): 1,
        ("job", "Query.call(sid:)"): 1,
        ("job", "Call.sid"): 1,
        ("job", "Call.tags"): 1,
        ("job", "Call.type"): 1,
    }


async def test_arguments_and_enum_values_count_where_they_stand_or_in_variables(
    gateway: Gateway,
) -> None:
    """A value of an enum cannot be removed while a variable brings it."""
    query = """
    query ($sort: CallSort, $filter: CallFilter) {
      a: calls(sortBy: END_TIME, first: 1) { nodes { sid } }
      b: calls(sortBy: $sort, filter: $filter, first: 1) { nodes { sid } }
    }
    """
    both = {"sort": "START_TIME", "filter": {"state": "COMPLETED"}}
    await ask(gateway, query, WEB, variables=both)
    await ask(gateway, query, WEB, variables={})
    counted = await usage(gateway)
    assert counted["web", "CallSort.END_TIME"] == 2
    assert counted["web", "CallSort.START_TIME"] == 1
    assert counted["web", "CallFilter.state"] == counted["web", "CallState.COMPLETED"] == 1
    assert counted["web", "Query.calls(sortBy:)"] == 2


async def test_what_is_refused_is_no_usage(gateway: Gateway) -> None:
    """A document that does not fit the schema uses nothing of it."""
    await gateway.http.post("/graphql", json={"query": "{ call { sid } }"}, headers=WEB)

    assert await usage(gateway) == {}


async def test_ten_thousand_random_clients_are_a_bounded_number_of_series(
    gateway: Gateway, sandbox: Sandbox
) -> None:
    """Anybody may name a client; names beyond the first hundred are `other`."""
    sid, draw = sandbox.examples()["sip"], random.Random(7)  # noqa: S311 - a fixed seed
    names = [f"client-{draw.getrandbits(32):x}" for _ in range(10_000)]
    for start in range(0, len(names), 500):
        await asyncio.gather(
            *(
                ask(gateway, ONE % "type", {"graphql-client-name": name}, variables={"sid": sid})
                for name in names[start : start + 500]
            )
        )
    counted = await usage(gateway)
    text = (await gateway.http.get("/metrics")).text
    assert len({client for client, _ in counted}) == MAX_NAMES + 1
    assert sum(number for (_, where), number in counted.items() if where == "Call.sid") == 10_000
    assert text.count("gateway_client_operations_total{") <= MAX_NAMES + 1


async def test_series_and_work_at_once_are_bounded(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """New documents are looked through a few at a time; beyond the bound, clients are `other`."""
    monkeypatch.setattr(field_usage, "MOST_SERIES", 10)
    for number in range(AT_ONCE + 5):
        await ask(gateway, f"{{ a{number}: viewer {{ name account scopes }} }}", WEB)
    first = await usage(gateway)
    second = await usage(gateway)
    assert first["web", "Query.viewer"] == AT_ONCE
    assert second["web", "Query.viewer"] == AT_ONCE + 5
    await ask(gateway, "{ viewer { name account subaccounts accounts { sid } } }", {})
    await ask(gateway, "{ calls(first: 1) { nodes { sid type state } } }", {})
    third = await usage(gateway)
    assert len([series for series in third if series[0] != "other"]) <= 10
    assert third["other", "Call.state"] == 1
    assert MOST_SERIES == 10_000


async def test_the_log_names_the_client(gateway: Gateway, caplog: pytest.LogCaptureFixture) -> None:
    """Its line of the request has name and version, for machines and people."""
    with caplog.at_level("INFO", "gateway.requests"):
        await ask(gateway, "{ viewer { name } }", WEB)

    assert "client=web/1.2" in caplog.text
