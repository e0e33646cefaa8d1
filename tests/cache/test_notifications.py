"""Watchers hear of the changes of their key, and leave nothing behind."""

import asyncio
import contextlib

from gateway.cache.notifications import Changes


def test_a_change_wakes_all_who_watch_the_key_and_nobody_else() -> None:
    """Whoever waits is told of its own key alone."""
    changes = Changes()
    with changes.watch("a") as one, changes.watch("a") as other, changes.watch("b") as stranger:
        changes.tell("a")
        assert one.is_set()
        assert other.is_set()
        assert not stranger.is_set()


def test_changes_before_the_watch_are_not_told() -> None:
    """Who begins to watch reads the value itself first."""
    changes = Changes()
    changes.tell("a")
    with changes.watch("a") as changed:
        assert not changed.is_set()


async def test_changes_while_nobody_waits_are_told_as_one() -> None:
    """A slow watcher finds that something changed, and no queue of what."""
    changes = Changes()
    with changes.watch("a") as changed:
        for _ in range(1000):
            changes.tell("a")
        await changed.wait()
        changed.clear()
        assert not changed.is_set()


def test_everybody_is_woken_when_nobody_knows_what_was_missed() -> None:
    """After a lost connection all look again."""
    changes = Changes()
    with changes.watch("a") as one, changes.watch("b") as other:
        changes.tell_all()
        assert one.is_set()
        assert other.is_set()


def test_a_watch_that_is_over_leaves_nothing_behind() -> None:
    """Also when it ended by an error: keys that nobody watches cost nothing."""
    changes = Changes()
    with contextlib.suppress(asyncio.CancelledError), changes.watch("a"), changes.watch("a"):
        assert len(changes) == 1
        raise asyncio.CancelledError
    assert len(changes) == 0
    changes.tell("a")
    assert len(changes) == 0
