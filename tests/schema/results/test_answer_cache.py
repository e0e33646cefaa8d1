from collections.abc import Sequence

from gateway.cache.entry import Entry
from gateway.cache.memory_cache import MemoryCache
from gateway.calls.call import Call, FinalReason, Source
from gateway.config.viewers import Realm, Scope, Viewer
from gateway.insights.snapshot import snapshot_of
from gateway.schema.results.answer_cache import Remembered, remembered
from gateway.schema.results.freshness import Told
from tests.conftest import NOON, Clock
from tests.schema.made_calls import ACCOUNT

VIEWER = Viewer("somebody", Realm(ACCOUNT), frozenset(Scope))
SNAPSHOT = snapshot_of(b'{"call_sid":"CA1","processing_state":"complete"}', NOON)


def told_of(entry: Entry | None, refresh_after: float | None = None) -> Told:
    """What an answer tells that is made of one call, fresh for 60 seconds."""
    told = Told()
    final = None if refresh_after else FinalReason.COMPLETE
    told.call(Call(SNAPSHOT, Source.CACHE, refresh_after, NOON + 60, final, entry))
    return told


def told_again(answer: Remembered | None, viewer: Viewer, now: float) -> Sequence[bytes] | None:
    """The pieces of an answer, if it still is the one to this viewer."""
    kept = None if answer is None else answer.answer(viewer, now)
    return None if kept is None else kept.pieces


async def test_an_answer_holds_while_its_entries_are_kept_and_fresh(clock: Clock) -> None:
    """For the viewer it was made for, until the first of what it tells is no answer any more."""
    cache = MemoryCache(max_bytes=10_000, clock=clock)
    await cache.set("call", b"")
    answer = remembered("question", told_of(cache.entry("call")), [b"{}"], VIEWER)
    assert answer is not None
    assert told_again(answer, VIEWER, NOON + 59) == [b"{}"]
    assert answer.answer(VIEWER, NOON + 60) is None
    assert answer.answer(Viewer("other", Realm(ACCOUNT), frozenset(Scope)), NOON) is None

    await cache.set("call", b"")
    assert answer.answer(VIEWER, NOON) is None


async def test_an_answer_takes_the_place_of_the_one_before(clock: Clock) -> None:
    """However often a question is answered anew, it takes the room of one answer."""
    cache = MemoryCache(max_bytes=10_000, clock=clock)
    await cache.set("call", b"")
    told = told_of(cache.entry("call"))
    first = remembered("question", told, [b"first"], VIEWER)
    size = cache.size
    second = remembered("question", told, [b"again"], VIEWER)
    assert cache.size == size
    assert first is not None
    assert told_again(first, VIEWER, NOON) == [b"again"]
    assert second is not None
    assert told_again(second, VIEWER, NOON) == [b"again"]


async def test_what_is_no_entry_or_changes_with_time_is_not_remembered(clock: Clock) -> None:
    """A call that Twilio was just asked for, or that says how long to wait."""
    cache = MemoryCache(max_bytes=10_000, clock=clock)
    await cache.set("call", b"")
    assert remembered("question", told_of(None), [b""], VIEWER) is None
    waiting = told_of(cache.entry("call"), refresh_after=NOON + 30)
    assert remembered("question", waiting, [b""], VIEWER) is None
    assert remembered("question", Told(), [b""], VIEWER) is None
    assert cache.size_of_made == 0


async def test_what_an_answer_was_made_of_is_not_kept_by_it(clock: Clock) -> None:
    """Thousands of answers are known by name; the cache alone is bounded by what it holds."""
    cache = MemoryCache(max_bytes=10_000, clock=clock)
    await cache.set("call", b"")
    answer = remembered("question", told_of(cache.entry("call")), [b"{}"], VIEWER)
    entry = cache.entry("call")
    assert answer is not None
    assert entry is not None
    place = entry.place
    assert place.entry is entry

    await cache.delete("call")
    assert place.entry is None
    assert answer.answer(VIEWER, NOON) is None
