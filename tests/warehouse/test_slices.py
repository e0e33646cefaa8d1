from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import BadUserInput
from gateway.warehouse.embedded import Embedded
from gateway.warehouse.engine import Statement
from gateway.warehouse.fields import FIELDS
from gateway.warehouse.groupings import by_time, by_width
from gateway.warehouse.slices import Slices

pytestmark = pytest.mark.asyncio(loop_scope="session")

ZONES = st.sampled_from(
    [
        *("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Asia/Kathmandu"),
        *("Australia/Lord_Howe", "America/Santiago", "Africa/Cairo", "Pacific/Apia"),
        *("America/Sao_Paulo", "America/St_Johns", "Asia/Beirut", "Pacific/Chatham"),
    ]
)
LENGTHS = st.one_of(
    st.sampled_from([60, 300, 900, 1800, 3600, 7200, 21600, 43200, 86400]).map(
        lambda seconds: {"seconds": seconds}
    ),
    st.integers(1, 30).map(lambda days: {"days": days}),
)
MOMENTS = st.datetimes(datetime(1971, 1, 1), datetime(2037, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - the strategy adds it
CLOSE = st.sampled_from(
    [
        datetime(2026, 3, 29, 1, tzinfo=UTC),  # Europe springs forward
        datetime(2026, 10, 25, 1, tzinfo=UTC),  # and falls back
        datetime(2026, 9, 6, 4, tzinfo=UTC),  # Santiago has no midnight
        datetime(2026, 4, 5, 3, tzinfo=UTC),  # and has it twice
        datetime(2011, 12, 30, 10, tzinfo=UTC),  # Apia skips a day
        datetime(2018, 11, 4, 3, tzinfo=UTC),  # Sao Paulo has no midnight
    ]
).flatmap(lambda at: st.integers(-90000, 90000).map(lambda by: at + timedelta(seconds=by)))


@settings(max_examples=300)
@given(zone=ZONES, length=LENGTHS, moment=MOMENTS | CLOSE)
async def test_the_engine_counts_slices_as_python_does(
    engine: Embedded, zone: str, length: dict[str, int], moment: datetime
) -> None:
    """Two libraries of time zones, one calendar: by clock and date of the zone (our choice)."""
    slices = Slices(zone, **length)
    micros = int(moment.timestamp() * 1_000_000)
    column = "fromUnixTimestamp64Micro({m:Int64}, 'UTC')"
    sql = f"SELECT {slices.expression(column, '{zone:String}')}"
    answer = await engine.query(Statement(sql, {"m": micros, "zone": zone}))

    assert answer.rows[0][0] == slices.key(moment)


@given(zone=ZONES, length=LENGTHS, moment=MOMENTS | CLOSE, hours=st.integers(1, 200))
async def test_slices_follow_each_other_without_gap_or_overlap(
    zone: str, length: dict[str, int], moment: datetime, hours: int
) -> None:
    """Each moment is in the slice that began last."""
    slices = Slices(zone, **length)
    keys = list(slices.between(moment, moment + timedelta(hours=hours)))
    starts = [slices.start(key).astimezone(UTC) for key in keys]

    assert starts == sorted(set(starts))
    assert starts[0] <= moment
    assert starts[-1] < moment + timedelta(hours=hours)
    for key, start in zip(keys, starts, strict=True):
        assert slices.key(start) == key
    for key, following in zip(keys, starts[1:], strict=False):
        assert slices.key(following - timedelta(seconds=1)) == key


@pytest.mark.parametrize(
    ("every", "zone", "field", "argument"),
    [
        ("0m", "UTC", "END_TIME", "by.every"),
        ("7m", "UTC", "END_TIME", "by.every"),
        ("1.5h", "UTC", "END_TIME", "by.every"),
        ("1y", "UTC", "END_TIME", "by.every"),
        ("", "UTC", "END_TIME", "by.every"),
        ("99999d", "UTC", "END_TIME", "by.every"),
        ("1h", "Mars/Olympus", "END_TIME", "by.timeZone"),
        ("1h", "../../etc/passwd", "END_TIME", "by.timeZone"),
        ("1h", "UTC", "DURATION", "by.field"),
    ],
)
async def test_slices_that_cannot_be_are_refused_by_name(
    every: str, zone: str, field: str, argument: str
) -> None:
    """`BAD_USER_INPUT` names the argument and what is accepted (the issue)."""
    with pytest.raises(BadUserInput) as refused:
        by_time(FIELDS[field], every, zone, "by")

    assert refused.value.argument == argument


@pytest.mark.parametrize(
    ("field", "width", "argument"),
    [
        ("DURATION", 0.0, "by.width"),
        ("DURATION", -1.0, "by.width"),
        ("DURATION", float("inf"), "by.width"),
        ("TO_CARRIER", 1.0, "by.field"),
        ("FROM_LOCATION_LAT", 1.0, "by.field"),
    ],
)
async def test_steps_that_cannot_be_are_refused_by_name(
    field: str, width: float, argument: str
) -> None:
    """Personal data is no number, whatever it was: it is encrypted."""
    with pytest.raises(BadUserInput) as refused:
        by_width(FIELDS[field], width, "by")

    assert refused.value.argument == argument
