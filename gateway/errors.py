"""Defines all errors as one tree; each leaf has the `code` that a client sees.

    GatewayError                        INTERNAL_SERVER_ERROR
    ├── BadUserInput                    BAD_USER_INPUT
    │   └── InvalidCursor               INVALID_CURSOR
    ├── Unauthenticated                 UNAUTHENTICATED
    │   └── KeysUnavailable             UNAUTHENTICATED
    ├── Forbidden                       FORBIDDEN
    ├── TooManyFollowers                QUERY_TOO_COMPLEX
    ├── TooComplex                      QUERY_TOO_COMPLEX
    ├── TooExpensive                    COST_ESTIMATED_TOO_EXPENSIVE
    │   └── BudgetSpent                 COST_ESTIMATED_TOO_EXPENSIVE
    ├── UpstreamError                   (never raised itself)
    │   ├── UpstreamRateLimited         UPSTREAM_RATE_LIMITED       retryable
    │   ├── UpstreamTimeout             UPSTREAM_TIMEOUT            retryable
    │   ├── UpstreamUnavailable         UPSTREAM_UNAVAILABLE        retryable
    │   ├── UpstreamCredentials         UPSTREAM_CREDENTIALS
    │   ├── UpstreamRejected            UPSTREAM_REJECTED
    │   ├── UpstreamInvalidResponse     UPSTREAM_INVALID_RESPONSE   retryable
    │   └── DeadlineExceeded            DEADLINE_EXCEEDED           retryable
    ├── WarehouseError                  (never raised itself)
    │   ├── WarehouseDisabled           WAREHOUSE_DISABLED
    │   ├── WarehouseUnavailable        WAREHOUSE_UNAVAILABLE
    │   └── WarehouseBusy               WAREHOUSE_BUSY
    └── WrongSettings                   (at start only: one line per mistake, exit status 2)

Messages reach clients as they are: they hold no upstream body, no URL, no credential and
no phone number.
"""

from collections.abc import Mapping
from typing import Any, ClassVar


class GatewayError(Exception):
    """The root; on its own it means a fault of the gateway, and its message stays inside."""

    code: ClassVar[str] = "INTERNAL_SERVER_ERROR"
    cursors: dict[str, str] | None = None
    """For a walk that ended early to go on from: `endCursor`, or `startCursor` back."""

    shown: ClassVar[Mapping[str, str]] = {}
    """Further fields of `extensions`: the attribute of each."""

    @property
    def extensions(self) -> dict[str, object]:
        """What goes into `errors[].extensions`, beside the message."""
        shown = {name: getattr(self, attribute) for name, attribute in self.shown.items()}
        return {"code": self.code, **shown, **(self.cursors or {})}


class BadUserInput(GatewayError):
    """An argument that cannot be asked for.

    `argument` is its path as the caller wrote it (`filter.startTime`), `accepted` says in words
    what would do. The value itself is repeated only where it cannot be personal data.
    """

    code = "BAD_USER_INPUT"
    shown: ClassVar = {"argument": "argument", "accepted": "accepted"}

    def __init__(self, argument: str, problem: str, accepted: str) -> None:
        super().__init__(f"`{argument}` {problem}. Accepted: {accepted}.")
        self.argument = argument
        self.accepted = accepted


class InvalidCursor(BadUserInput):
    """A cursor that this gateway did not make for this account, filter and order.

    `same` names the arguments that are part of it.
    """

    code = "INVALID_CURSOR"

    def __init__(self, argument: str, same: str = "`filter` and `sortBy`") -> None:
        super().__init__(
            argument,
            "is not a cursor of this list: it was altered, or it belongs to another filter, "
            "order or account",
            f"a `cursor`, `startCursor` or `endCursor` of a page with the same {same}, or none, "
            "to start again",
        )


class Unauthenticated(GatewayError):
    """Nobody whom the gateway knows: HTTP 401."""

    code = "UNAUTHENTICATED"


class KeysUnavailable(Unauthenticated):
    """A token that cannot be verified now: the keys of its issuer were never read."""

    def __init__(self) -> None:
        super().__init__("Tokens cannot be verified at the moment: try again later.")


class Forbidden(GatewayError):
    """Somebody whom the gateway knows, and who may not do that."""

    code = "FORBIDDEN"


class TooManyFollowers(GatewayError):
    """Somebody has, or all together have, as many followers as there may be: `bound` tells it."""

    code = "QUERY_TOO_COMPLEX"

    def __init__(self, bound: str) -> None:
        super().__init__(
            f"{bound}: ask for the call with `callLookup` and without `waitFor`, or try again "
            "later."
        )


class TooComplex(GatewayError):
    """A request is too large: `what` there is too much of in `part`, and the cure in words."""

    code = "QUERY_TOO_COMPLEX"
    shown: ClassVar = {"number": "number", "limit": "limit"}

    def __init__(self, what: str, number: int, limit: int, cure: str) -> None:
        super().__init__(f"The request has {number:,} {what}, and may have {limit:,}: {cure}.")
        self.number = number
        self.limit = limit


