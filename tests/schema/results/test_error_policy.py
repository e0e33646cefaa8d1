"""What a client is told when something fails, and what it never is."""

import logging
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from graphql import GraphQLError, build_schema, execute_sync, parse

from gateway.config.settings import Settings
from gateway.errors import GatewayError
from gateway.sandbox import Sandbox
from gateway.sandbox.faults import Fault, Kind
from gateway.schema.results.error_policy import failure
from tests.conftest import NOON, Clock, Gateway

CALLS = "{calls {nodes {sid}}}"
SECRET = "https://insights.twilio.com/v1/Voice?From=+14155550123 said: top secret"  # noqa: S105


@pytest.mark.parametrize(
    ("kind", "code", "twilio_code", "retryable", "retry_after"),
    [
        ("rate_limited", "UPSTREAM_RATE_LIMITED", 20429, True, None),
        ("rate_limited_retry_after", "UPSTREAM_RATE_LIMITED", 20429, True, 7),
        ("server_error", "UPSTREAM_UNAVAILABLE", 17009, True, None),
        ("cut_off", "UPSTREAM_INVALID_RESPONSE", None, True, None),
        ("garbage", "UPSTREAM_INVALID_RESPONSE", None, True, None),
        ("refused_credentials", "UPSTREAM_CREDENTIALS", 20003, False, None),
    ],
)
async def test_a_failure_of_twilio_says_what_can_be_done(  # noqa: PLR0913, PLR0917
    sandbox: Sandbox,
    clock: Clock,
    kind: Kind,
    code: str,
    twilio_code: int | None,
    retryable: bool,  # noqa: FBT001
    retry_after: float | None,
) -> None:
    """Its kind, Twilio's own code and request id, and whether and when to ask again."""
    sandbox.inject(Fault(kind=kind, seconds=7))
    async with Gateway(sandbox, clock, Settings(gateway_deadline=5)) as gateway:
        error = await gateway.fail(CALLS)
    freshness = error["extensions"]
    freshness.pop("requestId")
    assert freshness == {
        "code": code,
        "twilioCode": twilio_code,
        "retryable": retryable,
        "retryAfterSeconds": retry_after,
    }
    assert error["path"] == ["calls"]
    assert error["locations"] == [{"line": 1, "column": 2}]
    assert sandbox.auth_token not in str(error)
    assert "http" not in str(error)


async def test_a_failure_of_twilio_brings_its_request_id(gateway: Gateway) -> None:
    """Twilio's support asks for the id that its answer had, so the client gets that one."""
    gateway.sandbox.inject(Fault(kind="server_error"))
    error = await gateway.fail(CALLS)
    assert error["extensions"]["requestId"].startswith("RQ")


class Broken(httpx.AsyncBaseTransport):
    """A way to Twilio that fails as only a mistake of ours can."""

    def __init__(self, fault: Exception) -> None:
        self._fault = fault

    async def handle_async_request(self, _: httpx.Request) -> httpx.Response:
        raise self._fault


@pytest.mark.parametrize("fault", [ZeroDivisionError(SECRET), GatewayError(SECRET)])
async def test_a_fault_of_the_gateway_is_masked_and_logged_with_the_same_id(
    sandbox: Sandbox,
    clock: Clock,
    settings: Settings,
    caplog: pytest.LogCaptureFixture,
    fault: Exception,
) -> None:
    """The client has an id to quote, the operator the whole story under that id."""
    gateway = Gateway(sandbox, clock, settings, transport=Broken(fault))
    answer = await gateway.http.post(
        "/graphql", json={"query": CALLS}, headers={"X-Request-Id": "quote-me-please"}
    )
    assert answer.headers["x-request-id"] == "quote-me-please"
    assert answer.json() == {
        "errors": [
            {
                "message": "Something went wrong inside the gateway (request quote-me-please).",
                "locations": [{"line": 1, "column": 2}],
                "path": ["calls"],
                "extensions": {"code": "INTERNAL_SERVER_ERROR", "requestId": "quote-me-please"},
            }
        ],
        "data": None,
    }
    (record,) = [record for record in caplog.records if record.name == "gateway.errors"]
    assert record.levelno == logging.ERROR
    assert record.exc_info
    assert record.exc_info[1] is fault
    assert record.__dict__["request_id"] == "quote-me-please"


