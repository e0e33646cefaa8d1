"""Decodes pages of metrics and events of a call, and names the pages to fetch.

Twilio answers of one edge at a time. Without `Edge` it answers of the call's default edge alone,
together with what belongs to no edge: the events of ConversationRelay.
"""

from typing import Any, Literal, TypeAlias, TypeVar, cast

import msgspec
from msgspec import Raw, Struct

from gateway.insights.absence import Absence
from gateway.insights.call_events import CallEvent
from gateway.insights.call_metrics import MetricSample
from gateway.insights.catalogue import CallSid, Entity
from gateway.insights.decoding import Undecodable, decode_entity, decode_plain
from gateway.insights.edge_kinds import MediaEdgeKind
from gateway.insights.paging import page_named_in
from gateway.insights.summary import CallDirection, CallType, ProcessingState, Summary
from gateway.instrumentation import Hook, silent

Resource: TypeAlias = Literal["Metrics", "Events"]
EntityT = TypeVar("EntityT", bound=Entity)

PAGE_SIZE = 1000
"""As many as Twilio gives at once: 2 hours and 46 minutes of samples."""

_UNREADABLE = (msgspec.MsgspecError, UnicodeError, RecursionError)


class DetailRef(Struct, frozen=True, array_like=True):
    """One page of the metrics or events of a call; the first has number 0 and no token.

    `edge` is None for the default edge of the call, and for what belongs to none.
    """

    resource: Resource
    edge: MediaEdgeKind | None
    size: int = PAGE_SIZE
    number: int = 0
    token: str = ""

    @property
    def parameters(self) -> dict[str, str]:
        """The page as parameters of the upstream."""
        asked = {"PageSize": str(self.size)}
        if self.edge is not None:
            asked["Edge"] = f"{self.edge.value}_edge"
        if self.resource == "Metrics":
            asked["Direction"] = "both"
        if self.token:
            asked |= {"Page": str(self.number), "PageToken": self.token}
        return asked


class DetailPage(Struct, frozen=True):
    """What a page holds, each item as Twilio's JSON, and the page after it."""

    items: tuple[bytes, ...]
    next: DetailRef | None


class DetailsSeen(Struct, frozen=True):
    """What Twilio said of one page of the metrics or events of a call, at `as_of`.

    `whole` says that the summary of the call was complete before: nothing is added any more.
    `forgotten` is when Twilio forgets the call. Moments are seconds since 1970.
    """

    sid: CallSid
    ref: DetailRef
    content: DetailPage | Absence = msgspec.field(name="told")  # as replicas before cache it
    as_of: float
    whole: bool
    forgotten: float


class _Meta(Struct):
    next_page_url: str | None = None


class _Metrics(Struct):
    items: list[Raw] = msgspec.field(name="metrics")
    meta: _Meta = msgspec.field(default_factory=_Meta)


class _Events(Struct):
    items: list[Raw] = msgspec.field(name="events")
    meta: _Meta = msgspec.field(default_factory=_Meta)


_BODIES: dict[Resource, msgspec.json.Decoder[Any]] = {
    "Metrics": msgspec.json.Decoder(_Metrics),
    "Events": msgspec.json.Decoder(_Events),
}


_EDGES = {
    CallType.CARRIER: (MediaEdgeKind.CARRIER,),
    CallType.SIP: (MediaEdgeKind.SIP,),
    CallType.CLIENT: (MediaEdgeKind.CLIENT, MediaEdgeKind.SDK),
    CallType.TRUNKING: (MediaEdgeKind.CARRIER, MediaEdgeKind.SIP),
    CallType.WHATSAPP: (MediaEdgeKind.SIP,),
}
"""The edges of calls of each type, by Twilio's page on media edges."""

_DEFAULTS = {
    CallType.CARRIER: MediaEdgeKind.CARRIER,
    CallType.SIP: MediaEdgeKind.SIP,
    CallType.CLIENT: MediaEdgeKind.SDK,
    CallType.WHATSAPP: MediaEdgeKind.SIP,
}


def first_pages(summary: Summary, resource: Resource) -> tuple[DetailRef, ...]:
    """The pages to begin with: one for each edge that the call has, from the network inwards.

    A summary that is partial may not tell of an edge yet: then it is asked of each edge that such
    calls have. The events of a voice agent belong to no edge: they come with those of the default
    edge.
    """
    expected = _expected(summary)
    kinds: list[MediaEdgeKind | None] = [
        kind
        for kind in MediaEdgeKind
        if kind in expected or getattr(summary, f"{kind.value}_edge") is not None
    ]
    if resource == "Events" and summary.agent_session_summaries:
        unasked = default_edge(summary)
        kinds = [None if kind is unasked else kind for kind in kinds]
        kinds += [] if None in kinds else [None]
    return tuple(DetailRef(resource, kind) for kind in kinds)


def _expected(summary: Summary) -> tuple[MediaEdgeKind, ...]:
    """The edges that a call under way has or will have, by its type."""
    if summary.processing_state is not ProcessingState.PARTIAL or summary.call_type is None:
        return ()
    return _EDGES.get(summary.call_type, ())


def default_edge(summary: Summary) -> MediaEdgeKind | None:
    """The edge of which Twilio answers without `Edge`, by its document on call metrics."""
    if summary.call_type is not CallType.TRUNKING:
        return _DEFAULTS.get(summary.call_type) if summary.call_type else None
    direction = summary.properties.direction if summary.properties else None
    originating = direction is CallDirection.TRUNKING_ORIGINATING
    return MediaEdgeKind.CARRIER if originating else MediaEdgeKind.SIP


def read_page(body: bytes, ref: DetailRef) -> DetailPage:
    """Read the answer to `ref`. Raises Undecodable for what is no page of it."""
    try:
        read = _BODIES[ref.resource].decode(body)
    except _UNREADABLE:
        read = _read_leniently(body, ref)
    items = tuple(map(bytes, cast("list[Raw]", read.items)))
    return DetailPage(items, _after(ref, read.meta.next_page_url))


def decode_sample(item: bytes, hook: Hook = silent) -> MetricSample:
    """Read one sample; `hook` hears of dropped fields as `metrics.…`. Raises Undecodable."""
    return decode_entity(MetricSample, item, hook, "metrics")


def decode_event(item: bytes, hook: Hook = silent) -> CallEvent:
    """Read one event; `hook` hears of dropped fields as `events.…`. Raises Undecodable."""
    return decode_entity(CallEvent, item, hook, "events")


def _read_leniently(body: bytes, ref: DetailRef) -> Any:
    """A value that is no JSON costs itself, and not the page."""
    try:
        plain = msgspec.json.encode(decode_plain(body))
        return _BODIES[ref.resource].decode(plain)
    except _UNREADABLE as error:
        raise Undecodable(f"no page of {ref.resource}") from error


def _after(ref: DetailRef, url: str | None) -> DetailRef | None:
    """The page that `url` leads to. Only its token and number are taken: never the address."""
    if not url:
        return None
    try:
        token, number = page_named_in(url)
    except ValueError as error:
        raise Undecodable("a next page that cannot be read") from error
    if number <= ref.number or not token:
        raise Undecodable("a next page without its token, or one that was read before")
    return DetailRef(ref.resource, ref.edge, ref.size, number, token)
