"""A month is filled while processes die and dependencies come and go; then nothing is missing."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from gateway.config.kinds import CacheKeys
from gateway.sandbox import Sandbox
from gateway.sandbox.summaries import Summaries
from gateway.warehouse.embedded import Embedded
from gateway.warehouse.engine import Statement
from gateway.warehouse.rows import Rows
from tests.live import replica
from tests.servers import RedisServer, serving

pytestmark = pytest.mark.processes

KEY = "A" * 43 + "="
DAY, SOON = 86400.0, 120.0
LIST = '{ calls(first: 50, filter: { startTime: "7d" }) { nodes { sid } } }'


def becomes(question: Callable[[], bool], within: float = 90.0) -> bool:
    until = time.monotonic() + within
    while not question():
        if time.monotonic() > until:
            return False
        time.sleep(0.2)
    return True


def standing(address: str) -> dict[str, Any]:
    """How the warehouse of a gateway stands; nothing while it opens."""
    answer = httpx.get(f"{address}/warehouse", timeout=30)
    found: dict[str, Any] = answer.json() if answer.is_success else {}
    return found


def listed(address: str) -> list[Any]:
    """A page of calls, from Twilio."""
    answer = httpx.post(f"{address}/graphql", json={"query": LIST}, timeout=60).json()
    nodes: list[Any] = answer["data"]["calls"]["nodes"]
    return nodes


def is_filled(address: str) -> bool:
    """Whether one span of each account reaches back to the beginning of the window."""
    found = standing(address)
    spans = [one["spans"] for one in found.get("accounts", ())]
    whole = [len(one) == 1 and one[0][0] < found["since"] + 3600 for one in spans]
    return bool(whole) and all(whole)


def complete_calls(sandbox: Sandbox, now: float) -> dict[str, tuple[float, bytes]]:
    """When the account's own calls ended, and the complete summaries of them, as Twilio tells."""
    summaries: Summaries = sandbox._summaries  # noqa: SLF001 - no request for each
    seen = dict[str, tuple[float, bytes]]()
    while sandbox._world.tell_older(now - 30 * DAY):  # noqa: SLF001
        pass
    for call in list(sandbox._world._calls.values()):  # noqa: SLF001
        snapshot = summaries.snapshot(call, now)
        is_complete = snapshot is not None and snapshot.stage.state == "complete"
        if snapshot is not None and is_complete and call.account_sid == sandbox.account_sid:
            seen[call.sid] = call.end, bytes(summaries.one(call, snapshot))
    return seen


def truth(sandbox: Sandbox, now: float) -> dict[str, Any]:
    """What Twilio says of each complete call."""
    told = complete_calls(sandbox, now)
    return {sid: _without_address(raw) for sid, (_, raw) in told.items()}


def _without_address(raw: bytes) -> Any:
    said = msgspec.json.decode(raw)
    said.pop("url", None)
    return said


async def kept(folder: Path, account: str) -> dict[str, Any]:
    """What the warehouse has, once its gateway is gone."""
    engine = await Embedded.open(folder)
    rows = Rows(CacheKeys(KEY).keys, lambda _: b"h" * 64)
    sql = "SELECT sid, gateway_summary FROM calls FINAL WHERE account_sid = {account:String}"
    statement = Statement(sql, {"account": account}, {"gateway_summary": "bytes"})
    try:
        found = (await engine.query(statement)).rows
    finally:
        await engine.close()
    assert len({sid for sid, _ in found}) == len(found)
    opened = {sid: rows.raw(account, sid, sealed) for sid, sealed in found}
    return {sid: _without_address(raw) for sid, raw in opened.items() if raw is not None}


@pytest.mark.usefixtures("redis")
async def test_whatever_is_taken_away_the_warehouse_equals_twilio_in_the_end(
    redis: RedisServer, tmp_path: Path
) -> None:
    """Call by call (our promise): a process is killed, Redis goes and comes, the folder is lost."""
    folder = tmp_path / "warehouse"
    sandbox = Sandbox(calls=300, arrivals=False, month=3000)
    said = {
        "GATEWAY_WAREHOUSE_URL": f"chdb://{folder}",
        "GATEWAY_WAREHOUSE_REQUESTS_PER_MINUTE": "30",
        "GATEWAY_CACHE_KEY": KEY,
    }
    with serving(sandbox.app) as upstream:
        with replica(sandbox, upstream, redis, **said) as first:
            assert becomes(lambda: standing(first.address).get("calls", 0) > 500)
            first.process.kill()  # in mid-fill
        redis.stop()
        with replica(sandbox, upstream, redis, **said) as second:
            assert becomes(lambda: standing(second.address).get("calls", 0) > 1200)
            assert len(listed(second.address)) == 50
            redis.start()
            assert becomes(lambda: is_filled(second.address))
        shutil.rmtree(folder)
        with replica(sandbox, upstream, redis, **said) as third:
            assert becomes(lambda: is_filled(third.address))
            third.process.terminate()
            third.process.wait(30)
        ended = time.time()
        whole, had = truth(sandbox, ended), await kept(folder, sandbox.account_sid)
    assert len(whole) > 2000
    assert truth(sandbox, ended - SOON).keys() <= had.keys() <= whole.keys()
    assert had == {sid: whole[sid] for sid in had}
