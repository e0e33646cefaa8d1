"""The gateway is a subgraph: a router finds the calls that other subgraphs refer to."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
from graphql import parse

from gateway.config.accounts import Account
from gateway.config.file import Configuration, Grant
from gateway.config.settings import Secret, Settings
from gateway.config.viewers import Realm, Scope, Viewer
from gateway.insights.catalogue import CallSid
from gateway.sandbox import Fault, Sandbox
from gateway.schema.federation import subgraph_sdl
from gateway.schema.operations import build_schema
from gateway.schema.types.node import encode_id
from gateway.server.app import create_app
from tests.conftest import Clock, Gateway
from tests.node import install
from tests.servers import serving

CLIENTS = Path(__file__).parents[1] / "clients" / "federation"
SUBGRAPH = Settings(gateway_federation=True)
NOBODYS = "CA" + "0" * 32
ENTITIES = """
query($r: [_Any!]!) {
  _entities(representations: $r) { __typename ... on Call { sid state from { caller } } }
}
"""
TICKETS = """
{
  tickets {
    id
    call { sid from { caller } tickets { nodes { id } pageInfo { hasNextPage } } }
  }
}
"""


def representation(sid: str) -> dict[str, str]:
    return {"__typename": "Call", "sid": sid}


@pytest.fixture
async def subgraph(sandbox: Sandbox, clock: Clock) -> AsyncIterator[Gateway]:
    async with Gateway(sandbox, clock, SUBGRAPH) as gateway:
        yield gateway


async def entities(gateway: Gateway, *representations: Any) -> dict[str, Any]:
    return await gateway.send(ENTITIES, r=list(representations))


async def test_entities_come_in_the_order_they_were_asked_for(subgraph: Gateway) -> None:
    """Each as `call` gives it, null where there is none; each is asked for once, at most."""
    kinds = subgraph.sandbox.examples()
    sids = [kinds["bad_carrier"], NOBODYS, kinds["sip"], kinds["client"], kinds["bad_carrier"]]
    with subgraph.upstream() as requests:
        body = await entities(subgraph, *map(representation, sids))
    query = "query($sid: CallSid!) { call(sid: $sid) { __typename sid state from { caller } } }"
    assert body == {
        "data": {"_entities": [(await subgraph.ask(query, sid=sid))["call"] for sid in sids]}
    }
    assert [call and call["sid"] for call in body["data"]["_entities"]] == [
        None if sid == NOBODYS else sid for sid in sids
    ]
    paths = [request.path for request in requests]
    assert all(sum(sid in path for path in paths) == 1 for sid in sids if sid != NOBODYS)


@pytest.mark.parametrize(
    "wrong",
    [
        {"__typename": "Ticket", "sid": NOBODYS},
        {"__typename": "Call", "sid": "CA1"},
        {"__typename": "Call", "sid": 7},
        {"__typename": "Call"},
        {},
        "Call",
        [],
    ],
    ids=str,
)
async def test_what_stands_for_no_call_is_an_error_in_its_place(
    subgraph: Gateway, wrong: Any
) -> None:
    """A mistake of one subgraph about one entity leaves the others as they are."""
    sid = subgraph.sandbox.examples()["sip"]
    body = await entities(subgraph, representation(sid), wrong, representation(sid))
    (error,) = body["errors"]
    assert error["path"] == ["_entities", 1]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert error["extensions"]["argument"] == "representations"
    first, second, third = body["data"]["_entities"]
    assert (first["sid"], second, third["sid"]) == (sid, None, sid)


async def test_a_call_that_cannot_be_had_is_an_error_in_its_place(subgraph: Gateway) -> None:
    """Twilio fails for one of them: the router gets the others."""
    kinds = subgraph.sandbox.examples()
    subgraph.sandbox.inject(Fault(kind="refused_credentials", path_contains=kinds["sip"]))
    body = await entities(subgraph, *(representation(kinds[k]) for k in ("sip", "client")))
    (error,) = body["errors"]
    assert error["path"] == ["_entities", 0]
    assert error["extensions"]["code"] == "UPSTREAM_CREDENTIALS"
    assert body["data"]["_entities"][0] is None
    assert body["data"]["_entities"][1]["sid"] == kinds["client"]


async def test_nodes_fail_one_by_one_as_well(gateway: Gateway) -> None:
    """An `id` that is none, or a call that cannot be had, costs its own place in the list."""
    kinds = gateway.sandbox.examples()
    good, failing = (encode_id(CallSid(kinds[kind])) for kind in ("client", "sip"))
    gateway.sandbox.inject(Fault(kind="refused_credentials", path_contains=kinds["sip"]))
    query = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    body = await gateway.send(query, ids=[good, "no id", failing, good])
    assert body["data"]["nodes"] == [{"id": good}, None, None, {"id": good}]
    told = [(error["path"], error["extensions"]["code"]) for error in body["errors"]]
    assert sorted(told) == [
        (["nodes", 1], "BAD_USER_INPUT"),
        (["nodes", 2], "UPSTREAM_CREDENTIALS"),
    ]


async def test_a_router_asks_for_a_bounded_number_at_once(sandbox: Sandbox, clock: Clock) -> None:
    """More than 100, or more than the price allows, are refused before Twilio is asked."""
    few = Settings(gateway_federation=True, gateway_max_cost=30)
    async with Gateway(sandbox, clock, SUBGRAPH) as gateway, Gateway(sandbox, clock, few) as strict:
        hundred = [representation(f"CA{number:032x}") for number in range(101)]
        with gateway.upstream() as requests:
            too_many = await entities(gateway, *hundred)
            too_dear = await entities(strict, *hundred[:2])
    assert requests == []
    assert too_many["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert too_many["data"] is None
    assert too_dear["errors"][0]["extensions"]["code"] == "COST_ESTIMATED_TOO_EXPENSIVE"
    assert "`representations`" in too_dear["errors"][0]["message"]


async def test_a_gateway_is_no_subgraph_unless_it_is_told_to_be(gateway: Gateway) -> None:
    """Who has no router has no questions of routers."""
    for query in ("{ _service { sdl } }", "{ _entities(representations: []) { __typename } }"):
        assert (await gateway.fail(query))["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


async def test_a_subgraph_tells_what_it_adds(subgraph: Gateway) -> None:
    """All of the schema, by itself, but for what every graph has and a supergraph has one of."""
    sdl = (await subgraph.ask("{ _service { sdl } }"))["_service"]["sdl"]
    assert sdl == subgraph_sdl()
    here = {d.name.value for d in parse(sdl).definitions if hasattr(d, "name")}
    every = {name for name in build_schema().type_map if not name.startswith("__")}
    built_in = {"Int", "Float", "String", "Boolean", "ID"}
    assert every - here - built_in == {"Viewer", "ViewerAccount", "VoiceInsights", "Scope"}
    assert here <= every
    assert 'type Call implements Node @key(fields: "sid") {' in sdl
    assert "type PageInfo @shareable {" in sdl
    asked = sdl.partition("\ntype Query {")[2].partition("\n}")[0]
    assert "  call(" in asked
    assert "  calls(" in asked
    assert not any(f"  {name}" in asked for name in ("node(", "nodes(", "viewer:", "_entities"))


def test_the_page_says_what_of_the_specification_is_used() -> None:
    """A directive that is "not used" is not in the schema, and every other one is."""
    page = (CLIENTS.parents[2] / "docs" / "supergraph.md").read_text("utf-8")
    rows = re.findall(r"^\| ((?:`@?\w+`(?:, )?)+) \| (.*) \|$", page, re.MULTILINE)
    said = {name: how for names, how in rows for name in re.findall(r"@\w+", names)}
    used = {name for name, how in said.items() if not how.startswith("not used")}
    built_in = {"@deprecated", "@oneOf", "@specifiedBy"}
    assert set(re.findall(r"(?<!\w)@\w+", subgraph_sdl())) - built_in == used
    assert len(said) > len(used)


@asynccontextmanager
async def supergraph(calls: str, sids: list[str], token: str) -> AsyncIterator[dict[str, Any]]:
    """Calls and tickets as one graph, behind Apollo's gateway: what it says, and asks of it."""
    arguments = (f"{calls}/graphql", ",".join(sids), token)
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        "node", "supergraph.mjs", *arguments, cwd=CLIENTS, stdin=pipe, stdout=pipe, limit=2**22
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        while not (line := await process.stdout.readline()).startswith(b"{"):
            assert line, "the supergraph did not start"
        yield json.loads(line)
    finally:
        process.stdin.close()
        await process.wait()


