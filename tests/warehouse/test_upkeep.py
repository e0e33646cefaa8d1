import json
from typing import Any

import pytest
from msgspec.structs import replace

from gateway.insights.snapshot import snapshot_of
from gateway.warehouse import rows as making
from gateway.warehouse.block import Block
from gateway.warehouse.conditions import EVERYTHING, Operator, compare
from gateway.warehouse.deletion import Forgetting
from gateway.warehouse.engine import Statement
from gateway.warehouse.fields import FIELDS
from gateway.warehouse.groupings import ByField
from gateway.warehouse.measures import Count, Distinct, Quantile
from gateway.warehouse.pages import Question
from gateway.warehouse.renewal import Renewal
from gateway.warehouse.repair import repair
from gateway.warehouse.rows import Filing
from gateway.warehouse.statistics import Statistics
from gateway.warehouse.statistics_question import Asked, Measured
from gateway.warehouse.table import prepare
from tests.conftest import NOON
from tests.warehouse.conftest import ACCOUNT, EVER, FOREVER, HASH_KEY, KEY, REALM, WORLD, Store
from tests.warehouse.oracle import holds, value_of
from tests.warehouse.test_writer import kept, version

pytestmark = pytest.mark.asyncio(loop_scope="session")

NEW = b"n" * 32
CITY, CALLER = FIELDS["TO_CITY"], FIELDS["FROM_CALLER"]


async def test_a_new_field_gets_its_column_and_the_values_of_old_rows(store: Store) -> None:
    """A directory of an older version: the column appears at the start, and is filled (issue)."""
    lacking = ["duration", "tags", "diagnosis_rules"]
    await store.keep(*WORLD)
    for column in lacking:
        await store.engine.command(Statement(f"ALTER TABLE calls DROP COLUMN {column}"))
    await store.engine.command(
        Statement("ALTER TABLE calls UPDATE gateway_form = 1 WHERE 1 SETTINGS mutations_sync = 1")
    )
    await store.prepare()
    duration = FIELDS["DURATION"]
    total = Asked(REALM, EVER, totals=(Quantile(duration, 0.5),))
    statistics = Statistics(store.engine, store.rows)
    assert (await statistics.measure(total)).total == (None,)

    renewal = Renewal(store.engine, store.rows)
    await renewal.run()

    values = sorted(s.summary.duration for s in WORLD if s.summary.duration is not None)
    middle = (len(values) - 1) / 2
    expected = (values[int(middle)] + values[int(middle + 0.5)]) / 2
    assert (await statistics.measure(total)).total == (expected,)
    assert not renewal.stale
    assert await kept(store) == {snapshot.sid: snapshot for snapshot in WORLD}


async def test_the_table_of_today_needs_no_change(store: Store) -> None:
    """A start changes nothing; another number of days changes the time that rows live."""
    before = await store.ask("SHOW CREATE TABLE calls")
    await store.prepare()
    assert await store.ask("SHOW CREATE TABLE calls") == before
    await prepare(store.engine, FOREVER - 1)
    ((changed,),) = await store.ask("SHOW CREATE TABLE calls")

    assert f"toIntervalDay({FOREVER - 1})" in str(changed)


async def grouped(store: Store, renewal: Renewal) -> Measured:
    asked = Asked(
        REALM,
        EVER,
        EVERYTHING,
        (ByField(CITY),),
        (Count(), Distinct(CALLER), Quantile(FIELDS["DURATION"], 0.5)),
        (Distinct(CITY),),
        first=1000,
    )
    aliases = await renewal.aliases(ACCOUNT, [CITY, CALLER])
    measured = await Statistics(store.engine, store.rows).measure(asked, aliases=aliases)
    return replace(measured, rows_read=0)  # that depends on how far the engine has merged


