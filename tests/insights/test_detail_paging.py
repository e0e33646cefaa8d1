from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.insights.call_events import CallEvent, EventLevel
from gateway.insights.call_metrics import MetricSample
from gateway.insights.catalogue import CallSid
from gateway.insights.detail_paging import DetailPosition, DetailQuestion, mark_of
from gateway.insights.details import DetailRef
from gateway.insights.edge_kinds import MediaEdgeKind, StreamDirection
from gateway.insights.media_edges import MediaDirection

REF = DetailRef("Events", MediaEdgeKind.SDK)
SID = CallSid(f"CA{0:032x}")
ITEMS = st.lists(st.binary(min_size=1, max_size=8), unique=True, min_size=1, max_size=20)


def position(items: list[bytes], index: int) -> DetailPosition:
    return DetailPosition(REF, index, mark_of(items[index]))


@given(ITEMS, st.data())
def test_a_position_goes_on_behind_its_item_wherever_that_is_now(
    items: list[bytes], data: Any
) -> None:
    """Events arrive late, in between: none is left out or repeated that was there before."""
    index = data.draw(st.integers(0, len(items) - 1))
    late = data.draw(st.lists(st.binary(min_size=9, max_size=12), unique=True, max_size=5))
    grown = list(items)
    for one in late:
        grown.insert(data.draw(st.integers(0, len(grown))), one)

    rest = grown[position(items, index).behind(grown) :]
    assert [one for one in rest if one in items] == items[index + 1 :]


@given(ITEMS, st.data())
def test_a_position_whose_item_is_gone_goes_on_from_its_place(
    items: list[bytes], data: Any
) -> None:
    """By its index, as nothing else is known of it."""
    index = data.draw(st.integers(0, len(items) - 1))
    other = [bytes(20) + one for one in items]

    assert position(items, index).behind(other) == index + 1
    assert DetailPosition(REF).behind(items) == 0


def sample(direction: MediaDirection | None, edge: MediaEdgeKind = MediaEdgeKind.SDK) -> Any:
    return MetricSample(edge=edge, direction=direction)


@pytest.mark.parametrize(
    ("question", "item", "wanted"),
    [
        ({}, sample(None), True),
        ({"directions": (StreamDirection.INBOUND,)}, sample(MediaDirection.INBOUND), True),
        ({"directions": (StreamDirection.INBOUND,)}, sample(MediaDirection.OUTBOUND), False),
        ({"directions": (StreamDirection.INBOUND,)}, sample(MediaDirection.BOTH), True),
        ({"directions": (StreamDirection.INBOUND,)}, sample(None), False),
        ({"directions": ()}, sample(MediaDirection.BOTH), False),
        ({"edges": (MediaEdgeKind.SDK,)}, sample(None), True),
        ({"edges": (MediaEdgeKind.SIP,)}, sample(None), False),
        ({"edges": (MediaEdgeKind.SIP,)}, CallEvent(), False),
        ({"levels": (EventLevel.ERROR,)}, CallEvent(level=EventLevel.ERROR), True),
        ({"levels": (EventLevel.ERROR,)}, CallEvent(level=EventLevel.INFO), False),
        ({"levels": (EventLevel.ERROR,)}, CallEvent(), False),
    ],
)
def test_a_filter_keeps_what_was_asked_for(
    question: dict[str, Any], item: Any, *, wanted: bool
) -> None:
    """A sample of both streams tells of each; what is not known fits no filter."""
    assert DetailQuestion("AC", SID, "Metrics", **question).wants(item) is wanted