@pytest.fixture(scope="module")
def _packages() -> None:
    install(CLIENTS)


@pytest.mark.usefixtures("_packages")
async def test_a_router_joins_calls_to_the_graph_of_others(sandbox: Sandbox, clock: Clock) -> None:
    """Composed by Apollo's composition without a word, and asked through Apollo's gateway.

    From a ticket to its call and back; each client with its own token, masked if it says so, and
    one call that fails is an error in its place.
    """
    kinds = sandbox.examples()
    account = Account(sandbox.account_sid, sandbox.account_sid, Secret(sandbox.auth_token))
    scopes = {"operator": frozenset(Scope), "dashboard": frozenset({Scope.CALLS_READ})}
    grants = tuple(
        Grant(Viewer(name, Realm(account), some), sha256(name.encode()).hexdigest())
        for name, some in scopes.items()
    )
    app = create_app(
        SUBGRAPH,
        Configuration((account,), grants),
        transport=httpx.ASGITransport(app=sandbox.app),
        clock=clock,
    )
    sids = [kinds["client"], kinds["sip"], kinds["client"], kinds["bad_carrier"]]

    with serving(app) as calls:
        async with supergraph(calls, sids, "operator") as told, httpx.AsyncClient() as http:
            assert (told["errors"], told["hints"]) == ([], [])

            async def ask(token: str, query: str) -> dict[str, Any]:
                headers = {"Authorization": f"Bearer {token}"}
                answer = await http.post(told["url"], json={"query": query}, headers=headers)
                body: dict[str, Any] = answer.json()
                return body

            before = len(sandbox.requests)
            plain = await ask("operator", TICKETS)
            assert "errors" not in plain
            tickets = plain["data"]["tickets"]
            assert [ticket["call"]["sid"] for ticket in tickets] == sids
            assert [n["id"] for n in tickets[0]["call"]["tickets"]["nodes"]] == ["T0", "T2"]
            assert len(sandbox.requests) - before == len(set(sids))

            masked = await ask("dashboard", TICKETS)
            assert "•" in masked["data"]["tickets"][3]["call"]["from"]["caller"]
            assert "•" not in tickets[3]["call"]["from"]["caller"]

            back = await ask(
                "operator", f'{{ call(sid: "{sids[1]}") {{ tickets {{ nodes {{ id }} }} }} }}'
            )
            assert back["data"]["call"]["tickets"]["nodes"] == [{"id": "T1"}]

            stranger = await ask("stranger", TICKETS)
            assert stranger["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
            assert stranger["data"]["tickets"][0]["call"]["from"] is None

            clock.advance(8 * 86400)
            sandbox.inject(Fault(kind="refused_credentials", path_contains=kinds["sip"]))
            failing = await ask("operator", TICKETS)
            (error,) = failing["errors"]
            assert error["extensions"]["code"] == "UPSTREAM_CREDENTIALS"
            assert error["path"][:2] == ["tickets", 1]
            assert failing["data"]["tickets"][1]["call"]["from"] is None
            assert failing["data"]["tickets"][0]["call"]["from"]["caller"]


def test_the_page_shows_what_is_run_here() -> None:
    """The program in docs/supergraph.md is a part of this one, letter by letter."""
    page = (CLIENTS.parents[2] / "docs" / "supergraph.md").read_text("utf-8")
    (shown,) = re.findall(r"^```js\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    assert shown in (CLIENTS / "supergraph.mjs").read_text("utf-8")
