"""Fills gaps in the warehouse, page by page, backwards from the present."""

from typing import TYPE_CHECKING

from gateway.calls.synchronisation_source import Target, TwilioCalls
from gateway.warehouse.coverage import Covered
from gateway.warehouse.spans import Span, Spans

if TYPE_CHECKING:  # it needs the extra `warehouse`
    from gateway.warehouse.warehouse import Warehouse

_SLIVER = 2.0
"""Seconds that are no gap: Twilio's times are whole seconds."""


def gap_of(covered: Covered, since: float) -> Span | None:
    """The newest time before what is settled of which calls may be missing."""
    gaps = Spans.of([(since, covered.settled.at)]) - covered.spans
    wide = [(start, end) for start, end in gaps.spans if end - start >= _SLIVER]
    return wide[-1] if wide else None


class Fill:
    """Fills gaps; where it stopped, it goes on by what is recorded."""

    def __init__(self, source: TwilioCalls, warehouse: "Warehouse") -> None:
        self._source = source
        self._warehouse = warehouse

    async def page(self, target: Target, gap: Span) -> int:
        """Have a page of a gap written, and record that; gives how many calls it had."""
        begun_at = (await self._warehouse.coverages.begin(*target.key)).version
        start, end = gap
        size, calls = self._source.largest_page, 0
        async for page in self._source.ended_between(target, "completed", start, end, size):
            await self._warehouse.writer.write(target.account.sid, page.calls)
            calls += len(page.calls)
            reached = start if not page.more or page.oldest is None else page.oldest + 1
            if reached < end or not page.more:  # else a whole page ended in its last second
                spans = Spans.of([(max(start, reached), end)])
                await self._warehouse.coverages.record(
                    *target.key, spans, self._warehouse.since, begun_at=begun_at
                )
                break
        return calls
