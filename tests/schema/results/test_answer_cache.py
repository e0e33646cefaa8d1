"""Whole answers in the cache, by viewer and question. The rules are ours: docs/caching.md."""

from collections.abc import Sequence

import pytest

from gateway.cache.entry import Entry
from gateway.cache.memory_cache import MemoryCache
from gateway.calls.call import Call, FinalReason, Source
from gateway.config.viewers import Realm, Scope, Viewer
from gateway.insights.snapshot import snapshot_of
from gateway.instrumentation import CacheAsked, Happening, OperationExecuted
from gateway.lru import LruCache
from gateway.request_stats import Tally
from gateway.schema.demand_control.budgets import Budgets
from gateway.schema.results.answer_cache import AnswerCache
from gateway.schema.results.freshness import Freshness, Lifetime
from tests.conftest import NOON, Clock
from tests.schema.made_calls import ACCOUNT

VIEWER = Viewer("somebody", Realm(ACCOUNT), frozenset(Scope), budget_per_minute=100)
SNAPSHOT = snapshot_of(b'{"call_sid":"CA1","processing_state":"complete"}', NOON)
COST = 21


def freshness_of(*entries: Entry | None, refresh_after: float | None = None) -> Freshness:
    """What an answer tells that is made of calls, fresh for 60 seconds."""
    freshness = Freshness()
    final = None if refresh_after else FinalReason.COMPLETE
    for entry in entries:
        freshness.call(Call(SNAPSHOT, Source.CACHE, refresh_after, NOON + 60, final, entry))
    return freshness


class Answers:
    """An answer cache, what it told the hook, and what its requests left to be read."""

    def __init__(self, max_bytes: int = 2**20) -> None:
        self.happenings: list[Happening] = []
        self.memory = LruCache(max_bytes)
        self.cache = AnswerCache(self.memory, Budgets(), self.happenings.append)

    def keep(
        self,
        freshness: Freshness,
        pieces: Sequence[bytes],
        question: bytes = b"?",
        viewer: Viewer = VIEWER,
    ) -> bool:
        """Whether an answer is kept."""
        tally = Tally()
        tally.cost, tally.operation = COST, "One"
        return self.cache.keep(question, viewer, pieces, freshness, tally, Lifetime()) is not None

    def pieces(
        self, now: float = NOON, question: bytes = b"?", viewer: Viewer = VIEWER
    ) -> Sequence[bytes] | None:
        """The pieces of an answer; None if it has to be made."""
        found = self.cache.answer(question, viewer, now, Tally())
        return None if found is None else found[0].pieces


@pytest.fixture
async def cache(clock: Clock) -> MemoryCache:
    cache = MemoryCache(max_bytes=10_000, clock=clock)
    await cache.set("call", b"")
    await cache.set("other", b"")
    return cache


@pytest.fixture
def answers() -> Answers:
    return Answers()


async def test_an_answer_holds_while_its_entries_are_kept_and_fresh(
    cache: MemoryCache, answers: Answers
) -> None:
    """For the viewer it was made for, until the first of its parts is stale."""
    assert answers.keep(freshness_of(cache.entry("call"), cache.entry("other")), [b"{}"])
    assert answers.pieces(NOON + 59) == [b"{}"]
    assert answers.pieces(NOON + 60) is None
    assert answers.pieces(question=b"another") is None
    await cache.set("other", b"")
    assert answers.pieces() is None


async def test_viewers_have_answers_of_their_own(cache: MemoryCache, answers: Answers) -> None:
    """Of one question, side by side; a viewer that may do other things now is another one."""
    realm, none = Realm(ACCOUNT), frozenset[Scope]()
    ana, ben = Viewer("ana", realm, none), Viewer("ben", realm, none)
    now_more = Viewer("ana", realm, frozenset(Scope))
    freshness = freshness_of(cache.entry("call"))
    assert answers.keep(freshness, [b"ana"], viewer=ana)
    assert answers.keep(freshness, [b"ben"], viewer=ben)
    assert answers.pieces(viewer=ana) == [b"ana"]
    assert answers.pieces(viewer=ben) == [b"ben"]
    assert answers.pieces(viewer=now_more) is None


async def test_each_answer_is_charged_counted_and_noted(
    cache: MemoryCache, answers: Answers
) -> None:
    """As if it had been made; what the budget does not cover is for the executor to refuse."""
    answers.keep(freshness_of(cache.entry("call")), [b"{}"])
    left = []
    for _ in range(4):
        tally = Tally()
        found = answers.cache.answer(b"?", VIEWER, NOON, tally)
        assert found is not None
        assert (tally.viewer, tally.kind, tally.operation, tally.cost, tally.outcome) == (
            "somebody",
            "query",
            "One",
            COST,
            "ok",
        )
        left.append(found[1] and found[1].remaining)
    assert left == [79, 58, 37, 16]
    assert answers.happenings == [OperationExecuted("remembered"), CacheAsked("summary", "hit")] * 4
    assert answers.pieces(NOON + 19) is None
    assert answers.pieces(NOON + 20) == [b"{}"]


async def test_an_answer_takes_the_place_of_the_one_before(
    cache: MemoryCache, answers: Answers
) -> None:
    """However often a question is answered anew, it takes the room of one answer."""
    freshness = freshness_of(cache.entry("call"))
    answers.keep(freshness, [b"first"])
    sizes = cache.size, answers.memory.size
    answers.keep(freshness, [b"again"])
    assert (cache.size, answers.memory.size) == sizes
    assert answers.pieces() == [b"again"]


async def test_what_is_no_entry_or_changes_with_time_is_not_kept(
    cache: MemoryCache, answers: Answers
) -> None:
    """A call that Twilio was just asked for, or that says how long to wait."""
    assert not answers.keep(freshness_of(None), [b""])
    assert not answers.keep(freshness_of(cache.entry("call"), refresh_after=NOON + 30), [b""])
    assert not answers.keep(Freshness(), [b""])
    assert cache.size_of_derived == 0


async def test_what_an_answer_was_made_of_is_not_kept_by_it(
    cache: MemoryCache, answers: Answers
) -> None:
    """Nor does an answer outlive its entry: `gateway forget` leaves nothing of a call behind."""
    answers.keep(freshness_of(cache.entry("call")), [b"{}"])
    entry = cache.entry("call")
    assert entry is not None
    place = entry.place
    assert place.entry is entry

    await cache.delete("call")
    assert place.entry is None
    assert not entry.size_of_derived
    assert answers.pieces() is None
