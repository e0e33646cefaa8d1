"""`/mcp` lets in and turns away as `/graphql` does, and is not there unless it is on."""

import subprocess
import sys
from typing import Any

import pytest

from gateway.config.settings import Settings
from gateway.errors import GatewayError, WrongSettings
from gateway.sandbox import Sandbox
from gateway.server.mcp.error_advice import INSTEAD
from tests.conftest import Clock, Gateway
from tests.test_errors import CODES
from tests.viewers import READ, People, open_to

LIST: dict[str, Any] = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
TAKEN = {"Accept": "application/json, text/event-stream"}


def calling(name: str, **arguments: Any) -> dict[str, Any]:
    return {**LIST, "method": "tools/call", "params": {"name": name, "arguments": arguments}}


async def test_it_is_not_there_unless_it_is_on(gateway: Gateway) -> None:
    """GATEWAY_MCP is false by default: a door that nobody asked for stays shut."""
    assert (await gateway.http.post("/mcp", json=LIST, headers=TAKEN)).status_code == 404


@pytest.mark.processes
def test_nothing_imports_the_sdk_while_it_is_off() -> None:
    """It is an extra, and takes half a second to import."""
    program = (
        "import sys; from gateway.config.settings import Settings, Secret;"
        "from gateway.config.accounts import Account; from gateway.server.app import create_app;"
        "sid = 'AC' + '0' * 32; create_app(Settings(), Account(sid, sid, Secret('x')));"
        "print({'mcp', 'pydantic', 'httpx2'} & sys.modules.keys())"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)

    assert done.stdout.strip() == b"set()"


def test_without_the_extra_the_settings_say_what_to_install(
    monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox, clock: Clock
) -> None:
    """One line that names the variable and the cure, as for every wrong setting."""
    for name in ("gateway.server.mcp.endpoint", "gateway.server.mcp.server"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    for name in ["mcp", *(name for name in sys.modules if name.startswith("mcp."))]:
        monkeypatch.setitem(sys.modules, name, None)

    with pytest.raises(WrongSettings, match=r"pip install .\.\[mcp\]"):
        Gateway(sandbox, clock, Settings(gateway_mcp=True))


@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_only_post_is_there(sandbox: Sandbox, clock: Clock, method: str) -> None:
    """Without sessions there is no stream to GET, and none to DELETE (Transports, 2025-11-25)."""
    async with Gateway(sandbox, clock, Settings(gateway_mcp=True)) as gateway:
        answer = await gateway.http.request(method, "/mcp", headers=TAKEN)

    assert answer.status_code == 405
    assert answer.headers["Allow"] == "POST"


async def test_pages_of_other_origins_are_turned_away(sandbox: Sandbox, clock: Clock) -> None:
    """Servers MUST validate `Origin`, against DNS rebinding (Transports, 2025-11-25)."""
    settings = Settings(gateway_mcp=True, gateway_cors_origins="https://app.example")
    async with Gateway(sandbox, clock, settings) as gateway:
        statuses = {
            origin: (
                await gateway.http.post("/mcp", json=LIST, headers={**TAKEN, "Origin": origin})
            ).status_code
            for origin in ("https://evil.example", "https://app.example", "http://127.0.0.1")
        }

    assert statuses == {
        "https://evil.example": 403,
        "https://app.example": 200,
        "http://127.0.0.1": 200,
    }


async def test_a_token_is_needed_as_for_graphql(sandbox: Sandbox, clock: Clock) -> None:
    """401 with `WWW-Authenticate` (RFC 6750), for each message anew."""
    people = People(sandbox)
    people.add("reader", None, READ)
    async with open_to(sandbox, clock, people, gateway_mcp=True) as gateway:
        without = await gateway.http.post("/mcp", json=LIST, headers=TAKEN)
        shown = {**TAKEN, "Authorization": "Bearer reader"}
        with_it = await gateway.http.post("/mcp", json=LIST, headers=shown)

    assert without.status_code == 401
    assert without.headers["WWW-Authenticate"].startswith("Bearer")
    assert with_it.status_code == 200


async def test_an_argument_that_no_tool_takes_is_named(sandbox: Sandbox, clock: Clock) -> None:
    """GraphQL ignores unknown variables; a model that misspells one must learn of it."""
    async with Gateway(sandbox, clock, Settings(gateway_mcp=True)) as gateway:
        body = calling("look_up_call", sid=sandbox.examples()["sip"], anotation=True)
        text = (await gateway.http.post("/mcp", json=body, headers=TAKEN)).text

    assert "`anotation` is no argument of `look_up_call`" in text
    assert '"isError":true' in text


async def test_a_tool_is_logged_and_counted_like_an_operation(
    sandbox: Sandbox, clock: Clock
) -> None:
    """Operators see tools where they see GraphQL, by the operation's name."""
    async with Gateway(sandbox, clock, Settings(gateway_mcp=True)) as gateway:
        body = calling("look_up_call", sid=sandbox.examples()["sip"])
        await gateway.http.post("/mcp", json=body, headers=TAKEN)
        metrics = (await gateway.http.get("/metrics")).text

    assert (
        'gateway_operations_total{kind="query",operation="look_up_call",outcome="ok"} 1.0'
        in metrics
    )
    assert 'gateway_http_requests_total{route="/mcp",status="200"} 1.0' in metrics


def test_every_code_says_what_to_ask_instead() -> None:
    """The list of codes is closed; a refusal that says nothing leaves a model to try again."""
    graphql = {"GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED"}
    persisted = {"PERSISTED_QUERY_NOT_FOUND", "PERSISTED_QUERY_REQUIRED"}
    codes = {*CODES.values()} | graphql | persisted

    assert codes == INSTEAD.keys()
    assert GatewayError.code in codes
