from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gateway.errors import BadUserInput
from gateway.insights.windows import TimeBound, Window, iso, parse_bound, pin

quick = settings(max_examples=100, deadline=None)

NOON = 1_780_000_000.0
AGO = st.one_of(
    st.builds("{}m".format, st.integers(1, 43_200)),
    st.builds("{}h".format, st.integers(1, 720)),
    st.builds("{}d".format, st.integers(1, 30)),
    st.builds("{}w".format, st.integers(1, 4)),
).map(parse_bound)
GRIDS = st.sampled_from([0, 0.5, 1, 2.5, 7, 10, 60, 900, 3600, 86_400])


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("30m", timedelta(minutes=30)),
        ("4h", timedelta(hours=4)),
        ("7d", timedelta(days=7)),
        ("1w", timedelta(weeks=1)),
        ("0m", timedelta(0)),
        ("2026-11-23T07:30:00Z", datetime(2026, 11, 23, 7, 30, tzinfo=UTC)),
        ("2026-11-23T08:30:00+01:00", datetime(2026, 11, 23, 7, 30, tzinfo=UTC)),
        ("2026-11-23T07:30:00.250Z", datetime(2026, 11, 23, 7, 30, 0, 250_000, tzinfo=UTC)),
        ("2026-11-23", datetime(2026, 11, 23, tzinfo=UTC)),
        ("2024-02-29", datetime(2024, 2, 29, tzinfo=UTC)),
        ("20261123T073000Z", datetime(2026, 11, 23, 7, 30, tzinfo=UTC)),
    ],
)
def test_a_bound_is_a_moment_or_how_long_ago(text: str, bound: TimeBound) -> None:
    """Twilio's short forms, ISO 8601 with an offset, and a date (RFC 3339, `full-date`).

    A date is what analysts try first; ours is its midnight in UTC, in which Twilio tells times.
    """
    assert parse_bound(text) == bound


@pytest.mark.parametrize(
    "text",
    [
        *("", "4", "h", "-4h", "4 h", "4H", "4y", "1.5h", "٤h", "9999999m", "yesterday", "\x00"),
        *(
            "20261123",
            "2026-W48-1",
            "2026-02-30",
            "٢٠٢٦-11-23",
            "2026-11-23T07:30:00",
            "2026-02-30T00:00:00Z",
            "07:30:00Z",
        ),
        *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "4h\n", "1780000000"),
    ],
)
def test_any_other_bound_is_refused_in_words(text: str) -> None:
    """The message says what is accepted; a moment without an offset could be any of 24."""
    with pytest.raises(ValueError, match=r"ISO 8601 .* or an age"):
        parse_bound(text)


def test_a_window_is_the_last_four_hours_unless_it_is_said() -> None:
    """Twilio's own default, written out so that pages and cursors agree about it."""
    assert pin(None, None, NOON, 10) == Window(int(NOON) - 14_400, int(NOON))


@quick
@given(AGO, AGO, GRIDS, st.integers(0, 10**6), st.floats(0, 0.999))
def test_within_one_cell_of_the_grid_all_windows_are_one(
    start: timedelta, end: timedelta, grid: float, cell: int, later: float
) -> None:
    """All who open one dashboard within some seconds ask one question and share its answer."""
    assume(start > end)
    step = max(1, int(grid))
    beginning = 1_700_000_000 // step * step + cell * step

    assert pin(start, end, beginning, grid) == pin(start, end, beginning + later * step, grid)


@quick
@given(AGO, st.floats(1e9, 3e9), GRIDS)
def test_a_window_never_begins_later_than_was_asked(
    ago: timedelta, now: float, grid: float
) -> None:
    """Rounding shows more and never less, and is as long as it was asked for."""
    window = pin(ago, None, now, grid)

    assert window.start <= now - ago.total_seconds()
    assert now - max(1, grid) < window.end <= now
    assert window.end - window.start == ago.total_seconds()


@quick
@given(st.datetimes(datetime(1971, 1, 1), datetime(2199, 1, 1)), GRIDS)  # noqa: DTZ001
def test_a_moment_is_taken_as_it_is_said(moment: datetime, grid: float) -> None:
    """No grid moves it; a part of a second is left off."""
    start = moment.replace(tzinfo=UTC)
    window = pin(start, start + timedelta(hours=1), start.timestamp() + 3600, grid)

    assert window.start == int(start.timestamp())
    assert window.end == window.start + 3600


def test_hours_are_hours_when_clocks_change() -> None:
    """Windows are counted in seconds since 1970, where no day has 23 hours."""
    after_the_change = datetime(2026, 3, 29, 3, 30, tzinfo=UTC).timestamp()

    assert pin(timedelta(days=1), None, after_the_change, 1) == Window(
        int(after_the_change) - 86_400, int(after_the_change)
    )


@pytest.mark.parametrize(
    "start",
    [
        *(parse_bound("31d"), parse_bound("5w"), parse_bound("999999w"), parse_bound("43261m")),
        *(parse_bound("2026-04-28"), parse_bound("1969-07-20")),
    ],
)
def test_a_window_longer_than_twilio_remembers_is_an_error(start: TimeBound) -> None:
    """Twilio keeps calls for 30 days: it would answer with a shorter list, and nobody would know.

    A choice of ours: a list is whole, or an error.
    """
    with pytest.raises(BadUserInput, match="30 days: since 2026-04-28T20:26:40Z now") as caught:
        pin(start, None, NOON, 10)
    assert caught.value.argument == "filter.startTime"


@pytest.mark.parametrize("start", ["30d", "720h", "4w", "2026-04-28T20:26:40Z"])
def test_all_that_twilio_remembers_is_no_error(start: str) -> None:
    """Thirty days, and as much more as it takes to write a question."""
    for late in (0, 59, 3599):
        assert pin(parse_bound(start), None, NOON + late, 10)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (timedelta(hours=1), timedelta(hours=1)),
        (timedelta(hours=1), timedelta(hours=2)),
        (timedelta(0), None),
        (datetime(2027, 1, 1, tzinfo=UTC), None),
        (datetime(2026, 1, 2, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)),
    ],
)
def test_an_empty_window_is_an_error_with_both_of_its_ends(
    start: TimeBound, end: TimeBound | None
) -> None:
    """Twilio would answer with an empty list, and nobody would know why."""
    with pytest.raises(BadUserInput, match=r"not before `filter\.endTime`") as caught:
        pin(start, end, NOON, 10)

    assert caught.value.argument == "filter.startTime"


def test_a_start_that_nobody_gave_is_told_as_such() -> None:
    """Else the message would speak of what is not in the question."""
    told = r"`filter\.startTime` is 4 hours ago unless it is given, \S+Z, which is not before"
    with pytest.raises(BadUserInput, match=told):
        pin(None, timedelta(days=1), NOON, 10)


@pytest.mark.parametrize("year", [1, 987, 1970, 2026, 9999])
def test_moments_are_written_with_four_digits_of_the_year(year: int) -> None:
    """ISO 8601, as Twilio reads it."""
    moment = datetime(year, 1, 2, 3, 4, 5, tzinfo=UTC)

    assert iso(int(moment.timestamp())) == f"{year:04d}-01-02T03:04:05Z"
