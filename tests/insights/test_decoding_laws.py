import contextlib
import json
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.insights.catalogue import CallSid, OpenMap
from gateway.insights.decoding import Undecodable, decode_patiently, decode_plain
from gateway.insights.summary import Summary
from gateway.insights.summary_decoding import decode_summary, whole
from gateway.instrumentation import FieldDropped, ValueUnrecognized
from tests.insights.conftest import read
from tests.insights.places import ABSENT, WHOLE, Place, Sort, places, sort_of, written
from tests.insights.strategies import JSON, clean, objects, untidy

PLACES = list(places())
quick = settings(max_examples=50, deadline=None)


def siblings(place: Place) -> int:
    """How many other fields the same object has."""
    return sum(other.path[:-1] == place.path[:-1] for other in PLACES) - 1


LEAVES = [place for place in PLACES if place.sort is not Sort.OBJECT and place.name != "call_sid"]
CROWDED = [place for place in LEAVES if siblings(place)]


def read_open_map(kind: type, value: object) -> object:
    assert issubclass(kind, OpenMap)
    return kind.from_mapping(value)


STRAIGHT = msgspec.json.Decoder(Summary, dec_hook=read_open_map)


def as_json(plain: object) -> bytes:
    return json.dumps(plain).encode()


def decodes_or_refuses(body: bytes) -> Summary | None:
    """A summary that can be written as JSON again, or Undecodable, and nothing else."""
    with contextlib.suppress(Undecodable):
        summary = whole(decode_summary(body))
        again = json.dumps(msgspec.to_builtins(summary), allow_nan=False, ensure_ascii=False)
        assert again.encode()
        assert msgspec.json.encode(summary)
        return summary
    return None


@quick
@given(clean(Summary))
def test_the_straight_and_the_patient_way_agree(plain: dict[str, Any]) -> None:
    """Where the straight way applies, both ways give the same value and nothing is dropped."""
    heard: list[object] = []
    straight = STRAIGHT.decode(as_json(plain))

    assert decode_patiently(Summary, as_json(plain), heard.append) == straight
    assert decode_summary(as_json(plain), heard.append) == straight
    assert not heard


@quick
@given(objects(Summary, untidy), st.sampled_from([None, 2]))
def test_the_way_that_is_taken_makes_no_difference(
    plain: dict[str, Any], indent: int | None
) -> None:
    """However much of a summary is not there, unknown or laid out for people.

    What is odd about it is told of in both ways, and once.
    """
    body = json.dumps(plain, indent=indent).encode()
    heard, heard_patiently = list[object](), list[object]()

    summary = decode_summary(body, heard.append)
    assert summary == decode_patiently(Summary, body, heard_patiently.append)
    assert sorted(heard, key=repr) == sorted(heard_patiently, key=repr)


@quick
@given(objects(Summary, untidy), st.permutations(Summary.__struct_fields__))
def test_the_order_of_reading_makes_no_difference(
    plain: dict[str, Any], attributes: list[str]
) -> None:
    """An object is decoded when it is first read: to the same value, whatever was read before."""
    body = json.dumps(plain).encode()
    heard, heard_patiently = list[object](), list[object]()
    expected = decode_patiently(Summary, body, heard_patiently.append)
    summary = decode_summary(body, heard.append)

    for attribute in attributes:
        read = getattr(summary, attribute)
        assert read == getattr(expected, attribute)
        assert getattr(summary, attribute) is read
    assert sorted(heard, key=repr) == sorted(heard_patiently, key=repr)


def test_what_nobody_reads_is_not_decoded() -> None:
    """An edge with a field of the wrong type is told of when it is read, and once."""
    heard: list[object] = []
    edge = {"metrics": {"inbound": {"packets_lost": "many", "codec": 8}}}
    summary = decode_summary(as_json({"call_sid": "CA1", "carrier_edge": edge}), heard.append)

    assert not heard
    for _ in range(2):
        assert summary.carrier_edge is not None
    assert heard == [FieldDropped("carrier_edge.metrics.inbound.packets_lost")]


ANYTHING: tuple[object, ...] = (
    *(False, 5, 1.25, 2**70, float("nan")),
    *("said", "\ud800", [[]], {"mood": "fine"}),
)
RIGHT: dict[Sort, tuple[object, ...]] = {
    Sort.TEXT: ("said",),
    Sort.WORD: ("said", "\ud800"),  # words that nobody knows are words
    Sort.MOMENT: (),
    Sort.WHOLE: (5,),
    Sort.NUMBER: (5, 1.25, 2**70),
    Sort.FLAG: (False,),
    Sort.LIST: ([[]],),
    Sort.MAP: ({"mood": "fine"},),
}


def wrong_for(place: Place) -> list[object]:
    """Values that cannot stand in a place, though they say something."""
    right = [repr(value) for value in RIGHT[place.sort]]
    return [value for value in ANYTHING if repr(value) not in right]


@pytest.mark.parametrize("place", LEAVES, ids=lambda place: place.name)
def test_a_field_of_the_wrong_type_costs_that_field_alone(place: Place) -> None:
    """It becomes null and is counted under its name; everything else stays as it was."""
    without, _ = read(written(place.path, ABSENT))

    for wrong in wrong_for(place):
        summary, heard = read(written(place.path, wrong))
        assert summary == without, wrong
        assert heard == [FieldDropped(place.name)], wrong


