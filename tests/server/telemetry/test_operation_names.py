"""Names of operations are the client's own: what operators see of them is bounded."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.server.telemetry.operation_names import MAX_NAMES, Labels, shown_name

NAMES = st.from_regex(r"[_A-Za-z][_0-9A-Za-z]*", fullmatch=True)


def test_a_name_without_long_numbers_is_shown_as_it_is() -> None:
    """Operators find what their clients wrote."""
    for name in ("CallQuality", "_v2_2026", "Q123456"):
        assert shown_name(name) == name


def test_what_may_be_a_phone_number_is_not_shown() -> None:
    """A client that makes names from its data does not fill logs with it."""
    assert shown_name("CallsOf_14155550123_today") == "CallsOf_0_today"
    assert shown_name("of_415_555_0123") == "of_0"


@given(NAMES)
def test_whatever_a_client_makes_up_is_short_and_has_no_long_number(name: str) -> None:
    """Seven digits in a row, or more, never pass, joined by underscores or not."""
    shown = shown_name(name)
    assert 0 < len(shown) <= 64
    digits = longest = 0
    for character in shown.replace("_", ""):
        digits = digits + 1 if character.isdigit() else 0
        longest = max(longest, digits)
    assert longest < 7


def test_labels_are_a_bounded_number() -> None:
    """The first names have labels of their own, later ones share one."""
    labels = Labels()
    seen = [labels.of(f"Name{number}") for number in range(3 * MAX_NAMES)]
    assert len(set(seen)) == MAX_NAMES + 1
    assert seen[-1] == "other"
    assert labels.of("Name0") == "Name0"
    assert labels.of(None) == "anonymous"


def test_expected_names_have_labels_whatever_came_before() -> None:
    """Trusted documents are told apart even after somebody made up many names."""
    labels = Labels()
    for number in range(3 * MAX_NAMES):
        labels.of(f"Name{number}")
    labels.expect({"Trusted"})
    assert labels.of("Trusted") == "Trusted"
