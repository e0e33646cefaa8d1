"""Operations over WebSocket: answered, refused, ended, and apart from each other."""

import json
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from websockets.asyncio.client import ClientConnection

from gateway.concurrency.quotas import Quotas
from gateway.config.accounts import Account
from gateway.config.settings import Secret, Settings
from gateway.config.viewers import Viewer, everybody
from gateway.errors import UpstreamUnavailable
from gateway.instrumentation import silent
from gateway.schema.context import Context
from gateway.schema.documents.document import Document, Documents
from gateway.schema.documents.request import Request
from gateway.schema.execution.executor import Executor
from gateway.schema.execution.tables import Tables
from gateway.schema.operations import build_schema
from gateway.server.access.authentication import Authenticator
from gateway.server.graphql import websocket
from gateway.server.graphql.service import Service
from gateway.server.graphql.websocket import WebSocketEndpoint
from gateway.server.telemetry.request_log import RequestLog
from tests.conftest import NOON, Gateway
from tests.live import UPDATES, becomes, followers, hear, say
from tests.server.conftest import listening, opened

ASK = {"query": "{ __typename }"}
MUTATION = """
mutation($sid: CallSid!) {
  annotateCall(input: {sid: $sid, callScore: 4}) { call { annotation { callScore } } }
}
"""


async def test_queries_and_mutations_are_answered_too(
    connection: ClientConnection, gateway: Gateway
) -> None:
    """Once, and then they are complete."""
    await say(connection, type="subscribe", id="q", payload=ASK)
    assert await hear(connection) == {
        "id": "q",
        "type": "next",
        "payload": {"data": {"__typename": "Query"}},
    }
    assert await hear(connection) == {"id": "q", "type": "complete"}
    payload = {"query": MUTATION, "variables": {"sid": gateway.sandbox.examples()["client"]}}
    await say(connection, type="subscribe", id="m", payload=payload)
    answer = (await hear(connection))["payload"]
    assert answer["data"]["annotateCall"]["call"]["annotation"] == {"callScore": 4}
    assert await hear(connection) == {"id": "m", "type": "complete"}


async def test_operations_of_one_connection_do_not_wait_for_each_other(
    connection: ClientConnection, gateway: Gateway
) -> None:
    """A query is answered while a call is followed."""
    payload = {"query": UPDATES, "variables": {"sid": gateway.sandbox.examples()["partial"]}}
    await say(connection, type="subscribe", id="long", payload=payload)
    assert (await hear(connection))["id"] == "long"
    await say(connection, type="subscribe", id="short", payload=ASK)
    assert [(await hear(connection))["type"] for _ in range(2)] == ["next", "complete"]


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ({"query": "{"}, "GRAPHQL_PARSE_FAILED"),
        ({"query": "{ nope }"}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": UPDATES}, "BAD_USER_INPUT"),
        ({"query": UPDATES, "variables": {"sid": "CA1"}}, "BAD_USER_INPUT"),
        ({"query": "{ __typename }", "operationName": "Other"}, "BAD_USER_INPUT"),
        ({"query": 1}, "BAD_USER_INPUT"),
        ({}, "BAD_USER_INPUT"),
    ],
)
async def test_a_request_that_is_wrong_ends_in_an_error(
    connection: ClientConnection, payload: dict[str, Any], code: str
) -> None:
    """Of that operation alone: the `error` is its last message, and its id is free again."""
    for _ in range(2):
        await say(connection, type="subscribe", id="1", payload=payload)
        message = await hear(connection)
        assert (message["id"], message["type"]) == ("1", "error")
        assert message["payload"][0]["extensions"]["code"] == code


async def test_who_completes_an_operation_hears_no_more_of_it(
    connection: ClientConnection, gateway: Gateway
) -> None:
    """It ends within a second, and its id can be used again; unknown ids are ignored."""
    await say(connection, type="complete", id="unknown")
    payload = {"query": UPDATES, "variables": {"sid": gateway.sandbox.examples()["partial"]}}
    for _ in range(3):
        await say(connection, type="subscribe", id="1", payload=payload)
        assert (await hear(connection))["type"] == "next"
        await say(connection, type="complete", id="1")
    assert await becomes(lambda: followers(gateway.happenings) == 0, within=1)
    await say(connection, type="ping")
    assert await hear(connection) == {"type": "pong"}


async def test_a_connection_has_so_many_operations(
    connection: ClientConnection, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One more is refused, and the others go on."""
    monkeypatch.setattr(websocket, "MAX_OPERATIONS", 1)
    payload = {"query": UPDATES, "variables": {"sid": gateway.sandbox.examples()["partial"]}}
    await say(connection, type="subscribe", id="1", payload=payload)
    assert (await hear(connection))["id"] == "1"
    await say(connection, type="subscribe", id="2", payload=payload)
    message = await hear(connection)
    assert (message["id"], message["type"]) == ("2", "error")
    assert message["payload"][0]["extensions"]["code"] == "QUERY_TOO_COMPLEX"
    assert followers(gateway.happenings) == 1


class Plainly:
    """Reads documents as they come."""

    def __init__(self) -> None:
        self._documents = Documents(build_schema(), introspection=True)

    async def read(self, request: Request) -> Document:
        return self._documents.read(request.query or "")


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (ZeroDivisionError("a secret"), "INTERNAL_SERVER_ERROR"),
        (UpstreamUnavailable("Twilio cannot be asked."), "UPSTREAM_UNAVAILABLE"),
    ],
)
async def test_what_goes_wrong_around_an_operation_is_told(
    fault: Exception, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    """As an error, of which only our own kind is told as it is; and the connection goes on.

    Who makes the context is told who it is for.
    """
    heard: list[Viewer] = []

    def context(request_id: str, viewer: Viewer) -> Context:
        assert request_id
        heard.append(viewer)
        raise fault

    executor = Executor(build_schema(), Plainly().read, introspection=True)
    stranger = everybody(Account("AC" + "1" * 32, "AC" + "1" * 32, Secret("secret")))
    quotas = Quotas.of(Settings(), silent, viewers=False)
    keeper = Authenticator([], stranger)
    tables = Tables(executor, Documents(build_schema(), introspection=True).read_aside)
    service = Service(executor, tables, context, keeper, quotas, lambda: NOON)
    endpoint = WebSocketEndpoint(service, request_log=RequestLog(silent))
    app = Starlette(routes=[WebSocketRoute("/graphql", endpoint)])
    async with listening(app) as address, opened(address) as connection:
        await say(connection, type="connection_init", payload={"token": "t"})
        await hear(connection)
        for name in ("1", "2"):
            await say(connection, type="subscribe", id=name, payload=ASK)
            message = await hear(connection)
            assert (message["id"], message["type"]) == (name, "error")
            assert message["payload"][0]["extensions"]["code"] == code
            assert "a secret" not in json.dumps(message)
    assert heard == [stranger] * 2
    assert ("a secret" in caplog.text) is (code == "INTERNAL_SERVER_ERROR")
