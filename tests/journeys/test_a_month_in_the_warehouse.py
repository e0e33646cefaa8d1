"""A month is filled while processes die and dependencies come and go; then nothing is missing."""

import random
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from gateway.config.kinds import CacheKeys
from gateway.insights.summary_decoding import decode_summary
from gateway.sandbox import Sandbox
from gateway.sandbox.event_delivery import signed
from gateway.sandbox.events import deliveries
from gateway.sandbox.summaries import Summaries
from gateway.warehouse.column_values import flat
from gateway.warehouse.columns import OF_SUMMARY
from gateway.warehouse.embedded import Embedded
from gateway.warehouse.engine import Statement
from gateway.warehouse.rows import Rows
from tests.live import replica
from tests.servers import RedisServer, serving

pytestmark = pytest.mark.processes

KEY = "A" * 43 + "="
DAY = 86400.0
SINK = "https://gateway.example.com/webhooks/twilio/events"
OTHERWISE = ("annotation_", "properties_", "url")
LIST = '{ calls(first: 50, filter: { startTime: "7d" }) { nodes { sid } } }'


def becomes(question: Callable[[], bool], within: float = 240.0) -> bool:
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


def said_of(raw: bytes) -> dict[str, Any]:
    """Every leaf of a summary, however it is spelled, but for those that events tell otherwise."""
    leaves = zip(OF_SUMMARY, flat(decode_summary(raw), lambda _, value: value), strict=True)
    said = {column.name: value for column, value in leaves}
    return {name: one for name, one in said.items() if not name.startswith(OTHERWISE)}


def push(sandbox: Sandbox, address: str) -> set[str]:
    """Deliver the events of the last half hour, as Twilio would; gives the calls now complete.

    They come in batches, out of order, and some of them twice.
    """
    events = sandbox.events_between(time.time() - 1800, time.time())
    batches = deliveries(random.Random(1), events)  # noqa: S311 - a world by its seed
    for batch in batches:
        body = msgspec.json.encode(batch)
        url, signature = signed(SINK, body, sandbox.auth_token.encode())
        here = f"{address}/webhooks/twilio/events?{url.partition('?')[2]}"
        headers = {"X-Twilio-Signature": signature}
        assert httpx.post(here, content=body, headers=headers, timeout=60).is_success
    complete = [one for one in events if one["type"].endswith(".complete")]
    return {one["source"].split("/")[3] for one in complete}


def settled_at(address: str, account: str) -> float:
    """The moment before which the warehouse has all calls of an account, as it says."""
    found = standing(address)["accounts"]
    return max(float(one["settled_at"]) for one in found if one["sid"] == account)


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
    return {sid: said_of(raw) for sid, raw in opened.items() if raw is not None}


@pytest.mark.usefixtures("redis")
async def test_whatever_is_taken_away_the_warehouse_equals_twilio_in_the_end(
    redis: RedisServer, tmp_path: Path
) -> None:
    """Call by call (our promise): a process is killed, Redis goes and comes, the folder is lost.

    Lists have what ended more than 35 minutes ago, events what became complete since.
    """
    folder = tmp_path / "warehouse"
    sandbox = Sandbox(calls=300, arrivals=False, month=3000)
    said = {
        "GATEWAY_WAREHOUSE_URL": f"chdb://{folder}",
        "GATEWAY_WAREHOUSE_REQUESTS_PER_MINUTE": "30",
        "GATEWAY_WEBHOOK_URL": SINK,
        "GATEWAY_CACHE_KEY": KEY,
    }
    with serving(sandbox.app) as upstream:
        with replica(sandbox, upstream, redis, **said) as first:
            assert becomes(lambda: standing(first.address).get("calls", 0) > 500)
            first.process.kill()  # in mid-fill
        redis.stop()
        with replica(sandbox, upstream, redis, **said) as second:
            push(sandbox, second.address)
            assert becomes(lambda: standing(second.address).get("calls", 0) > 1200)
            assert len(listed(second.address)) == 50
            redis.start()
            assert becomes(lambda: is_filled(second.address))
        shutil.rmtree(folder)
        with replica(sandbox, upstream, redis, **said) as third:
            pushed = push(sandbox, third.address)
            assert becomes(lambda: is_filled(third.address))
            until = settled_at(third.address, sandbox.account_sid)
            third.process.terminate()
            third.process.wait(30)
        had, whole = await kept(folder, sandbox.account_sid), complete_calls(sandbox, time.time())
    settled = {sid for sid, (end, _) in whole.items() if end < until}
    assert len(settled) > 2000
    assert pushed & whole.keys() - settled
    assert settled | pushed & whole.keys() <= had.keys() <= whole.keys()
    assert had == {sid: said_of(whole[sid][1]) for sid in had}
