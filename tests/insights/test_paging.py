import base64
import re
from typing import Any, cast

import msgspec
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from msgspec import Struct

from gateway.errors import InvalidCursor
from gateway.insights.paging import Cursors, PageRef, Position, Question, page_size_for
from gateway.insights.windows import Window

quick = settings(max_examples=80, deadline=None)

KEY = b"the same on every replica"
CALLER = "+12025550143"
QUESTION = Question(
    account="AC" + "5a" * 16,
    parameters=(("From", CALLER), ("HasTag", "true")),
    sort="end_time",
    bounds=("4h", ""),
)
SECONDS = st.integers(0, 2**40)
TOKENS = st.text("PT0123456789abcdef", max_size=40)
WINDOWS = st.builds(Window, SECONDS, SECONDS)
PAGES = st.builds(
    PageRef, WINDOWS, st.integers(1, 1000), st.integers(0, 10**9), TOKENS, st.booleans()
)
SIDS = st.integers(0, 30).map("CA{:032x}".format)
KEYS = st.none() | st.integers(0, 9).map(float)
POSITIONS = st.builds(
    Position,
    PAGES,
    st.integers(0, 999),
    TOKENS,
    TOKENS,
    SIDS,
    KEYS,
    st.lists(SIDS, max_size=8).map(tuple),
)
PAIRS = st.tuples(st.text(max_size=8), st.text(max_size=8))
QUESTIONS = st.builds(
    Question,
    st.text(max_size=34),
    st.lists(PAIRS, max_size=4).map(tuple),
    st.text(max_size=9),
    PAIRS,
)
SOMEWHERE = Position(PageRef(Window(1_780_000_000, 1_780_014_400), 25, 3, "PTabc"), 24, "PTdef")


def refused(cursor: str, question: Question = QUESTION, key: bytes = KEY) -> bool:
    with pytest.raises(InvalidCursor) as caught:
        Cursors(key).decode(cursor, question, "after")
    return caught.value.argument == "after"


@quick
@given(POSITIONS, QUESTIONS, st.binary(min_size=1))
def test_a_cursor_leads_back_to_where_it_was_made(
    position: Position, question: Question, key: bytes
) -> None:
    """Any position of any list, on any replica with the same key."""
    cursor = Cursors(key).encode(position, question)

    assert re.fullmatch(r"[A-Za-z0-9_-]+", cursor)
    assert Cursors(key).decode(cursor, question, "after") == position


@quick
@given(POSITIONS, st.data())
def test_an_altered_cursor_is_refused(position: Position, data: st.DataObject) -> None:
    """Whichever of its characters was changed, and to what."""
    cursor = Cursors(KEY).encode(position, QUESTION)
    at = data.draw(st.integers(0, len(cursor) - 1))
    character = data.draw(st.characters().filter(lambda other: other != cursor[at]))

    assert refused(cursor[:at] + character + cursor[at + 1 :])


@quick
@given(POSITIONS, st.data())
def test_a_cursor_that_is_cut_or_extended_is_refused(
    position: Position, data: st.DataObject
) -> None:
    """There is one text for each position: no shorter, no longer and no padded one."""
    cursor = Cursors(KEY).encode(position, QUESTION)
    end = data.draw(st.integers(0, len(cursor) - 1))
    more = data.draw(st.text("ABab01-_=+/ \n", min_size=1, max_size=4))

    assert refused(cursor[:end])
    assert refused(cursor + more)
    assert refused(more + cursor)


@quick
@given(POSITIONS, QUESTIONS, QUESTIONS)
def test_a_cursor_of_another_list_is_refused(
    position: Position, one: Question, other: Question
) -> None:
    """No two questions share a cursor, however their parts run together."""
    assume(one != other)

    assert refused(Cursors(KEY).encode(position, one), other)


@pytest.mark.parametrize(
    "other",
    [
        Question("AC" + "5b" * 16, QUESTION.parameters, "end_time", QUESTION.bounds),
        Question(QUESTION.account, QUESTION.parameters[:1], "end_time", QUESTION.bounds),
        Question(QUESTION.account, QUESTION.parameters, "start_time", QUESTION.bounds),
        Question(QUESTION.account, QUESTION.parameters, "end_time", ("7d", "")),
    ],
    ids=["account", "filter", "order", "bounds"],
)
def test_a_cursor_belongs_to_its_account_filter_order_and_bounds(other: Question) -> None:
    """A cursor opens the list that it was made for and no other."""
    assert refused(Cursors(KEY).encode(SOMEWHERE, QUESTION), other)


def test_a_cursor_of_another_key_is_refused() -> None:
    """A cursor cannot be made without the secret."""
    assert refused(Cursors(b"another secret").encode(SOMEWHERE, QUESTION))


@pytest.mark.parametrize("cursor", ["", "=", "A", "Zm9v", "\ud800", "ä", "\x00", "A" * 100_000])
def test_what_was_never_a_cursor_is_refused(cursor: str) -> None:
    """Whatever text a client sends, the answer is the same."""
    assert refused(cursor)


@pytest.mark.parametrize(
    ("there", "place"), [(40, (24, 25)), (25, (24, 25)), (24, (24, 24)), (0, (0, 0))]
)
def test_a_cursor_that_names_no_call_leads_to_its_place(there: int, place: object) -> None:
    """Those of the version before did not: they go on by their index, as they did then."""
    older = (((1_780_000_000, 1_780_014_400), 25, 3, "PTabc"), 24, "PTdef")
    cursor = Cursors(KEY).encode(cast("Position", older), QUESTION)
    position = Cursors(KEY).decode(cursor, QUESTION, "after")
    assert position == SOMEWHERE
    listed = [(f"CA{number:032x}", None) for number in range(there)]
    assert position.place_among(listed) == place


