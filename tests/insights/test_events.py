import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.insights.absence import Absence, Absent
from gateway.insights.catalogue import CallSid
from gateway.insights.decoding import Undecodable
from gateway.insights.events import (
    BrokenEvent,
    Event,
    OtherEvent,
    SummaryEvent,
    read_events,
)
from gateway.insights.rank import head_of
from gateway.insights.snapshot import Snapshot, annotate, snapshot_of, still_predicted
from gateway.instrumentation import FieldDropped, Happening
from tests.event_streams import SUMMARY_TYPE, Json, cloud_event
from tests.insights.payloads import ACCOUNT, CALL, FROM_AN_APP

SID = CallSid(CALL)
NOON = 1_780_000_000.0
KINDS = ("partial", "predicted-complete", "complete")


def read(*events: object) -> list[Event]:
    return list(read_events(json.dumps(events).encode(), NOON))


def read_one(event: object) -> SummaryEvent:
    (one,) = read(event)
    assert isinstance(one, SummaryEvent)
    return one


def pushed(kind: str, state: str, version: int) -> Snapshot:
    data = {"call_sid": CALL, "processing_state": state, "processing_version": version}
    return read_one(cloud_event(kind, data)).snapshot


@pytest.mark.parametrize("as_text", [True, False])
@pytest.mark.parametrize("schema", range(1, 8))
def test_every_schema_is_read_and_data_may_be_an_object_or_a_text(
    schema: int, *, as_text: bool
) -> None:
    """The same summary comes out as from the API, and which schema it had is known."""
    event = read_one(cloud_event("complete", FROM_AN_APP, schema=schema, as_text=as_text))

    assert event.schema == schema
    assert event.kind == "complete"
    assert event.snapshot.via == "event"
    assert event.snapshot.as_of == NOON
    seen = snapshot_of(json.dumps(FROM_AN_APP).encode(), NOON)
    assert event.snapshot.summary == seen.summary
    assert json.loads(event.snapshot.raw) == FROM_AN_APP


@pytest.mark.parametrize("schema", [None, "", "https://events-schemas.twilio.com/Other/3"])
def test_a_schema_that_is_not_said_is_not_known(schema: str | None) -> None:
    """The summary is read all the same."""
    event = read_one({**cloud_event("partial", {"call_sid": CALL}), "dataschema": schema})

    assert event.schema is None
    assert event.snapshot.sid == CALL


def test_a_request_may_hold_one_event_that_is_not_in_an_array() -> None:
    """As a sink without batches has it."""
    body = json.dumps(cloud_event("partial", {"call_sid": CALL})).encode()

    assert [type(event) for event in read_events(b" " + body, NOON)] == [SummaryEvent]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("state", ["partial", "complete", None])
def test_a_summary_is_complete_when_its_data_says_so_whatever_the_type(
    kind: str, state: str | None
) -> None:
    """The type says why an event was sent; what is taken for final must say so itself."""
    data = {"call_sid": CALL, "processing_state": state, "processing_version": 4}
    event = read_one(cloud_event(kind, data))

    assert event.kind == kind
    assert event.snapshot.is_complete == (state == "complete")
    assert event.snapshot.predicted == (kind == "predicted-complete" and state != "complete")


def test_absences_as_events_spell_them_are_absences() -> None:
    """Empty texts, unknown realms and a SIP response that never came are not there."""
    event = read_one(
        cloud_event(
            "partial",
            {
                "call_sid": CALL,
                "account_sid": ACCOUNT,
                "parent_call_sid": "",
                "tags": [],
                "from": {"caller": "+12025550143", "callee": "", "location": None, "sdk": None},
                "properties": {
                    "last_sip_response_num": 0,
                    "disconnected_by": "unknown_disconnected_by",
                    "region": "unknown_realm",
                    "pdd_ms": 0,
                },
            },
        )
    )

    summary = event.snapshot.summary
    assert summary.parent_call_sid is None
    assert summary.from_ is not None
    assert (summary.from_.caller, summary.from_.callee) == ("+12025550143", None)
    assert summary.properties is not None
    assert summary.properties.last_sip_response_num is None
    assert summary.properties.disconnected_by is None
    assert summary.properties.pdd_ms == 0


def test_a_field_of_the_wrong_type_costs_that_field_and_is_heard_of() -> None:
    """As in an answer of the API."""
    heard: list[Happening] = []
    event = cloud_event("partial", {"call_sid": CALL, "duration": "long", "tags": ["silence"]})
    (one,) = read_events(json.dumps([event]).encode(), NOON, heard.append)

    assert isinstance(one, SummaryEvent)
    assert one.snapshot.summary.duration is None
    assert one.snapshot.summary.tags
    assert heard == [FieldDropped("duration")]


