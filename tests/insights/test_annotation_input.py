from typing import get_type_hints

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.insights.annotation import (
    Annotation,
    AnnotationAnsweredBy,
    ConnectivityIssue,
    QualityIssue,
)
from gateway.insights.annotation_input import CLEARED_BY, Form, UserErrorCode, form_of
from gateway.insights.decoding import decode_annotation

FIELDS = tuple(get_type_hints(Annotation))
PHONE = "+14155550100"


@pytest.mark.parametrize(
    ("field", "value", "parameters"),
    [
        ("answered_by", AnnotationAnsweredBy.HUMAN, {"AnsweredBy": "human"}),
        (
            "connectivity_issue",
            ConnectivityIssue.DROPPED_CALL,
            {"ConnectivityIssue": "dropped_call"},
        ),
        (
            "quality_issues",
            [QualityIssue.OWA, QualityIssue.ECHO, QualityIssue.OWA],
            {"QualityIssues": "owa,echo"},
        ),
        ("spam", True, {"Spam": "true"}),
        ("spam", False, {"Spam": "false"}),
        ("call_score", 5, {"CallScore": "5"}),
        ("comment", "crackles & hisses", {"Comment": "crackles & hisses"}),
        ("incident", "INC-20261123", {"Incident": "INC-20261123"}),
    ],
)
def test_a_field_is_spelled_as_twilio_wants_it(
    field: str, value: object, parameters: dict[str, str]
) -> None:
    """Its parameter and its word; several words as one text, each once."""
    assert form_of({field: value}) == Form(parameters)


def test_only_what_is_given_is_written() -> None:
    """A field that is left out has no parameter, so Twilio leaves it alone."""
    assert form_of({"spam": False, "call_score": 1}).parameters == {
        "Spam": "false",
        "CallScore": "1",
    }


@pytest.mark.parametrize("field", sorted(CLEARED_BY))
def test_null_writes_the_word_that_takes_a_field_away(field: str) -> None:
    """And what it writes is read as nothing again."""
    (spelled,) = form_of({field: None}).parameters.values()
    assert spelled == CLEARED_BY[field]
    stored = [spelled] if field == "quality_issues" else spelled or None
    read = getattr(decode_annotation(msgspec.json.encode({field: stored})), field)
    assert not read


def test_an_empty_list_and_an_empty_text_take_away_as_null_does() -> None:
    """There is one way to have no issues and no remark."""
    emptied = form_of({"quality_issues": [], "comment": "", "incident": ""})
    assert emptied == form_of({"quality_issues": None, "comment": None, "incident": None})


def test_spam_alone_cannot_be_taken_away() -> None:
    """Twilio has no value for "nobody knows whether it was spam"."""
    (mistake,) = form_of({"spam": None}).mistakes
    assert (mistake.path, mistake.code) == (("spam",), UserErrorCode.CANNOT_BE_CLEARED)
    assert set(FIELDS) - set(CLEARED_BY) == {"spam"}


@pytest.mark.parametrize(
    ("field", "value", "path", "code"),
    [
        ("call_score", 0, ("callScore",), UserErrorCode.OUT_OF_RANGE),
        ("call_score", 6, ("callScore",), UserErrorCode.OUT_OF_RANGE),
        ("comment", "x" * 101, ("comment",), UserErrorCode.TOO_LONG),
        ("incident", "ß" * 101, ("incident",), UserErrorCode.TOO_LONG),
        ("comment", PHONE, ("comment",), UserErrorCode.LOOKS_LIKE_PERSONAL_DATA),
        ("incident", PHONE, ("incident",), UserErrorCode.LOOKS_LIKE_PERSONAL_DATA),
        (
            "answered_by",
            AnnotationAnsweredBy.UNRECOGNIZED,
            ("answeredBy",),
            UserErrorCode.UNRECOGNIZED_VALUE,
        ),
        (
            "quality_issues",
            [QualityIssue.ECHO, QualityIssue.UNRECOGNIZED],
            ("qualityIssues", "1"),
            UserErrorCode.UNRECOGNIZED_VALUE,
        ),
    ],
)
def test_a_mistake_says_where_it_is(
    field: str, value: object, path: tuple[str, ...], code: UserErrorCode
) -> None:
    """The way to the value in the graph's own names, a code, and nothing to write."""
    form = form_of({field: value})
    assert [(mistake.path, mistake.code) for mistake in form.mistakes] == [(path, code)]
    assert form.parameters == {}


def test_nothing_to_change_is_a_mistake_of_the_whole_input() -> None:
    """An empty form would change nothing, and say that it did."""
    (mistake,) = form_of({}).mistakes
    assert (mistake.path, mistake.code) == ((), UserErrorCode.NOTHING_TO_CHANGE)


def test_all_mistakes_are_told_together() -> None:
    """Who fills in a form mends it once."""
    wrong = {"spam": None, "call_score": 9, "comment": "x" * 101, "incident": PHONE}
    assert [mistake.path for mistake in form_of(wrong).mistakes] == [
        ("spam",),
        ("callScore",),
        ("comment",),
        ("incident",),
    ]


@pytest.mark.parametrize("length", [1, 100])
def test_a_hundred_characters_are_not_too_many(length: int) -> None:
    """They are counted as Unicode does, not as bytes."""
    assert not form_of({"comment": "ß" * length}).mistakes


@given(st.integers(-(2**31), 2**31 - 1))
def test_a_score_is_one_of_five(score: int) -> None:
    """1 to 5 are written, all else is refused."""
    form = form_of({"call_score": score})
    assert bool(form.mistakes) is (score not in range(1, 6))


@given(st.text(max_size=88))
def test_a_message_never_repeats_the_text(text: str) -> None:
    """Messages are shown and logged, and what was refused may be personal."""
    assert form_of({"comment": f"{PHONE} {text}"}) == form_of({"comment": PHONE})
