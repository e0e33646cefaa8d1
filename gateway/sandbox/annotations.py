"""Reads the form that annotates a call."""

from collections.abc import Callable, Mapping
from typing import Any

from gateway.sandbox.calls import Json
from gateway.sandbox.errors import bad_parameter

ANSWERED_BY = ("unknown_answered_by", "human", "machine")
CONNECTIVITY = (
    "unknown_connectivity_issue",
    "no_connectivity_issue",
    "invalid_number",
    "caller_id",
    "dropped_call",
    "number_reachability",
)
QUALITY = (
    "unknown_quality_issue",
    "no_quality_issue",
    "low_volume",
    "choppy_robotic",
    "echo",
    "dtmf",
    "latency",
    "owa",
    "static_noise",
)
SCORES = ("1", "2", "3", "4", "5")
LONGEST = 100  # characters of a comment or an incident

BLANK: Json = dict.fromkeys(
    (
        "answered_by",
        "connectivity_issue",
        "quality_issues",
        "spam",
        "call_score",
        "comment",
        "incident",
    )
)


def changes(form: Mapping[str, str]) -> Json:
    """The fields that a form changes, by their names in the JSON; the others stay as they were.

    The names are known ones; raises the 400 for a value that a field cannot have.
    """
    changed: Json = {}
    for name, raw in form.items():
        field, read = FIELDS[name]
        try:
            changed[field] = read(raw)
        except ValueError as wrong:
            raise bad_parameter(name, str(wrong)) from None
    return changed


def _one_of(values: tuple[str, ...]) -> Callable[[str], str]:
    def read(raw: str) -> str:
        if raw not in values:
            raise ValueError(f"not one of {', '.join(values)}")
        return raw

    return read


def _issues(raw: str) -> list[str]:
    return [_one_of(QUALITY)(word) for word in raw.split(",")]


def _truth(raw: str) -> bool:
    return _one_of(("true", "false"))(raw.lower()) == "true"


def _score(raw: str) -> int | None:
    return int(_one_of(SCORES)(raw)) if raw else None


def _words(raw: str) -> str:
    if len(raw) > LONGEST:
        raise ValueError(f"longer than {LONGEST} characters")
    return raw


FIELDS: Mapping[str, tuple[str, Callable[[str], Any]]] = {
    "AnsweredBy": ("answered_by", _one_of(ANSWERED_BY)),
    "ConnectivityIssue": ("connectivity_issue", _one_of(CONNECTIVITY)),
    "QualityIssues": ("quality_issues", _issues),
    "Spam": ("spam", _truth),
    "CallScore": ("call_score", _score),
    "Comment": ("comment", _words),
    "Incident": ("incident", _words),
}
