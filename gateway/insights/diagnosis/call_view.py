"""Prepares a summary for the rules: its edges, its streams, and the party that each one faces."""

from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

from msgspec import Struct

from gateway.insights.diagnosis.parties import BOTH, NOBODY_KNOWS, heard_by, party_at
from gateway.insights.edge_kinds import CallSide, MediaEdgeKind, StreamDirection
from gateway.insights.media_edges import MediaEdge, MediaStream
from gateway.insights.summary import CallState, ProcessingState, Summary

CARRIER, SIP = MediaEdgeKind.CARRIER, MediaEdgeKind.SIP
CLIENT, SDK = MediaEdgeKind.CLIENT, MediaEdgeKind.SDK
INBOUND, OUTBOUND = StreamDirection.INBOUND, StreamDirection.OUTBOUND
GATEWAYS = (CARRIER, SIP, CLIENT)

_ANSWERED = frozenset({CallState.COMPLETED, CallState.ANSWERED})


class Place(NamedTuple):
    """An edge of a call, or one of its two streams; its path in the graph begins with `path`."""

    edge: MediaEdgeKind
    direction: StreamDirection | None

    @property
    def path(self) -> str:
        """`carrierEdge.metrics.inbound`."""
        return _PATHS[self]


PLACES = {edge: (Place(edge, INBOUND), Place(edge, OUTBOUND)) for edge in MediaEdgeKind}
WHOLE_EDGE = {edge: Place(edge, None) for edge in MediaEdgeKind}
_PATHS = {
    place: f"{edge.value}Edge.metrics.{place.direction.value}"
    for edge, places in PLACES.items()
    for place in places
    if place.direction
} | {place: f"{edge.value}Edge" for edge, place in WHOLE_EDGE.items()}

Streams: TypeAlias = dict[Place, MediaStream]


class CallView(Struct, frozen=True, gc=False):
    """What the rules need to know of a call. `streams` are those that are told of."""

    summary: Summary
    edges: dict[MediaEdgeKind, MediaEdge]
    streams: Streams
    parties: dict[MediaEdgeKind, CallSide | None]
    is_answered: bool
    is_complete: bool

    def heard(self, place: Place) -> tuple[CallSide, ...]:
        """Who heard a stream; of an edge as a whole, both parties."""
        if place.direction is None:
            return BOTH
        return heard_by(self.parties[place.edge], place.edge, place.direction)

    def user(self) -> tuple[CallSide, ...]:
        """The party that uses the app."""
        party = self.parties.get(SDK)
        return NOBODY_KNOWS if party is None else (party,)


def view_of(summary: Summary) -> CallView:
    """Look at a summary."""
    edges = dict(_edges(summary))
    streams = {place: stream for kind in edges for place, stream in _streams(kind, edges[kind])}
    return CallView(
        summary,
        edges,
        streams,
        {kind: party_at(summary, kind, edge) for kind, edge in edges.items()},
        summary.call_state in _ANSWERED,
        summary.processing_state is ProcessingState.COMPLETE,
    )


def _edges(summary: Summary) -> Iterator[tuple[MediaEdgeKind, MediaEdge]]:
    """The edges that a call has, from the network inwards."""
    if summary.carrier_edge is not None:
        yield CARRIER, summary.carrier_edge
    if summary.sip_edge is not None:
        yield SIP, summary.sip_edge
    if summary.client_edge is not None:
        yield CLIENT, summary.client_edge
    if summary.sdk_edge is not None:
        yield SDK, summary.sdk_edge


def _streams(kind: MediaEdgeKind, edge: MediaEdge) -> Iterator[tuple[Place, MediaStream]]:
    metrics = edge.metrics
    if metrics is None:
        return
    inbound, outbound = PLACES[kind]
    if metrics.inbound is not None:
        yield inbound, metrics.inbound
    if metrics.outbound is not None:
        yield outbound, metrics.outbound
