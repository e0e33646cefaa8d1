"""What is remembered of requests is held within a size, and what was used least recently goes."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.lru import LruCache, shares


@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.integers(0, 60))))
def test_no_more_is_kept_than_there_is_room_for(steps: list[tuple[str, int]]) -> None:
    """Whatever comes, in whatever order, and however often the same."""
    memory, kept = LruCache(100), dict[str, int]()
    for key, size in steps:
        memory.keep(key, size, size)
        kept[key] = size
        assert memory.size <= 100
        assert memory.get(key) == size
    assert memory.size == sum(kept[key] for key in kept if memory.get(key) is not None)


def test_what_was_used_least_recently_goes_first() -> None:
    """Reading counts as use."""
    memory = LruCache(30)
    for key in "abc":
        memory.keep(key, key, 10)
    assert memory.get("a") == "a"
    memory.keep("d", "d", 10)
    assert [memory.get(key) for key in "abcd"] == ["a", None, "c", "d"]


def test_what_is_larger_than_all_of_it_drives_nothing_out() -> None:
    """Nor stays what it was to replace."""
    memory = LruCache(30)
    memory.keep("a", "a", 10)
    memory.keep("b", "b", 10)
    memory.keep("b", "larger", 31)
    assert memory.get("a") == "a"
    assert memory.get("b") is None
    memory.forget("a")
    memory.forget("a")
    assert memory.size == 0


def test_the_shares_are_the_whole() -> None:
    """A quarter for requests; a process with hardly any cache still knows some documents."""
    assert shares(256 * 2**20) == (192 * 2**20, 64 * 2**20)
    assert shares(2**10) == (768, 2 * 2**20)
