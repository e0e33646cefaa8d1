"""Decides by name which background tasks are failing."""

from collections import Counter

from gateway.instrumentation import BackgroundTasksChanged, DependencyChanged, Hook, Listeners


class BackgroundTasks:
    """A listener that tells `hook` when the first of a name fails, and when none does any more."""

    def __init__(self, hook: Hook) -> None:
        self._hook = hook
        self._failing: Counter[str] = Counter()

    def listeners(self) -> Listeners:
        """What it hears of."""
        return {BackgroundTasksChanged: self._changed}

    def states(self) -> dict[str, str]:
        """How each name is that was met."""
        return {name: "failing" if number else "ok" for name, number in self._failing.items()}

    def _changed(self, one: BackgroundTasksChanged) -> None:
        before = self._failing[one.name]
        now = self._failing[one.name] = before + (one.by if one.state == "failing" else 0)
        if (before > 0) != (now > 0):
            self._hook(DependencyChanged("task", one.reason if now else None, one.name))
