"""Answers to assistants are bounded: what a model reads costs somebody money."""

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from gateway.server.mcp.truncation import LONGEST_TEXT, shortened

_leaves = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=600))
_values = st.recursive(
    _leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=30),
        st.dictionaries(st.sampled_from("abcdef"), inner, max_size=5),
    ),
    max_leaves=60,
)


def size(data: Any) -> int:
    return len(msgspec.json.encode(data))


@given(_values, st.integers(min_value=10, max_value=2000))
def test_what_is_left_fits_and_was_there(data: Any, most: int) -> None:
    """The bound holds, or nothing is left; a list keeps its beginning. The rule is ours."""
    whole = msgspec.json.decode(msgspec.json.encode(data))
    left, told = shortened(data, most)

    if left is None and whole is not None:
        assert size(whole) > most
        assert told == []
    else:
        assert size(left) <= most
        assert is_beginning(left, whole)
        assert (told == []) == (left == whole)


def is_beginning(left: Any, whole: Any) -> bool:
    if isinstance(left, list):
        return all(map(is_beginning, left, whole)) and (len(left) >= min(1, len(whole)))
    if isinstance(left, dict):
        return left.keys() == whole.keys() and all(
            is_beginning(value, whole[name]) for name, value in left.items()
        )
    if isinstance(left, str) and left != whole:
        return left.endswith("…") and whole.startswith(left[:-1])
    return bool(left == whole)


def test_it_says_how_much_of_which_list_is_left() -> None:
    """The longest list is shortened, and its whole length is told, however often it was cut."""
    data = {"calls": {"nodes": [{"sid": f"{i:034}", "tags": ["A", "B"]} for i in range(100)]}}

    left, told = shortened(data, 2000)

    (one,) = told
    assert one == ("calls.nodes", len(left["calls"]["nodes"]), 100)
    assert 20 < one.kept < 60


def test_texts_are_cut_when_lists_do_not_do() -> None:
    """A text keeps its beginning, and the mark that it goes on."""
    left, told = shortened({"raw": "x" * 5000}, 1000)

    assert left == {"raw": "x" * LONGEST_TEXT + "…"}
    assert told == [("raw", LONGEST_TEXT, 5000)]
