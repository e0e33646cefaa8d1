"""GraphQL over HTTP, to the letter: methods, media types and statuses, and whoever leaves early."""

import asyncio
import json
import logging
import re
from typing import Any

import httpx
import pytest

from gateway.config.settings import Settings
from gateway.sandbox import Sandbox
from tests.conftest import Clock, Gateway
from tests.node import install, lines
from tests.server.conftest import Address, listening

JSON = "application/json"
GRAPHQL = "application/graphql-response+json"
CHROME = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"
SID = "CA" + "0" * 32


@pytest.mark.node
async def test_all_audits_of_graphql_http_pass(address: Address) -> None:
    """The reference suite of the specification finds nothing to say: no MUST, SHOULD or MAY."""
    install()
    url = f"http://{address[0]}:{address[1]}/graphql"
    audits = [audit async for audit in lines("graphql-http/audit.mjs", url)]
    assert [audit for audit in audits if audit["status"] != "ok"] == []
    assert len(audits) == 61


async def post(
    gateway: Gateway, body: dict[str, Any], accept: str | list[str] = JSON
) -> httpx.Response:
    accepts = [accept] if isinstance(accept, str) else accept
    headers = [("Accept", value) for value in accepts]
    return await gateway.http.post("/graphql", json=body, headers=headers)


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("*/*", JSON),
        (JSON, JSON),
        (GRAPHQL, GRAPHQL),
        (f"{GRAPHQL}, {JSON};q=0.9", GRAPHQL),
        (["text/html", GRAPHQL], GRAPHQL),
    ],
)
async def test_an_answer_has_the_media_type_that_was_asked_for(
    gateway: Gateway, accept: str | list[str], media_type: str
) -> None:
    """Also when `Accept` comes in several lines; and it says that it is UTF-8."""
    answer = await post(gateway, {"query": '{__type(name: "🏃") {name}}'}, accept)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == f"{media_type}; charset=utf-8"
    assert answer.json() == {"data": {"__type": None}}


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"query": "{"}, id="a document that cannot be parsed"),
        pytest.param({"query": "{nope}"}, id="a document that is not valid"),
        pytest.param({"query": "{__typename}", "operationName": "No"}, id="an unknown operation"),
        pytest.param(
            {"query": "query($s: CallSid!) {call(sid: $s) {sid}}"}, id="a variable that is missing"
        ),
    ],
)
async def test_what_cannot_be_executed_is_a_400_in_the_new_media_type_alone(
    gateway: Gateway, body: dict[str, Any]
) -> None:
    """`application/json` is answered with 200 for well-formed requests; neither has `data`."""
    for accept, status in ((JSON, 200), (GRAPHQL, 400)):
        answer = await post(gateway, body, accept)
        assert answer.status_code == status
        assert answer.json().keys() == {"errors"}


@pytest.mark.parametrize("accept", [JSON, GRAPHQL])
async def test_what_was_executed_is_a_200_even_if_it_failed(gateway: Gateway, accept: str) -> None:
    """An error of a field stands beside the data, and says nothing about HTTP."""
    answer = await post(gateway, {"query": "{calls(first: 0) {nodes {sid}}}"}, accept)
    assert answer.status_code == 200
    assert answer.json()["data"] is None
    assert answer.json()["errors"][0]["path"] == ["calls"]


@pytest.mark.parametrize("accept", ["text/plain", "application/xml, image/*", "*/*;q=0"])
async def test_an_answer_that_nobody_would_take_is_a_406(gateway: Gateway, accept: str) -> None:
    """The client learns, in a GraphQL error, what there is; and nothing is executed."""
    answer = await post(gateway, {"query": f'{{call(sid: "{SID}") {{sid}}}}'}, accept)
    assert answer.status_code == 406
    assert answer.json()["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT"}
    assert not gateway.sandbox.requests


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "QUERY"])
async def test_other_methods_are_a_405_that_names_the_right_ones(
    gateway: Gateway, method: str
) -> None:
    """`Allow` is part of a 405."""
    answer = await gateway.http.request(method, "/graphql", params={"query": "{__typename}"})
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD, POST"
    assert answer.json()["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT"}


async def asked_by(address: Address, method: str, query: str, accept: str) -> tuple[str, bytes]:
    """The head of an answer, but for what is new each time, and its body."""
    url = httpx.URL("/graphql", params={"query": query}).raw_path.decode()
    reader, writer = await asyncio.open_connection(*address)
    lines = [f"{method} {url} HTTP/1.1", "Host: localhost", f"Accept: {accept}"]
    writer.write("\r\n".join([*lines, "Connection: close", "", ""]).encode())
    async with asyncio.timeout(10):
        head, _, body = (await reader.read()).decode().partition("\r\n\r\n")
    writer.close()
    await writer.wait_closed()
    return re.sub(r"(date|x-request-id): [^\r]*", "", head), body.encode()


