"""Defines the scalars of the schema, and maps Python types to them."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, NewType, TypeVar

import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

from gateway.insights.catalogue import AccountSid, BigInt, CallSid
from gateway.insights.diagnosis.findings import Url
from gateway.insights.sids import call_sid
from gateway.insights.windows import ACCEPTED_BOUND, TimeBound, parse_bound

Json = NewType("Json", object)
"""Any JSON, as it came."""

Representation = NewType("Representation", object)
"""What stands for an entity in another subgraph: the name of its type, and its key."""

Bound = NewType("Bound", timedelta)
"""A TimeBound; the name of a type where its union cannot stand."""

T = TypeVar("T")

_RFC_3339 = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII | re.IGNORECASE
)
_ACCEPTED_MOMENT = "a moment is RFC 3339 with its offset: `2026-11-23T07:30:00Z`"


def _from_text(parse: Callable[[str], T]) -> Callable[[object], T]:
    def parse_value(value: object) -> T:
        try:
            return parse(value if isinstance(value, str) else "")
        except ValueError as error:
            shown = f"{value!r:.64}"
            raise GraphQLError(
                f"{shown} cannot be accepted: {error}.", extensions={"code": "BAD_USER_INPUT"}
            ) from None

    return parse_value


def _output_only(value: object) -> object:
    raise GraphQLError(f"{value!r:.64} cannot be accepted: this type is for answers only.")


def moment_text(moment: datetime) -> str:
    """A moment as answers have it."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _moment(text: str) -> datetime:
    if _RFC_3339.fullmatch(text) is None:
        raise ValueError(_ACCEPTED_MOMENT)
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(_ACCEPTED_MOMENT) from None


def _big(value: object) -> int:
    whole = isinstance(value, float) and value.is_integer()
    if (isinstance(value, int) and not isinstance(value, bool)) or whole:
        number = int(value)  # type: ignore[call-overload]
        if abs(number) < 2**53:
            return number  # type: ignore[no-any-return]
    raise GraphQLError(
        f"{value!r:.64} cannot be accepted: a number is whole, and below 2⁵³.",
        extensions={"code": "BAD_USER_INPUT"},
    )


def _bound(text: str) -> TimeBound:
    return parse_bound(text)


SCALARS: dict[Any, ScalarDefinition] = {
    CallSid: strawberry.scalar(
        name="CallSid",
        description="SID of a call: `CA` and 32 hexadecimal digits.",
        specified_by_url="https://www.twilio.com/docs/glossary/what-is-a-sid",
        serialize=str,
        parse_value=_from_text(call_sid),
    ),
    AccountSid: strawberry.scalar(
        name="AccountSid",
        description="SID of an account or subaccount: `AC` and 32 hexadecimal digits.",
        specified_by_url="https://www.twilio.com/docs/glossary/what-is-a-sid",
        serialize=str,
        parse_value=_from_text(str),
    ),
    BigInt: strawberry.scalar(
        name="BigInt",
        description=(
            "A whole number below 2⁵³, which may pass 2³¹, as a JSON number. A JavaScript `number` "
            "holds it exactly."
        ),
        specified_by_url="https://www.rfc-editor.org/rfc/rfc8259#section-6",
        serialize=int,
        parse_value=_big,
    ),
    datetime: strawberry.scalar(
        name="DateTime",
        description=(
            "A moment, as RFC 3339: `2026-11-23T07:30:00Z`. Answers are in UTC; an argument may "
            "have another offset."
        ),
        specified_by_url="https://scalars.graphql.org/andimarek/date-time.html",
        serialize=moment_text,
        parse_value=_from_text(_moment),
    ),
    Bound: strawberry.scalar(
        name="TimeBound",
        description=(
            f"A bound of a window: {ACCEPTED_BOUND}. A relative bound is pinned at "
            f"the first page, and stays so for its cursors."
        ),
        specified_by_url="https://www.twilio.com/docs/voice/voice-insights/api/call/call-summaries-resource",
        serialize=str,
        parse_value=_from_text(_bound),
    ),
    Json: strawberry.scalar(
        name="JSON",
        description="Any JSON value, as Twilio wrote it.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc8259",
        parse_value=_output_only,
    ),
    Url: strawberry.scalar(
        name="URL",
        description="The absolute address of a page: `https://www.rfc-editor.org/rfc/rfc3261`.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3986",
        serialize=str,
        parse_value=_output_only,
    ),
    Representation: strawberry.scalar(
        name="_Any",
        description="Stands for an entity: an object with `__typename` and the fields of its key.",
        specified_by_url="https://specs.apollo.dev/federation/v2.11",
    ),
}
