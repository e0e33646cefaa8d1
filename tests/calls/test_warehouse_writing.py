"""What passes the gateway is in its warehouse soon after, and answers without a cache."""

import math
import time
from collections.abc import AsyncIterator
from pathlib import Path
from statistics import median

import pytest
from msgspec import structs

from gateway.calls.synchronisation import Trouble
from gateway.calls.synchronisation_source import Target
from gateway.config.kinds import CacheKeys
from gateway.config.settings import Settings
from gateway.config.viewers import Realm
from gateway.insights.catalogue import CallSid
from gateway.insights.snapshot import Snapshot
from gateway.sandbox import Sandbox
from gateway.warehouse.warehouse import Warehouse
from tests.conftest import Clock, Gateway
from tests.event_streams import URL, push
from tests.live import becomes

LIST = '{ calls(first: 20, filter: { startTime: "4h" }) { nodes { sid } } }'
BLIND = """
mutation($input: AnnotateCallInput!) { annotateCall(input: $input) { userErrors { code } } }
"""
FAMILY = """
query($sid: CallSid!) {
  call(sid: $sid) { processing { source } parentCall { sid processing { source } } }
}
"""
LOOKUP = "query($sid: CallSid!) { callLookup(sid: $sid) { status } }"
CALL = "query($sid: CallSid!) { call(sid: $sid) { sid } }"
COMPLETE = ("bad_carrier", "client", "trunking", "sip", "agent", "annotated", "branded", "busy")


@pytest.fixture
def clock() -> Clock:
    """Rows live by the clock of the engine, so these tests begin today."""
    clock = Clock()
    clock.now = float(int(time.time()))
    return clock


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        gateway_warehouse_url=f"chdb://{tmp_path}",
        gateway_cache_key=CacheKeys("A" * 43 + "="),
        gateway_webhook_url=URL,
    )


@pytest.fixture
async def gateway(sandbox: Sandbox, clock: Clock, settings: Settings) -> AsyncIterator[Gateway]:
    async with Gateway(sandbox, clock, settings) as gateway:
        let_alone(gateway)
        yield gateway


def let_alone(gateway: Gateway) -> None:
    """Have nothing synchronised, so that what is written came by another way."""
    synchroniser = gateway.call_service.synchroniser
    assert synchroniser is not None
    for account in gateway.call_service.accounts:
        target = Target(account, account.sid)
        synchroniser.troubles[target] = Trouble("left alone by the test", 0.0, math.inf)


def warehouse_of(gateway: Gateway) -> Warehouse:
    warehouse = gateway.call_service.warehouse
    assert warehouse is not None
    return warehouse


async def kept(gateway: Gateway, sid: str) -> Snapshot | None:
    """What the warehouse has of a call."""
    warehouse = warehouse_of(gateway)
    (account,) = gateway.call_service.accounts
    one = CallSid(sid)
    return (await warehouse.search.calls(Realm(account), warehouse.since, [one])).get(one)


async def written(gateway: Gateway, *sids: str) -> None:
    """Wait until all of these are there."""
    warehouse = warehouse_of(gateway)
    assert await becomes(lambda: warehouse.connection.problem is None, within=30)
    assert await becomes(lambda: warehouse.writer.written.kept >= len(sids), within=30)
    for sid in sids:
        assert await kept(gateway, sid) is not None


async def test_a_call_that_is_fetched_is_written(gateway: Gateway) -> None:
    """Twilio is asked once, and not again for the warehouse (our promise)."""
    sid = gateway.sandbox.examples()["client"]
    with gateway.upstream() as asked:
        await gateway.ask(CALL, sid=sid)
        await written(gateway, sid)
    assert len(asked) == 1


async def test_a_page_that_is_listed_is_written(gateway: Gateway) -> None:
    """All complete calls of it, with one request to Twilio (our promise)."""
    with gateway.upstream() as asked:
        nodes = (await gateway.ask(LIST))["calls"]["nodes"]
        await written(gateway, *(node["sid"] for node in nodes))
    assert len(nodes) == 20
    assert len(asked) == 1


async def test_a_call_that_is_pushed_is_written(gateway: Gateway, clock: Clock) -> None:
    """Without a request to Twilio (our promise)."""
    sid = gateway.sandbox.examples()["partial"]
    clock.advance(3600)
    events = gateway.sandbox.events_between(clock.now - 3600, clock.now)
    mine = [one for one in events if sid in one["source"] and one["type"].endswith(".complete")]
    with gateway.upstream() as asked:
        assert (await push(gateway, *mine)).is_success
        await written(gateway, sid)
    assert mine
    assert not asked


