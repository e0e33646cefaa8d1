"""Replays a response when a byte-identical request arrives.

Clients repeat their requests: the same headers, the same token, the same body. What such a request
means was worked out when it came first, and is kept under a hash of its bytes: the question, the
viewer, and the headers of the response. The answer cache has the answer
(`gateway/schema/results/answer_cache.py`). What always holds, and
`tests/server/protocols/test_replay.py` tries to refute:

1. A name stands for a whole request, its token included, and nothing before or behind it. Headers
   that are no part of the name are not read for `/graphql`: `READ` has those that are.
2. Whatever is done for a request is done: it is counted, charged to its viewer and logged, under
   an id of its own, in the trace that it names.
3. Whatever may have changed is looked at: the entries of the cache that the answer was made of, the
   viewers, the token's expiry, the budget, whether the process drains. When in doubt, the request
   goes the long way.
4. Of a request nothing is kept but a keyed hash, for there is a token in it.
"""

import hashlib
import os
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

from msgspec import Struct, field
from starlette.types import Scope

from gateway.lru import LruCache
from gateway.request_stats import Client, Tally, current
from gateway.schema.results.answer_cache import AnswerCache, Question
from gateway.schema.results.tag_header import NAMES as TAG_HEADERS
from gateway.server.access.authentication import Admission, Authenticator
from gateway.server.drain import Drain
from gateway.server.graphql.cost_debug import HEADER as COST_DEBUG
from gateway.server.graphql.http_cache import for_caches
from gateway.server.graphql.rate_limit_headers import budget_headers
from gateway.server.telemetry.clients import HEADERS as CLIENT_HEADERS
from gateway.server.telemetry.request_log import RequestLog, request_id_of

LONGEST = 16 * 1024
"""Bytes of a request that is replayed."""

EXTENSION = "gateway.replay"
"""Under this name in `extensions` of the ASGI scope is the name of the request."""

READ = {
    name.encode(): name
    for name in (
        *("accept", "authorization", "content-encoding", "content-length", "content-type"),
        *("if-none-match", "origin", "sec-fetch-site", COST_DEBUG),
        *chain.from_iterable(CLIENT_HEADERS),
    )
}
"""The headers that GraphQL over HTTP reads here, in the way it names them."""

_NAMED = frozenset(
    {
        *READ,
        *(b"connection", b"expect", b"host", b"proxy-connection", b"transfer-encoding", b"upgrade"),
    }
)
"""The headers that are part of a name: those that are read, and those of the connection."""

_IDS = ("x-request-id", "traceparent")
"""Headers in which each request has an id of its own."""

_SIZE = 2000
"""Bytes that a request takes that is known."""

