import json

import pytest
from msgspec.structs import replace

from gateway.insights.decoding import Undecodable
from gateway.insights.snapshot import Snapshot, annotate, snapshot_of
from tests.insights.payloads import CALL, THROUGH_A_TRUNK

NOON = 1_780_000_000.0


def seen(as_of: float = NOON, **fields: object) -> Snapshot:
    return snapshot_of(json.dumps({"call_sid": CALL, **fields}).encode(), as_of)


def test_snapshots_are_ranked_by_state_then_version_then_moment() -> None:
    """Complete comes last, whatever its version; of equals the later one is the better."""
    ranked = [
        seen(NOON + 9),
        seen(NOON, processing_state="partial", processing_version=1),
        seen(NOON, processing_state="partial", processing_version=2),
        seen(NOON + 1, processing_state="partial", processing_version=2),
        seen(NOON, processing_state="complete"),
        seen(NOON + 1, processing_state="complete"),
        seen(NOON, processing_state="complete", processing_version=3),
    ]

    ranks = [snapshot.rank for snapshot in ranked]
    assert ranks == sorted(set(ranks))


@pytest.mark.parametrize("state", [None, "partial", "unheard_of"])
def test_only_what_twilio_calls_complete_is_complete(state: str | None) -> None:
    """A state that nobody knows may still change."""
    assert not seen(processing_state=state).is_complete
    assert seen(processing_state="complete").is_complete


def test_a_summary_in_the_bytes_that_are_known_is_the_very_value_that_is_known() -> None:
    """Only when it was seen is another; in other bytes it is read."""
    raw = json.dumps(THROUGH_A_TRUNK).encode()
    cached = snapshot_of(raw, NOON)
    again = snapshot_of(bytes(bytearray(raw)), NOON + 60, cached=cached)
    changed = snapshot_of(raw.replace(b"{", b"{ ", 1), NOON + 60, cached=cached)

    assert again.summary is cached.summary
    assert (again.as_of, again.annotated_at, again.via) == (NOON + 60, NOON + 60, "upstream")
    assert changed.summary is not cached.summary
    assert changed.summary == cached.summary


def test_a_newer_annotation_takes_the_place_of_the_older_one() -> None:
    """In the value and in the bytes; the rest of the summary stays as it was seen."""
    before = replace(snapshot_of(json.dumps(THROUGH_A_TRUNK).encode(), NOON), via="event")
    written = {"call_sid": CALL, "spam": True, "comment": "harbour", "url": "https://twilio/A"}
    after = annotate(before, json.dumps(written).encode(), NOON + 60)

    assert after.summary.annotation is not None
    assert (after.summary.annotation.spam, after.summary.annotation.comment) == (True, "harbour")
    assert after.summary.annotation.quality_issues is None
    assert json.loads(after.raw) == {
        **THROUGH_A_TRUNK,
        "annotation": {"call_sid": CALL, "spam": True, "comment": "harbour"},
    }
    assert (after.as_of, after.annotated_at, after.via) == (NOON, NOON + 60, "event")
    assert after.rank > before.rank


def test_an_annotation_in_which_nothing_is_said_is_none() -> None:
    """Twilio answers for every call; most have not been annotated."""
    nothing = {"call_sid": CALL, "account_sid": None, "spam": None, "quality_issues": None}
    after = annotate(seen(), json.dumps(nothing).encode(), NOON + 60)

    assert after.summary.annotation is None
    assert json.loads(after.raw)["annotation"] is None


@pytest.mark.parametrize("body", [b"", b"[]", b"<html>", b'{"spam":'])
def test_what_is_no_annotation_is_undecodable(body: bytes) -> None:
    """As with a summary: a value, or this one error."""
    with pytest.raises(Undecodable):
        annotate(seen(), body, NOON)


@pytest.mark.parametrize(
    "odd",
    ['"spam":NaN', '"comment":"\\ud800"', '"call_score":1e999', f'"call_score":{"9" * 5000}'],
)
def test_json_that_only_lenient_parsers_take_can_be_annotated_and_annotates(odd: str) -> None:
    """Odd numbers and texts cost themselves, in what was seen before and in what is new."""
    before = snapshot_of(f'{{"call_sid":"{CALL}","duration":7,{odd}}}'.encode(), NOON)
    after = annotate(before, f'{{"incident":"T-1",{odd}}}'.encode(), NOON)

    assert after.summary.duration == 7
    assert after.summary.annotation is not None
    assert after.summary.annotation.incident == "T-1"
    assert json.loads(after.raw)["annotation"]["incident"] == "T-1"
