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

_NOT_JSON = (msgspec.MsgspecError, UnicodeError, RecursionError)


class BadRequest(Exception):
    """A request that is none: `status` says in which way, the message how to mend it.

    `allow` are the methods that would do, when this one does not.
    """

    def __init__(self, status: int, message: str, allow: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.allow = allow


async def from_post(headers: Headers, receive: Receive) -> Request:
    """Read the body of a POST. Raises BadRequest."""
    _check_media_type(headers)
    body = await _read(headers, receive)
    try:
        said = msgspec.json.decode(body)
    except _NOT_JSON:
        raise BadRequest(400, "The body is not JSON in UTF-8.") from None
    if not isinstance(said, dict):
        raise BadRequest(400, 'The body must be a JSON object, such as `{"query": "…"}`.')
    return request_of(said)


def from_get(query_string: bytes) -> Request:
    """Read the URL of a GET. Raises BadRequest."""
    try:
        given = parse_qs(query_string.decode("ascii"), keep_blank_values=True, errors="strict")
    except ValueError:
        raise BadRequest(400, "The URL is not percent-encoded UTF-8.") from None
    said: dict[str, Any] = {name: values[-1] for name, values in given.items()}
    for name in ("variables", "extensions"):
        if text := said.pop(name, None):
            try:
                said[name] = msgspec.json.decode(text)
            except _NOT_JSON:
                raise BadRequest(400, f"`{name}` is not JSON.") from None
    return request_of(said)


def request_of(said: dict[str, Any]) -> Request:
    """Read the parameters of a GraphQL request. Raises BadRequest."""
    for key in ("variables", "extensions"):
        if not isinstance(said.get(key), dict | None):
            raise BadRequest(400, f"`{key}` must be a JSON object.")
    for key in ("query", "operationName", "documentId", "doc_id"):
        if not isinstance(said.get(key), str | None):
            raise BadRequest(400, f"`{key}` must be text.")
    query, document_id = said.get("query") or None, _document_id(said)
    if query is None and document_id is None:
        raise BadRequest(400, "`query` is missing: it holds the GraphQL document, as text.")
    name = said.get("operationName") or None
    return Request(query, said.get("variables"), name, said.get("extensions"), document_id)


def _document_id(said: dict[str, Any]) -> str | None:
    """The name of a document: as Apollo writes it, GraphQL over HTTP (Appendix A), or Relay."""
    asked = (said.get("extensions") or {}).get("persistedQuery")
    if asked is not None:
        match asked:
            case {"version": 1, "sha256Hash": str(digest)} if digest:
                return digest
        raise BadRequest(
            400, "`extensions.persistedQuery` must hold `version`, 1, and `sha256Hash`, a text."
        )
    named: str = said.get("documentId") or said.get("doc_id") or ""
    return named.removeprefix("sha256:") or None


def _check_media_type(headers: Headers) -> None:
    media_type, *parameters = headers.get("content-type", "").lower().split(";")
    if media_type.strip() != JSON:
        raise BadRequest(415, f"Send the request as {JSON}, and say so in `Content-Type`.")
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "charset" and value.strip(' "') not in {"utf-8", "utf8"}:
            raise BadRequest(415, "Send the request in UTF-8.")
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise BadRequest(415, "Send the request without a `Content-Encoding`.")


async def _read(headers: Headers, receive: Receive) -> bytes:
    too_large = BadRequest(413, f"The body is larger than {MAX_BODY_BYTES} bytes.")
    if _length(headers) > MAX_BODY_BYTES:
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


def _length(headers: Headers) -> int:
    """The size that a body is said to have; servers see to it that it is true."""
    try:
        return int(headers.get("content-length", "0"))
    except ValueError:
        return 0
