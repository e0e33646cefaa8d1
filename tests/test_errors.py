import inspect
import re

import pytest

from gateway import errors
from gateway.errors import BadUserInput, GatewayError, InvalidCursor, UpstreamError, WrongSettings


def family(root: type[GatewayError]) -> set[type[GatewayError]]:
    """Those of `gateway.errors`, the root included."""
    found = {root}.union(*(family(child) for child in root.__subclasses__()))
    return {error for error in found if error.__module__ == errors.__name__}


CODES = {error.__name__: error.code for error in family(GatewayError)}


def drawn() -> dict[str, tuple[str, bool]]:
    """The tree in the docstring: each class with its code, and whether it is retryable."""
    pattern = r"^[ │├└─]*(\w+)  +([A-Z_]{4,}|\(.*\))( +retryable)?$"
    lines = re.findall(pattern, errors.__doc__ or "", re.MULTILINE)
    return {name: (code, bool(retryable)) for name, code, retryable in lines}


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    """Every class is drawn, with the code that a client sees."""
    assert drawn().keys() == CODES.keys()
    for name, (code, _) in drawn().items():
        assert code == CODES[name] or code.startswith("("), name


def test_what_can_be_asked_again_is_marked_in_the_drawing() -> None:
    """A client decides by `retryable`, and never by the message."""
    for error in family(UpstreamError) - {UpstreamError}:
        assert getattr(error, "retryable") is drawn()[error.__name__][1], error  # noqa: B009


def test_every_error_of_the_upstream_has_a_code_of_its_own() -> None:
    """A closed list: a client can branch on all of them."""
    codes = [error.code for error in family(UpstreamError) - {UpstreamError}]

    assert len(set(codes)) == len(codes)
    assert all(code.startswith("UPSTREAM_") for code in {*codes} - {"DEADLINE_EXCEEDED"})


@pytest.mark.parametrize(
    "error", sorted(family(UpstreamError), key=str), ids=lambda error: error.__name__
)
def test_an_error_of_the_upstream_says_what_a_client_needs(error: type[UpstreamError]) -> None:
    """Whether and when to ask again, and what Twilio's support asks for."""
    raised = error("no answer", twilio_code=20429, request_id="RQ1", retry_after=2.5)

    assert raised.extensions == {
        "code": error.code,
        "twilioCode": 20429,
        "requestId": "RQ1",
        "retryable": error.retryable,
        "retryAfterSeconds": 2.5,
    }
    assert str(raised) == "no answer"


def test_a_bad_argument_is_named_with_what_is_accepted() -> None:
    """In the message for people, and in the extensions for a form."""
    error = BadUserInput("filter.to", "has a value that cannot be asked for", "a number")

    assert str(error) == "`filter.to` has a value that cannot be asked for. Accepted: a number."
    assert error.extensions == {
        "code": "BAD_USER_INPUT",
        "argument": "filter.to",
        "accepted": "a number",
    }


def test_an_invalid_cursor_is_a_bad_argument_with_a_code_of_its_own() -> None:
    """A client that sees it starts again from the first page."""
    error = InvalidCursor("after")

    assert isinstance(error, BadUserInput)
    assert error.extensions["code"] == "INVALID_CURSOR"
    assert error.extensions["argument"] == "after"


def test_wrong_settings_keep_their_mistakes_apart() -> None:
    """One line for each."""
    assert WrongSettings("one", "other").mistakes == ("one", "other")


def test_every_error_is_described() -> None:
    """The reference is written from here."""
    for error in family(GatewayError):
        assert inspect.getdoc(error), error
        assert error.__doc__ is not None
