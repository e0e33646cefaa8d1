import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.insights.sids import call_sid


@given(st.from_regex(r"CA[0-9a-fA-F]{32}", fullmatch=True))
def test_a_call_sid_is_given_back_as_it_is(text: str) -> None:
    """`CA` and 32 hexadecimal digits, in either case."""
    assert call_sid(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "CA",
        "CA" + "0" * 31,
        "CA" + "0" * 33,
        "ca" + "0" * 32,
        "AC" + "0" * 32,
        "CA" + "g" * 32,
        "CA" + "0" * 32 + "\n",
        " CA" + "0" * 32,
        "CA" + "\u0660" * 32,
        "CA" + "0" * 28 + "/../",
        "../CA" + "0" * 32,
        "CA" + "0" * 32 + "/Summary",
        "CA" + "0" * 32 + "?x",
    ],
)
def test_nothing_else_becomes_part_of_a_path(text: str) -> None:
    """It is the only part of a question that does."""
    with pytest.raises(ValueError, match="`CA` followed by 32 hexadecimal digits"):
        call_sid(text)
