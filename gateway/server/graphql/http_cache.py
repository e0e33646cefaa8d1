"""Computes `Cache-Control`, `Age`, `ETag` and tags of a response (RFC 9111, RFC 8246).

Answers are for who asked, so never for caches that several share. What an answer tells has an age
already, that of the oldest of it: `max-age` counts from then, and `Age` says how much is over.
"""

import hashlib
import math
import re
from collections.abc import Sequence
from typing import TypeAlias

from starlette.responses import Response

from gateway.schema.results import tag_header
from gateway.schema.results.freshness import Lifetime
from gateway.server.graphql import rate_limit_headers

VARY = "Accept, Authorization, GraphQL-Cost-Debug"

NO_STORE = "private, no-store"
_NO_CACHE = b"private, no-cache"

_TAG = re.compile(r'"[^"]*"')
_OF_A_304 = (
    frozenset(
        name.lower().encode()
        for name in ("Age", "Cache-Control", "ETag", "Vary", *rate_limit_headers.NAMES)
    )
    | tag_header.NAMES
)

Headers: TypeAlias = Sequence[tuple[bytes, bytes]]


def cache_control(lifetime: Lifetime, now: float) -> Headers:
    """`Cache-Control`, and `Age`, of an answer without errors that is sent at `now`."""
    if not lifetime.storable:
        return [(b"cache-control", NO_STORE.encode())]
    if lifetime.as_of == math.inf:
        return [(b"cache-control", _NO_CACHE)]
    age, remaining = max(0, int(now - lifetime.as_of)), int(lifetime.until - now)
    control = _NO_CACHE
    if remaining >= 1:
        lasting = b", immutable" if lifetime.immutable else b""
        control = b"private, max-age=%d%b" % (age + remaining, lasting)
    return [(b"cache-control", control), (b"age", b"%d" % age)]


def for_caches(lifetime: Lifetime, digest: bytes, content_type: bytes, now: float) -> Headers:
    """The headers of an answer without errors, whose JSON has this digest, for HTTP caches."""
    headers = cache_control(lifetime, now)
    if not lifetime.storable:
        return headers
    tag = hashlib.blake2b(content_type + digest, digest_size=16).hexdigest().encode()
    tags = () if lifetime.tags is None else (lifetime.tags,)
    return [*headers, (b"etag", b'"%b"' % tag), *tags]


def unless_cached(response: Response, if_none_match: str | None) -> Response:
    """The response; or 304, without a body, if its client has it by a tag of `If-None-Match`."""
    tag = response.headers.get("ETag")
    if tag is None or if_none_match is None or not _names(if_none_match, tag):
        return response
    unchanged = Response(None, 304)
    unchanged.raw_headers = [one for one in response.raw_headers if one[0] in _OF_A_304]
    return unchanged


def _names(if_none_match: str, tag: str) -> bool:
    """Whether a client has it; a cache that packs bodies on the way makes tags weak."""
    return if_none_match.strip() == "*" or tag in _TAG.findall(if_none_match)