@pytest.mark.parametrize(
    "event",
    [
        {"type": "com.twilio.voice.insights.call-event.gateway", "data": {"call_sid": CALL}},
        {"type": f"{SUMMARY_TYPE}revised", "data": {"call_sid": CALL}},
        {"type": SUMMARY_TYPE, "data": None},
        {"type": "", "data": 7, "id": [1]},
    ],
)
def test_an_event_of_another_type_is_no_mistake(event: Json) -> None:
    """A subscription may have more types than this gateway has a use for."""
    assert read(event) == [OtherEvent()]


@pytest.mark.parametrize(
    "broken",
    [
        None,
        7,
        [],
        {},
        {"type": 7},
        {"type": f"{SUMMARY_TYPE}partial"},
        {"type": f"{SUMMARY_TYPE}partial", "data": None},
        {"type": f"{SUMMARY_TYPE}partial", "data": []},
        {"type": f"{SUMMARY_TYPE}partial", "data": "{"},
        {"type": f"{SUMMARY_TYPE}partial", "data": "\ud800"},
        {"type": f"{SUMMARY_TYPE}partial", "data": float("nan")},
        {"type": f"{SUMMARY_TYPE}partial", "data": '"text"'},
        {"type": f"{SUMMARY_TYPE}partial", "data": {}},
        {"type": f"{SUMMARY_TYPE}partial", "data": {"call_sid": None}},
        {"type": f"{SUMMARY_TYPE}partial", "data": {"call_sid": "CA/../../Accounts"}},
        {"type": f"{SUMMARY_TYPE}partial", "data": {"call_sid": f"{CALL}\n"}},
    ],
)
def test_a_broken_event_costs_itself_and_not_its_batch(broken: object) -> None:
    """Those before and after it are read."""
    good = cloud_event("partial", {"call_sid": CALL})

    kinds = [type(event) for event in read(good, broken, good)]
    assert kinds == [SummaryEvent, BrokenEvent, SummaryEvent]


@pytest.mark.parametrize(
    "body", [b"", b"<xml/>", b"[{]", b"[" * 100_000, b'{"type":', b"[] []", b"\xff", b"a=1&b=2"]
)
def test_what_is_not_json_is_refused_at_once(body: bytes) -> None:
    """Before the first event is looked at."""
    with pytest.raises(Undecodable):
        read_events(body, NOON)


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda some: st.lists(some) | st.dictionaries(st.text(), some),
    max_leaves=8,
)
ODD_EVENT = st.fixed_dictionaries(
    {"type": st.sampled_from([f"{SUMMARY_TYPE}{kind}" for kind in KINDS])},
    optional={
        "data": ANY_JSON | st.dictionaries(st.sampled_from(["call_sid", "from", "tags"]), ANY_JSON),
        "dataschema": ANY_JSON,
    },
)


@given(body=st.binary() | st.lists(ODD_EVENT | ANY_JSON).map(json.dumps))
def test_whatever_is_sent_becomes_events_or_is_undecodable(body: bytes | str) -> None:
    """A request can bring nothing else about."""
    try:
        events = list(read_events(body if isinstance(body, bytes) else body.encode(), NOON))
    except Undecodable:
        return
    assert all(isinstance(event, SummaryEvent | OtherEvent | BrokenEvent) for event in events)


def test_a_prediction_ranks_between_its_version_and_the_next() -> None:
    """Nothing takes it back but something newer; what is complete stays above all."""
    ranked: list[Any] = [
        Absent(SID, Absence.NOT_READY, NOON + 60),
        pushed("partial", "partial", 3),
        snapshot_of(pushed("partial", "partial", 3).raw, NOON),
        pushed("predicted-complete", "partial", 3),
        pushed("partial", "partial", 4),
        pushed("complete", "complete", 1),
    ]

    ranks = [head_of(seen) for seen in ranked]
    assert ranks == sorted(set(ranks))


def test_an_event_tells_nothing_of_the_annotation() -> None:
    """It may be hours old: of the same version, what was asked for is the better."""
    event = pushed("complete", "complete", 6)
    asked = snapshot_of(event.raw, NOON - 3600)
    annotated = annotate(event, b'{"call_score": 2}', NOON - 1800)

    assert event.rank < asked.rank < annotated.rank


def test_a_prediction_holds_for_its_version_and_no_longer() -> None:
    """Asking again for the same version does not forget it; a newer version does."""
    predicted = pushed("predicted-complete", "partial", 3)

    def asked(state: str, version: int) -> Snapshot:
        return snapshot_of(pushed("partial", state, version).raw, NOON + 60)

    again = still_predicted(asked("partial", 3), predicted)
    assert isinstance(again, Snapshot)
    assert again.predicted
    assert again.as_of == NOON + 60
    assert again.rank > predicted.rank
    for other in (asked("partial", 4), asked("partial", 2), asked("complete", 3)):
        assert still_predicted(other, predicted) is other
    absent = Absent(SID, Absence.EXPIRED, NOON)
    assert still_predicted(absent, predicted) is absent
    assert still_predicted(asked("partial", 3), absent) == asked("partial", 3)
