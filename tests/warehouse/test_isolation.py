import itertools
import json

import pytest
import pytest_asyncio
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.config.accounts import Account
from gateway.config.settings import Secret
from gateway.config.viewers import Realm
from gateway.insights.snapshot import Snapshot, snapshot_of
from gateway.warehouse.conditions import EVERYTHING, Condition
from gateway.warehouse.embedded import Embedded
from gateway.warehouse.fields import FIELDS
from gateway.warehouse.groupings import ByField
from gateway.warehouse.measures import Count, Distinct
from gateway.warehouse.pages import Question
from gateway.warehouse.statistics import Statistics
from gateway.warehouse.statistics_question import Asked
from tests.conftest import NOON
from tests.warehouse.conftest import EVER, HASH_KEY, WORLD, Store, emptied
from tests.warehouse.oracle import holds
from tests.warehouse.strategies import Values, conditions

pytestmark = pytest.mark.asyncio(loop_scope="session")

ACCOUNTS = ["AC" + letter * 32 for letter in "ab"]
SUBACCOUNTS = ["AC" + digit * 32 for digit in "1234"]
OWNERS = [*ACCOUNTS, *SUBACCOUNTS, None]
"""Whose calls there are: accounts, their subaccounts, and calls that do not say."""


def call(number: int, account: str, owner: str | None) -> Snapshot:
    """A call of the world, made one of somebody's."""
    body = json.loads(WORLD[number].raw) | {"account_sid": owner}
    body["call_sid"] = f"CA{number + 1000 * ACCOUNTS.index(account):032x}"
    return snapshot_of(json.dumps(body).encode(), NOON)


CALLS = [
    (account, call(number, account, owner))
    for account in ACCOUNTS
    for number, owner in enumerate(itertools.islice(itertools.cycle(OWNERS), 30))
]
VALUES = Values([snapshot.summary for _, snapshot in CALLS], HASH_KEY)
REALMS = st.builds(
    Realm,
    st.sampled_from([Account(sid, sid, Secret("token")) for sid in [*ACCOUNTS, "AC" + "f" * 32]]),
    st.none() | st.frozensets(st.sampled_from([*ACCOUNTS, *SUBACCOUNTS, "AC" + "9" * 32])),
)


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def kept(engine: Embedded) -> Store:
    store = await emptied(engine)
    for account in ACCOUNTS:
        await store.keep(*(one for owner, one in CALLS if owner == account), account=account)
    return store


@settings(max_examples=60)
@given(realm=REALMS, condition=conditions(VALUES))
async def test_nobody_sees_or_counts_calls_of_others(
    kept: Store, realm: Realm, condition: Condition
) -> None:
    """Whoever asks whatever, by whichever door: account and subaccounts come from the viewer."""
    mine = [
        one
        for account, one in CALLS
        if account == realm.account.sid and realm.has(one.summary.account_sid)
    ]
    met = {one.sid for one in mine if holds(condition, one.summary, HASH_KEY)}
    question = Question(realm, EVER, condition)
    search, statistics = kept.search(), Statistics(kept.engine, kept.rows)
    page = await search.page(question, 1000)
    by_sid = await search.calls(realm, EVER, [one.sid for _, one in CALLS])
    measured = await statistics.measure(
        Asked(
            realm,
            EVER,
            condition,
            (ByField(FIELDS["ACCOUNT_SID"]),),
            (Count(),),
            (Count(), Distinct(FIELDS["SID"])),
        )
    )

    assert {snapshot.sid for _, snapshot in page.calls} == met
    assert (await search.count(question)).calls == len(met)
    assert by_sid.keys() == {one.sid for one in mine}
    assert measured.total == (len(met), len(met))
    assert sum(group.values[0] for group in measured.groups) == len(met)


async def test_the_empty_realm_sees_nothing(kept: Store) -> None:
    """An account that nothing was kept for."""
    nobody = Realm(Account("AC" + "f" * 32, "AC" + "f" * 32, Secret("token")))

    assert (await kept.search().count(Question(nobody, EVER, EVERYTHING))).calls == 0
