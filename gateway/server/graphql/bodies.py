"""Parses HTTP requests as GraphQL requests, within bounds, and refuses bad ones."""

from codecs import BOM_UTF8
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs

import msgspec
from msgspec import Struct
from starlette.types import Receive

from gateway.errors import BadUserInput
from gateway.schema.documents.request import Request
from gateway.server.graphql.negotiation import JSON

MAX_BODY_BYTES = 256 * 1024
"""Of one request; the largest tabs of GraphiQL have 2 KB."""

MAX_PARAMETERS = 100
"""Of the URL of a GET; GraphQL has five."""

_ACCEPT = {"Accept": JSON}
"""What a 415 says would do (RFC 9110 §15.5.16)."""

_LONGEST = 256
"""Characters of a `Content-Type` that are looked at."""

_NOT_JSON = (msgspec.MsgspecError, UnicodeError, RecursionError)


class BadRequest(Exception):
    """A request that is none: `status` says in which way, the message how to mend it.

    `headers` name what would do, such as `Allow` for another method. `is_readable` says that it is
    JSON, and no request of GraphQL.
    """

    code = BadUserInput.code
    is_readable = False

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers or {}


class NoRequest(BadRequest):
    """JSON that is no request of GraphQL."""

    is_readable = True

    def __init__(self, message: str) -> None:
        super().__init__(400, message)


class _Body(Struct, rename="camel"):
    """The parameters of a GraphQL request as they should be; what else there is means nothing."""

    query: str | None = None
    variables: dict[str, Any] | None = None
    operation_name: str | None = None
    extensions: dict[str, Any] | None = None
    document_id: str | None = None
    doc_id: str | None = msgspec.field(default=None, name="doc_id")


_decode = msgspec.json.Decoder(_Body).decode


async def body_of(headers: Mapping[str, str], receive: Receive) -> bytes:
    """The body of a POST. Raises BadRequest."""
    _check_media_type(headers.get("content-type", "")[:_LONGEST])
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise BadRequest(
            415,
            "Send the request without a `Content-Encoding`.",
            {"Accept-Encoding": "identity"},  # RFC 9110 §15.5.16
        )
    return await _read(headers, receive)


def from_body(body: bytes) -> Request:
    """Read the body of a POST. Raises BadRequest."""
    try:
        return _request(_decode(body))
    except _NOT_JSON:  # or of another shape: say which
        return request_of(_object_in(body))


def _object_in(body: bytes) -> dict[str, Any]:
    try:
        received = msgspec.json.decode(body.removeprefix(BOM_UTF8))
    except _NOT_JSON:
        raise BadRequest(400, "The body is not JSON in UTF-8.") from None
    if not isinstance(received, dict):
        raise NoRequest('The body must be a JSON object, such as `{"query": "…"}`.')
    return received


def from_get(query_string: bytes) -> Request:
    """Read the URL of a GET. Raises BadRequest."""
    try:
        text = query_string.decode("ascii")
        if text.count("&") >= MAX_PARAMETERS:
            raise BadRequest(400, f"The URL has more than {MAX_PARAMETERS} parameters.")
        given = parse_qs(text, keep_blank_values=True, errors="strict")
    except ValueError:
        raise BadRequest(400, "The URL is not percent-encoded UTF-8.") from None
    received: dict[str, Any] = {name: values[-1] for name, values in given.items()}
    for name in ("variables", "extensions"):
        if text := received.pop(name, None):
            try:
                received[name] = msgspec.json.decode(text.removeprefix("\ufeff"))
            except _NOT_JSON:
                raise BadRequest(400, f"`{name}` is not JSON.") from None
    return request_of(received)


def request_of(received: dict[str, Any]) -> Request:
    """Read the parameters of a GraphQL request. Raises BadRequest."""
    for key in ("variables", "extensions"):
        if not isinstance(received.get(key), dict | None):
            raise NoRequest(f"`{key}` must be a JSON object.")
    for key in ("query", "operationName", "documentId", "doc_id"):
        if not isinstance(received.get(key), str | None):
            raise NoRequest(f"`{key}` must be text.")
    return _request(msgspec.convert(received, _Body))


def _request(received: _Body) -> Request:
    query, document_id = received.query or None, _document_id(received)
    if query is None and document_id is None:
        raise NoRequest("`query` is missing: it holds the GraphQL document, as text.")
    return Request(
        query, received.variables, received.operation_name or None, received.extensions, document_id
    )


def _document_id(received: _Body) -> str | None:
    """The name of a document: as Apollo writes it, GraphQL over HTTP (Appendix A), or Relay."""
    asked = None if received.extensions is None else received.extensions.get("persistedQuery")
    if asked is not None:
        match asked:
            case {"version": 1, "sha256Hash": str(digest)} if digest:
                return digest
        raise NoRequest(
            "`extensions.persistedQuery` must hold `version`, 1, and `sha256Hash`, a text."
        )
    named = received.document_id or received.doc_id
    return None if named is None else named.removeprefix("sha256:") or None


@lru_cache(maxsize=64)
def _check_media_type(content_type: str) -> None:
    media_type, *parameters = content_type.lower().split(";")
    if media_type.strip() != JSON:
        message = f"Send the request as {JSON}, and say so in `Content-Type`."
        raise BadRequest(415, message, _ACCEPT)
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "charset" and value.strip(' "') not in {"utf-8", "utf8"}:
            raise BadRequest(415, "Send the request in UTF-8.", _ACCEPT)


async def _read(headers: Mapping[str, str], receive: Receive) -> bytes:
    if _length(headers) > MAX_BODY_BYTES:
        raise _too_large()
    chunks, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise BadRequest(400, "The body was not sent whole.")
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > MAX_BODY_BYTES:
            raise _too_large()
        chunks.append(chunk)
        if not message.get("more_body", False):
            return b"".join(chunks)


def _too_large() -> BadRequest:
    return BadRequest(413, f"The body is larger than {MAX_BODY_BYTES} bytes.")


def _length(headers: Mapping[str, str]) -> int:
    """The size that a body is said to have; servers see to it that it is true."""
    try:
        return int(headers.get("content-length", "0"))
    except ValueError:
        return 0