_END = b"\r\n\r\n"
_TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""The name of a header (RFC 9110 §5.6.2)."""

_TEXT = b"\t" + bytes({*range(0x20, 0x100)} - {0x7F})
"""What the lines of a head are written with (RFC 9110 §5.5)."""

_SIZED = re.compile(rb"\r\ncontent-length: *[1-9][0-9]{0,4}\r", re.IGNORECASE)
_ASKING = re.compile(rb"\r\nexpect:", re.IGNORECASE)

_OF_THE_ANSWER = frozenset({b"age", b"cache-control", b"content-length", b"etag"}) | TAG_HEADERS
_OF_BUDGET = b"ratelimit-"


class Named(NamedTuple):
    """A request by its name, and the ids that this one has: empty, if it has none."""

    name: bytes
    request_id: str
    trace_parent: str


class Asked(Struct, frozen=True, gc=False):
    """What a request came to that the answer cache answers: who asks what.

    `content_type` is that of the response to a GET, which is for HTTP caches too.
    """

    question: Question
    admission: Admission
    until: float
    content_type: bytes | None
    client: Client | None = None


class _Replayable(Struct, frozen=True, gc=False):
    """A request that came before: what it asks, its line of log, the headers of its response."""

    asked: Asked
    method: str
    path: str
    route: str | None
    headers: bytes


class Names:
    """Names requests by a hash, whose key no other process has."""

    def __init__(self) -> None:
        self._secret = os.urandom(32)

    def name(self, request: bytes) -> Named | None:
        """The name of these bytes, which tells nothing of them; None if they are in doubt."""
        head, end, body = request.partition(_END)
        first, *lines = head.split(b"\r\n")
        if not end or head.translate(None, _TEXT) != b"\r\n" * len(lines):
            return None
        kept, ids = [first], dict[str, bytes]()
        for line in lines:
            name, colon, value = line.partition(b":")
            use = _use(name) if colon else "doubt"
            if use == "named":
                kept.append(line)
            elif use in _IDS:
                ids.setdefault(use, value)
            elif use == "doubt":
                return None
        kept += (b"", body)
        digest = hashlib.blake2b(b"\r\n".join(kept), digest_size=16, key=self._secret)
        return Named(digest.digest(), _text(ids, "x-request-id"), _text(ids, "traceparent"))


@lru_cache(maxsize=512)
def _use(name: bytes) -> str:
    """What a header is for, by its name: it is `named`, `unread`, one of the ids, or in `doubt`."""
    lower = name.lower()
    if lower in _NAMED:
        return "named"
    if lower.decode("latin-1") in _IDS:
        return lower.decode("ascii")
    return "unread" if _TOKEN.fullmatch(name) else "doubt"


def _text(ids: Mapping[str, bytes], name: str) -> str:
    return ids[name].strip(b" \t").decode("latin-1") if name in ids else ""


class Replay(Struct, eq=False):
    """The requests that are known, as long as `memory` keeps them; `clock` is in seconds."""

    memory: LruCache
    answers: AnswerCache
    authenticator: Authenticator
    request_log: RequestLog
    drain: Drain
    clock: Callable[[], float]
    name: Callable[[bytes], Named | None] = field(default_factory=lambda: Names().name)

    def keep(self, scope: Scope, headers: Sequence[tuple[bytes, bytes]]) -> None:
        """Keep what a request means that was answered with these headers, if it can be replayed."""
        asked: Asked | None = scope["state"].get("asked")
        extension = scope.get("extensions", {}).get(EXTENSION)
        if asked is None or extension is None or scope["method"] == "HEAD":
            return
        lasting = written([header for header in headers if not _is_of_the_answer(header[0])])
        stored = _Replayable(asked, scope["method"], scope["path"], scope["route"].path, lasting)
        self.memory.keep(("replay", extension["name"]), stored, _SIZE)

    def response(self, named: Named) -> Sequence[bytes] | None:
        """The response, but for its first line and its `Date`, in pieces; None if it is not known.

        Its status is 200.
        """
        stored: _Replayable | None = self.memory.get(("replay", named.name))
        if stored is None or self.drain.begun:
            return None
        asked, now = stored.asked, self.clock()
        if now >= asked.until or asked.admission.version != self.authenticator.version:
            self.memory.forget(("replay", named.name))
            return None
        tally = Tally(request_id_of(named.request_id), named.trace_parent)
        tally.client = asked.client
        token = current.set(tally)
        try:
            found = self.answers.answer(asked.question, asked.admission.viewer, now, tally)
            if found is None:
                return None
            self.request_log.request(stored.method, stored.path, stored.route, 200, tally)
        finally:
            current.reset(token)
        answer, allowance = found
        headers = [(b"content-length", b"%d" % answer.length), *budget_headers(allowance)]
        if asked.content_type is not None:
            headers += for_caches(answer.lifetime, answer.digest, asked.content_type, now)
        headers.append((b"x-request-id", tally.request_id.encode("ascii")))
        return [stored.headers, written(headers), b"\r\n", *answer.pieces]


def _is_of_the_answer(name: bytes) -> bool:
    """Whether a header of a response may be another one the next time."""
    return name in _OF_THE_ANSWER or name.startswith(_OF_BUDGET)


def lacks_its_body(data: bytes) -> bool:
    """Whether this is a head whose body comes next without being asked for, and is not long."""
    if not data.endswith(_END) or not data.startswith(b"POST "):
        return False
    alone = data.find(_END) == len(data) - len(_END)
    return alone and _SIZED.search(data) is not None and _ASKING.search(data) is None


def written(headers: Sequence[tuple[bytes, bytes]]) -> bytes:
    """Headers as they go over the wire."""
    return b"".join([b"%b: %b\r\n" % header for header in headers])
