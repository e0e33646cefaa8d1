"""Which media type to answer in (RFC 9110 §12.5.1, GraphQL over HTTP §6.1)."""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from gateway.schema.deferral import Dialect

JSON = "application/json"
GRAPHQL_RESPONSE = "application/graphql-response+json"
HTML = "text/html"
EVENTS = "text/event-stream"
PARTS = "multipart/mixed"

_IN_ONE_PIECE = (JSON, GRAPHQL_RESPONSE)
_STREAMED = (EVENTS, PARTS)


class Manner(NamedTuple):
    """How a client takes its answers; each media type is None if it takes none of the kind.

    `events` says that it would rather have any answer as events, `page` that it reads pages, and
    `parts` in which dialect it would rather have what a query defers in parts.
    """

    in_one_piece: str | None
    streamed: str | None
    events: bool
    page: bool
    parts: Dialect | None


@lru_cache(maxsize=256)
def manner_of(accept: str) -> Manner:
    """The manner that an `Accept` header asks for."""
    return Manner(
        choose(accept, _IN_ONE_PIECE),
        choose(accept or JSON, _STREAMED),
        choose(accept, (*_IN_ONE_PIECE, EVENTS)) == EVENTS,
        choose(accept, (*_IN_ONE_PIECE, HTML)) == HTML,
        dialect(accept),
    )


def choose(accept: str, offers: Sequence[str]) -> str | None:
    """The best of `offers` for an `Accept` header; None when none will do.

    Without a header the first offer. Of equally good ones the one that the client named first
    wins, then the one offered first.
    """
    ranges = [_range(part) for part in accept.split(",") if part.strip()]
    if not ranges:
        return offers[0]
    best = max(offers, key=lambda offer: _preference(offer, ranges))
    return best if _preference(best, ranges)[0] > 0 else None


def dialect(accept: str) -> Dialect | None:
    """The dialect in which a client takes an answer in parts, if it prefers that to a whole one."""
    if choose(accept, (PARTS, JSON, GRAPHQL_RESPONSE)) != PARTS:
        return None
    parameters = accept.replace(" ", "").replace('"', "").replace(",", ";").split(";")
    return next((one for one in Dialect if one.value in parameters), None)


def _range(part: str) -> tuple[str, float]:
    media_type, *parameters = (piece.strip() for piece in part.split(";"))
    quality = next((p[2:] for p in parameters if p.lower().startswith("q=")), "1")
    try:
        return media_type.lower(), max(0.0, min(1.0, float(quality)))
    except ValueError:
        return media_type.lower(), 1.0


def _preference(offer: str, ranges: Sequence[tuple[str, float]]) -> tuple[float, int]:
    """The quality that the most specific matching range gives, and how early it was named."""
    kind = offer.split("/", maxsplit=1)[0]
    for pattern in (offer, f"{kind}/*", "*/*"):
        for place, (media_type, quality) in enumerate(ranges):
            if media_type == pattern:
                return quality, -place
    return 0.0, 0