async def test_an_annotation_reaches_the_warehouse(
    sandbox: Sandbox, clock: Clock, settings: Settings
) -> None:
    """Also that of a call which the cache does not know, as after a restart (our promise)."""
    sid = sandbox.examples()["client"]
    async with Gateway(sandbox, clock, settings) as before:
        let_alone(before)
        await before.ask(CALL, sid=sid)
        await written(before, sid)
    clock.advance(1)
    async with Gateway(sandbox, clock, settings) as after:
        let_alone(after)
        assert await becomes(lambda: warehouse_of(after).connection.problem is None, within=30)
        await after.ask(BLIND, input={"sid": sid, "callScore": 2})
        assert await becomes(lambda: warehouse_of(after).writer.written.kept == 1, within=30)
        assert score(await kept(after, sid)) == 2


async def restarted(sandbox: Sandbox, clock: Clock, settings: Settings, *sids: str) -> None:
    """Have calls written by a gateway that ends then: the next one has an empty cache."""
    async with Gateway(sandbox, clock, settings) as gateway:
        let_alone(gateway)
        for sid in sids:
            await gateway.ask(CALL, sid=sid)
        await written(gateway, *sids)


async def test_a_call_that_only_the_warehouse_knows_costs_no_request(
    sandbox: Sandbox, clock: Clock, settings: Settings
) -> None:
    """Nor does its parent, nor its lookup; afterwards the cache has it (our promise)."""
    child, parent = (sandbox.examples()[name] for name in ("child", "parent"))
    await restarted(sandbox, clock, settings, child, parent)
    async with Gateway(sandbox, clock, settings) as gateway:
        let_alone(gateway)
        assert await becomes(lambda: warehouse_of(gateway).connection.problem is None, within=30)
        with gateway.upstream() as asked:
            call = (await gateway.ask(FAMILY, sid=child))["call"]
            again = (await gateway.ask(FAMILY, sid=child))["call"]
            lookup = (await gateway.ask(LOOKUP, sid=parent))["callLookup"]
    assert not asked
    assert call["processing"]["source"] == "WAREHOUSE"
    assert call["parentCall"] == {"sid": parent, "processing": {"source": "WAREHOUSE"}}
    assert again["processing"]["source"] == "CACHE"
    assert lookup["status"] == "COMPLETE"


async def test_a_call_that_only_the_warehouse_knows_takes_20_ms(
    sandbox: Sandbox, clock: Clock, settings: Settings
) -> None:
    """Of the processor, engine and gateway together, in the median (our promise)."""
    sids = [sandbox.examples()[name] for name in COMPLETE]
    await restarted(sandbox, clock, settings, *sids)
    async with Gateway(sandbox, clock, settings) as gateway:
        let_alone(gateway)
        assert await becomes(lambda: warehouse_of(gateway).connection.problem is None, within=30)
        taken = [await _taken(gateway, sid) for sid in sids]
    assert {source for _, source in taken} == {"WAREHOUSE"}
    assert median(seconds for seconds, _ in taken) < 0.02


async def _taken(gateway: Gateway, sid: str) -> tuple[float, str]:
    """Seconds of the processor for a call, and where it came from."""
    before = time.process_time()
    call = (await gateway.ask(FAMILY, sid=sid))["call"]
    return time.process_time() - before, call["processing"]["source"]


async def test_while_the_warehouse_is_away_twilio_is_asked(
    sandbox: Sandbox, clock: Clock, settings: Settings, tmp_path: Path
) -> None:
    """Everything else goes on without it (our promise)."""
    child, parent = (sandbox.examples()[name] for name in ("child", "parent"))
    (tmp_path / "file").write_text("no folder")
    away = structs.replace(settings, gateway_warehouse_url=f"chdb://{tmp_path}/file")
    async with Gateway(sandbox, clock, away) as gateway:
        call = (await gateway.ask(FAMILY, sid=child))["call"]
    assert call["processing"]["source"] == "UPSTREAM"
    assert call["parentCall"]["sid"] == parent


def score(snapshot: Snapshot | None) -> int | None:
    annotation = None if snapshot is None else snapshot.summary.annotation
    return None if annotation is None else annotation.call_score
