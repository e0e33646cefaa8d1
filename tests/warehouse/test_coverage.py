import pytest

from gateway.config.viewers import Realm
from gateway.warehouse.coverage import Coverage, Coverages, Settled
from gateway.warehouse.engine import Statement
from gateway.warehouse.spans import Spans
from tests.conftest import NOON
from tests.warehouse.conftest import ACCOUNT, REALM, Store

pytestmark = pytest.mark.asyncio(loop_scope="session")

SUB = "AC" + "a" * 32
MONTH = (NOON - 30 * 86400, NOON)


def hours(*ends: tuple[float, float]) -> Spans:
    return Spans.of((NOON - first * 3600, NOON - last * 3600) for first, last in ends)


async def coverages(store: Store) -> Coverages:
    await store.engine.command(Statement("DROP TABLE IF EXISTS coverage"))
    made = Coverages(store.engine, lambda: store.now)
    await made.prepare()
    return made


async def test_nothing_is_known_before_anything_was_synchronised(store: Store) -> None:
    """An answer never pretends to more than it knows (the issue)."""
    covered = await (await coverages(store)).of(REALM, MONTH)

    assert covered == Coverage(None, None, (), None, ())
    assert not covered.is_whole


async def test_what_was_synchronised_adds_up_and_leaves_gaps(store: Store) -> None:
    """The window is filled backwards, and what came meanwhile forwards."""
    made = await coverages(store)
    since = MONTH[0]
    await made.record(ACCOUNT, ACCOUNT, hours((4, 2)), since)
    store.now += 60
    await made.record(ACCOUNT, ACCOUNT, hours((1, 0)), since, Settled(NOON), store.now)
    covered = await made.of(REALM, MONTH)

    assert (covered.start, covered.end) == (NOON - 4 * 3600, NOON)
    assert covered.gaps == hours((2, 1)).spans
    assert covered.synced_at == NOON + 60
    assert not covered.is_whole
    await made.record(ACCOUNT, ACCOUNT, hours((2.5, 0.5)), since)
    assert (await made.of(REALM, MONTH)).is_whole


async def test_several_accounts_are_known_where_all_of_them_are(store: Store) -> None:
    """The oldest synchronisation counts, and each account is named."""
    made = await coverages(store)
    await made.record(ACCOUNT, ACCOUNT, hours((9, 0)), MONTH[0], Settled(NOON), store.now)
    store.now += 60
    await made.record(ACCOUNT, SUB, hours((6, 3), (2, 0)), MONTH[0], Settled(NOON), store.now)
    await made.record("AC" + "9" * 32, "AC" + "9" * 32, hours((1, 0)), MONTH[0])
    every = await made.of(REALM, MONTH)
    own = await made.of(Realm(REALM.account, frozenset()), MONTH)

    assert (every.start, every.end) == (NOON - 6 * 3600, NOON)
    assert every.gaps == hours((3, 2)).spans
    assert every.synced_at == NOON
    assert every.accounts == (ACCOUNT, SUB)
    assert own.accounts == (ACCOUNT,)
    assert own.is_whole


async def test_only_the_time_that_was_asked_about_is_told_of(store: Store) -> None:
    """A gap elsewhere does not make an answer less whole."""
    made = await coverages(store)
    await made.record(ACCOUNT, ACCOUNT, hours((9, 6), (3, 0)), MONTH[0])
    asked = (NOON - 2 * 3600, NOON - 3600)
    covered = await made.of(REALM, asked)

    assert (covered.start, covered.end) == asked
    assert covered.is_whole


async def test_what_is_too_old_is_forgotten(store: Store) -> None:
    """Rows leave the warehouse, and coverage with them."""
    made = await coverages(store)
    await made.record(ACCOUNT, ACCOUNT, hours((9, 0)), since=NOON - 5 * 3600)

    assert (await made.of(REALM, MONTH)).start == NOON - 5 * 3600


async def test_another_replica_sees_what_was_recorded(store: Store) -> None:
    """It is state of the warehouse, and not of a process; a start reads it."""
    first = await coverages(store)
    second = Coverages(store.engine, lambda: store.now)
    await second.of(REALM, MONTH)
    await first.record(ACCOUNT, ACCOUNT, hours((1, 0)), MONTH[0])
    store.now += 10
    assert (await second.of(REALM, MONTH)).is_whole
    await second.record(ACCOUNT, ACCOUNT, hours((2, 1)), MONTH[0])

    assert (await first.of(REALM, MONTH)).start == NOON - 2 * 3600