def test_a_cursor_of_this_version_is_read_by_the_one_before() -> None:
    """Replicas of both stand side by side while they are replaced: what is new is appended."""

    class Older(Struct, frozen=True, array_like=True):
        page: PageRef
        index: int
        next: str = ""
        previous: str = ""

    position = Position(SOMEWHERE.page, 24, "PTdef", "", "CA1", 5.0, ("CA0",))
    written = msgspec.msgpack.encode(position)
    assert msgspec.msgpack.decode(written, type=Older) == Older(SOMEWHERE.page, 24, "PTdef")


LISTS = st.lists(st.tuples(SIDS, KEYS), unique_by=lambda one: one[0], max_size=20)


@quick
@given(POSITIONS, LISTS)
def test_a_call_that_is_there_is_behind_those_before_it(
    position: Position, listed: list[tuple[str, float | None]]
) -> None:
    """With the key that it had; wherever that is."""
    place = position.place_among(listed)
    assert place.is_taken is ((position.sid, position.key) in listed)
    if place.is_taken:
        assert listed[place.before] == (position.sid, position.key)
        assert place.behind == place.before + 1


@quick
@given(POSITIONS, LISTS)
def test_no_call_is_passed_over_that_may_be_behind(
    position: Position, listed: list[tuple[str, float | None]]
) -> None:
    """Where a call is gone, the last of those that are passed over is known to be before it."""
    place = position.place_among(listed)
    assert 0 <= place.before <= place.behind <= len(listed)
    if not place.is_taken and place.before:
        sid, key = listed[place.before - 1]
        is_later = key is not None and position.key is not None and key > position.key
        assert is_later or sid in position.ties
        assert all(
            key is None or position.key is None or key >= position.key
            for _, key in listed[: place.before]
        )


@pytest.mark.parametrize(
    ("listed", "before"),
    [
        ("a9 b8 c7 d6 e5", 2),  # it is not there: behind those with a later key
        ("a9 b8 x7 c7 d6", 2),  # and those of its own second are behind it
        ("a9 b8 t7 x7 d6", 3),  # but for the one that was before it
        ("a9 n- b8 d6", 3),  # what has no key is before it where a later one follows
        ("n- d6", 0),  # and may be behind it elsewhere
        ("d6 e5", 0),
        ("", 0),
        ("a9 b8", 2),
    ],
)
def test_a_call_that_is_gone_was_where_its_key_says(listed: str, before: int) -> None:
    """Newest first; `7` is its key, and `t` was right before it."""
    position = Position(SOMEWHERE.page, 3, "", "", "gone", 7.0, ("t",))
    pairs = [(one[0], None if one[1] == "-" else float(one[1])) for one in listed.split()]
    assert position.place_among(pairs) == (before, before)


def test_a_cursor_of_another_version_of_the_gateway_is_refused() -> None:
    """Genuine, but of a shape that this version does not read: start again, and no failure."""
    cursor = Cursors(KEY).encode(cast("Position", ("a", "b")), QUESTION)

    assert refused(cursor)


def test_a_cursor_holds_nothing_of_the_filter() -> None:
    """A cursor ends up in logs and addresses; a phone number must not."""
    cursor = Cursors(KEY).encode(SOMEWHERE, QUESTION)
    decoded = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))

    for text in (CALLER, CALLER[1:], QUESTION.account, "HasTag"):
        assert text not in cursor
        assert text.encode() not in decoded


def test_the_refusal_does_not_say_what_was_wrong() -> None:
    """Nor does it repeat the cursor: whoever forges one learns nothing."""
    messages = set()
    for cursor in ("nonsense", Cursors(b"another secret").encode(SOMEWHERE, QUESTION)):
        with pytest.raises(InvalidCursor) as caught:
            Cursors(KEY).decode(cursor, QUESTION, "before")
        messages.add(str(caught.value))
        assert cursor not in str(caught.value)

    assert len(messages) == 1


@pytest.mark.parametrize(
    ("wanted", "size"),
    [(1, 25), (20, 25), (25, 25), (26, 50), (100, 100), (101, 250), (999, 1000), (5000, 1000)],
)
def test_lists_in_steps_of_about_one_size_share_pages(wanted: int, size: int) -> None:
    """Few sizes, none smaller than what is wanted and none above Twilio's maximum."""
    assert page_size_for(wanted) == size


def test_the_first_page_has_no_token_and_the_others_have_theirs() -> None:
    """The size is always sent: Twilio's two documents disagree about the default."""
    window = Window(0, 14_400)
    bounds = {"StartTime": "1970-01-01T00:00:00Z", "EndTime": "1970-01-01T04:00:00Z"}

    assert PageRef(window, 25).parameters == {**bounds, "PageSize": "25"}
    assert PageRef(window, 50, 2, "PTx").parameters == {
        **bounds,
        "PageSize": "50",
        "Page": "2",
        "PageToken": "PTx",
    }


def test_the_outermost_calls_of_a_page_know_its_neighbours() -> None:
    """Going on from them need not ask for their own page again."""
    page = PageRef(Window(0, 14_400), 25, 3, "PThere")
    cases: list[tuple[Position, Any, Any]] = [
        (Position(page, 24, next="PTon"), PageRef(page.window, 25, 4, "PTon"), None),
        (
            Position(page, 0, previous="PTback"),
            None,
            PageRef(page.window, 25, 2, "PTback", back=True),
        ),
        (Position(page, 7), None, None),
    ]

    for position, following, preceding in cases:
        assert (position.next_page, position.previous_page) == (following, preceding)
