"""Bounds and cleans operation names of clients, for logs and metrics."""

import re
from collections.abc import Iterable
from functools import lru_cache

MAX_NAMES = 100
"""How many names are labels of metrics, beside those of trusted documents."""

ANONYMOUS = "anonymous"
"""What an operation without a name is called in the log and in metrics."""

OTHER = "other"
"""What names are called once there are too many."""

_LONGEST = 64
_LONG_NUMBER = re.compile(r"\d(?:_*\d){6,}", re.ASCII)


def shown_name(name: str) -> str:
    """A name cut short, and without what may be a phone number."""
    return _shown_once(name) if len(name) <= _LONGEST else _shown(name)


def _shown(name: str) -> str:
    return _LONG_NUMBER.sub("0", name)[:_LONGEST]


_shown_once = lru_cache(maxsize=1024)(_shown)


class Labels:
    """Names as labels of metrics: those that are expected, and those that were met first."""

    def __init__(self) -> None:
        self._expected: set[str] = set()
        self._met: set[str] = set()

    def expect(self, names: Iterable[str]) -> None:
        """Have a label for each of these."""
        self._expected.update(map(shown_name, names))

    def of(self, name: str | None) -> str:
        """The label of a name; OTHER once there are too many, `anonymous` if there is none."""
        if name is None:
            return ANONYMOUS
        if name in self._expected or name in self._met:
            return name
        if len(self._met) == MAX_NAMES:
            return OTHER
        self._met.add(name)
        return name