@pytest.mark.parametrize(
    ("query", "accept", "status"),
    [
        ("{__typename}", JSON, 200),
        ("{__typename}", CHROME, 200),
        ("{nope}", GRAPHQL, 400),
        ("mutation {__typename}", JSON, 405),
        ("{__typename}", "image/png", 406),
    ],
)
async def test_a_head_is_answered_as_its_get_without_the_body(
    address: Address, query: str, accept: str, status: int
) -> None:
    """The same status and headers, `Content-Length` among them (RFC 9110 §9.3.2)."""
    head, body = await asked_by(address, "GET", query, accept)
    assert head.startswith(f"HTTP/1.1 {status} ")
    assert f"content-length: {len(body)}" in head
    assert await asked_by(address, "HEAD", query, accept) == (head, b"")


@pytest.mark.parametrize(
    "query", ["{__typename}", f'subscription {{callUpdates(sid: "{SID}") {{sid}}}}']
)
async def test_a_head_of_a_stream_is_its_head_alone(
    gateway: Gateway, address: Address, query: str
) -> None:
    """Nothing is followed for it: its GET would never end (RFC 9110 §9.3.2)."""
    head, body = await asked_by(address, "HEAD", query, "text/event-stream")
    assert head.startswith("HTTP/1.1 200 ")
    assert "content-type: text/event-stream; charset=utf-8" in head
    assert "content-length" not in head
    assert body == b""
    assert not gateway.sandbox.requests


@pytest.mark.parametrize(
    ("site", "origin", "status"),
    [
        (None, None, 200),
        ("none", None, 200),
        ("same-origin", None, 200),
        ("cross-site", None, 403),
        ("same-site", None, 403),
        ("cross-site", "https://evil.example", 403),
        ("cross-site", "https://app.example", 200),
        ("same-site", "https://app.example", 200),
    ],
)
async def test_a_get_of_a_page_of_another_site_asks_twilio_nothing(
    sandbox: Sandbox, clock: Clock, site: str | None, origin: str | None, status: int
) -> None:
    """An image or a link of any page makes a browser send a GET; it says so in `Sec-Fetch-Site`.

    https://www.w3.org/TR/fetch-metadata/; pages of GATEWAY_CORS_ORIGINS may. Our choice: 403.
    """
    query = f'{{call(sid: "{sandbox.examples()["client"]}") {{sid}}}}'
    said = {"Sec-Fetch-Site": site, "Origin": origin, "Accept": CHROME.replace("text/html,", "")}
    headers = {name: value for name, value in said.items() if value is not None}
    settings = Settings(gateway_cors_origins="https://app.example")
    async with Gateway(sandbox, clock, settings) as gateway:
        with gateway.upstream() as requests:
            head = await gateway.http.head("/graphql", params={"query": query}, headers=headers)
            answer = await gateway.http.get("/graphql", params={"query": query}, headers=headers)
    assert head.status_code == answer.status_code == status
    assert bool(requests) == (status == 200)
    if status == 403:
        (error,) = answer.json()["errors"]
        assert error["extensions"]["code"] == "FORBIDDEN"
        assert "GATEWAY_CORS_ORIGINS" in error["message"]


