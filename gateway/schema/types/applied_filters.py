"""Records which filters Twilio, the gateway or the warehouse applies, to explain a cost.

Personal values are masked for every viewer: explanations end up in tickets and chats.
"""

from collections.abc import Iterable
from enum import Enum

from gateway.config.viewers import Realm
from gateway.field_stats import AppliedFilter, current
from gateway.insights.detail_paging import DetailQuestion
from gateway.insights.filters import FILTERS
from gateway.insights.masking import mask
from gateway.insights.paging import Position, Question
from gateway.insights.windows import Window
from gateway.warehouse.fields import Field

_ROWS = {row.parameter: row for row in FILTERS}


def note_list(realm: Realm, question: Question, start: Window | Position) -> None:
    """Note the filters of a list of calls: Twilio's parameters, and what the viewer may not see."""
    if (stats := current.get()) is None:
        return
    window = start if isinstance(start, Window) else start.page.window
    for parameter, value in window.parameters.items():
        argument = f"filter.{parameter[0].lower()}{parameter[1:]}"
        stats.applied(AppliedFilter(argument, "TWILIO", value, parameter))
    for parameter, value in question.parameters:
        row = _ROWS[parameter]
        shown = mask(value, row.pii)
        stats.applied(AppliedFilter(f"filter.{row.name}", "TWILIO", shown, parameter))
    if realm.subaccounts is not None:
        seen = sorted(realm.subaccounts)
        stats.applied(AppliedFilter("viewer.subaccounts", "GATEWAY", seen))


def note_details(question: DetailQuestion) -> None:
    """Note the filters of metrics or events: Twilio is asked edge by edge, and knows no other."""
    if (stats := current.get()) is None:
        return
    if question.edges is not None:
        stats.applied(AppliedFilter("edges", "TWILIO", _names(question.edges), "Edge"))
    for argument, words in (("directions", question.directions), ("levels", question.levels)):
        if words is not None:
            stats.applied(AppliedFilter(argument, "GATEWAY", _names(words)))


def note_comparison(argument: str, field: Field, value: object) -> None:
    """Note a comparison that the warehouse makes."""
    if (stats := current.get()) is not None:
        shown = None if field.is_personal else _named(value)
        stats.applied(AppliedFilter(argument, "WAREHOUSE", shown))


def _names(words: Iterable[object]) -> list[object]:
    return [_named(word) for word in words]


def _named(value: object) -> object:
    """A value as the graph writes it."""
    if isinstance(value, list | tuple):
        return _names(value)
    return value.name if isinstance(value, Enum) else value