@pytest.mark.parametrize(
    "place", [place for place in LEAVES if place.sort is Sort.WORD], ids=lambda place: place.name
)
def test_a_word_that_is_not_known_is_unrecognized_in_its_place(place: Place) -> None:
    """It is counted under the name of its field, and everything else stays as it was."""
    summary, heard = read(written(place.path, "telepathy"))
    expected, _ = read(written(place.path, "UNRECOGNIZED"))

    assert summary == expected
    assert heard == [ValueUnrecognized(place.name)]


@quick
@given(st.sampled_from(CROWDED), JSON)
def test_no_value_in_any_field_costs_another_field(place: Place, value: object) -> None:
    """Whatever JSON stands there, the rest reads as before."""
    summary, heard = read(written(place.path, value))
    without, _ = read(written(place.path, ABSENT))

    assert elsewhere(place, summary) == elsewhere(place, without)
    assert {happening.field for happening in heard} <= {place.name}  # type: ignore[attr-defined]


def elsewhere(place: Place, summary: Summary) -> Any:
    """A summary without what stands in a place."""
    everything = holder = msgspec.to_builtins(summary)
    for step in place.path[:-1]:
        holder = holder[step]
    del holder[place.path[-1]]
    return everything


DIGITS = "9" * 5000
HOSTILE = {
    "deep lists": '"x":' + "[" * 100_000 + "]" * 100_000,
    "deep and unfinished": '"x":' + "[" * 100_000,
    "deep objects": '"x":' + '{"a":' * 50_000 + "1" + "}" * 50_000,
    "an integer of 5,000 digits": f'"duration":{DIGITS}',
    "a float of 5,000 digits": f'"from":{{"location":{{"lat":{DIGITS}.5}}}}',
    "more than a float can hold": '"from":{"location":{"lat":1e999}}',
    "not a number": '"from":{"location":{"lat":NaN}},"duration":-Infinity',
    "a lone surrogate": '"url":"\\ud800"',
    "a lone surrogate as a key": '"sdk_edge":{"events":{"levels":{"\\udfff":1}}}',
    "a year 1 east of Greenwich": '"end_time":"0001-01-01T00:00:00+14:00"',
    "spaces without end": '"from":{"caller":null' + " " * 200_000 + "x}",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_json_is_decoded_or_refused(name: str) -> None:
    """Nothing that Twilio could send gets past the door as an exception of another kind."""
    decodes_or_refuses(f'{{"call_sid":"CA1",{HOSTILE[name]}}}'.encode())


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_json_is_plain_json_or_refused(name: str) -> None:
    """What `raw` shows can be written as JSON again, whoever wrote it."""
    with contextlib.suppress(Undecodable):
        assert msgspec.json.encode(decode_plain(f"{{{HOSTILE[name]}}}".encode()))


@pytest.mark.parametrize("value", [7, -7, 2**60, 0.5, "ä", None, True, [], {"a": [1, {}]}])
def test_plain_json_stays_as_it_is_beside_what_is_odd(value: object) -> None:
    """One number that no parser holds costs itself alone."""
    written = f'{{"odd":1e999,"value":{json.dumps(value)}}}'.encode()

    assert decode_plain(written) == {"odd": None, "value": value}


def test_the_last_of_two_equal_keys_counts() -> None:
    """As in every JSON parser that does not refuse them, and whichever way is taken."""
    straight = decodes_or_refuses(b'{"call_sid":"CA1","duration":1,"duration":2}')
    patient = decodes_or_refuses(b'{"call_sid":"CA1","duration":"x","duration":2}')

    assert straight == patient == Summary(call_sid=CallSid("CA1"), duration=2)


@quick
@given(st.binary(max_size=60) | JSON.map(as_json))
def test_any_bytes_are_decoded_or_refused(body: bytes) -> None:
    """A summary or Undecodable: whoever calls the decoder has two cases to think of."""
    decodes_or_refuses(body)


@quick
@given(st.data())
def test_a_damaged_summary_is_decoded_or_refused(data: st.DataObject) -> None:
    """Cut off, or with other bytes in its middle."""
    body = as_json(WHOLE)
    start = data.draw(st.integers(0, len(body)))
    end = data.draw(st.integers(start, len(body)) | st.just(len(body)))

    decodes_or_refuses(body[:start] + data.draw(st.binary(max_size=6)) + body[end:])


@quick
@given(clean(Summary), st.integers(-12, 14))
def test_every_moment_is_utc(plain: dict[str, Any], offset: int) -> None:
    """Whichever way a summary came in, and with whatever offset."""
    written_there = f"2026-03-01T09:15:00{offset:+03d}:00"
    summary, _ = read({**plain, "created_time": written_there})

    moments = (summary.created_time, summary.start_time, summary.end_time)
    assert {moment.utcoffset() for moment in moments if moment} == {timedelta(0)}


def test_every_sort_of_field_is_tried() -> None:
    """The laws above mean something only as long as the catalogue is really walked."""
    assert len(LEAVES) > 200
    assert {sort_of(place.kind) for place in LEAVES} == set(Sort) - {Sort.OBJECT}