async def test_a_link_of_another_site_opens_graphiql(gateway: Gateway) -> None:
    """A page asks nothing until a person does."""
    headers = {"Accept": CHROME, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    answer = await gateway.http.get("/graphql", params={"query": "{a}"}, headers=headers)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


async def test_a_query_may_come_by_get(gateway: Gateway) -> None:
    """With variables and the name of its operation, as in a body."""
    query = "query A {__typename} query B($t: String!) {__type(name: $t) {name}}"
    answer = await gateway.http.get(
        "/graphql", params={"query": query, "variables": '{"t":"Call"}', "operationName": "B"}
    )
    assert answer.json() == {"data": {"__type": {"name": "Call"}}}


@pytest.mark.parametrize("accept", [JSON, GRAPHQL, "*/*"])
async def test_a_mutation_by_get_is_a_405(gateway: Gateway, accept: str) -> None:
    """A link, or an image of a foreign page, changes nothing; the operation named counts."""
    answer = await gateway.http.get(
        "/graphql",
        params={"query": "query A {__typename} mutation B {__typename}", "operationName": "B"},
        headers={"Accept": accept},
    )
    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"
    assert answer.json()["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT"}


async def test_a_subscription_is_not_served_as_a_single_answer(gateway: Gateway) -> None:
    """Who subscribes and accepts only one answer is told which ways there are."""
    answer = await post(gateway, {"query": "subscription {__typename}"})
    assert answer.status_code == 406
    assert "WebSocket" in answer.json()["errors"][0]["message"]


@pytest.mark.parametrize("accept", [CHROME, "text/html", "text/html, */*;q=0.1"])
async def test_a_browser_gets_graphiql(gateway: Gateway, accept: str) -> None:
    """Who opens the address to look at it sees a page."""
    answer = await gateway.http.get("/graphql", headers={"Accept": accept})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize("accept", ["*/*", "", JSON, GRAPHQL, f"{JSON}, text/html"])
async def test_a_program_gets_json_and_is_told_what_is_missing(
    gateway: Gateway, accept: str
) -> None:
    """`curl` without a query is a mistake to be told of, not somebody who wants a page."""
    answer = await gateway.http.get("/graphql", headers={"Accept": accept})
    assert answer.status_code == 400
    assert "`query` is missing" in answer.json()["errors"][0]["message"]


@pytest.mark.parametrize(("accept", "status"), [(CHROME, 400), ("text/html", 406)])
async def test_without_graphiql_a_browser_is_a_client_like_others(
    sandbox: Sandbox, clock: Clock, accept: str, status: int
) -> None:
    """A gateway that serves no page negotiates without HTML."""
    gateway = Gateway(sandbox, clock, Settings(gateway_graphiql=False))
    answer = await gateway.http.get("/graphql", headers={"Accept": accept})
    assert answer.status_code == status
    assert answer.headers["content-type"] == f"{JSON}; charset=utf-8"


async def test_every_answer_varies_with_accept_and_who_asks(gateway: Gateway) -> None:
    """No cache hands a page to a program, one media type for the other, or what others may see."""
    answers = [
        await post(gateway, {"query": "{__typename}"}),
        await post(gateway, {"query": "{"}, GRAPHQL),
        await post(gateway, {}, "text/plain"),
        await gateway.http.get("/graphql", headers={"Accept": CHROME}),
        await gateway.http.put("/graphql"),
        await post(gateway, {"query": "{__typename}"}, "text/event-stream"),
    ]
    assert {answer.headers["vary"] for answer in answers} == {
        "Accept, Authorization, GraphQL-Cost-Debug"
    }


class Gate(httpx.AsyncBaseTransport):
    """A way to Twilio that lets nothing pass until it is opened."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner
        self.asked, self.opened = asyncio.Event(), asyncio.Event()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.set()
        await self.opened.wait()
        return await self._inner.handle_async_request(request)


async def test_a_client_may_leave_before_its_answer(
    sandbox: Sandbox, clock: Clock, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    """Who hangs up leaves no error behind, and what it asked for serves the next."""
    gate = Gate(httpx.ASGITransport(app=sandbox.app))
    gateway = Gateway(sandbox, clock, settings, transport=gate)
    sid = sandbox.examples()["bad_carrier"]
    body = json.dumps({"query": f'{{call(sid: "{sid}") {{sid}}}}'}).encode()
    async with listening(gateway.app) as address:
        _, writer = await asyncio.open_connection(*address)
        writer.write(
            b"POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
        )
        await gate.asked.wait()
        writer.close()
        await writer.wait_closed()
        gate.opened.set()
        assert await gateway.ask(f'{{call(sid: "{sid}") {{sid}}}}') == {"call": {"sid": sid}}
    assert len(sandbox.requests) == 1
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


async def test_a_client_may_leave_in_the_middle_of_its_body(
    address: Address, caplog: pytest.LogCaptureFixture
) -> None:
    """Half a request is nothing to log as an error, and the next client is served."""
    _, writer = await asyncio.open_connection(*address)
    writer.write(
        b"POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b'Content-Length: 99\r\n\r\n{"query":'
    )
    writer.close()
    await writer.wait_closed()
    async with httpx.AsyncClient(base_url=f"http://{address[0]}:{address[1]}") as client:
        answer = await client.post("/graphql", json={"query": "{__typename}"})
    assert answer.json() == {"data": {"__typename": "Query"}}
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


async def test_a_slash_at_the_end_makes_no_difference(gateway: Gateway) -> None:
    """Who configured the address with one is answered, not sent elsewhere."""
    answer = await gateway.http.post("/graphql/", json={"query": "{ viewer { name } }"})
    assert answer.json() == {"data": {"viewer": {"name": "everybody"}}}
