from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.cache.encoding import PageIndex
from gateway.cache.memory_cache import MemoryCache
from gateway.cache.policy import Freshness
from gateway.cache.store import Store, call_key, page_key
from gateway.insights.absence import Absence, Absent
from gateway.insights.catalogue import CallSid
from gateway.insights.paging import PageRef, Question
from gateway.insights.rank import HEAD_LENGTH, head_of
from gateway.insights.snapshot import Snapshot, snapshot_of
from gateway.insights.windows import Window
from tests.cache.conftest import ACCOUNT, SID, seen
from tests.conftest import NOON, Clock

OTHER_ACCOUNT = "AC" + "5b" * 16
NUMBER = "+12025550143"
QUESTION = Question(ACCOUNT, (("From", NUMBER),), "end_time", ("4h", ""))
FIRST = PageRef(Window(0, 14_400), 25)
INDEX = PageIndex(NOON, (SID,), PageRef(FIRST.window, 25, 1, "PTx"), None)


class Watched(MemoryCache):
    """A memory cache that keeps the keys it was asked for or given."""

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__(max_bytes=100_000, clock=clock)
        self.keys: list[str] = []

    def peek(self, key: str) -> bytes | None:
        self.keys.append(key)
        return super().peek(key)


@pytest.fixture
def backend(clock: Clock) -> Watched:
    return Watched(clock)


@pytest.fixture
def store(backend: Watched, clock: Clock) -> Store:
    return Store(backend, Freshness(), clock)


async def test_what_was_seen_of_a_call_is_read_back_as_it_was(store: Store) -> None:
    """Value, bytes, moment and door; or the reason why there was nothing."""
    summary = seen(processing_state="complete", tags=["silence"])
    absent = Absent(CallSid("CA" + "1e" * 16), Absence.EXPIRED, NOON)

    assert await store.keep(ACCOUNT, [summary, absent]) == [summary, absent]
    assert await store.seen(ACCOUNT, SID) == summary
    assert await store.seen(ACCOUNT, absent.sid) == absent
    assert await store.seen_many(ACCOUNT, [absent.sid, CallSid("CA0"), SID]) == [
        absent,
        None,
        summary,
    ]


async def test_of_two_sightings_the_better_one_wins_and_is_given_back(store: Store) -> None:
    """Whoever brings the worse one is told what is known already."""
    better = seen(processing_state="partial", processing_version=5)
    worse = seen(NOON + 60, processing_state="partial", processing_version=4)
    await store.keep(ACCOUNT, [better])

    assert await store.keep(ACCOUNT, [worse]) == [better]
    assert await store.seen(ACCOUNT, SID) == better


async def test_what_was_made_of_a_summary_stays_while_it_is_seen_again(store: Store) -> None:
    """In the same bytes, it is the same value; what was made of another, or of a moment, goes."""
    first = seen(processing_state="complete")
    again = snapshot_of(first.raw, NOON + 60, cached=first)
    other = seen(NOON + 120, processing_state="complete", duration=7)
    await store.keep(ACCOUNT, [first])
    entry = store.keeper(ACCOUNT, first)
    assert entry is not None
    entry.keep("json", first.summary, b"{}", 2)
    entry.keep("age", first, b"0", 1)

    await store.keep(ACCOUNT, [again])
    newer = store.keeper(ACCOUNT, again)
    assert newer is not None
    assert store.keeper(ACCOUNT, first) is None
    assert store.at_hand(ACCOUNT, SID) is again
    assert newer.derived("json", first.summary) == b"{}"
    assert newer.derived("age", again) is newer.derived("age", first) is None

    await store.keep(ACCOUNT, [other])
    assert store.at_hand(ACCOUNT, SID) is other
    newest = store.keeper(ACCOUNT, other)
    assert newest is not None
    assert newest.all_derived(first.summary) == []


async def test_what_only_looks_does_not_count_as_being_of_use(
    store: Store, backend: Watched
) -> None:
    """To see whether a summary is known already; nobody is answered with it."""
    await store.keep(ACCOUNT, [seen()])
    backend.keys.clear()
    assert store.at_hand(ACCOUNT, SID) is not None
    assert store.at_hand(ACCOUNT, CallSid("CA" + "1e" * 16)) is None
    assert backend.keys == []


async def test_an_account_finds_nothing_of_another(store: Store, backend: Watched) -> None:
    """The account is the first part of every key, of calls and of pages."""
    await store.keep(ACCOUNT, [seen(processing_state="complete")])
    await store.keep_page(ACCOUNT, QUESTION, FIRST, INDEX)

    assert await store.seen(OTHER_ACCOUNT, SID) is None
    assert await store.page(OTHER_ACCOUNT, QUESTION, FIRST) is None
    assert backend.keys
    assert all(key.startswith((f"{ACCOUNT}:", f"{OTHER_ACCOUNT}:")) for key in backend.keys)


