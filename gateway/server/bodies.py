"""HTTP requests as GraphQL requests: read within bounds, refused with the right status."""

from typing import Any
from urllib.parse import parse_qs

import msgspec
from starlette.datastructures import Headers
from starlette.types import Receive

from gateway.schema.execution import Request
from gateway.server.negotiation import JSON

MAX_BODY_BYTES = 256 * 1024
"""Of one request; the largest tabs of GraphiQL have 2 KB."""


class BadRequest(Exception):
    """A request that is none: `status` says in which way, the message how to mend it."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


async def from_post(headers: Headers, receive: Receive) -> Request:
    """Read the body of a POST. Raises BadRequest."""
    content_type = headers.get("content-type", "")
    media_type, _, parameters = content_type.partition(";")
    if media_type.strip().lower() != JSON:
        raise BadRequest(415, f"Send the request as {JSON}, and say so in `Content-Type`.")
    charset = parameters.partition("charset=")[2].split(";")[0].strip(' "').lower()
    if charset not in {"", "utf-8", "utf8"}:
        raise BadRequest(415, "Send the request in UTF-8.")
    if headers.get("content-encoding", "identity") != "identity":
        raise BadRequest(415, "Send the request without a `Content-Encoding`.")
    body = await _read(headers, receive)
    try:
        parameters_of_body = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise BadRequest(400, "The body is not JSON in UTF-8.") from None
    if not isinstance(parameters_of_body, dict):
        raise BadRequest(400, 'The body must be a JSON object, such as `{"query": "…"}`.')
    return _request(parameters_of_body)


def from_get(query_string: bytes) -> Request:
    """Read the URL of a GET. Raises BadRequest."""
    try:
        said = parse_qs(query_string.decode("ascii"), keep_blank_values=True, errors="strict")
    except (ValueError, UnicodeError):
        raise BadRequest(400, "The URL is not percent-encoded UTF-8.") from None
    parameters: dict[str, Any] = {name: values[-1] for name, values in said.items()}
    for name in ("variables", "extensions"):
        if text := parameters.pop(name, None):
            try:
                parameters[name] = msgspec.json.decode(text)
            except msgspec.MsgspecError:
                raise BadRequest(400, f"`{name}` is not JSON.") from None
    return _request(parameters)


def _request(said: dict[str, Any]) -> Request:
    query = said.get("query")
    if not isinstance(query, str) or not query:
        raise BadRequest(400, "`query` is missing: it holds the GraphQL document, as text.")
    name = said.get("operationName")
    if name is not None and not isinstance(name, str):
        raise BadRequest(400, "`operationName` must be text.")
    for key in ("variables", "extensions"):
        if not isinstance(said.get(key), dict | None):
            raise BadRequest(400, f"`{key}` must be a JSON object.")
    return Request(query, said.get("variables"), name or None, said.get("extensions"))


async def _read(headers: Headers, receive: Receive) -> bytes:
    too_large = BadRequest(413, f"The body is larger than {MAX_BODY_BYTES} bytes.")
    length = headers.get("content-length", "0")
    if length.isdecimal() and int(length) > MAX_BODY_BYTES:
        raise too_large
    chunks, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise BadRequest(400, "The body was not sent whole.")
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > MAX_BODY_BYTES:
            raise too_large
        chunks.append(chunk)
        if not message.get("more_body", False):
            return b"".join(chunks)