class Clockwork(Clock):
    """A clock that breaks when it is told to."""

    broken = False

    def __call__(self) -> float:
        if self.broken:
            raise ZeroDivisionError(SECRET)
        return NOON


async def test_a_fault_outside_of_the_execution_is_masked_as_well(
    sandbox: Sandbox, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever breaks, the answer is JSON with an id, its status 500."""
    clock = Clockwork()
    gateway = Gateway(sandbox, clock, settings)
    clock.broken = True
    answer = await gateway.http.post("/graphql", json={"query": CALLS})
    request_id = answer.headers["x-request-id"]
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert answer.json() == {
        "errors": [
            {
                "message": f"Something went wrong inside the gateway (request {request_id}).",
                "extensions": {"code": "INTERNAL_SERVER_ERROR", "requestId": request_id},
            }
        ]
    }
    assert [record.__dict__["request_id"] for record in caplog.records] == [request_id]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("", "BAD_USER_INPUT"),
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{nope}", "GRAPHQL_VALIDATION_FAILED"),
        ("{call {sid}}", "GRAPHQL_VALIDATION_FAILED"),
        ('{call(sid: "CA../x") {sid}}', "BAD_USER_INPUT"),
        ("query($s: CallSid!) {call(sid: $s) {sid}}", "BAD_USER_INPUT"),
        ("query A {__typename} query B {__typename}", "BAD_USER_INPUT"),
        ("fragment F on Query {__typename}", "GRAPHQL_VALIDATION_FAILED"),
        ('{calls(after: "x") {nodes {sid}}}', "INVALID_CURSOR"),
        ("{" + "__typename " * 20_000 + "}", "QUERY_TOO_COMPLEX"),
    ],
)
async def test_a_mistake_of_the_client_has_the_code_of_its_kind(
    gateway: Gateway, query: str, code: str
) -> None:
    """A program can tell a document that never works from one value that does not."""
    error = await gateway.fail(query)
    assert error["extensions"]["code"] == code


async def test_a_variable_that_is_null_where_it_cannot_be_is_the_clients_mistake(
    gateway: Gateway,
) -> None:
    """A default makes such a document valid, so only the execution notices."""
    query = f'query($sid: CallSid = "CA{"0" * 32}") {{call(sid: $sid) {{sid}}}}'
    error = await gateway.fail(query, sid=None)
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert error["message"].startswith("`$sid` is null.")


@pytest.mark.parametrize(
    ("query", "answer"),
    [
        ("{number}", {"number": 2**40}),
        ("{word}", {"word": "+14155550123"}),
        ("{list}", {"list": SECRET}),
        ("{needed}", {"needed": None}),
        ("{either {text}}", {"either": {"__typename": SECRET, "text": SECRET}}),
    ],
)
def test_an_answer_of_ours_that_does_not_fit_the_schema_is_masked(
    query: str, answer: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    """graphql-core repeats the value in its error, and a value of a call may be a phone number."""
    schema = build_schema(
        "interface Either {text: String} type One implements Either {text: String} enum Word {A} "
        "type Query {number: Int word: Word list: [Int] needed: Int! either: Either one: One}"
    )
    errors = execute_sync(schema, parse(query), answer).errors or []
    (shown,) = [failure(error, "an-id") for error in errors]
    assert shown["message"] == "Something went wrong inside the gateway (request an-id)."
    assert shown["extensions"] == {"code": "INTERNAL_SERVER_ERROR", "requestId": "an-id"}
    assert shown["path"] == [next(iter(answer))]
    assert len(caplog.records) == 1


def raiser(error: Exception) -> Callable[..., None]:
    def resolve(*_: Any) -> None:
        raise error

    return resolve


def test_an_error_in_an_error_is_known_by_its_root() -> None:
    """What was wrapped on the way up is told, or masked, as what it was at the bottom."""
    schema = build_schema("type Query {a: Int}")
    wrapped = GraphQLError("outer", original_error=GraphQLError(SECRET, original_error=OSError()))
    errors = execute_sync(schema, parse("{a}"), {"a": raiser(wrapped)}).errors or []
    assert SECRET not in str([failure(error, "an-id") for error in errors])
    assert "outer" not in str([failure(error, "an-id") for error in errors])
