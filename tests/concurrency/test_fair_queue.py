from collections import Counter
from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from gateway.concurrency.deadlines import Priority
from gateway.concurrency.fair_queue import TURNS, FairQueue

QUESTION, BACKGROUND = Priority.QUESTION, Priority.BACKGROUND
Place = tuple[Priority, str, int]
PLACES = st.lists(st.tuples(st.sampled_from(Priority), st.sampled_from("abc")), max_size=60)


def line_of(places: list[tuple[Priority, str]]) -> FairQueue[Place]:
    line = FairQueue[Place]()
    for number, (priority, viewer) in enumerate(places):
        line.join(priority, viewer, (priority, viewer, number))
    return line


def served(line: FairQueue[Place]) -> Iterator[Place]:
    while (place := line.next()) is not None:
        yield place


def test_viewers_take_turns() -> None:
    """Who asks for a thousand things waits behind oneself, and not before others."""
    line = line_of([(QUESTION, "walker")] * 1000 + [(QUESTION, "asker")] * 2)

    order = [viewer for _, viewer, _ in served(line)]

    assert order[:5] == ["walker", "asker", "walker", "asker", "walker"]
    assert len(order) == 1002


def test_the_questions_of_one_viewer_are_served_in_their_order() -> None:
    """First come, first served."""
    line = line_of([(QUESTION, "one")] * 20)

    assert [number for *_, number in served(line)] == list(range(20))


def test_background_yields_and_does_not_starve() -> None:
    """Of eight turns it has one, and all when nobody else waits."""
    line = line_of([(BACKGROUND, "polls")] * 50 + [(QUESTION, "asker")] * 70)

    order = [priority for priority, *_ in served(line)]

    assert Counter(order[:80]) == {QUESTION: 70, BACKGROUND: 80 // TURNS}
    assert set(order[80:]) == {BACKGROUND}


def test_whoever_waits_for_most_has_to_leave() -> None:
    """Background first; then the last one of the longest line."""
    line = line_of([(BACKGROUND, "polls"), *[(QUESTION, "walker")] * 3, (QUESTION, "asker")])

    assert [line.last() for _ in range(3)] == [
        (BACKGROUND, "polls", 0),
        (QUESTION, "walker", 3),
        (QUESTION, "walker", 2),
    ]


def test_who_joins_again_where_it_is_loses_no_turn() -> None:
    """One who is joined by others again and again would wait behind all that came later."""
    line = line_of([(QUESTION, "one")] * 3)

    line.join(QUESTION, "one", (QUESTION, "one", 0))

    assert [number for *_, number in served(line)] == [0, 1, 2]


@given(PLACES, st.data())
def test_everybody_is_served_once_or_leaves(
    places: list[tuple[Priority, str]], data: st.DataObject
) -> None:
    """Nobody is lost, and nothing is left behind."""
    line = line_of(places)
    everybody: list[Place] = [(*place, number) for number, place in enumerate(places)]
    leaving = data.draw(st.sets(st.sampled_from(everybody))) if everybody else set()
    for place in leaving:
        line.leave(place)

    assert sorted(served(line)) == sorted(set(everybody) - leaving)
    assert line.last() is None


@given(st.integers(1, 200), st.integers(1, 30))
def test_a_viewer_waits_for_no_more_than_one_turn_of_each_other(crowd: int, others: int) -> None:
    """However much these wait for."""
    busy = [(QUESTION, f"busy {number % others}") for number in range(crowd * others)]
    line = line_of([*busy, (QUESTION, "single")])

    position = next(
        index for index, (_, viewer, _) in enumerate(served(line)) if viewer == "single"
    )

    assert position <= others
