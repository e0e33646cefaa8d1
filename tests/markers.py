"""Marks the tests that start processes, so that `pytest -m` can leave them out.

A plugin of pytest. A test is marked by the fixtures that it uses, or by a marker of its own. One
that starts a process without any of them fails.
"""

import sys
from collections.abc import Iterator
from typing import Any

import pytest

MARKS = {
    "redis_of_the_session": "redis",
    "_packages": "node",
    "_clients": "node",
    "browser": "browser",
    "site": "processes",
    "engine": "processes",
}
"""The marker of a test by the fixtures that it uses."""

REAL = frozenset({"redis", "processes", "node", "browser"})
"""The markers of tests that begin processes."""

_STARTS = frozenset({"subprocess.Popen", "os.posix_spawn", "os.fork"})
"""What Python calls the beginning of a process (`sys.addaudithook`)."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test by its fixtures; `pytest -m` chooses by markers."""
    for item in items:
        for fixture in getattr(item, "fixturenames", ()):
            if fixture in MARKS:
                item.add_marker(MARKS[fixture])


def is_real(item: pytest.Item) -> bool:
    """Whether a test may begin processes."""
    return not REAL.isdisjoint(marker.name for marker in item.iter_markers())


_unmarked: list[str] = []
"""The test that runs now, if it may not begin a process."""


def _refuse_processes(event: str, _: Any) -> None:
    """Fail a test that begins a process without a marker that says so."""
    if event in _STARTS and _unmarked:
        pytest.fail(f"{_unmarked[0]} begins a process: mark it with one of {sorted(REAL)}")


sys.addaudithook(_refuse_processes)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Know which test runs, and whether it may begin processes."""
    if not is_real(item):
        _unmarked.append(item.nodeid)
    try:
        return (yield)
    finally:
        _unmarked.clear()
