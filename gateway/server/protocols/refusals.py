"""Writes responses to requests that are incomplete, too large, or one too many."""

from collections.abc import Sequence
from http import HTTPStatus

import msgspec
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from gateway.errors import BadUserInput, UpstreamRateLimited
from gateway.server.protocols.replay import written

MAX_HEAD_BYTES = 64 * 1024
"""Of what a request has beside its body: its head, its trailers, and the framing of its chunks."""

MAX_FIELDS = 128
"""Of a head."""

MAX_BODY_BYTES = 2**20
"""Of a body, wherever it goes; for most addresses less is too much."""

_RETRY_AFTER = 1
"""Seconds."""

_CROWDED = UpstreamRateLimited(
    "This gateway has too many connections; come again later.", retry_after=_RETRY_AFTER
)
_PROBLEMS = {
    HTTPStatus.BAD_REQUEST: "That is no request of HTTP/1.1, or one that is for proxies.",
    HTTPStatus.REQUEST_TIMEOUT: "The request did not come whole in time.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: f"The body is larger than {MAX_BODY_BYTES} bytes.",
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: (
        f"Head and trailers are larger than {MAX_HEAD_BYTES} bytes, or the head has more than "
        f"{MAX_FIELDS} fields."
    ),
}
"""What is wrong with a request, by the status that says it."""


def refusal(status: HTTPStatus, headers: Sequence[tuple[bytes, bytes]]) -> bytes:
    """A response with these headers too, after which the connection ends."""
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        error = {"message": str(_CROWDED), "extensions": _CROWDED.extensions}
        headers = [*headers, (b"retry-after", b"%d" % _RETRY_AFTER)]
    else:
        error = {"message": _PROBLEMS[status], "extensions": {"code": BadUserInput.code}}
    body = msgspec.json.encode({"errors": [error]})
    head = [
        *headers,
        (b"connection", b"close"),
        (b"content-type", b"application/json; charset=utf-8"),
        (b"content-length", b"%d" % len(body)),
    ]
    return STATUS_LINE[status] + written(head) + b"\r\n" + body
