"""Keeps the state of what the gateway depends on, and logs each change: once, with the reason.

`/readyz`, the log and `gateway_dependency_up` are three views of it. Whatever fails says so by a
`DependencyChanged`, as often as it likes.
"""

import logging
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from gateway.instrumentation import DependencyChanged, Listeners
from gateway.logs import Fields

logger = logging.getLogger("gateway.dependencies")


class _Kind(NamedTuple):
    """How a kind of dependency is called, and what its log lines say."""

    label: str
    fails: str
    consequence: str
    works: str


_KINDS: Mapping[str, _Kind] = {
    "cache": _Kind(
        "cache",
        "The cache server does not answer",
        "Each process goes on with its own memory, and asks Twilio more often.",
        "The cache server answers again",
    ),
    "upstream": _Kind(
        "upstream",
        "Twilio cannot be asked",
        "Clients get older answers, marked as STALE, or errors; `gateway check` names the cure.",
        "Twilio answers again",
    ),
    "keys": _Kind(
        "JWKS",
        "The key set at GATEWAY_JWKS_URL cannot be read",
        "Keys that were read before stay good; without any, JSON Web Tokens are refused.",
        "The key set at GATEWAY_JWKS_URL is read again",
    ),
    "sink": _Kind(
        "sink",
        "The sink of Event Streams takes nothing in",
        "Calls are asked for in intervals.",
        "The sink of Event Streams takes events in again",
    ),
    "task": _Kind(
        "task",
        "A background task ended",
        "It is started again.",
        "A background task runs again",
    ),
}


class _Failure(NamedTuple):
    reason: str
    since: float


class _Change(Fields):
    """A change, as a sentence for people, and with fields of its own for machines."""

    def __str__(self) -> str:
        return str(self.fields["message"])


class Dependencies:
    """What fails now, and why. `clock` gives seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._failures: dict[tuple[str, str], _Failure] = {}

    def listeners(self) -> Listeners:
        """What it hears of."""
        return {DependencyChanged: self._changed}

    def fails(self, kind: str, name: str = "") -> bool:
        """Whether one fails now."""
        return (kind, name) in self._failures

    def reasons(self) -> dict[str, str]:
        """Why each fails that does, by its name."""
        return {_label(*one): failure.reason for one, failure in self._failures.items()}

    def _changed(self, one: DependencyChanged) -> None:
        before = self._failures.get((one.kind, one.name))
        if one.reason is not None:
            since = self._clock() if before is None else before.since
            self._failures[one.kind, one.name] = _Failure(one.reason, since)
            if before is None:
                self._log_failure(one, one.reason)
        elif before is not None:
            del self._failures[one.kind, one.name]
            self._log_recovery(one, before)

    @staticmethod
    def _log_failure(one: DependencyChanged, reason: str) -> None:
        kind = _KINDS[one.kind]
        text = f"{_with_name(kind.fails, one.name)}: {reason}. {kind.consequence}"
        logger.warning(_Change(_fields(one, text, reason, up=False)))

    def _log_recovery(self, one: DependencyChanged, before: _Failure) -> None:
        seconds = round(self._clock() - before.since, 1)
        works = _with_name(_KINDS[one.kind].works, one.name)
        text = f"{works}, after {seconds:g} s. What failed was: {before.reason}."
        logger.info(_Change(_fields(one, text, before.reason, up=True) | {"seconds": seconds}))


def _label(kind: str, name: str) -> str:
    return f"{_KINDS[kind].label} {name}".rstrip()


def _with_name(sentence: str, name: str) -> str:
    return f"{sentence} ({name})" if name else sentence


def _fields(one: DependencyChanged, text: str, reason: str, *, up: bool) -> dict[str, Any]:
    return {
        "message": text,
        "dependency": _label(one.kind, one.name),
        "up": up,
        "reason": reason,
    }
