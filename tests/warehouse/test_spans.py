from hypothesis import given
from hypothesis import strategies as st

from gateway.warehouse.spans import Spans

MOMENTS = st.integers(0, 12).map(float)
SPANS = st.lists(st.tuples(MOMENTS, MOMENTS), max_size=5).map(Spans.of)


def inside(spans: Spans, moment: float) -> bool:
    return any(start <= moment < end for start, end in spans.spans)


@given(one=SPANS, other=SPANS, moment=st.integers(0, 25).map(lambda half: half / 2))
def test_spans_are_sets_of_moments(one: Spans, other: Spans, moment: float) -> None:
    """Union, intersection and difference are those of sets, moment by moment."""
    assert inside(one | other, moment) == (inside(one, moment) or inside(other, moment))
    assert inside(one & other, moment) == (inside(one, moment) and inside(other, moment))
    assert inside(one - other, moment) == (inside(one, moment) and not inside(other, moment))


@given(one=SPANS, other=SPANS)
def test_spans_stay_in_order_and_apart(one: Spans, other: Spans) -> None:
    """Equal sets are equal values."""
    for spans in (one | other, one & other, one - other):
        ends = [moment for span in spans.spans for moment in span]
        assert ends == sorted(set(ends))
    assert one | other == other | one
    assert (one - other) | (one & other) == one


@given(spans=SPANS)
def test_the_whole_has_no_gap(spans: Spans) -> None:
    """It begins and ends where they do."""
    gaps = spans.whole - spans

    assert len(spans.whole.spans) == bool(spans)
    assert spans | gaps == spans.whole
    assert not spans & gaps
