from datetime import UTC, datetime

import pytest

from gateway.cache import policy
from gateway.cache.policy import DAY, Finality, Freshness
from gateway.config.settings import Settings
from gateway.insights.absence import Absence, Absent
from gateway.insights.catalogue import CallSid
from gateway.insights.snapshot import Snapshot
from tests.cache.conftest import SID, seen
from tests.conftest import NOON

HOUR = 3600.0
ENDED = datetime.fromtimestamp(NOON - HOUR, UTC).isoformat()
LONG_AGO = datetime.fromtimestamp(NOON - 29 * DAY, UTC).isoformat()
SETTLED_AT_THREE = Freshness(settled_version=3)


def complete() -> Snapshot:
    return seen(processing_state="complete", end_time=ENDED)


def partial(version: int = 1) -> Snapshot:
    return seen(processing_state="partial", processing_version=version, end_time=ENDED)


@pytest.mark.parametrize(
    ("snapshot", "freshness", "expected"),
    [
        (complete(), Freshness(), Finality.COMPLETE),
        (partial(9), Freshness(), None),
        (partial(2), SETTLED_AT_THREE, None),
        (partial(3), SETTLED_AT_THREE, Finality.SETTLED),
        (partial(4), SETTLED_AT_THREE, Finality.SETTLED),
        (seen(), SETTLED_AT_THREE, None),
        (complete(), SETTLED_AT_THREE, Finality.COMPLETE),
    ],
)
def test_final_is_what_is_complete_or_of_a_version_that_counts_as_such(
    snapshot: Snapshot, freshness: Freshness, expected: Finality | None
) -> None:
    """A team that knows its traffic may close its books sooner; by itself nobody does."""
    assert policy.finality(snapshot, freshness) is expected


def test_a_partial_summary_is_asked_for_every_time_unless_it_is_said() -> None:
    """It still changes; how old it may be is for the operator to say."""
    assert policy.fresh_until(partial(), Freshness()) == NOON
    assert policy.fresh_until(partial(), Freshness(partial=15)) == NOON + 15
    assert policy.revalidated_until(partial(), Freshness(partial=15)) == NOON + 15


@pytest.mark.parametrize("snapshot", [complete(), partial(3)])
def test_a_final_summary_is_kept_for_about_as_long_as_was_said(snapshot: Snapshot) -> None:
    """Up to a tenth less, so that what came together does not go together."""
    until = policy.fresh_until(snapshot, SETTLED_AT_THREE)

    assert NOON + 0.9 * 7 * DAY <= until <= NOON + 7 * DAY
    assert until < policy.revalidated_until(snapshot, SETTLED_AT_THREE) <= NOON + 8 * DAY


def test_calls_that_came_together_expire_one_after_the_other() -> None:
    """Each by its own part of the time, and always by the same."""
    sids = [CallSid(f"CA{number:032x}") for number in range(200)]
    ends = [
        policy.fresh_until(seen(sid=sid, processing_state="complete"), Freshness()) for sid in sids
    ]

    assert len(set(ends)) > 190
    assert max(ends) - min(ends) > 0.08 * 7 * DAY


@pytest.mark.parametrize("state", ["complete", "partial"])
def test_nothing_is_kept_beyond_the_day_on_which_twilio_forgets(state: str) -> None:
    """Thirty days after its end: the gateway does not remember what Twilio forgets."""
    generous = Freshness(complete=90 * DAY, partial=90 * DAY, stale_if_error=90 * DAY)
    snapshot = seen(processing_state=state, end_time=LONG_AGO)

    assert policy.kept_until(snapshot, generous) == NOON + DAY
    assert policy.stale_until(snapshot, generous) == NOON + DAY


