import json
from typing import Any

import pytest

from gateway.insights.catalogue import SipStatus
from gateway.insights.decoding import decode_summary
from gateway.insights.summary import AnsweredBy
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


def test_a_sip_response_of_zero_never_came() -> None:
    """Event payloads write 0 where there was none; zeros elsewhere are figures."""
    (place,) = (place for place in OPTIONAL if place.kind is SipStatus)
    without, _ = read(written(place.path, ABSENT))

    assert read(written(place.path, 0)) == (without, [])
    assert read(written(place.path, 0.0)) == (without, [])
    assert read(written(("duration",), 0))[0].duration == 0
    assert read(written(("carrier_edge", "properties", "q850_cause"), 0))[0] != without


def test_an_answering_machine_detection_that_could_not_tell_is_null() -> None:
    """`unknown` is a word to filter by; in a call it says that there is nothing to say."""
    summary, heard = read({**WHOLE, "answered_by": AnsweredBy.UNKNOWN.value})

    assert summary.answered_by is None
    assert not heard
