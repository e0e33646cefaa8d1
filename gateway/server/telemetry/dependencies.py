"""Keeps the state of each dependency, and logs each change once, with its reason.

`/readyz`, the log and `gateway_dependency_up` are three views of it. Whatever fails says so by a
`DependencyChanged`, as often as it likes.
"""

import logging
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from gateway.instrumentation import DependencyChanged, Listeners
from gateway.server.telemetry.logs import Fields

logger = logging.getLogger("gateway.dependencies")


class _Sentences(NamedTuple):
    """What the log says of a failure and its end."""

    fails: str
    consequence: str
    works: str


_CACHE_WORKS = "The cache server works again"
_SENTENCES: Mapping[tuple[str, str], _Sentences] = {
    ("cache", "failing"): _Sentences(
        "The cache server does not answer",
        "Each process goes on with its own memory, and asks Twilio more often.",
        _CACHE_WORKS,
    ),
    ("cache", "refuses writes"): _Sentences(
        "The cache server refuses writes",
        "It is read as before; each process keeps what is new in its own memory.",
        _CACHE_WORKS,
    ),
    ("upstream", "failing"): _Sentences(
        "Twilio cannot be asked",
        "Clients get older answers, marked as STALE, or errors; `gateway check` names the cure.",
        "Twilio answers again",
    ),
    ("keys", "failing"): _Sentences(
        "The key set at GATEWAY_JWKS_URL cannot be read",
        "Keys that were read before stay good; without any, JSON Web Tokens are refused.",
        "The key set at GATEWAY_JWKS_URL is read again",
    ),
    ("sink", "failing"): _Sentences(
        "The sink of Event Streams accepts nothing",
        "Calls are asked for in intervals.",
        "The sink of Event Streams accepts events again",
    ),
    ("warehouse", "failing"): _Sentences(
        "The warehouse cannot be asked",
        "Searches, statistics and exports fail; all else goes on, and the warehouse catches up.",
        "The warehouse works again",
    ),
    ("task", "failing"): _Sentences(
        "A background task fails",
        "It begins again; the line above has the traceback.",
        "A background task runs again",
    ),
}

_LABELS = {"keys": "JWKS"}
"""What a dependency is called, where not as its kind."""


class _Failure(NamedTuple):
    change: DependencyChanged
    reason: str
    since: float


class _Change(Fields):
    """A change, as a sentence for people, and with fields of its own for machines."""

    def __str__(self) -> str:
        return str(self.fields["message"])


class Dependencies:
    """What fails now, and why. `clock` gives seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures: dict[tuple[str, str], _Failure] = {}

    def listeners(self) -> Listeners:
        """What it hears of."""
        return {DependencyChanged: self._changed}

    def state(self, kind: str, name: str = "") -> str:
        """How one is: `ok`, or how it fails."""
        failure = self._failures.get((kind, name))
        return "ok" if failure is None else failure.change.how

    def reasons(self) -> dict[str, str]:
        """Why each fails that does, by its name."""
        return {_label(one.change): one.reason for one in self._failures.values()}

    def _changed(self, one: DependencyChanged) -> None:
        before = self._failures.get((one.kind, one.name))
        if one.reason is not None:
            since = self._clock() if before is None else before.since
            self._failures[one.kind, one.name] = _Failure(one, one.reason, since)
            if before is None or before.change.how != one.how:
                self._log_failure(one, one.reason)
        elif before is not None:
            del self._failures[one.kind, one.name]
            self._log_recovery(before)

    @staticmethod
    def _log_failure(one: DependencyChanged, reason: str) -> None:
        sentences = _SENTENCES[one.kind, one.how]
        text = f"{_with_name(sentences.fails, one)}: {reason}. {sentences.consequence}"
        logger.warning(_Change(_fields(one, text, reason, up=False)))

    def _log_recovery(self, before: _Failure) -> None:
        one, seconds = before.change, round(self._clock() - before.since, 1)
        works = _with_name(_SENTENCES[one.kind, one.how].works, one)
        text = f"{works}, after {seconds:g} s. What failed was: {before.reason}."
        logger.info(_Change(_fields(one, text, before.reason, up=True) | {"seconds": seconds}))


def _label(one: DependencyChanged) -> str:
    return f"{_LABELS.get(one.kind, one.kind)} {one.name}".rstrip()


def _with_name(sentence: str, one: DependencyChanged) -> str:
    return f"{sentence} ({one.name})" if one.name else sentence


def _fields(one: DependencyChanged, text: str, reason: str, *, up: bool) -> dict[str, Any]:
    return {"message": text, "dependency": _label(one), "up": up, "reason": reason}
