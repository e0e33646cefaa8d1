"""The line of log of each request, and the id that a client can quote."""

import logging

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import Message, Scope
from starlette.websockets import WebSocket

from gateway.instrumentation import silent
from gateway.server.drain import Drain
from gateway.server.middleware.request_id import RequestIds
from gateway.server.telemetry.request_log import RequestLog


async def tell_id(request: Request) -> Response:
    return PlainTextResponse(request.state.request_id, 201)


async def fail(_: Request) -> Response:
    raise ZeroDivisionError


async def hang_up(websocket: WebSocket) -> None:
    await websocket.close()


APP = Starlette(
    routes=[
        Route("/fail", fail),
        WebSocketRoute("/socket", hang_up),
        Route("/{path:path}", tell_id, methods=["GET", "POST"]),
    ],
    middleware=[Middleware(RequestIds, request_log=RequestLog(silent), drain=Drain(0))],
)


@pytest.fixture
def client() -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=APP, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://gateway")


@pytest.fixture(autouse=True)
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, logger="gateway.requests")
    return caplog


@pytest.mark.parametrize("given", ["abcdefgh", "A-b_9" * 12, "0af7651916cd43dd8448eb211c80319c"])
async def test_a_sane_request_id_of_the_client_is_kept(
    client: httpx.AsyncClient, given: str, log: pytest.LogCaptureFixture
) -> None:
    """A caller, or the proxy before it, can follow its own id through our log."""
    answer = await client.get("/", headers={"X-Request-Id": given})
    assert answer.text == given
    assert answer.headers.get_list("x-request-id") == [given]
    assert [record.__dict__["request_id"] for record in log.records if is_ours(record)] == [given]


@pytest.mark.parametrize(
    "given", [None, "", "short", "x" * 65, "with space", "new\nline-", "ümläuts-", "<script>"]
)
async def test_any_other_request_id_is_replaced(
    client: httpx.AsyncClient, given: str | None
) -> None:
    """Nothing that a client writes gets into the log or a header unless it is plainly an id."""
    headers = {} if given is None else {b"X-Request-Id": given.encode("latin-1")}
    answers = [await client.get("/", headers=headers) for _ in range(2)]
    ids = {answer.headers["x-request-id"] for answer in answers}
    assert ids == {answer.text for answer in answers}
    assert len(ids) == 2
    assert all(len(made) == 16 and int(made, 16) >= 0 for made in ids)


async def test_a_request_is_one_line_without_query_or_body(
    client: httpx.AsyncClient, log: pytest.LogCaptureFixture
) -> None:
    """Documents and variables may hold phone numbers; the log has the method, path and status."""
    await client.post("/graphql?query=%2B14155550123", content="+14155550123")
    (line,) = [record.getMessage() for record in log.records if is_ours(record)]
    assert line.startswith("POST /graphql 201 ")
    assert "4155550123" not in line


async def test_a_path_cannot_forge_a_line(
    client: httpx.AsyncClient, log: pytest.LogCaptureFixture
) -> None:
    """The end of a line, encoded in a path, stays encoded in the log."""
    await client.get("/a%0d%0aGET%20/b%20200")
    (line,) = [record.getMessage() for record in log.records if is_ours(record)]
    assert line.startswith("GET /a%0D%0AGET%20/b%20200 404 ")


@pytest.mark.parametrize("path", ["/" + "a" * 60_000, "/" + "%E2%82%AC" * 6_000])
async def test_a_path_is_logged_up_to_a_length(
    client: httpx.AsyncClient, log: pytest.LogCaptureFixture, path: str
) -> None:
    """A stranger fills no disk with the path that it asks for. Our choice: 256 characters."""
    await client.get(path)
    (line,) = [record.getMessage() for record in log.records if is_ours(record)]
    assert line.startswith(f"GET {path[:250]}")
    assert "... 201 " in line
    assert len(line) < 3_000


async def test_an_exception_is_logged_as_the_500_that_the_client_sees(
    client: httpx.AsyncClient, log: pytest.LogCaptureFixture
) -> None:
    """A request that ends in an exception still has its line."""
    answer = await client.get("/fail")
    (line,) = [record.getMessage() for record in log.records if is_ours(record)]
    assert answer.status_code == 500
    assert line.startswith("GET /fail 500 ")


async def test_a_websocket_is_passed_on_as_it_is() -> None:
    """Ids and lines are for requests."""
    scope: Scope = {"type": "websocket", "path": "/socket", "headers": [], "query_string": b""}
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(message)

    await APP(scope, receive, send)
    assert [message["type"] for message in sent] == ["websocket.close"]


def is_ours(record: logging.LogRecord) -> bool:
    return record.name == "gateway.requests"
