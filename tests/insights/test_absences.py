import json
from typing import Any

import pytest

from gateway.insights.catalogue import Numbered, SipStatus
from gateway.insights.summary import AnsweredBy
from gateway.insights.summary_decoding import decode_summary
from gateway.instrumentation import FieldDropped
from tests.insights.conftest import read
from tests.insights.payloads import CALL
from tests.insights.places import ABSENT, WHOLE, Place, Sort, places, written

SPELLINGS: tuple[object, ...] = (None, "", {}, "unknown", "unknown_realm")
OTHER_WORDS = (
    *("unknown_disconnected_by", "unknown_answered_by", "unknown_connectivity_issue"),
    *("unknown_quality_issue", "unknown_edge"),
)
OPTIONAL = [place for place in places() if place.name != "call_sid"]
NOTHING_INSIDE: tuple[Any, ...] = (
    *({}, {"metrics": None}, {"metrics": {}}, {"metrics": {"inbound": {"jitter": {"avg": None}}}}),
    {"properties": {"media_region": "unknown_realm", "trunk_sid": ""}, "metrics": None},
    {"metrics": {"outbound": {"packet_delay_variation": {}}}},
)


@pytest.mark.parametrize("place", OPTIONAL, ids=lambda place: place.name)
def test_every_spelling_of_not_there_is_null_in_every_place(place: Place) -> None:
    """Absent, null, empty and unknown are one and the same, and nothing is counted as dropped."""
    without, _ = read(written(place.path, ABSENT))

    for spelling in SPELLINGS:
        summary, heard = read(written(place.path, spelling))
        assert summary == without, spelling
        assert not heard, spelling


@pytest.mark.parametrize(
    "place",
    [place for place in OPTIONAL if place.sort is Sort.LIST],
    ids=lambda place: place.name,
)
def test_what_is_not_there_is_no_item_of_a_list(place: Place) -> None:
    """A list holds what was said, and the empty list stays an empty list."""
    empty, _ = read(written(place.path, []))

    assert empty != read(written(place.path, ABSENT))[0]
    for spelling in SPELLINGS:
        summary, heard = read(written(place.path, [spelling]))
        assert summary == empty, spelling
        assert not heard, spelling


@pytest.mark.parametrize("edge", NOTHING_INSIDE, ids=json.dumps)
@pytest.mark.parametrize("indent", [None, 1])
def test_an_object_in_which_nothing_is_there_is_not_there(edge: Any, indent: int | None) -> None:
    """So a call has the edges that say something, however its JSON is laid out."""
    body = json.dumps({"call_sid": CALL, "carrier_edge": edge}, indent=indent)
    summary = decode_summary(body.encode())

    assert summary.carrier_edge is None
    assert read({"call_sid": CALL, "carrier_edge": edge}) == (summary, [])
    assert summary.media_edges == ()


@pytest.mark.parametrize("word", OTHER_WORDS)
def test_every_unknown_word_of_twilios_is_null(word: str) -> None:
    """As a word, as a text and as an item, wherever it turns up."""
    for path in (("answered_by",), ("to", "carrier"), ("annotation", "connectivity_issue")):
        assert read(written(path, word)) == read(written(path, ABSENT))
    assert read(written(("tags",), [word])) == read(written(("tags",), []))


FROM_ONE = [place for place in OPTIONAL if place.kind in {SipStatus, Numbered}]


@pytest.mark.parametrize("place", FROM_ONE, ids=lambda place: place.name)
def test_a_zero_that_nothing_begins_with_never_came(place: Place) -> None:
    """Twilio's sample of an event has 0 for a SIP response and a Q.850 cause that there were not.

    Causes are counted from 1 (ITU-T Q.850, table 1), and so are scores; SIP responses from 100.
    """
    without, _ = read(written(place.path, ABSENT))

    assert read(written(place.path, 0)) == (without, [])
    assert read(written(place.path, 0.0)) == (without, [])
    assert read(written(place.path, -0.0)) == (without, [])
    assert read(written(place.path, 1))[0] != without
    assert read(written(place.path, -1)) == (without, [FieldDropped(place.name)])


def test_what_is_counted_from_one_is_what_is_meant() -> None:
    """Every other zero is a figure: of a call that nobody answered, or packets that none lost."""
    assert {place.path[-1] for place in FROM_ONE} == {
        *("last_sip_response_num", "q850_cause", "score", "call_score")
    }
    for path in (("duration",), ("properties", "pdd_ms"), ("connect_duration",)):
        without, _ = read(written(path, ABSENT))
        assert read(written(path, 0))[0] != without


@pytest.mark.parametrize("party", ["from", "to"])
def test_a_party_in_the_sea_off_africa_is_not_located(party: str) -> None:
    """Twilio's sample of an event has latitude 0.0 and longitude -0.0 for an American caller."""
    path = (party, "location")
    without, _ = read(written(path, ABSENT))

    for lat, lon in ((0.0, -0.0), (0, 0), (-0.0, 0.0)):
        assert read(written(path, {"lat": lat, "lon": lon})) == (without, [])
    for some in ({"lat": 0.0, "lon": -0.1}, {"lat": 5.6, "lon": 0.0}, {"lat": 0.0}):
        assert read(written(path, some))[0] != without


def test_an_answering_machine_detection_that_could_not_tell_is_null() -> None:
    """`unknown` is a word to filter by; in a call it says that there is nothing to say."""
    summary, heard = read({**WHOLE, "answered_by": AnsweredBy.UNKNOWN.value})

    assert summary.answered_by is None
    assert not heard
