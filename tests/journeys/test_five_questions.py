"""The questions of voice teams, one request each, checked against plain Python over all calls."""

import csv
import io
import statistics
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from gateway.insights.diagnosis.diagnosis import diagnose
from gateway.insights.summary import Summary
from gateway.insights.tags import CallTag
from gateway.server.graphiql import SOURCES, TABS
from gateway.warehouse.embedded import Embedded
from tests.conftest import NOON
from tests.schema.many_calls.conftest import Filled, filled
from tests.warehouse.conftest import WORLD
from tests.warehouse.oracle import interpolated

pytestmark = pytest.mark.asyncio(loop_scope="session")

NOW = datetime.fromtimestamp(NOON, UTC)
SUMMARIES = [one.summary for one in WORLD]


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def gateway(engine: Embedded) -> AsyncIterator[Filled]:
    async for one in filled(engine):
        yield one


def since(age: timedelta) -> list[Summary]:
    return [one for one in SUMMARIES if one.end_time is not None and one.end_time >= NOW - age]


def inbound(summary: Summary) -> Any:
    edge = summary.carrier_edge
    return edge.metrics.inbound if edge is not None and edge.metrics is not None else None


LOSSES = """
{
  callStatistics(
    where: {endTime: {since: "1w"}, carrierEdge: {metrics: {inbound: {packetsReceived: {gt: 0}}}}}
    groupBy: [{field: FROM_CARRIER}]
    orderBy: [{by: "lossy"}, {by: "count"}]
    first: 100
  ) {
    groups {
      key { value }
      count
      lossy: share(where: {carrierEdge: {metrics: {inbound: {packetsLossPercentage: {gte: 1}}}}})
      lost: of(field: CARRIER_EDGE_METRICS_INBOUND_PACKETS_LOST) { sum }
    }
  }
}
"""


async def test_which_carriers_lose_packets_this_week(gateway: Filled) -> None:
    """Question one of the issue."""
    told = (await gateway.ask(LOSSES))["callStatistics"]["groups"]
    groups: dict[str | None, list[Any]] = defaultdict(list)
    for one in since(timedelta(days=7)):
        stream = inbound(one)
        if stream is not None and (stream.packets_received or 0) > 0:
            groups[one.from_.carrier if one.from_ else None].append(stream)

    assert {one["key"][0]["value"] for one in told} == groups.keys()
    for one in told:
        streams = groups[one["key"][0]["value"]]
        lossy = sum((stream.packets_loss_percentage or 0) >= 1 for stream in streams)
        lost = [stream.packets_lost for stream in streams if stream.packets_lost is not None]
        assert one["count"] == len(streams)
        assert one["lossy"] == pytest.approx(lossy / len(streams))
        assert one["lost"]["sum"] == (sum(lost) if lost else None)
    shares = [one["lossy"] for one in told]
    assert shares == sorted(shares, reverse=True)


HOURLY = """
query ($tag: CallTag!) {
  callStatistics(
    where: {endTime: {since: "2d"}, tags: {has: $tag}}
    groupBy: [{time: {every: "1h"}}]
    first: 100
  ) { groups { key { value } count } }
}
"""


async def test_how_many_calls_an_hour_carry_a_tag(gateway: Filled) -> None:
    """Question two: a point for each hour, also where there is none."""
    tag = CallTag.HIGH_JITTER
    told = (await gateway.ask(HOURLY, tag=tag.name))["callStatistics"]["groups"]
    tagged = [one for one in since(timedelta(days=2)) if tag in (one.tags or ())]
    hours = Counter(
        one.end_time.strftime("%Y-%m-%dT%H:00:00Z") for one in tagged if one.end_time is not None
    )

    assert {one["key"][0]["value"]: one["count"] for one in told if one["count"]} == hours
    assert len(told) in {48, 49}


