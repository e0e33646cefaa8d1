import pytest
import pytest_asyncio
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.config.viewers import Realm
from gateway.insights.snapshot import snapshot_of
from gateway.warehouse.conditions import EVERYTHING, Condition, Operator, compare
from gateway.warehouse.embedded import Embedded
from gateway.warehouse.fields import FIELDS
from gateway.warehouse.pages import NEWEST_FIRST, Order, Place, Question
from gateway.warehouse.search import Search, Stretch
from tests.conftest import NOON
from tests.warehouse.conftest import ACCOUNT, EVER, HASH_KEY, REALM, WORLD, Store, emptied
from tests.warehouse.oracle import holds, sorted_calls
from tests.warehouse.strategies import Values, conditions, orders

pytestmark = pytest.mark.asyncio(loop_scope="session")

SOME = WORLD[:60]
SUMMARIES = [snapshot.summary for snapshot in SOME]
VALUES = Values(SUMMARIES, HASH_KEY)


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def search(engine: Embedded) -> Search:
    store = await emptied(engine)
    await store.keep(*SOME)
    return store.search()


async def walk(
    search: Search, question: Question, size: int, *, backward: bool = False
) -> list[Stretch]:
    """All pages, as they come."""
    pages: list[Stretch] = []
    place: Place | None = None
    while not pages or (pages[-1].has_previous if backward else pages[-1].has_next):
        pages.append(await search.page(question, size, place, backward=backward))
        if not pages[-1].calls:
            break
        place = pages[-1].calls[0 if backward else -1][0]
    return pages


def sids(pages: list[Stretch]) -> list[str]:
    return [snapshot.sid for page in pages for _, snapshot in page.calls]


@settings(max_examples=30)
@given(condition=conditions(VALUES), order=orders(VALUES), size=st.integers(7, 25))
async def test_pages_walked_either_way_are_all_calls_in_their_order(
    search: Search, condition: Condition, order: tuple[Order, ...], size: int
) -> None:
    """Relay's cursors, forward and backward; nulls are last however it is sorted (contract)."""
    question = Question(REALM, EVER, condition, order or NEWEST_FIRST)
    found = [one for one in SUMMARIES if holds(condition, one, HASH_KEY)]
    expected = [one.call_sid for one in sorted_calls(found, question.order, HASH_KEY)]

    forward = await walk(search, question, size)
    back = await walk(search, question, size, backward=True)

    assert sids(forward) == expected
    assert sids(back[::-1]) == expected
    assert all(page.has_previous for page in forward[1:])
    assert not forward[0].has_previous


async def test_a_walk_goes_on_where_it_was_when_newer_calls_come(store: Store) -> None:
    """A place is one of values, not a number of calls to skip: nothing comes twice or is missed."""
    await store.keep(*SOME[:40])
    search, question = store.search(), Question(REALM, EVER)
    first = await search.page(question, 20)
    await store.keep(*SOME[40:])
    rest = await search.page(question, 1000, first.calls[-1][0])

    expected = sorted_calls(SUMMARIES, NEWEST_FIRST, HASH_KEY)
    at = next(i for i, one in enumerate(expected) if one.call_sid == first.calls[-1][1].sid)
    assert sids([rest]) == [one.call_sid for one in expected[at + 1 :]]


async def test_a_call_comes_back_as_it_was_kept(search: Search) -> None:
    """Summary, bytes, moments and door: nothing of a snapshot is lost on the way."""
    page = await search.page(Question(REALM, EVER), 1000)

    assert {one.sid: one for _, one in page.calls} == {one.sid: one for one in SOME}


async def test_a_call_is_found_by_its_sid_alone(search: Search) -> None:
    """`call(sid:)` is answered from here too; a call of nobody's is none."""
    found = await search.calls(REALM, EVER, [SOME[3].sid, SOME[7].sid, "CA" + "0" * 32])

    assert found == {SOME[3].sid: SOME[3], SOME[7].sid: SOME[7]}


@pytest.mark.parametrize("subaccounts", [frozenset[str](), None])
async def test_only_calls_of_the_realm_are_found(
    store: Store, subaccounts: frozenset[str] | None
) -> None:
    """Account and subaccounts come from the viewer alone, into whatever is asked."""
    other = Realm(REALM.account, subaccounts)
    mine, theirs = "AC" + "a" * 32, "AC" + "b" * 32
    raw = [
        b'{"call_sid":"CA%032d","account_sid":"%s","processing_state":"complete"}'
        % (number, account.encode())
        for number, account in enumerate((ACCOUNT, mine, theirs))
    ]
    raw.append(b'{"call_sid":"CA%032d","processing_state":"complete"}' % 9)
    snapshots = [snapshot_of(each, NOON) for each in raw]
    await store.keep(*snapshots)
    await store.keep(snapshots[0], account="AC" + "9" * 32)
    search = store.search()
    realms = [other, Realm(REALM.account, frozenset({mine}))]
    for realm in realms:
        expected = {one.sid for one in snapshots if realm.has(one.summary.account_sid)}
        page = await search.page(Question(realm, EVER), 100)

        assert set(sids([page])) == expected
        assert (await search.count(Question(realm, EVER))).calls == len(expected)
        assert set(await search.calls(realm, EVER, [one.sid for one in snapshots])) == expected


async def test_calls_that_were_filed_too_long_ago_are_found_no_more(store: Store) -> None:
    """A row may outlive its time until parts are merged; no answer shows it."""
    await store.keep(*SOME)
    search = store.search()
    since = NOON - 2 * 3600
    page = await search.page(Question(REALM, since), 1000)

    ended = {one.sid for one in SOME if one.summary.end_time.timestamp() >= since}  # type: ignore[union-attr]
    assert 0 < len(ended) < len(SOME)
    assert set(sids([page])) == ended


async def test_recent_calls_are_found_without_reading_the_rest(store: Store) -> None:
    """A bound of the end of calls rules out most of the table."""
    many = [
        snapshot_of(
            b'{"call_sid":"CA%032d","processing_state":"complete","end_time":"2026-05-%02dT10:00:00Z"}'
            % (number, 1 + number % 28),
            NOON,
        )
        for number in range(28 * 40)
    ]
    await store.keep(*many)
    field = FIELDS["END_TIME"]
    late = compare(field, Operator.GTE, many[27].summary.end_time, "where")
    search = store.search()
    page = await search.page(Question(REALM, EVER, late), 1000)
    everything = await search.page(Question(REALM, EVER, EVERYTHING), 1000)

    assert len(page.calls) == 40
    assert page.rows_read < everything.rows_read / 5
