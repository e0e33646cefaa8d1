"""Negotiates the media type of a response (RFC 9110 §12.5.1, GraphQL over HTTP §6.1)."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from gateway.schema.execution.incremental import Dialect

JSON = "application/json"
GRAPHQL_RESPONSE = "application/graphql-response+json"
HTML = "text/html"
EVENTS = "text/event-stream"
PARTS = "multipart/mixed"
CSV = "text/csv"
LINES = "application/x-ndjson"
PARQUET = "application/vnd.apache.parquet"

_BUFFERED = (JSON, GRAPHQL_RESPONSE)
_STREAMED = (EVENTS, PARTS)
_TABLES = (CSV, LINES, PARQUET)

_Ranges: TypeAlias = Mapping[str, tuple[float, int]]
"""By media range: its quality, and how early it was named; of several alike the first counts."""


class Accepted(NamedTuple):
    """How a client takes its answers; each media type is None if it takes none of the kind.

    `events` says that it would rather have any answer as events, `page` that it reads pages, and
    `parts` in which dialect it would rather have what a query defers in parts. `table` is a format
    for tables. `callback` says that it takes subscriptions at a callback URL.
    """

    buffered: str | None
    streamed: str | None
    events: bool
    page: bool
    parts: Dialect | None
    table: str | None
    callback: bool


MAX_ACCEPT = 2048
"""Characters of an `Accept` header; browsers send 150."""


def accepted_of(accept: str) -> Accepted:
    """The manner that an `Accept` header asks for.

    A longer one than `MAX_ACCEPT` is disregarded (RFC 9110 §12.5.1): it is read before the token.
    """
    return _accepted_of(accept if len(accept) <= MAX_ACCEPT else "")


@lru_cache(maxsize=256)
def _accepted_of(accept: str) -> Accepted:
    ranges = _ranges(accept)
    return Accepted(
        _choice(ranges, _BUFFERED),
        _choice(ranges or _ranges(JSON), _STREAMED),
        _choice(ranges, (*_BUFFERED, EVENTS)) == EVENTS,
        _choice(ranges, (*_BUFFERED, HTML)) == HTML,
        _dialect(accept, ranges),
        _table(ranges),
        "callbackspec=1.0" in accept.lower().replace(" ", ""),
    )


def choose(accept: str, offers: Sequence[str]) -> str | None:
    """The best of `offers` for an `Accept` header; None when none will do.

    Without a header the first offer. Of equally good ones the one that the client named first
    wins, then the one offered first.
    """
    return _choice(_ranges(accept), offers)


def _choice(ranges: _Ranges, offers: Sequence[str]) -> str | None:
    if not ranges:
        return offers[0]
    best = max(offers, key=lambda offer: _preference(offer, ranges))
    return best if _preference(best, ranges)[0] > 0 else None


def _table(ranges: _Ranges) -> str | None:
    """The format of a table that a client prefers to JSON."""
    chosen = _choice(ranges, (*_BUFFERED, *_TABLES))
    return chosen if chosen in _TABLES else None


def _dialect(accept: str, ranges: _Ranges) -> Dialect | None:
    """The dialect in which a client takes an answer in parts, if it prefers that to a whole one."""
    if _choice(ranges, (PARTS, JSON, GRAPHQL_RESPONSE)) != PARTS:
        return None
    parameters = accept.replace(" ", "").replace('"', "").replace(",", ";").split(";")
    return next((one for one in Dialect if one.value in parameters), None)


def _ranges(accept: str) -> _Ranges:
    ranges: dict[str, tuple[float, int]] = {}
    for place, part in enumerate(accept.split(",")):
        if part.strip():
            media_range, quality = _range(part)
            ranges.setdefault(media_range, (quality, -place))
    return ranges


def _range(part: str) -> tuple[str, float]:
    media_type, *parameters = (piece.strip() for piece in part.split(";"))
    quality = next((p[2:] for p in parameters if p.lower().startswith("q=")), "1")
    try:
        return media_type.lower(), max(0.0, min(1.0, float(quality)))
    except ValueError:
        return media_type.lower(), 1.0


def _preference(offer: str, ranges: _Ranges) -> tuple[float, int]:
    """The quality that the most specific matching range gives, and how early it was named."""
    kind = offer.split("/", maxsplit=1)[0]
    for pattern in (offer, f"{kind}/*", "*/*"):
        if (found := ranges.get(pattern)) is not None:
            return found
    return 0.0, 0
