"""Caches values derived from requests, bounded in bytes, least recently used out first.

What was used least recently goes first, of whatever kind it is: documents, what was compiled of
them, questions. So all that a process remembers because of what clients send has one bound.
"""

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Any, NamedTuple

DEFAULT_BYTES = 64 * 2**20

_PART, _LEAST = 4, 2 * 2**20
"""One part of so many, of all that a process remembers, is for requests; so many bytes at least."""


class LruCache:
    """Values by their keys, up to `max_bytes` of all that they are said to take.

    A key begins with the kind of its value. Threads may use it.
    """

    def __init__(self, max_bytes: int = DEFAULT_BYTES) -> None:
        self._max_bytes = max_bytes
        self._values: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._lock = threading.Lock()
        self.size = 0

    def get(self, key: Hashable) -> Any:
        """A value, which is used now; None if there is none."""
        with self._lock:
            found = self._values.get(key)
            if found is None:
                return None
            self._values.move_to_end(key)
            return found[0]

    def keep(self, key: Hashable, value: object, size: int) -> None:
        """Keep a value that takes so many bytes, unless that is more than there may be in all."""
        with self._lock:
            self._remove(key)
            if size > self._max_bytes:
                return
            self._values[key] = value, size
            self.size += size
            while self.size > self._max_bytes:
                self._remove(next(iter(self._values)))

    def forget(self, key: Hashable) -> None:
        """Keep a value no longer."""
        with self._lock:
            self._remove(key)

    def _remove(self, key: Hashable) -> None:
        found = self._values.pop(key, None)
        if found is not None:
            self.size -= found[1]


class Shares(NamedTuple):
    """Bytes for what Twilio said and for what was made of that, and for what requests said."""

    answers: int
    requests: int


def shares(max_bytes: int) -> Shares:
    """The shares of all that a process may remember."""
    requests = max_bytes // _PART
    return Shares(max_bytes - requests, max(_LEAST, requests))
