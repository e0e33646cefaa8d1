"""Notifies subscribers in this process of cache keys whose values were replaced."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager


class Changes:
    """Wakes the watchers of a key; the tier that replicas share tells it of their writes too."""

    def __init__(self) -> None:
        self._watchers: defaultdict[str, set[asyncio.Event]] = defaultdict(set)

    def __len__(self) -> int:
        """How many keys are watched."""
        return len(self._watchers)

    @contextmanager
    def watch(self, key: str) -> Iterator[asyncio.Event]:
        """An event that is set at each change of `key`; whoever waits for it clears it."""
        event = asyncio.Event()
        self._watchers[key].add(event)
        try:
            yield event
        finally:
            self._watchers[key].discard(event)
            if not self._watchers[key]:
                del self._watchers[key]

    def tell(self, key: str) -> None:
        """Wake who watches `key`."""
        for event in self._watchers.get(key, ()):
            event.set()

    def tell_all(self) -> None:
        """Wake everybody: nobody knows what was missed."""
        for events in self._watchers.values():
            for event in events:
                event.set()
