"""Orders the tests, and shares them out among the workers of pytest-xdist: a plugin of pytest."""

import gc
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import WorkStealingScheduling

from tests.markers import is_real

ROOT = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the tests that wait for processes of theirs, so that no long one is the last.

    Tests of the warehouse's own engine come at the end. A process has one folder open at a time
    (chDB). They share one engine to the end of the session; a gateway of another test closes its
    own, which is why that test comes before all.
    """
    items.sort(key=lambda item: _place(item, getattr(item, "fixturenames", ())))


def _place(item: pytest.Item, fixtures: Collection[str]) -> int:
    if item.path.name == "test_a_month_in_the_warehouse.py":
        return 0
    if "engine" in fixtures or "warehouse" in item.path.relative_to(ROOT).parts:
        return 3
    return 1 if is_real(item) else 2


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> WorkStealingScheduling:
    """Let a worker without tests take over half of another's: they differ much in length."""
    return WorkStealingScheduling(config, log)


def pytest_collection_finish() -> None:
    """Leave the thousands of tests out of each garbage collection: they stay to the end."""
    gc.collect()
    gc.freeze()
