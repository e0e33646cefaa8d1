import asyncio
from typing import Any

from aiocache import BaseCache
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.cache.entry import Entry, EntryGroup
from gateway.cache.memory_cache import MemoryCache
from gateway.insights.rank import Ranked
from tests.conftest import Clock

quick = settings(max_examples=60, deadline=None)

OVERHEAD, EACH = 500, 400
KEYS = st.sampled_from(["harbour", "lighthouse", "buoy", "ä" * 5])
VALUES = st.binary(max_size=600)
STEPS = st.one_of(
    st.tuples(st.just("set"), KEYS, VALUES, st.none() | st.integers(1, 20)),
    st.tuples(st.just("raise"), KEYS, VALUES, st.integers(1, 20)),
    st.tuples(st.just("get"), KEYS, st.just(b""), st.none()),
    st.tuples(st.just("delete"), KEYS, st.just(b""), st.none()),
    st.tuples(st.just("make"), KEYS, VALUES, st.none()),
    st.tuples(st.just("wait"), KEYS, st.just(b""), st.integers(1, 30)),
)


async def take(step: tuple[str, str, bytes, Any], cache: MemoryCache, clock: Clock) -> None:
    """One of the things that can happen to a cache."""
    name, key, value, seconds = step
    match name:
        case "set":
            await cache.set(key, value, ttl=seconds)
        case "raise":
            await cache.raise_many([Ranked(key, value, seconds)])
        case "get":
            await cache.get(key)
        case "delete":
            await cache.delete(key)
        case "make":
            if (entry := cache.entry(key)) is not None:
                entry.keep(len(value) % 3, entry.value, value, len(value))
        case "wait":
            clock.advance(seconds)


@quick
@given(st.lists(STEPS, max_size=60), st.integers(0, 2000))
async def test_the_bound_is_never_passed(
    steps: list[tuple[str, str, bytes, Any]], max_bytes: int
) -> None:
    """Whatever happens, in whatever order; and what is counted is what is there."""
    clock = Clock()
    cache = MemoryCache(max_bytes=max_bytes, clock=clock)
    for step in steps:
        await take(step, cache, clock)
        assert 0 <= cache.size <= max_bytes

    await cache.clear()
    assert (cache.size, cache.size_of_derived, len(cache)) == (0, 0, 0)


@quick
@given(st.lists(STEPS, max_size=60))
async def test_what_is_found_is_what_was_stored_last(
    steps: list[tuple[str, str, bytes, Any]],
) -> None:
    """With room for all of it, a cache is a dictionary in which things grow too old."""
    clock = Clock()
    cache = MemoryCache(max_bytes=10**6, clock=clock)
    model: dict[str, tuple[bytes, float | None]] = {}
    for step in steps:
        name, key, value, seconds = step
        there = model.get(key)
        if there and there[1] is not None and there[1] <= clock.now:
            del model[key]
        until = None if seconds is None else clock.now + seconds
        higher = name == "raise" and key in model and model[key][0][:24] > value[:24]
        if name in {"set", "raise"} and not higher:
            model[key] = (value, until)
        elif name == "delete":
            model.pop(key, None)
        await take(step, cache, clock)

    for key, (value, until) in model.items():
        expected = value if until is None or until > clock.now else None
        assert await cache.get(key) == expected


def test_it_has_the_interface_of_aiocache(memory: MemoryCache) -> None:
    """The verbs that the gateway needs; the others are aiocache's own, which refuse."""
    assert isinstance(memory, BaseCache)


async def test_several_keys_are_read_and_written_at_once(memory: MemoryCache) -> None:
    """In the order they are asked for, null where there is nothing."""
    await memory.multi_set([("buoy", b"1"), ("harbour", b"2")])

    assert await memory.multi_get(["harbour", "lighthouse", "buoy"]) == [b"2", None, b"1"]
    assert await memory.multi_get([]) == []


async def test_a_key_is_deleted_once(memory: MemoryCache) -> None:
    """How many entries that were is what aiocache's `delete` returns."""
    await memory.set("buoy", b"1")

    assert await memory.delete("buoy") == 1
    assert await memory.delete("buoy") == 0
    assert await memory.get("buoy") is None


async def test_an_entry_is_there_for_as_long_as_was_said(memory: MemoryCache, clock: Clock) -> None:
    """To the moment, and not a moment longer."""
    await memory.set("buoy", b"1", ttl=10)
    clock.advance(9.999)
    assert await memory.get("buoy") == b"1"
    clock.advance(0.001)
    assert await memory.get("buoy") is None
    assert memory.size == 0


