"""An assistant answers "why was this call bad?" by the tools alone, as its viewer may.

No model takes part: what a model would decide from names, schemas and texts is decided here, by
what these say. The same over HTTP, over a pipe, and by the revision of the protocol before.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path

import httpx
import pytest

from gateway.config.file import configuration_of
from gateway.config.load import read
from gateway.sandbox import Sandbox
from gateway.server.app import create_app
from tests.assistants import Assistant, Mode, over_a_pipe, over_http, read_of, text_of
from tests.configured import token_of
from tests.conftest import Clock
from tests.live import life
from tests.servers import serving

MANIFEST = {
    "calls-by": """
        # Calls that a carrier delivered.
        query CallsBy($carrier: String, $first: Int = 5) {
          calls(filter: { toCarrier: $carrier }, first: $first) { nodes { sid to { callee } } }
        }
    """,
    "watch": "subscription Watch($sid: CallSid!) { callUpdates(sid: $sid) { status } }",
    "write": """
        mutation Rate($sid: CallSid!, $score: Int!) {
          annotateCall(input: { sid: $sid, callScore: $score }) { userErrors { message } }
        }
    """,
}
WAYS = ["http", "http, handshake", pytest.param("pipe", marks=pytest.mark.processes)]


class MovedClock(Clock):
    """The time of the machine, and what a test moved it on: a process of its own has but that."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return time.time() + self.now


class Place:
    """A gateway with viewers over a sandbox, reached in one way."""

    def __init__(self, sandbox: Sandbox, clock: Clock, folder: Path, way: str) -> None:
        self._sandbox, self._clock, self._way = sandbox, clock, way
        self._config, self._manifest = folder / "gateway.toml", folder / "manifest.json"
        self._manifest.write_text(json.dumps(MANIFEST), "utf-8")
        account = f'[[accounts]]\nsid = "{sandbox.account_sid}"\nauth_token_env = "OUR_TOKEN"\n'
        self._config.write_text(account, "utf-8")

    def add(self, name: str, *scopes: str, more: str = "") -> None:
        """A viewer by its name, with `token_of` it."""
        hashed = sha256(token_of(name).encode()).hexdigest()
        with self._config.open("a", encoding="utf-8") as config:
            config.write(
                f'[[viewers]]\nname = "{name}"\naccount = "{self._sandbox.account_sid}"\n'
                f'scopes = {[*scopes]}\ntoken_sha256 = "{hashed}"\n{more}\n'
            )

    @asynccontextmanager
    async def assistant(self, name: str, tools: str = "") -> AsyncIterator[Assistant]:
        """An assistant with the token of a viewer, at a gateway that has these tools too."""
        environment = {
            "GATEWAY_MCP": "true",
            "GATEWAY_MCP_TOOLS": tools,
            "GATEWAY_CONFIG": str(self._config),
            "GATEWAY_TRUSTED_DOCUMENTS": str(self._manifest),
            "OUR_TOKEN": self._sandbox.auth_token,
        }
        if self._way == "pipe":
            with serving(self._sandbox.app) as upstream:
                own = {"GATEWAY_UPSTREAM_URL": upstream, "GATEWAY_TOKEN": token_of(name)}
                async with over_a_pipe(environment | own) as assistant:
                    yield assistant
            return
        settings = read(environment)
        twilio = httpx.ASGITransport(app=self._sandbox.app)
        app = create_app(
            settings,
            configuration_of(settings, environment),
            transport=twilio,
            clock=self._clock,
        )
        mode: Mode = "legacy" if "handshake" in self._way else "auto"
        with serving(app) as address:
            async with over_http(address, token_of(name), mode) as assistant:
                yield assistant


@pytest.fixture
def clock() -> Clock:
    return MovedClock()


@pytest.fixture(params=WAYS)
def place(sandbox: Sandbox, clock: Clock, tmp_path: Path, request: pytest.FixtureRequest) -> Place:
    place = Place(sandbox, clock, tmp_path, request.param)
    place.add("support-with-all-scopes", "calls:read", "pii:read", "annotations:write")
    place.add("support-that-only-reads", "calls:read")
    place.add("support-on-a-budget", "calls:read", more="budget_per_minute = 100")
    return place


