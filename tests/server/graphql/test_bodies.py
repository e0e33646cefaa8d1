"""Requests that are none: each is refused with the status that says why."""

import asyncio
import gc
import json
import tracemalloc
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from starlette.datastructures import Headers
from starlette.types import Message

from gateway.schema.documents.request import Request
from gateway.server.graphql.bodies import MAX_BODY_BYTES, BadRequest, body_of, from_body, from_get
from tests.conftest import Gateway
from tests.server.conftest import Address

QUERY = b'{"query":"{__typename}"}'
JSON = {"Content-Type": "application/json"}


def is_refusal(answer: httpx.Response, status: int) -> bool:
    """Whether an answer is that status with one GraphQL error, coded, and no data."""
    body: dict[str, Any] = answer.json()
    (error,) = body.pop("errors")
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert error.keys() == {"message", "extensions"}
    assert error["extensions"] == {"code": "BAD_USER_INPUT"}
    return answer.status_code == status and not body


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"{__typename}", id="a document"),
        pytest.param(b'{"query":"{__typename}"', id="cut off"),
        pytest.param(QUERY + QUERY, id="two"),
        pytest.param(b'{"query":"{__typename}",}', id="a comma too many"),
        pytest.param(b'"{__typename}"', id="text"),
        pytest.param(b"5", id="a number"),
        pytest.param(b"null", id="null"),
        pytest.param(b"true", id="true"),
        pytest.param(b"[" + QUERY + b"]", id="a batch"),
        pytest.param(b'{"query":"\xff"}', id="no UTF-8"),
        pytest.param(b'{"query":"\xed\xa0\x80"}', id="a surrogate in UTF-8"),
        pytest.param(QUERY.decode().encode("utf-16"), id="UTF-16"),
        pytest.param(b'{"query":"\\ud800 {__typename}"}', id="a lone surrogate"),
        pytest.param(b'{"query":"{__typename}","variables":{"a":NaN}}', id="NaN"),
        pytest.param(b'{"query":"{__typename}","variables":{"a":-Infinity}}', id="Infinity"),
        pytest.param(b'{"query":"{__typename}","variables":{"a":1e999}}', id="too large a number"),
        pytest.param(b"[" * 100_000, id="lists without end"),
        pytest.param(b'{"variables":' * 20_000, id="objects without end"),
        pytest.param(b"{}", id="no query"),
        pytest.param(b'{"query":""}', id="an empty query"),
        pytest.param(b'{"query":null}', id="a null query"),
        pytest.param(b'{"query":{}}', id="a query that is an object"),
        pytest.param(b'{"query":"{__typename}","variables":[]}', id="variables in a list"),
        pytest.param(b'{"query":"{__typename}","variables":"{}"}', id="variables in text"),
        pytest.param(b'{"query":"{__typename}","operationName":5}', id="a number for a name"),
        pytest.param(b'{"query":"{__typename}","extensions":0}', id="extensions in a number"),
    ],
)
async def test_a_body_that_is_no_graphql_request_is_a_400(gateway: Gateway, body: bytes) -> None:
    """Whatever the bytes, the client is told what to send, in a GraphQL error."""
    assert is_refusal(await gateway.http.post("/graphql", content=body, headers=JSON), 400)


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/graphql",
        "x/application/json",
        "application/json-patch+json",
        "application/jsonp",
        "application/json, text/plain",
        "text/plain; application/json",
        "application/json; charset=iso-8859-1",
        'application/json; Charset="UTF-16"',
        "application/json; v=1; charset=latin1",
    ],
)
async def test_a_body_of_another_media_type_is_a_415(
    gateway: Gateway, content_type: str | None
) -> None:
    """What a form of a foreign page can send without asking is never taken as a request.

    The refusal names what would be (RFC 9110 §15.5.16).
    """
    headers = {} if content_type is None else {"Content-Type": content_type}
    answer = await gateway.http.post("/graphql", content=QUERY, headers=headers)
    assert is_refusal(answer, 415)
    assert answer.headers["accept"] == "application/json"


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "Application/JSON",
        "application/json;charset=utf-8",
        'application/json ; CHARSET="UTF-8"',
        "application/json; charset=utf8; profile=x",
        "application/json;",
    ],
)
async def test_json_in_utf_8_is_understood_however_it_is_spelled(
    gateway: Gateway, content_type: str
) -> None:
    """Media types and their parameters know no case, and may be quoted and spaced."""
    headers = {"Content-Type": content_type}
    answer = await gateway.http.post("/graphql", content=QUERY, headers=headers)
    assert answer.json() == {"data": {"__typename": "Query"}}


async def test_a_compressed_body_is_a_415(gateway: Gateway) -> None:
    """A bomb in a small parcel is not unwrapped; the refusal says so (RFC 9110 §15.5.16)."""
    headers = {**JSON, "Content-Encoding": "gzip"}
    answer = await gateway.http.post("/graphql", content=QUERY, headers=headers)
    assert is_refusal(answer, 415)
    assert answer.headers["accept-encoding"] == "identity"


async def test_a_body_is_taken_up_to_its_limit(gateway: Gateway) -> None:
    """The last byte that fits is still read; one more is a 413."""
    fits = QUERY.ljust(MAX_BODY_BYTES)
    answer = await gateway.http.post("/graphql", content=fits, headers=JSON)
    assert answer.json() == {"data": {"__typename": "Query"}}
    answer = await gateway.http.post("/graphql", content=fits + b" ", headers=JSON)
    assert is_refusal(answer, 413)


async def never() -> Message:
    raise AssertionError("the body was read")


