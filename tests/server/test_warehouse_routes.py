"""`/warehouse`: who sees the state of whose calls."""

from hashlib import sha256
from typing import Any

import pytest

from gateway.config.accounts import Account
from gateway.config.file import Configuration, Grant
from gateway.config.settings import Secret
from gateway.config.viewers import Realm, Viewer
from gateway.sandbox import Sandbox
from gateway.warehouse.embedded import Embedded
from tests.schema.many_calls.conftest import CALLS, Filled, filled
from tests.viewers import ALL

pytestmark = pytest.mark.asyncio(loop_scope="session")

THEIRS = "AC" + "e" * 32


def access() -> Configuration:
    """A viewer of each of two accounts, and one of a part of the first."""
    sandbox = Sandbox(calls=0)
    ours = Account(sandbox.account_sid, sandbox.account_sid, Secret(sandbox.auth_token))
    theirs = Account(THEIRS, THEIRS, Secret("token"))
    realms = {"ours": Realm(ours), "theirs": Realm(theirs), "part": Realm(ours, frozenset())}
    grants = (
        Grant(Viewer(name, realm, ALL), sha256(name.encode()).hexdigest())
        for name, realm in realms.items()
    )
    return Configuration((ours, theirs), tuple(grants))


async def seen(gateway: Filled, name: str) -> Any:
    answer = await gateway.http.get("/warehouse", headers={"Authorization": f"Bearer {name}"})
    return answer.json() if answer.is_success else answer.status_code


async def test_a_viewer_sees_the_state_of_their_own_account(engine: Embedded) -> None:
    """Neither the number of another account's calls, nor its SIDs and troubles (our choice)."""
    async for gateway in filled(engine, access=access()):
        ours, theirs, part = [await seen(gateway, name) for name in ("ours", "theirs", "part")]

    assert ours["calls"] == CALLS
    assert {one["account"] for one in ours["accounts"]} == {gateway.sandbox.account_sid}
    assert theirs["calls"] == 0
    assert {one["account"] for one in theirs["accounts"]} == {THEIRS}
    assert part == 403