async def test_it_finds_its_tools_and_what_they_take(place: Place) -> None:
    """Tools that ship come first; then one for each trusted document that ends.

    Each says whether it only reads. The document's own words are the description, and types of the
    schema are JSON Schema: our choice, as Apollo's MCP server does it.
    """
    async with place.assistant("support-that-only-reads") as assistant:
        tools = await assistant.tools()
    assert next(iter(tools)) == "look_up_call"
    assert {"look_up_call", "follow_call", "CallsBy", "Watch"} <= tools.keys()
    assert tools.keys().isdisjoint({"Rate", "annotate_call", "execute"})
    assert all(tool.annotations.read_only_hint for tool in tools.values())
    mine = tools["CallsBy"]
    assert mine.description == "Calls that a carrier delivered."
    assert mine.input_schema["properties"]["first"] == {
        "type": "integer",
        "minimum": 1,
        "maximum": 1000,
        "default": 5,
        "description": "How many calls, forward: 1 to 1000.",
    }
    assert tools["look_up_call"].input_schema["required"] == ["sid"]


async def test_it_says_why_the_bad_call_was_bad(place: Place, sandbox: Sandbox) -> None:
    """One tool gives the evidence, and fits the schema that the tool announced.

    The SDK's client validates structured content by the output schema itself.
    """
    sid = sandbox.examples()["bad_carrier"]
    async with place.assistant("support-that-only-reads") as assistant:
        found = (await assistant.data("look_up_call", sid=sid))["callLookup"]
    assert found["status"] == "COMPLETE"
    diagnosis = found["call"]["diagnosis"]
    assert diagnosis["suspects"][0]["where"] == "CARRIER"
    evidence = {finding["rule"]: finding for finding in diagnosis["findings"]}
    assert evidence["HIGH_JITTER"]["value"] > evidence["HIGH_JITTER"]["threshold"]
    assert evidence["HIGH_JITTER"]["unit"] == "ms"


async def test_without_a_warehouse_it_is_told_what_works(place: Place) -> None:
    """Search is always listed; its refusal names the tool that needs no warehouse."""
    async with place.assistant("support-that-only-reads") as assistant:
        refusal = await assistant.refusal("search_calls", suspects=["CARRIER"])
    assert refusal.startswith("WAREHOUSE_DISABLED")
    assert "`look_up_call`" in refusal


async def test_it_is_refused_a_number_and_told_what_to_ask_instead(
    place: Place, sandbox: Sandbox
) -> None:
    """Without `pii:read` numbers are masked, and a filter by one is FORBIDDEN, as in GraphQL."""
    sid = sandbox.examples()["bad_carrier"]
    query = '{ calls(filter: { to: "+15550001111" }) { nodes { sid } } }'
    async with place.assistant("support-that-only-reads", "execute") as assistant:
        call = (await assistant.data("look_up_call", sid=sid))["callLookup"]["call"]
        refusal = await assistant.refusal("execute", query=query)
    assert "*" in call["to"]["callee"] or "•" in call["to"]["callee"]
    assert refusal.startswith("FORBIDDEN")
    assert "calleeHash" in refusal
    assert "5550001111" not in refusal


async def test_it_hits_its_budget_and_is_told_when_to_go_on(place: Place, sandbox: Sandbox) -> None:
    """What tools ask is charged to the viewer's budget, the one of `/graphql`."""
    sid = sandbox.examples()["bad_carrier"]
    async with place.assistant("support-on-a-budget") as assistant:
        results = [await assistant.call("look_up_call", sid=sid) for _ in range(10)]
    assert not results[0].is_error
    assert results[0].meta
    assert results[0].meta["call-insights-gateway/budget"]["limit"] == 100
    refused = text_of(next(result for result in results if result.is_error))
    assert refused.startswith("COST_ESTIMATED_TOO_EXPENSIVE")
    assert "Wait " in refused


