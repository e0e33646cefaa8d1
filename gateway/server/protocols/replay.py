"""Answers that are given again to the very bytes they were given to, before these are read as HTTP.

Pages and services ask the same again and again, in the same words: the same headers, the same
token, the same body. What such a request means was worked out when it came first; what is left to
do is to see that its answer still is the answer, and to note that it was given. That takes a few
dozen microseconds, of which reading the request as HTTP and as GraphQL would be the larger part.

The server (`http.py`) knows a request by its bytes, and tells the application that name in the
ASGI scope. The application keeps under it what answers the request again. What always holds, and
`tests/server/protocols/test_replay.py` tries to refute:

1. It is the whole request, its token included, and nothing before or behind it; but for the ids
   that proxies give each request, which mean nothing but the line of log and the trace it is in.
2. Whatever is done for a request is done: it is counted, charged to its viewer and logged, under
   an id of its own.
3. Whatever may have changed is looked at: the entries of the cache that the answer was made of, the
   viewers, the token's expiry, the budget, whether the process leaves. When in doubt, the request
   goes the long way, which says what there is to say.
4. Of a request nothing is kept but a keyed hash, for there is a token in it.
"""

import hashlib
import os
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from starlette.types import Scope

from gateway.lru import LruCache
from gateway.request_stats import Tally

LONGEST = 16 * 1024
"""Bytes of a request that is known again."""

_SIZE = 3000
"""Bytes that a request takes that is known."""

EXTENSION = "gateway.again"
"""Under this name in `extensions` of the ASGI scope is the name of the request."""

_END = b"\r\n\r\n"
_SIZED = re.compile(rb"\r\ncontent-length: *[1-9][0-9]{0,4}\r", re.IGNORECASE)
_ASKING = re.compile(rb"\r\nexpect:", re.IGNORECASE)
_FOLDED = re.compile(rb"\r\n[ \t]")
_IDS = re.compile(
    rb"\r\n(x-request-id|x-correlation-id|traceparent|tracestate|x-b3-[a-z]+|b3|x-amzn-trace-id"
    rb"|x-cloud-trace-context|x-datadog-[a-z-]+|cf-ray|x-amz-cf-id):([^\r\n]*)",
    re.IGNORECASE,
)
"""Headers in which each request has an id of its own."""


class Named(NamedTuple):
    """A request by its name, and the ids that this one has: empty, if it has none."""

    name: bytes
    request_id: str
    trace_parent: str


Again: TypeAlias = Callable[[Named], Sequence[bytes] | None]
"""A response but for its first line and its `Date`, in pieces; None if it is the one no more."""


class Repeated(NamedTuple):
    """A body in pieces, and the headers that are other ones each time."""

    pieces: Sequence[bytes]
    headers: Sequence[tuple[bytes, bytes]]


Repeat: TypeAlias = Callable[[Tally], Repeated | None]
"""What the innermost layer gives again, while it takes notes; None if it does not."""


class Repeats:
    """The requests that are known, as long as `memory` keeps them, with what answers each again."""

    def __init__(self, memory: LruCache) -> None:
        self._memory = memory
        self._secret = os.urandom(32)

    def name(self, request: bytes) -> Named | None:
        """The name of these bytes, which tells nothing of them; None if they are no request."""
        end = request.find(_END)
        head, ids = request[:end], dict[bytes, bytes]()
        for name, value in _IDS.findall(head):
            ids.setdefault(name.lower(), value)
        if ids:
            if end < 0 or _FOLDED.search(head):
                return None
            request = _IDS.sub(b"", head) + request[end:]
        digest = hashlib.blake2b(request, digest_size=16, key=self._secret).digest()
        return Named(digest, _text(ids, b"x-request-id"), _text(ids, b"traceparent"))

    def keep(self, name: bytes, again: Again) -> None:
        """Keep what answers a request again."""
        self._memory.keep(("again", name), again, _SIZE)

    def answer(self, named: Named) -> Sequence[bytes] | None:
        """What a request is answered with again, if it is."""
        key = "again", named.name
        again: Again | None = self._memory.get(key)
        if again is None:
            return None
        if (answer := again(named)) is None:
            self._memory.forget(key)
        return answer


def _text(ids: Mapping[bytes, bytes], name: bytes) -> str:
    return ids.get(name, b"").strip(b" \t").decode("latin-1")


def lacks_its_body(data: bytes) -> bool:
    """Whether this is a head whose body comes next without being asked for, and is not long."""
    if not data.endswith(_END) or not data.startswith(b"POST "):
        return False
    alone = data.find(_END) == len(data) - len(_END)
    return alone and _SIZED.search(data) is not None and _ASKING.search(data) is None


def name_of(scope: Scope) -> bytes | None:
    """The name by which the server will know a request again; None if it will not."""
    extensions: Mapping[str, Any] = scope.get("extensions") or {}
    extension: Mapping[str, bytes] = extensions.get(EXTENSION) or {}
    return extension.get("name")


def written(headers: Sequence[tuple[bytes, bytes]]) -> bytes:
    """Headers as they go over the wire."""
    return b"".join([b"%b: %b\r\n" % header for header in headers])