async def test_keys_are_rotated_without_anybody_noticing(store: Store) -> None:
    """Equality tries each key, groups are told by the newest, and rows are rewritten (issue)."""
    half = len(WORLD) // 2
    await store.keep(*WORLD[:half])
    rotated = Store(store.engine, keys=[NEW, KEY])
    await rotated.keep(*WORLD[half:])
    renewal = Renewal(store.engine, rotated.rows)
    await renewal.look()
    assert renewal.stale == {ACCOUNT}
    summaries = [snapshot.summary for snapshot in WORLD]
    number = next(v for s in summaries if (v := value_of(s, CALLER, HASH_KEY)) is not None)
    condition = compare(CALLER, Operator.EQ, number, "where")
    search = rotated.search()
    expected = {s.call_sid for s in summaries if holds(condition, s, HASH_KEY)}
    before = await grouped(rotated, renewal)
    cities = {value_of(one, CITY, HASH_KEY) for one in summaries}
    assert {group.key[0] for group in before.groups} == cities
    assert sum(group.values[0] for group in before.groups) == len(WORLD)
    assert before.total == (len(cities - {None}),)
    found = await search.page(Question(REALM, EVER, condition), 1000)
    assert {snapshot.sid for _, snapshot in found.calls} == expected

    await renewal.run()

    assert not renewal.stale
    assert await grouped(rotated, renewal) == before
    newest_alone = Store(store.engine, keys=[NEW])
    assert await kept(newest_alone) == {snapshot.sid: snapshot for snapshot in WORLD}
    page = await newest_alone.search().page(Question(REALM, EVER, condition), 999)
    assert {snapshot.sid for _, snapshot in page.calls} == expected


async def test_rows_that_no_key_opens_are_left_and_counted(store: Store) -> None:
    """Their key is gone: they leave the warehouse in their time."""
    await store.keep(version("CA" + "1" * 32))
    stranger = Store(store.engine, keys=[NEW])
    renewal = Renewal(store.engine, stranger.rows)
    await renewal.run()

    assert renewal.left_over == 1
    assert await kept(stranger) == {}


async def test_accounts_that_the_gateway_has_no_more_are_left_alone(store: Store) -> None:
    """Nobody can ask for their calls, and no key makes their stand-ins."""
    await store.keep(version("CA" + "1" * 32))

    def none(account: str) -> bytes:
        raise KeyError(account)

    renewal = Renewal(store.engine, making.Rows([KEY], none))
    await renewal.run()

    assert renewal.stale == set()


async def test_a_call_that_is_forgotten_is_gone_from_the_files(store: Store) -> None:
    """At once, and no call of another account (the issue)."""
    await store.keep(*WORLD)
    await store.keep(WORLD[0], account="AC" + "9" * 32)
    forgetting = Forgetting(store.engine, store.rows)

    assert await forgetting.forget(ACCOUNT, [WORLD[0].sid, WORLD[1].sid]) == 2
    assert await forgetting.forget(ACCOUNT, [WORLD[0].sid]) == 0
    assert await kept(store) == {one.sid: one for one in WORLD[2:]}
    left = await store.ask(
        "SELECT count() FROM calls WHERE sid = {sid:String} SETTINGS apply_deleted_mask = 0",
        sid=WORLD[1].sid,
    )
    assert left == [(0,)]


async def test_calls_are_found_by_what_twilio_wrote_anywhere(store: Store) -> None:
    """A number may stand in any text, of which some have no column."""
    odd: dict[str, Any] = {
        "call_sid": "CA" + "5" * 32,
        "processing_state": "complete",
        "not_known_yet": {"telephone": "+14155550199"},
    }
    await store.keep(*WORLD[:50], snapshot_of(json.dumps(odd).encode(), NOON))
    await Store(store.engine, keys=[NEW]).keep(version("CA" + "6" * 32))
    forgetting = Forgetting(store.engine, store.rows)
    found, sealed = await forgetting.calls_that(ACCOUNT, lambda raw: b"+14155550199" in raw)

    assert found == ["CA" + "5" * 32]
    assert sealed == ["CA" + "6" * 32]


async def test_a_call_that_two_writers_filed_in_two_places_is_put_right(store: Store) -> None:
    """Each saw it for the first time, with another end: the newest version stays."""
    older = version("CA" + "7" * 32, seen=1, end_time="2026-05-01T10:00:00Z")
    newer = version("CA" + "7" * 32, seen=2, end_time="2026-05-20T10:00:00Z")
    other = version("CA" + "8" * 32)
    rows = [
        store.rows.row(ACCOUNT, one, Filing(at, NOON))
        for one, at in ((older, NOON - 86400 * 20), (newer, NOON - 86400), (other, NOON))
    ]
    await store.engine.insert(Block(rows))

    assert await repair(store.engine) == 1
    assert await kept(store) == {newer.sid: newer, other.sid: other}
    assert await repair(store.engine) == 0