@pytest.mark.usefixtures("impatient")
async def test_it_follows_a_call_to_its_end(place: Place, sandbox: Sandbox, clock: Clock) -> None:
    """The answer comes when the summary is final; each version on the way is progress."""
    sid = sandbox.examples()["partial"]
    heard: list[str | None] = []

    async def hear(progress: float, total: float | None, message: str | None) -> None:  # noqa: ARG001 - the SDK's names
        heard.append(message)

    async with place.assistant("support-that-only-reads") as assistant:
        passing = asyncio.create_task(life(clock))
        result = await assistant.client.call_tool(
            "follow_call", {"sid": sid, "timeoutSeconds": 60}, progress_callback=hear
        )
        passing.cancel()
    assert result.structured_content
    found = result.structured_content["data"]["callUpdates"]
    assert found["status"] == "COMPLETE"
    assert found["call"]["processing"]["isFinal"]
    assert len(heard) >= 2


async def test_it_annotates_with_the_scope_and_the_setting_alone(
    place: Place, sandbox: Sandbox
) -> None:
    """Neither is on by default; a trusted mutation is a tool under the same two conditions."""
    sid = sandbox.examples()["bad_carrier"]
    async with place.assistant("support-that-only-reads", "annotate_call") as assistant:
        assert "annotate_call" not in await assistant.tools()
        with pytest.raises(Exception, match="There is no tool 'annotate_call'"):
            await assistant.call("annotate_call", sid=sid, callScore=2)
    async with place.assistant("support-with-all-scopes") as assistant:
        assert {"annotate_call", "Rate"}.isdisjoint(await assistant.tools())
    async with place.assistant("support-with-all-scopes", "annotate_call") as assistant:
        tools = await assistant.tools()
        assert tools["annotate_call"].annotations.read_only_hint is False
        assert tools["Rate"].annotations.read_only_hint is False
        data = await assistant.data("annotate_call", sid=sid, callScore=2)
        again = await assistant.data("look_up_call", sid=sid)
    assert data["annotateCall"]["userErrors"] == []
    assert again["callLookup"]["call"]["annotation"]["callScore"] == 2


async def test_it_reads_how_long_a_call_holds(place: Place, sandbox: Sandbox) -> None:
    """A complete call is long and private, a partial one short: ttlMs of the revision 2026-07-28.

    The handshake before it has no such hint.
    """
    examples = sandbox.examples()
    async with place.assistant("support-that-only-reads") as assistant:
        complete = await assistant.client.read_resource(f"gateway://calls/{examples['sip']}")
        partial = await assistant.client.read_resource(f"gateway://calls/{examples['partial']}")
        modern = assistant.client.protocol_version >= "2026-07-28"
    assert '"status":"COMPLETE"' in read_of(complete)
    assert '"status":"PARTIAL"' in read_of(partial)
    if modern:
        assert complete.ttl_ms > 86_400_000
        assert complete.cache_scope == "private"
        assert partial.ttl_ms < 60_000


async def test_it_finds_pages_and_prompts(place: Place) -> None:
    """The documentation and the schema are resources, found by words; questions are prompts."""
    async with place.assistant("support-that-only-reads") as assistant:
        client = assistant.client
        resources = {one.uri for one in (await client.list_resources()).resources}
        found = await client.read_resource("gateway://search/packet%20loss%20threshold")
        one = await client.read_resource("gateway://schema/CallLookup")
        prompts = {prompt.name for prompt in (await client.list_prompts()).prompts}
        prompt = await client.get_prompt("why_was_this_call_bad", {"sid": "CA" + "0" * 32})
    assert {"gateway://docs/diagnosis", "gateway://schema"} <= resources
    assert "gateway://docs/diagnosis" in read_of(found)
    assert read_of(one).endswith("}")
    assert "why_was_this_call_bad" in prompts
    assert "CA" + "0" * 32 in str(prompt.messages[0].content)
