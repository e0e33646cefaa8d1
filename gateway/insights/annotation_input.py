"""Checks the input of an annotation, and encodes it as Twilio's form.

Sources: Twilio's OpenAPI document of 2026-04. There only `CallScore` may be null; the words
`unknown_…` take the others away, an empty text a text, and nothing takes `Spam` away.
"""

from collections.abc import Iterator, Mapping

from msgspec import Struct

from gateway.insights.catalogue import Vocabulary, graph_name
from gateway.insights.pii_detection import personal_data

LONGEST_TEXT = 100
"""Characters of a comment or an incident."""

CLEARED_BY = {
    "answered_by": "unknown_answered_by",
    "connectivity_issue": "unknown_connectivity_issue",
    "quality_issues": "unknown_quality_issue",
    "call_score": "",
    "comment": "",
    "incident": "",
}
"""What is written to take a field away."""


class UserErrorCode(Vocabulary):
    """The kind of a mistake in the input.

    The list may grow: treat a code you do not know as any.
    """

    NOTHING_TO_CHANGE = (
        "nothing_to_change",
        "Only `sid` was given. Give at least one field to change.",
    )
    NO_SUCH_CALL = (
        "no_such_call",
        (
            "Twilio has no such call that could be annotated: there is none, it ended more than "
            "30 days ago, or Voice Insights was off. `message` says which, and so does the "
            "`status` of `callLookup`."
        ),
    )
    UNRECOGNIZED_VALUE = (
        "unrecognized_value",
        "`UNRECOGNIZED` was given; it occurs in answers only. Choose another value.",
    )
    OUT_OF_RANGE = "out_of_range", "A number is too small or too large; `message` has the bounds."
    TOO_LONG = "too_long", f"A text has more than {LONGEST_TEXT} characters (Unicode code points)."
    LOOKS_LIKE_PERSONAL_DATA = (
        "looks_like_personal_data",
        (
            "A text seems to hold a phone number, card number or e-mail address, which Twilio "
            "would not protect. Leave it out; a number that is an identifier passes with letters "
            "before it, such as `INC-…`."
        ),
    )
    CANNOT_BE_CLEARED = (
        "cannot_be_cleared",
        "Null was given for what Twilio can change but not take away. Give a value.",
    )


class Mistake(Struct, frozen=True):
    """What is wrong with the field at `path`, and how to mend it; never the value of a text."""

    path: tuple[str, ...]
    code: UserErrorCode
    message: str


class Form(Struct, frozen=True):
    """The parameters to write; none when there are mistakes."""

    parameters: dict[str, str]
    mistakes: tuple[Mistake, ...] = ()


def form_of(changes: Mapping[str, object]) -> Form:
    """What to write for changes to the fields of an annotation; None takes a field away."""
    mistakes = tuple(
        mistake
        for field, value in changes.items()
        for mistake in _mistakes((graph_name(field),), value, clearable=field in CLEARED_BY)
    )
    if not changes:
        message = "Only `sid` was given: give at least one field to change."
        mistakes = (Mistake((), UserErrorCode.NOTHING_TO_CHANGE, message),)
    if mistakes:
        return Form({}, mistakes)
    return Form({_parameter(field): _spelled(field, value) for field, value in changes.items()})


def _mistakes(path: tuple[str, ...], value: object, *, clearable: bool) -> Iterator[Mistake]:
    name = path[0]
    match value:
        case None if not clearable:
            message = f"`{name}` cannot be null: Twilio can change it, but not take it away."
            yield Mistake(path, UserErrorCode.CANNOT_BE_CLEARED, message)
        case list():
            for place, item in enumerate(value):
                yield from _mistakes((*path, str(place)), item, clearable=False)
        case Vocabulary(name="UNRECOGNIZED"):
            accepted = ", ".join(word for word in type(value).__members__ if word != value.name)
            message = f"`UNRECOGNIZED` occurs in answers only. Accepted: {accepted}."
            yield Mistake(path, UserErrorCode.UNRECOGNIZED_VALUE, message)
        case bool() | Vocabulary():
            return
        case int() if not 1 <= value <= 5:  # noqa: PLR2004 - the bounds are in the message
            message = f"`{name}` is a whole number from 1 (bad) to 5 (excellent), or null for none."
            yield Mistake(path, UserErrorCode.OUT_OF_RANGE, message)
        case str() if len(value) > LONGEST_TEXT:
            message = f"`{name}` has {len(value)} characters; Twilio keeps up to {LONGEST_TEXT}."
            yield Mistake(path, UserErrorCode.TOO_LONG, message)
        case str() if kind := personal_data(value):
            message = (
                f"`{name}` holds what looks like {kind}, and Twilio does not protect this text: "
                "leave it out. (An identifier passes with letters before it: `INC-…`.)"
            )
            yield Mistake(path, UserErrorCode.LOOKS_LIKE_PERSONAL_DATA, message)


def _spelled(field: str, value: object) -> str:
    match value:
        case None | []:
            return CLEARED_BY[field]
        case list():
            return ",".join(dict.fromkeys(value))
        case bool():
            return str(value).lower()
        case _:
            return str(value)


def _parameter(field: str) -> str:
    """`call_score` → `CallScore`."""
    return "".join(part.capitalize() for part in field.split("_"))
