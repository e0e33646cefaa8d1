"""`completedCalls` of two gateways: the same calls, and a cursor of one goes on at the other."""

import asyncio
import json
from contextlib import aclosing
from pathlib import Path

import pytest

from gateway.sandbox import Sandbox
from gateway.warehouse.engine import Statement
from gateway.warehouse.remote import Remote
from tests.journeys.test_a_feed_of_calls import Events, as_events, sids, take
from tests.journeys.test_a_month_in_the_warehouse import KEY, becomes, standing
from tests.live import replica
from tests.servers import RedisServer, serving
from tests.warehouse.store import store_in

pytestmark = pytest.mark.processes

SPEED, LONG = 60.0, 120.0
IN_ORDER = """
SELECT sid FROM calls FINAL WHERE gateway_complete AND account_sid = {account:String}
ORDER BY gateway_completed, sid
"""


async def in_order(url: str, account: str) -> list[str]:
    """The calls of the warehouse, as they became complete."""
    engine = await Remote.open(url)
    try:
        rows = (await engine.query(Statement(IN_ORDER, {"account": account}))).rows
    finally:
        await engine.close()
    return [sid for (sid,) in rows]


async def test_a_cursor_of_one_gateway_goes_on_at_the_other(
    redis: RedisServer, tmp_path: Path
) -> None:
    """Each call comes once from any replica, and none is missed between (our promise)."""
    sandbox = Sandbox(calls=100, speed=SPEED)
    said = {
        "GATEWAY_CACHE_KEY": KEY,
        "GATEWAY_WAREHOUSE_REQUESTS_PER_MINUTE": "600",
        "IMPATIENT_SPEED": str(SPEED),
    }

    def own(address: str, **variables: str) -> Events:
        where = {"accountSid": {"eq": sandbox.account_sid}}
        return as_events(address, "anybody", where=where, **variables)

    with serving(sandbox.app) as upstream, store_in(tmp_path / "store") as store:
        said["GATEWAY_WAREHOUSE_URL"] = store.url
        with (
            replica(sandbox, upstream, redis, **said) as other,
            replica(sandbox, upstream, redis, **said) as first,
        ):
            assert becomes(lambda: standing(first.address).get("calls", 0) > 0)
            async with aclosing(own(first.address)) as events:
                begun = await take(events, 3, LONG)
            cursor = begun[-1]["cursor"]
            async with (
                aclosing(own(first.address, after=cursor)) as here,
                aclosing(own(other.address, after=cursor)) as there,
            ):
                both = await asyncio.gather(take(here, 5, LONG), take(there, 5, LONG))
            first.process.kill()
            await asyncio.sleep(2)  # calls become complete while nobody follows
            async with aclosing(own(other.address, after=both[0][-1]["cursor"])) as events:
                last = await take(events, 10, LONG)
        kept = await in_order(store.url, sandbox.account_sid)

    assert both[0] == both[1], json.dumps(both)
    heard = sids(begun) + sids(both[0]) + sids(last)
    place = kept.index(heard[0])
    assert heard == kept[place : place + len(heard)]