class TooExpensive(GatewayError):
    """A request would cost more than it may; `cure` says in words what to ask instead."""

    code = "COST_ESTIMATED_TOO_EXPENSIVE"
    shown: ClassVar = {"cost": "cost", "limit": "limit"}

    def __init__(self, cost: int, limit: int, cure: str) -> None:
        super().__init__(f"This could cost {cost:,}, and may cost {limit:,}: {cure}.")
        self.cost = cost
        self.limit = limit


class BudgetSpent(TooExpensive):
    """The viewer has not enough left for this minute: HTTP 429."""

    shown: ClassVar = {**TooExpensive.shown, "retryAfterSeconds": "retry_after"}

    def __init__(self, cost: int, remaining: int, limit: int, retry_after: int) -> None:
        super().__init__(
            cost,
            remaining,
            f"that is what is left of the {limit:,} of this minute; ask again in {retry_after} "
            "seconds, or for less",
        )
        self.retry_after = retry_after


class UpstreamError(GatewayError):
    """Twilio did not answer the question.

    `twilio_code` is Twilio's error code, `request_id` its `Twilio-Request-Id` (what its support
    asks for), `retry_after` seconds when Twilio named them. `uncertain` says that it was a write,
    of which nobody knows whether it was done: then it is not retryable.
    """

    retryable: ClassVar[bool] = False
    shown: ClassVar = {
        "twilioCode": "twilio_code",
        "requestId": "request_id",
        "retryable": "is_retryable",
        "retryAfterSeconds": "retry_after",
    }

    def __init__(
        self,
        message: str,
        *,
        twilio_code: int | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
        uncertain: bool = False,
    ) -> None:
        super().__init__(message)
        self.twilio_code = twilio_code
        self.request_id = request_id
        self.retry_after = retry_after
        self.uncertain = uncertain

    @property
    def is_retryable(self) -> bool:
        """Whether a client may ask again."""
        return self.retryable and not self.uncertain


class UpstreamRateLimited(UpstreamError):
    """HTTP 429, or too many wait for Twilio here: never processed, so always safe to ask again."""

    code = "UPSTREAM_RATE_LIMITED"
    retryable = True


class UpstreamTimeout(UpstreamError):
    """No answer within `GATEWAY_UPSTREAM_TIMEOUT`."""

    code = "UPSTREAM_TIMEOUT"
    retryable = True


class UpstreamUnavailable(UpstreamError):
    """No connection, HTTP 5xx, or so much of these of late that Twilio is not asked for now."""

    code = "UPSTREAM_UNAVAILABLE"
    retryable = True


class UpstreamCredentials(UpstreamError):
    """HTTP 401 or 403 (20003, 17000): the gateway's credentials are wrong or too weak."""

    code = "UPSTREAM_CREDENTIALS"


class UpstreamRejected(UpstreamError):
    """Any other HTTP 4xx (17400 above all): Twilio refused the question itself."""

    code = "UPSTREAM_REJECTED"


class UpstreamInvalidResponse(UpstreamError):
    """An answer that is cut off, not JSON, of another shape, too large, or for another call."""

    code = "UPSTREAM_INVALID_RESPONSE"
    retryable = True


class DeadlineExceeded(UpstreamError):
    """No answer within `GATEWAY_DEADLINE`, whatever was tried."""

    code = "DEADLINE_EXCEEDED"
    retryable = True

    def __init__(
        self,
        message: str = "Twilio gave no answer in the time that this gateway gives a request.",
        **details: Any,
    ) -> None:
        super().__init__(message, **details)


class WarehouseError(GatewayError):
    """The warehouse did not answer the question."""


class WarehouseDisabled(WarehouseError):
    """There is no warehouse."""

    code = "WAREHOUSE_DISABLED"

    def __init__(self) -> None:
        super().__init__("This needs a warehouse: its operator sets `GATEWAY_WAREHOUSE_URL`.")


class WarehouseUnavailable(WarehouseError):
    """The engine cannot be opened, reached, read or written; `problem` says which."""

    code = "WAREHOUSE_UNAVAILABLE"

    def __init__(self, problem: str = "cannot be asked now") -> None:
        self.problem = f"The warehouse {problem}."
        super().__init__(f"{self.problem} Ask again in a while.")


class WarehouseBusy(WarehouseError):
    """As many queries run, and wait, as may."""

    code = "WAREHOUSE_BUSY"
    shown: ClassVar = {"retryAfterSeconds": "retry_after"}
    retry_after = 1

    def __init__(self) -> None:
        super().__init__("The warehouse has as many questions as it can answer: ask again soon.")


class WrongSettings(GatewayError):
    """The settings do not hold together; `mistakes` has one line for each, with its cure."""

    def __init__(self, *mistakes: str) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes
