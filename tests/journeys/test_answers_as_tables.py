"""Answers in GraphiQL beside their JSON: as a table, as a chart, and as a file."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from gateway.sandbox import Sandbox
from tests.browser import browsing
from tests.graphiql import Visit, listening, needs_the_page, visiting
from tests.journeys.test_graphiql_in_a_browser import gateway_over

pytestmark = [pytest.mark.asyncio(loop_scope="module"), needs_the_page, pytest.mark.browser]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with browsing() as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="module")
async def visit(browser: Browser) -> AsyncIterator[Visit]:
    """A first visit."""
    app = gateway_over(Sandbox(calls=200))
    async with listening(app) as origin, visiting(browser, origin) as visit:
        await visit.arrive()
        yield visit


async def test_an_answer_with_a_list_is_a_table_a_chart_and_a_file(
    visit: Visit, tmp_path: Path
) -> None:
    """Columns by path, bars by a column of numbers, and CSV (RFC 4180) beside the JSON."""
    await visit.write(
        'query TypedByHand { calls(first: 5, filter: {startTime: "7d"}) '
        "{ nodes { sid duration to { carrier } tags } } }"
    )
    await visit.run()
    page = visit.page
    ways = page.get_by_role("group", name="Show the answer as")
    await ways.get_by_role("button", name="Table").click()
    table = page.get_by_role("table")
    heads = table.get_by_role("columnheader")
    await expect(heads).to_have_text(["sid", "duration", "to.carrier", "tags"])
    await expect(table.get_by_role("row")).to_have_count(6)
    await ways.get_by_role("button", name="Chart").click()
    await expect(page.get_by_label("Bars")).to_have_value("duration")
    await expect(page.locator(".answer-bars li")).to_have_count(5)
    async with page.expect_download() as started:
        await ways.get_by_role("button", name="Download CSV").click()
    file = tmp_path / "answer.csv"
    await (await started.value).save_as(file)
    lines = file.read_text("utf-8-sig").splitlines()
    assert lines[0] == "sid,duration,to.carrier,tags"
    assert len(lines) == 6
    await ways.get_by_role("button", name="JSON").click()
    await expect(visit.region("Result Window")).to_be_visible()


async def test_figures_of_a_table_are_short_and_exact_on_hover(visit: Visit) -> None:
    """Fifteen digits of a quotient are no help; what is cut off is not lost (ours)."""
    await visit.write(
        'query TypedByHand { calls(first: 20, filter: {startTime: "7d"}) '
        "{ nodes { sid carrierEdge { metrics { inbound { estimatedMos jitter { avg } } } } } } }"
    )
    await visit.run()
    await visit.page.get_by_role("button", name="Table", exact=True).click()
    cells = visit.page.get_by_role("table").locator("td[data-number]")
    await expect(cells.first).to_be_visible()
    figures = await cells.evaluate_all("(all) => all.map((one) => [one.innerText, one.title])")
    assert all(len(text.replace(".", "").lstrip("0")) <= 5 for text, _ in figures)
    exact = [(float(text), float(title)) for text, title in figures if title]
    assert exact
    assert all(abs(text - title) <= 1e-4 * title for text, title in exact)


async def test_each_tab_shows_its_answer_in_its_own_way(visit: Visit) -> None:
    """A chart of one answer is no chart of the next: that one is JSON at first (ours)."""
    result = visit.region("Result Window")
    await visit.page.locator(".graphiql-tab", has_text="WhatIsNew").click()
    await visit.run()
    await visit.page.get_by_role("button", name="Table", exact=True).click()
    await expect(visit.page.get_by_role("table")).to_be_visible()
    await visit.page.locator(".graphiql-tab", has_text="HighJitter").click()
    await visit.run()
    await expect(result).to_be_visible()
    await visit.page.locator(".graphiql-tab", has_text="WhatIsNew").click()
    await expect(visit.page.get_by_role("table")).to_be_visible()