async def test_the_tab_that_counts_bad_calls_counts_no_good_ones(gateway: Filled) -> None:
    """A call has a fault if something is suspected of it; every call has findings (ours)."""
    (tab,) = (one for one in TABS if one.name == "calls-per-hour")
    document = (SOURCES / "tabs" / f"{tab.name}.graphql").read_text("utf-8")
    told = (await gateway.ask(document, **tab.variables))["callStatistics"]["groups"]
    calls = since(timedelta(days=1))
    bad = sum(bool(diagnose(one).suspects) for one in calls)

    assert sum(one["count"] for one in told) == len(calls)
    assert sum(one["bad"] for one in told) == bad
    assert 0 < bad < len(calls) / 2


JITTER = """
{
  callStatistics(groupBy: [{field: TO_COUNTRY_CODE}], orderBy: [{by: "jitter.p95"}], first: 100) {
    groups {
      key { value }
      jitter: of(field: CARRIER_EDGE_METRICS_INBOUND_JITTER_AVG) { count p95: quantile(q: 0.95) }
    }
  }
}
"""


async def test_p95_of_jitter_by_country(gateway: Filled) -> None:
    """Question three."""
    told = (await gateway.ask(JITTER))["callStatistics"]["groups"]
    values: dict[str | None, list[float]] = defaultdict(list)
    for one in SUMMARIES:
        country = one.to.country_code if one.to is not None else None
        stream, found = inbound(one), values[country]
        if stream is not None and stream.jitter is not None and stream.jitter.avg is not None:
            found.append(stream.jitter.avg)

    assert {one["key"][0]["value"] for one in told} == values.keys()
    for one in told:
        mine = sorted(values[one["key"][0]["value"]])
        assert one["jitter"]["count"] == len(mine)
        assert one["jitter"]["p95"] == pytest.approx(interpolated(mine, 0.95))


CHROMES = """
{
  callStatistics(
    where: {from: {sdk: {browser: {name: {eq: "Chrome"}}}}}
    groupBy: [{field: FROM_SDK_BROWSER_MAJOR}]
    orderBy: [{by: "mos.avg", direction: ASC}]
    first: 100
  ) {
    groups {
      key { value }
      count
      bad: countWhere(where: {sdkEdge: {metrics: {inbound: {mos: {avg: {lt: 3.5}}}}}})
      mos: of(field: SDK_EDGE_METRICS_INBOUND_MOS_AVG) { avg }
    }
  }
}
"""


async def test_which_chrome_versions_hear_badly(gateway: Filled) -> None:
    """Question four."""
    told = (await gateway.ask(CHROMES))["callStatistics"]["groups"]
    groups: dict[str | None, list[Any]] = defaultdict(list)
    for one in SUMMARIES:
        sdk = one.from_.sdk if one.from_ is not None else None
        if sdk is None or sdk.browser is None or sdk.browser.name != "Chrome":
            continue
        edge = one.sdk_edge
        stream = edge.metrics.inbound if edge is not None and edge.metrics is not None else None
        heard = stream.mos.avg if stream is not None and stream.mos is not None else None
        groups[sdk.browser.major].append(heard)

    assert len(told) == len(groups) > 0
    for one in told:
        every = groups[one["key"][0]["value"]]
        there = [value for value in every if value is not None]
        assert one["count"] == len(every)
        assert one["bad"] == sum(value < 3.5 for value in there)
        average = statistics.fmean(there) if there else None
        assert one["mos"]["avg"] == (None if average is None else pytest.approx(average))


YESTERDAY = """
query ($from: DateTime!, $until: DateTime!) {
  searchCalls(where: {endTime: {gte: $from, lt: $until}}) { nodes { sid endTime state } }
}
"""


async def test_all_of_yesterday_as_a_file(gateway: Filled) -> None:
    """Question five."""
    today = NOW.replace(hour=0, minute=0, second=0, microsecond=0)
    bounds = {"from": (today - timedelta(days=1)).isoformat(), "until": today.isoformat()}
    body = {"query": YESTERDAY, "variables": bounds}
    response = await gateway.http.post("/graphql", json=body, headers={"Accept": "text/csv"})
    rows = list(csv.DictReader(io.StringIO(response.text)))
    expected = {
        one.call_sid
        for one in SUMMARIES
        if one.end_time is not None and today - timedelta(days=1) <= one.end_time < today
    }

    assert len(rows) == len(expected) > 10
    assert {row["sid"] for row in rows} == expected
