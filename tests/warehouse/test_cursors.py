import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.config.viewers import Realm
from gateway.errors import InvalidCursor
from gateway.insights.summary import CallState
from gateway.warehouse.conditions import Condition, Not, Operator, compare
from gateway.warehouse.cursors import SearchCursors
from gateway.warehouse.fields import FIELDS
from gateway.warehouse.pages import Order, Place, Question
from tests.warehouse.conftest import EVER, HASH_KEY, REALM, WORLD
from tests.warehouse.strategies import Values, conditions, orders

VALUES = Values([snapshot.summary for snapshot in WORLD[:30]], HASH_KEY)
CURSORS = SearchCursors(b"a key")
PLACES = st.builds(
    Place,
    st.lists(
        st.none()
        | st.booleans()
        | st.integers(-(2**63), 2**63 - 1)
        | st.floats(allow_nan=False)
        | st.text(st.characters(codec="utf-8"), max_size=5),
        max_size=3,
    ).map(tuple),
    st.text("CA0123456789abcdef", min_size=34, max_size=34),
)


@given(place=PLACES, condition=conditions(VALUES), order=orders(VALUES))
def test_a_cursor_is_read_as_it_was_written(
    place: Place, condition: Condition, order: tuple[Order, ...]
) -> None:
    """For the same question, whatever it is."""
    question = Question(REALM, EVER, condition, order)

    assert CURSORS.decode(CURSORS.encode(place, question), question, "after") == place


@given(place=PLACES, at=st.integers(0, 200), change=st.integers(1, 255))
def test_a_cursor_that_was_altered_is_refused(place: Place, at: int, change: int) -> None:
    """Nobody makes a cursor up: `INVALID_CURSOR` (contract)."""
    cursor = CURSORS.encode(place, Question(REALM, EVER)).encode()
    at %= len(cursor)
    altered = cursor[:at] + bytes([cursor[at] ^ change]) + cursor[at + 1 :]
    with pytest.raises(InvalidCursor) as refused:
        CURSORS.decode(altered.decode("latin-1"), Question(REALM, EVER), "after")

    assert refused.value.argument == "after"
    assert "orderBy" in refused.value.accepted


BUSY = compare(FIELDS["STATE"], Operator.EQ, CallState.BUSY, "w")


@pytest.mark.parametrize(
    "other",
    [
        Question(Realm(REALM.account, frozenset()), EVER),
        Question(REALM, EVER, BUSY),
        Question(REALM, EVER, Not(BUSY)),
        Question(REALM, EVER, order=(Order(FIELDS["DURATION"]),)),
        Question(REALM, EVER, order=(Order(FIELDS["END_TIME"], descending=False),)),
    ],
)
def test_a_cursor_opens_its_own_list_alone(other: Question) -> None:
    """It belongs to a realm, a condition and an order."""
    place = Place((1,), "CA1")
    cursor = CURSORS.encode(place, Question(REALM, EVER))
    with pytest.raises(InvalidCursor):
        CURSORS.decode(cursor, other, "after")
    with pytest.raises(InvalidCursor):
        SearchCursors(b"another key").decode(cursor, Question(REALM, EVER), "after")


def test_a_cursor_outlives_the_day() -> None:
    """The window of the warehouse moves on, and a walk through it goes on too."""
    cursor = CURSORS.encode(Place((1,), "CA1"), Question(REALM, EVER))

    assert CURSORS.decode(cursor, Question(REALM, EVER + 86400), "after") == Place((1,), "CA1")
