"""GATEWAY_HTTP_STATUSES: the statuses of two texts of GraphQL over HTTP.

https://graphql.github.io/graphql-over-http/draft/#sec-application-graphql-response-json.Status-Codes
as it was frozen for 2026-09. Until public audits ask for it, the statuses before are the default.
"""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from gateway.config.settings import Settings
from gateway.sandbox import Fault, Sandbox
from tests.conftest import Clock, Gateway

NEWER = "application/graphql-response+json"
CALL = "query ($sid: CallSid!) { call(sid: $sid) { sid } viewer { name } }"
SID = "CA" + "0" * 32
CASES: list[tuple[str, Any, int, int]] = [
    ("data alone", {"query": "{ viewer { name } }"}, 200, 200),
    ("data beside errors", {"query": CALL, "variables": {"sid": SID}}, 200, 294),
    ("a document that cannot be parsed", {"query": "{"}, 400, 400),
    ("a document that is not valid", {"query": "{ nothing }"}, 400, 422),
    (
        "an operation that is not there",
        {"query": "{ viewer { name } }", "operationName": "Q"},
        400,
        422,
    ),
    ("variables that do not fit", {"query": CALL, "variables": {"sid": "x"}}, 400, 422),
    ("a document that nobody knows", {"documentId": "f" * 64}, 400, 422),
    ("a misspelt parameter", {"qeury": "{ viewer { name } }"}, 400, 422),
    ("variables of the wrong shape", {"query": CALL, "variables": [7]}, 400, 422),
    ("JSON that is no object", [], 400, 422),
]


@pytest.fixture(params=["2025", "2026"])
async def answering(
    sandbox: Sandbox, clock: Clock, request: pytest.FixtureRequest
) -> AsyncIterator[tuple[Gateway, str]]:
    settings = Settings(gateway_http_statuses=request.param)
    async with Gateway(sandbox, clock, settings) as gateway:
        yield gateway, request.param


@pytest.mark.parametrize(("what", "body", "before", "after"), CASES, ids=[one[0] for one in CASES])
async def test_each_answer_has_the_status_of_its_text(
    answering: tuple[Gateway, str], what: str, body: Any, before: int, after: int
) -> None:
    """In `application/graphql-response+json`; in `application/json` both are as ever."""
    gateway, year = answering
    if what == "data beside errors":
        gateway.sandbox.inject(Fault(kind="garbage"))
    answer = await gateway.http.post("/graphql", json=body, headers={"Accept": NEWER})
    gateway.sandbox.clear_faults()

    assert answer.status_code == (after if year == "2026" else before)
    assert ("data" in answer.json()) == (answer.status_code in {200, 294})


async def test_what_is_no_json_stays_400(answering: tuple[Gateway, str]) -> None:
    """Requests that the server cannot interpret result in 400, in both texts."""
    gateway, _ = answering
    headers = {"Accept": NEWER, "Content-Type": "application/json"}

    assert (await gateway.http.post("/graphql", content=b"{", headers=headers)).status_code == 400


@pytest.mark.parametrize(("what", "body", "before", "after"), CASES, ids=[one[0] for one in CASES])
async def test_json_has_the_statuses_that_old_clients_expect(
    answering: tuple[Gateway, str], what: str, body: Any, before: int, after: int
) -> None:
    """`application/json` is answered with 200 whatever the document was."""
    gateway, _ = answering
    answer = await gateway.http.post("/graphql", json=body, headers={"Accept": "application/json"})

    no_request = isinstance(body, list) or not {"query", "documentId"} & body.keys()
    shapeless = no_request or isinstance(body.get("variables"), list)
    assert answer.status_code == (400 if shapeless else 200), what
    assert before <= after
