import base64
import re
from typing import Any, cast

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

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
PAGES = st.builds(PageRef, WINDOWS, st.integers(1, 1000), st.integers(0, 10**9), TOKENS)
POSITIONS = st.builds(Position, PAGES, st.integers(0, 999), TOKENS, TOKENS)
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
        (Position(page, 0, previous="PTback"), None, PageRef(page.window, 25, 2, "PTback")),
        (Position(page, 7), None, None),
    ]

    for position, following, preceding in cases:
        assert (position.next_page, position.previous_page) == (following, preceding)
