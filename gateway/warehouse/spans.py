"""Computes with sets of moments, as spans that neither touch nor overlap; pure."""

from collections.abc import Iterable
from typing import TypeAlias

from msgspec import Struct

Span: TypeAlias = tuple[float, float]
"""From a moment, and before another; seconds since 1970."""


class Spans(Struct, frozen=True):
    """Some spans, in the order of time."""

    spans: tuple[Span, ...] = ()

    @classmethod
    def of(cls, spans: Iterable[Span]) -> "Spans":
        """Whatever these cover together."""
        joined: list[Span] = []
        for start, end in sorted(span for span in spans if span[0] < span[1]):
            if joined and start <= joined[-1][1]:
                joined[-1] = joined[-1][0], max(joined[-1][1], end)
            else:
                joined.append((start, end))
        return cls(tuple(joined))

    def __or__(self, other: "Spans") -> "Spans":
        """What one of them covers, or both."""
        return Spans.of([*self.spans, *other.spans])

    def __and__(self, other: "Spans") -> "Spans":
        """What both cover."""
        pairs = ((one, two) for one in self.spans for two in other.spans)
        return Spans.of((max(a, c), min(b, d)) for (a, b), (c, d) in pairs)

    def __sub__(self, other: "Spans") -> "Spans":
        """What this covers and the other does not."""
        rest = self
        for start, end in other.spans:
            rest &= Spans(((float("-inf"), start), (end, float("inf"))))
        return rest

    def __bool__(self) -> bool:
        """Whether they cover anything."""
        return bool(self.spans)

    @property
    def whole(self) -> "Spans":
        """From where they begin to where they end, without a gap."""
        return Spans(((self.spans[0][0], self.spans[-1][1]),)) if self.spans else self