@pytest.mark.parametrize(
    ("end", "start", "created", "counted_from"),
    [
        (LONG_AGO, ENDED, ENDED, NOON - 29 * DAY),
        (None, LONG_AGO, ENDED, NOON - 29 * DAY),
        (None, None, LONG_AGO, NOON - 29 * DAY),
        (None, None, None, NOON),
    ],
)
def test_a_call_is_forgotten_by_the_best_time_that_is_known_of_it(
    end: str | None, start: str | None, created: str | None, counted_from: float
) -> None:
    """Its end; else its start; else when it was created; else when it was seen."""
    generous = Freshness(complete=90 * DAY)
    snapshot = seen(
        processing_state="complete", end_time=end, start_time=start, created_time=created
    )

    assert policy.fresh_until(snapshot, generous) == counted_from + 30 * DAY


def test_when_twilio_cannot_be_asked_an_old_answer_is_better_than_none() -> None:
    """For as long as was said, after the time it was good for."""
    assert policy.stale_until(partial(), Freshness(stale_if_error=60)) == NOON + 60
    assert policy.stale_until(partial(), Freshness(partial=15, stale_if_error=60)) == NOON + 75
    assert policy.stale_until(partial(), Freshness(stale_if_error=0)) == NOON


def test_a_partial_summary_is_remembered_so_that_no_older_one_follows_it() -> None:
    """Even where it may not be an answer: it is the floor below which answers do not fall."""
    strict = Freshness(complete=0, partial=0, page=0, stale_if_error=0)

    assert policy.kept_until(partial(), strict) == NOON + policy.VERSION_MEMORY
    assert policy.kept_until(complete(), strict) == NOON
    assert policy.kept_until(complete(), Freshness()) > NOON + 6 * DAY


@pytest.mark.parametrize(
    ("snapshot", "freshness", "expected"),
    [
        (complete(), Freshness(), None),
        (partial(3), SETTLED_AT_THREE, None),
        (partial(), Freshness(), NOON + policy.POLL_INTERVAL),
        (partial(), Freshness(partial=120), NOON + 120),
    ],
)
def test_asking_again_is_advised_when_it_may_tell_more(
    snapshot: Snapshot, freshness: Freshness, expected: float | None
) -> None:
    """Never for what is final, and not before the answer could be another one."""
    assert policy.refresh_after(snapshot, freshness) == expected


def test_an_annotation_has_an_age_of_its_own() -> None:
    """It is the one part of a final summary that people change."""
    assert policy.annotation_fresh_until(complete(), Freshness(annotation=60)) == NOON + 60
    assert policy.annotation_fresh_until(complete(), Freshness(annotation=0)) == NOON


@pytest.mark.parametrize("why", Absence)
def test_that_there_is_no_summary_is_remembered_for_a_moment_or_for_hours(why: Absence) -> None:
    """A moment where there may be one soon, hours where there will be none."""
    lasting = why in {Absence.EXPIRED, Absence.NOT_ENABLED}
    remembered = policy.absent_until(Absent(SID, why, NOON)) - NOON

    assert 5 * HOUR < remembered <= 6 * HOUR if lasting else 4 < remembered <= 5


@pytest.mark.parametrize("why", Absence)
def test_that_there_is_no_summary_keeps_its_place_until_it_is_asked_again(why: Absence) -> None:
    """It is kept longer than it is an answer, so that what replaces it is told to all."""
    absent = Absent(SID, why, NOON)
    kept = policy.absent_kept_until(absent)

    assert kept == max(NOON + 2 * policy.POLL_INTERVAL, policy.absent_until(absent))


def test_a_page_is_an_answer_for_a_while_and_better_than_none_for_longer() -> None:
    """Counted from when it was seen."""
    freshness = Freshness(page=10, stale_if_error=60)

    assert policy.page_fresh_until(NOON, freshness) == NOON + 10
    assert policy.page_stale_until(NOON, freshness) == NOON + 70


def test_the_ages_are_those_of_the_settings() -> None:
    """The defaults of the policy are the documented ones."""
    assert Freshness.of(Settings()) == Freshness()
    assert Freshness.of(
        Settings(
            gateway_complete_max_age=1,
            gateway_partial_max_age=2,
            gateway_page_max_age=3,
            gateway_annotation_max_age=4,
            gateway_stale_if_error=5,
            gateway_settled_version=6,
        )
    ) == Freshness(1, 2, 3, 4, 5, 6)
