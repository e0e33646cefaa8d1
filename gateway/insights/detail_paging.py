"""Encodes and decodes cursors over the metrics and events of a call."""

import hashlib
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from msgspec import Struct

from gateway.insights.call_events import CallEvent, EventLevel
from gateway.insights.call_metrics import MetricSample
from gateway.insights.catalogue import CallSid
from gateway.insights.details import DetailRef, Resource, default_edge, first_pages
from gateway.insights.edge_kinds import MediaEdgeKind, StreamDirection
from gateway.insights.media_edges import MediaDirection
from gateway.insights.summary import Summary

Detail: TypeAlias = MetricSample | CallEvent

_MARK_BYTES = 8


class DetailQuestion(Struct, frozen=True):
    """Which metrics or events of a call are asked for, in which account; None: all of them."""

    account: str
    call: CallSid
    resource: Resource
    edges: tuple[MediaEdgeKind, ...] | None = None
    directions: tuple[StreamDirection, ...] | None = None
    levels: tuple[EventLevel, ...] | None = None

    def first_pages(self, summary: Summary) -> Iterator[DetailRef]:
        """The pages to begin with, edge after edge."""
        for ref in first_pages(summary, self.resource):
            if self.edges is None or (ref.edge or default_edge(summary)) in self.edges:
                yield ref

    def wants(self, item: Detail) -> bool:
        """Whether one of them is among those that are asked for."""
        if self.edges is not None and item.edge not in self.edges:
            return False
        if isinstance(item, MetricSample):
            return self.directions is None or _is_of(item.direction, self.directions)
        return self.levels is None or item.level in self.levels


def _is_of(direction: MediaDirection | None, wanted: Sequence[StreamDirection]) -> bool:
    """Whether a sample tells of one of these streams: one of `BOTH` tells of each."""
    if direction is MediaDirection.BOTH:
        return bool(wanted)
    return direction is not None and direction.name in {one.name for one in wanted}


class DetailPosition(Struct, frozen=True, array_like=True):
    """The place of a sample or event: its page, its index there, and a digest to find it again.

    With an index of -1 it is the beginning of the page.
    """

    ref: DetailRef
    index: int = -1
    mark: bytes = b""

    def behind(self, items: Sequence[bytes]) -> int:
        """From which of the items of the page on it goes on, wherever this one stands now."""
        if self.index < 0:
            return 0
        marks = [mark_of(item) for item in items]
        has_moved = self.mark in marks and marks[self.index : self.index + 1] != [self.mark]
        return marks.index(self.mark) + 1 if has_moved else self.index + 1


def mark_of(item: bytes) -> bytes:
    """A digest of the JSON of a sample or event."""
    return hashlib.blake2b(item, digest_size=_MARK_BYTES).digest()