@pytest.mark.parametrize("length", [MAX_BODY_BYTES + 1, 10**18])
async def test_a_body_that_says_it_is_too_large_is_not_read(length: int) -> None:
    """A 413 costs the gateway no memory and no time."""
    headers = Headers({**JSON, "Content-Length": str(length)})
    with pytest.raises(BadRequest) as refused:
        await body_of(headers, never)
    assert refused.value.status == 413


@pytest.mark.parametrize("length", ["", "x", "-1", "9" * 5000])
async def test_a_size_that_is_none_is_not_believed(length: str) -> None:
    """Where a server lets such a header pass, the body is counted instead."""

    async def receive() -> Message:
        return {"type": "http.request", "body": QUERY}

    request = from_body(await body_of(Headers({**JSON, "Content-Length": length}), receive))
    assert request == Request("{__typename}")


async def test_a_body_in_chunks_is_read_up_to_its_limit(gateway: Gateway) -> None:
    """A body that does not say its size is counted as it comes, and left when it is too large."""
    sent = 0

    async def chunks() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(1000):
            sent += 1
            yield b" " * 16 * 1024

    assert is_refusal(await gateway.http.post("/graphql", content=chunks(), headers=JSON), 413)
    assert sent == MAX_BODY_BYTES // (16 * 1024) + 1


async def test_a_413_does_not_wait_for_the_rest_of_the_body(address: Address) -> None:
    """On a real connection, the answer comes while the client still sends."""
    reader, writer = await asyncio.open_connection(*address)
    writer.write(
        b"POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n"
    )
    writer.write(b"%x\r\n%b\r\n" % (MAX_BODY_BYTES + 1, b" " * (MAX_BODY_BYTES + 1)))
    assert (await reader.readline()).startswith(b"HTTP/1.1 413 ")
    writer.close()
    await writer.wait_closed()


async def test_a_body_that_breaks_off_is_refused_and_harms_nobody() -> None:
    """A client that goes away in the middle of its body leaves a 400 behind, not an exception."""
    messages: list[Message] = [
        {"type": "http.request", "body": QUERY[:9], "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> Message:
        return messages.pop(0)

    with pytest.raises(BadRequest) as refused:
        from_body(await body_of(Headers(JSON), receive))
    assert refused.value.status == 400
    assert not messages


async def test_all_four_parameters_are_read_from_a_body() -> None:
    """A request is its query, variables, operation name and extensions; more is not looked at."""
    variables = {"n": 12345678901234567890, "text": "🏃"}
    said = {
        "query": "{a}",
        "variables": variables,
        "operationName": "A",
        "extensions": {"x": []},
        "more": "of it",
    }

    async def receive() -> Message:
        return {"type": "http.request", "body": json.dumps(said).encode()}

    request = from_body(await body_of(Headers(JSON), receive))
    assert request == Request("{a}", variables, "A", {"x": []})


@pytest.mark.parametrize(
    ("query_string", "request_"),
    [
        (b"query={a}", Request("{a}")),
        (b"query=%7Ba%7D&variables=%7B%22n%22:1%7D&operationName=A",
         Request("{a}", {"n": 1}, "A")),
        (b"query={a(x:1%2B1)}", Request("{a(x:1+1)}")),
        (b"query=query+A{a}&extensions={}", Request("query A{a}", None, None, {})),
        (b"query={a}&variables=&operationName=", Request("{a}")),
        (b"query={a}&variables=null", Request("{a}")),
        (b"query=%F0%9F%8F%83", Request("🏃")),
    ],
)  # fmt: skip
def test_a_url_is_read_as_a_form(query_string: bytes, request_: Request) -> None:
    """Percent-encoding, `+` and JSON in `variables` and `extensions`; what is empty is not said."""
    assert from_get(query_string) == request_


@pytest.mark.parametrize(
    "query_string",
    [
        b"",
        b"query=",
        b"query",
        b"quer={a}",
        b"query=%FF",
        b"query=%ED%A0%80",
        b"query={a}&variables={",
        b"query={a}&variables=[]",
        b"query={a}&variables=%22{}%22",
        b"query={a}&variables={%22a%22:NaN}",
        b"query={a}&variables={%22a%22:%22\\ud800%22}",
        b"query={a}&variables=" + b"[" * 50_000,
        b"query={a}&extensions=0",
        b"query={a}" + b"&a=b" * 100,
    ],
)
async def test_a_url_that_is_no_graphql_request_is_a_400(
    gateway: Gateway, query_string: bytes
) -> None:
    """GET is held to the same rules as POST."""
    request = gateway.http.build_request("GET", "/graphql")
    request.url = request.url.copy_with(raw_path=b"/graphql?" + query_string)
    assert is_refusal(await gateway.http.send(request), 400)


def test_a_url_with_bytes_that_are_none_of_a_url_is_refused() -> None:
    """A server that lets raw UTF-8 through does no harm."""
    with pytest.raises(BadRequest):
        from_get('query={a(x:"🏃")}'.encode())


async def test_what_nobody_reads_of_a_request_is_not_kept(gateway: Gateway) -> None:
    """Variables that no operation has, or names as long as a book, take no memory."""
    sid = gateway.sandbox.examples()["client"]

    async def send(number: int) -> None:
        long = f"{number}" + "a" * 100_000
        told = await gateway.send(
            "query($sid: CallSid!) { call(sid: $sid) { sid } }", sid=sid, nothing=long
        )
        assert told == {"data": {"call": {"sid": sid}}}
        await gateway.send(f"query N{long} {{ nope }}")

    await send(0)
    tracemalloc.start()
    try:
        for number in range(8):
            await send(number)
            gateway.happenings.clear()
        gc.collect()
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 500_000