async def test_what_begins_alike_is_cleared_together(memory: MemoryCache) -> None:
    """A namespace is how keys begin; without one, everything is cleared."""
    await memory.multi_set([("a:1", b""), ("a:2", b""), ("b:1", b"")])
    await memory.clear(namespace="a:")
    assert await memory.multi_get(["a:1", "a:2", "b:1"]) == [None, None, b""]
    await memory.clear()
    assert len(memory) == 0


async def test_what_was_used_last_goes_last(clock: Clock) -> None:
    """Reading is using; what nobody asked for the longest makes room."""
    cache = MemoryCache(max_bytes=3 * (OVERHEAD + 10), clock=clock)
    for key in "abc":
        await cache.set(key, b"123456789")
    await cache.get("a")
    await cache.set("d", b"123456789")
    assert await cache.multi_get("abcd") == [b"123456789", None, b"123456789", b"123456789"]
    assert cache.evictions == 1


async def test_a_value_larger_than_the_cache_costs_no_other_its_place(clock: Clock) -> None:
    """It is not kept at all; nor is what it was to replace, which is no longer true."""
    cache = MemoryCache(max_bytes=2000, clock=clock)
    await cache.multi_set([("a", b"1"), ("b", b"2")])
    await cache.set("b", b"x" * 2000)

    assert await cache.multi_get("ab") == [b"1", None]
    assert cache.evictions == 0


async def test_no_timer_stays_behind_in_the_event_loop(memory: MemoryCache) -> None:
    """A timer for each entry would be a second cache, and one without a bound."""
    loop: Any = asyncio.get_running_loop()
    before = len(getattr(loop, "_scheduled", ()))
    await memory.multi_set([(str(number), b"") for number in range(100)], ttl=60)

    assert len(getattr(loop, "_scheduled", ())) == before
    assert len(asyncio.all_tasks()) == 1


async def test_what_was_made_of_a_value_goes_with_it(memory: MemoryCache) -> None:
    """A new value, even an equal one, knows nothing of what was made of the one before."""
    await memory.set("a", b"harbour")
    entry = memory.entry("a")
    assert entry is not None
    entry.keep("upper", entry.value, "HARBOUR", 50)
    assert entry.derived("upper", entry.value) == "HARBOUR"
    assert entry.derived("lower", entry.value) is None

    await memory.set("a", bytes(bytearray(b"harbour")))
    later = memory.entry("a")
    assert later is not None
    assert later.derived("upper", later.value) is None
    assert memory.size_of_derived == 0
    entry.keep("upper", entry.value, "HARBOUR", 50)
    assert memory.size_of_derived == 0, "an entry that is no longer kept takes no room"


async def test_what_was_made_is_found_by_the_object_it_was_made_of(memory: MemoryCache) -> None:
    """Equal is not enough: whoever still holds an older object does not speak for a newer one."""
    await memory.set("a", b"x")
    entry = memory.entry("a")
    assert entry is not None
    older, newer = [1], [1]
    entry.keep("sum", older, "of the older", 10)
    assert entry.derived("sum", newer) is None
    entry.keep("sum", newer, "of the newer", 30)
    assert entry.derived("sum", newer) == "of the newer"
    assert entry.derived("sum", older) is None
    assert memory.size_of_derived == 30 + EACH


async def test_what_was_made_makes_room_before_values_do(clock: Clock) -> None:
    """It can be made again without Twilio; but a quarter of the room is its own."""
    cache = MemoryCache(max_bytes=6000, clock=clock)
    for key in ("a", "b"):
        await cache.set(key, b"1")
        entry = cache.entry(key)
        assert entry is not None
        entry.keep("made", entry.value, key * 900, 900)
    await cache.multi_set([(f"v{number}", b"x" * 190) for number in range(4)])

    assert [await cache.get(key) for key in ("a", "b")] == [b"1", b"1"]
    assert cache.evictions == 0
    assert cache.size_of_derived == 900 + EACH
    held = cache.entry("b")
    assert held is not None
    assert held.derived("made", held.value) == "b" * 900

    await cache.multi_set([(f"w{number}", b"x" * 190) for number in range(20)])
    assert cache.evictions > 0


def test_what_is_made_of_an_entry_that_is_not_kept_does_not_hold() -> None:
    """Nobody would be told when the value is replaced."""
    assert not EntryGroup([Entry("k", b"v")], until=10.0).hold(0.0)
