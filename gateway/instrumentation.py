"""Defines the events of instrumentation, as frozen values, and the hook that receives them.

Metrics, logs and tests are listeners; nothing below the server knows which of them listen.
Details never hold personal data: names of fields, codes and durations, no values.
"""

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, Literal, TypeAlias

from msgspec import Struct


class Happening(Struct, frozen=True):
    """What happens, of one kind for each subclass."""


class Outcome(Enum):
    """How a request to Twilio went, for those who do not care what it was about."""

    ANSWERED = "answered"
    RATE_LIMITED = "rate_limited"
    REFUSED = "refused"
    FAILED = "failed"


CacheKind: TypeAlias = Literal["summary", "page", "details"]
"""What a cache keeps: summaries, pages of lists, and pages of metrics and events."""


class UpstreamAnswered(Happening, frozen=True):
    """One HTTP request to Twilio is over. `status` is 0 when no answer came.

    `attempt` is 1 for the first one at a question, and more for a retry. `outcome` is None when
    the request was cancelled. `reason` says in words why it was refused or failed.
    """

    account: str
    resource: Literal["Summary", "Summaries", "Annotation", "Metrics", "Events", "Settings"]
    status: int
    seconds: float
    request_id: str | None
    attempt: int = 1
    outcome: Outcome | None = Outcome.ANSWERED
    reason: str | None = None


class CircuitChanged(Happening, frozen=True):
    """The circuit breaker of an account opened, sent a probe, or closed again."""

    account: str
    state: Literal["closed", "open", "half_open"]


class ConcurrencyChanged(Happening, frozen=True):
    """So many requests of an account may be under way at Twilio from now on."""

    account: str
    limit: int


class Shed(Happening, frozen=True):
    """There was too much to do: a question was turned away, in line for Twilio or at the door.

    There, because this process has too many of them, or its viewer; or connections, too many too.
    """

    where: Literal["upstream", "server", "viewer", "connections"]


class DeadlineMissed(Happening, frozen=True):
    """Somebody waited for Twilio until it was too late."""

    kind: CacheKind


class CacheAsked(Happening, frozen=True):
    """A cache was asked for one entry."""

    kind: CacheKind
    outcome: Literal["hit", "miss", "stale"]


class TierAsked(Happening, frozen=True):
    """One tier of the cache was asked for some entries, in one question.

    `seconds` is how long that took; the near one takes no time worth telling.
    """

    tier: Literal["near", "far"]
    hits: int
    misses: int
    seconds: float = 0.0


class DependencyChanged(Happening, frozen=True):
    """Something that the gateway depends on fails, for a `reason`; or works, with None.

    `kind` says what it is and `name` which of several: an account, a background task. `how` says
    how it fails. It may be said again. A reason is for operators, without secrets and personal
    data.
    """

    kind: Literal["cache", "upstream", "keys", "sink", "task", "warehouse"]
    reason: str | None
    name: str = ""
    how: Literal["failing", "refuses writes"] = "failing"


class Coalesced(Happening, frozen=True):
    """Somebody asked for what is being fetched already, and waits for that."""

    kind: CacheKind


class FollowersChanged(Happening, frozen=True):
    """Somebody began (+1) or ceased (-1) to follow a call."""

    by: Literal[1, -1]


WebhookOutcome: TypeAlias = Literal[
    "accepted", "unsigned", "forged", "too_large", "not_json", "cut_off"
]


class WebhookAnswered(Happening, frozen=True):
    """A request came to the Event Streams sink; all but `accepted` changed nothing."""

    outcome: WebhookOutcome


class EventReceived(Happening, frozen=True):
    """An event was pushed: `known` ones are repeated, or older than what is known already.

    `schema` is the version of its form, `after_end` how many seconds ago the call ended.
    """

    kind: Literal["partial", "predicted-complete", "complete", "other"]
    outcome: Literal["kept", "known", "ignored", "broken"]
    schema: int | None = None
    after_end: float | None = None


class SummaryProgressed(Happening, frozen=True):
    """Twilio was asked again, and a call had got its first partial or its complete summary.

    `after_end` is how many seconds before that the call had ended. `had_summary` says whether a
    summary was known already.
    """

    state: Literal["partial", "complete"]
    after_end: float
    had_summary: bool


OperationKind: TypeAlias = Literal["query", "mutation", "subscription"]
OperationOutcome: TypeAlias = Literal["ok", "partial", "failed", "refused", "abandoned"]


class OperationAnswered(Happening, frozen=True):
    """An operation is over. `name` is the client's own, None for one without.

    It is `partial` with errors beside data, `failed` with errors alone, `refused` if it was not
    executed, and `abandoned` if its client left before; then `kind` may be None, for nobody knows.
    `codes` are those of its errors. `client` has the name and version of the program that sent it,
    and `usage` the `coordinates` that it uses of the schema; None where that is not known.
    """

    kind: OperationKind | None
    name: str | None
    outcome: OperationOutcome
    codes: tuple[str, ...]
    seconds: float
    client: Any = None
    usage: Any = None


class RequestAnswered(Happening, frozen=True):
    """An HTTP request is over. `route` is the pattern of its path, None if there is none."""

    route: str | None
    status: int


class BackgroundTasksChanged(Happening, frozen=True):
    """One more (+1) or one less (-1) of the tasks with this name runs, or fails.

    A task fails from its first failure until it has run for a while; it runs all the time. `name`
    is one of a few. `reason` is the kind of error that a task began to fail with.
    """

    name: str
    state: Literal["running", "failing"]
    by: Literal[1, -1]
    reason: str = ""


class BackgroundTaskFailed(Happening, frozen=True):
    """A task with this name failed, and begins again after a pause."""

    name: str


class LoopLagged(Happening, frozen=True):
    """The event loop was looked at: `seconds` is how late it came to that."""

    seconds: float


class ProcessMeasured(Happening, frozen=True):
    """What this process holds: bytes of memory, open files and sockets, tasks of its loop."""

    memory: int
    open_files: int
    tasks: int


class LogLinesDropped(Happening, frozen=True):
    """So many more lines of log were dropped, as standard error was read too slowly."""

    number: int


class OperationExecuted(Happening, frozen=True):
    """A query or mutation was executed: compiled, interpreted by graphql-core, or remembered.

    It is abandoned when it was compiled, and graphql-core had to tell what is wrong with a value.
    """

    how: Literal["compiled", "interpreted", "abandoned", "remembered"]


class FieldDropped(Happening, frozen=True):
    """A field of a summary had a type that it should not have, and became null."""

    field: str


class ValueUnrecognized(Happening, frozen=True):
    """A field of a summary had a value that this version of the gateway does not know."""

    field: str


class KeyUnknown(Happening, frozen=True):
    """A summary had a key that this version of the gateway does not know; `field` is its path."""

    field: str


Hook: TypeAlias = Callable[[Happening], None]


def silent(_: Happening) -> None:
    """Hear nothing: the hook of those who do not watch."""


Listeners: TypeAlias = Mapping[type, Callable[[Any], None]]
"""Who hears of which kind of happening."""