async def test_no_key_holds_what_was_filtered_by(store: Store, backend: Watched) -> None:
    """Keys of a shared cache are seen by whoever operates it; phone numbers must not be."""
    await store.keep_page(ACCOUNT, QUESTION, FIRST, INDEX)
    await store.page(ACCOUNT, QUESTION, FIRST)

    assert backend.keys
    assert not [key for key in backend.keys if NUMBER[1:] in key]


async def test_a_page_is_its_calls_and_its_neighbours(store: Store, clock: Clock) -> None:
    """As it was seen; its calls are kept under their own names."""
    await store.keep_page(ACCOUNT, QUESTION, FIRST, INDEX)

    assert await store.page(ACCOUNT, QUESTION, FIRST) == INDEX
    clock.advance(3610)
    assert await store.page(ACCOUNT, QUESTION, FIRST) is None


async def test_an_older_page_does_not_take_the_place_of_a_newer_one(store: Store) -> None:
    """Two replicas may answer each other's questions in any order."""
    older = PageIndex(NOON - 5, (), None, None)
    await store.keep_page(ACCOUNT, QUESTION, FIRST, INDEX)
    await store.keep_page(ACCOUNT, QUESTION, FIRST, older)

    assert await store.page(ACCOUNT, QUESTION, FIRST) == INDEX


@pytest.mark.parametrize(
    "other",
    [
        (ACCOUNT, QUESTION, PageRef(Window(0, 14_410), 25)),
        (ACCOUNT, QUESTION, PageRef(FIRST.window, 50)),
        (ACCOUNT, QUESTION, PageRef(FIRST.window, 25, 1, "PTx")),
        (ACCOUNT, Question(ACCOUNT, QUESTION.parameters, "start_time"), FIRST),
        (ACCOUNT, Question(ACCOUNT, (), "end_time"), FIRST),
        (OTHER_ACCOUNT, QUESTION, FIRST),
    ],
)
def test_pages_of_different_questions_have_different_keys(other: Any) -> None:
    """Window, size, token, order, filter and account each make another page."""
    assert page_key(*other) != page_key(ACCOUNT, QUESTION, FIRST)


def test_equal_windows_share_a_page_however_they_were_asked_for() -> None:
    """`4h` and the moment that it meant are one question to Twilio."""
    asked_otherwise = Question(ACCOUNT, QUESTION.parameters, QUESTION.sort, ("1h", "2h"))

    assert page_key(ACCOUNT, asked_otherwise, FIRST) == page_key(ACCOUNT, QUESTION, FIRST)


async def test_no_page_is_kept_when_pages_have_no_age(backend: Watched, clock: Clock) -> None:
    """`GATEWAY_PAGE_MAX_AGE=0` asks Twilio every time."""
    store = Store(backend, Freshness(page=0), clock)
    await store.keep_page(ACCOUNT, QUESTION, FIRST, INDEX)

    assert len(backend) == 0


async def test_what_is_too_old_to_be_worth_its_place_is_gone(store: Store, clock: Clock) -> None:
    """A partial summary after an hour or so; the floor it was is not needed any more."""
    await store.keep(ACCOUNT, [seen(processing_state="partial")])
    clock.advance(3610)

    assert await store.seen(ACCOUNT, SID) is None


def test_keys_of_calls_say_which_call_they_are_of() -> None:
    """An operator who looks into the cache finds what there is of a call."""
    assert call_key(ACCOUNT, SID) == f"{ACCOUNT}:call:{SID}"


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["partial", "complete", None]),
            st.none() | st.integers(0, 2**31 - 1),
            st.integers(0, 10**6).map(lambda seconds: NOON + seconds),
        ),
        min_size=2,
        max_size=2,
    )
)
def test_ranks_order_as_snapshots_do(pair: list[tuple[str | None, int | None, float]]) -> None:
    """Any backend can tell which of two is newer, without decoding them."""
    one, other = (
        seen(moment, processing_state=state, processing_version=version)
        for state, version, moment in pair
    )

    for snapshot in (one, other):
        assert len(head_of(snapshot)) == HEAD_LENGTH
        assert head_of(Absent(SID, Absence.NOT_FOUND, NOON + 10**7)) < head_of(snapshot)
    assert (head_of(one) < head_of(other)) is better(other, one)


def better(one: Snapshot, other: Snapshot) -> bool:
    return one.rank > other.rank
