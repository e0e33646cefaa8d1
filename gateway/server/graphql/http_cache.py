"""What HTTP caches may keep of an answer, and for how long (RFC 9111, RFC 8246).

Answers are for who asked, so never for caches that several share. What an answer tells has an age
already, that of the oldest of it: `max-age` counts from then, and `Age` says how much is over.
"""

import hashlib
import math
import re
from collections.abc import Mapping

from starlette.responses import Response

from gateway.schema.results.freshness import Told
from gateway.schema.types.field_traits import Trait
from gateway.server.graphql import rate_limit_headers

VARY = "Accept, Authorization"

NO_STORE = "private, no-store"
_NO_CACHE = "private, no-cache"

_TAG = re.compile(r'"[^"]*"')
_OF_A_304 = ("Age", "Cache-Control", "ETag", "Vary", *rate_limit_headers.NAMES)


def freshness(traits: Trait, told: Told, now: float) -> dict[str, str]:
    """`Cache-Control`, and `Age`, of an answer without errors that is given at `now`."""
    if told.personal or Trait.PERSONAL in traits:
        return {"Cache-Control": NO_STORE}
    if told.as_of == math.inf or Trait.UNDATED in traits:
        return {"Cache-Control": _NO_CACHE}
    age, remaining = max(0, int(now - told.as_of)), int(told.fresh_until - now)
    if remaining < 1:
        return {"Cache-Control": _NO_CACHE, "Age": str(age)}
    lasting = ", immutable" if told.complete and Trait.CHANGING not in traits else ""
    return {"Cache-Control": f"private, max-age={age + remaining}{lasting}", "Age": str(age)}


def for_caches(
    response: Response, headers: Mapping[str, str], if_none_match: str | None
) -> Response:
    """The response with these headers, and a tag; or 304, without a body, if it is known."""
    response.headers.update(headers)
    if headers["Cache-Control"] == NO_STORE:
        return response
    tag = response.headers["ETag"] = _tag(response)
    if if_none_match is None or not _names(if_none_match, tag):
        return response
    kept = {name: response.headers[name] for name in _OF_A_304 if name in response.headers}
    return Response(None, 304, kept)


def _tag(response: Response) -> str:
    """A strong entity tag: of the body, and of how that is to be read."""
    digest = hashlib.blake2b(response.headers["Content-Type"].encode(), digest_size=16)
    digest.update(response.body)
    return f'"{digest.hexdigest()}"'


def _names(if_none_match: str, tag: str) -> bool:
    """Whether a client has it; a cache that packs bodies on the way makes tags weak."""
    return if_none_match.strip() == "*" or tag in _TAG.findall(if_none_match)
