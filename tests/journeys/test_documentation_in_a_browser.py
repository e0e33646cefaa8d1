"""The documentation as a reader meets it: a real browser, and no other host within reach."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from gateway.config.accounts import Account
from gateway.config.load import read
from gateway.config.settings import Secret
from gateway.sandbox import Sandbox
from gateway.server.app import create_app
from gateway.server.documentation import BUILT
from tests.browser import browsing
from tests.graphiql import JOBS, Visit, listening, needs_the_page, visiting
from tests.journeys.test_graphiql_in_a_browser import Stripped

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    needs_the_page,
    pytest.mark.skipif(not BUILT.is_dir(), reason="built without the documentation"),
]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def browser() -> AsyncIterator[Browser]:
    """The browser of all readers."""
    async with browsing() as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="module")
async def origin() -> AsyncIterator[str]:
    """Where the gateway listens: below a path that a proxy strips, so that addresses matter."""
    sandbox = Sandbox(calls=200)
    app = create_app(
        read({}),
        Account(sandbox.account_sid, sandbox.account_sid, Secret(sandbox.auth_token)),
        transport=httpx.ASGITransport(app=sandbox.app),
        examples=sandbox.examples,
    )
    async with listening(Stripped(app)) as proxy:
        yield f"{proxy}/insights"


@pytest_asyncio.fixture(loop_scope="module")
async def reader(browser: Browser, origin: str) -> AsyncIterator[Visit]:
    """Somebody new; whatever the browser complains about, and each other host, fails the test."""
    async with visiting(browser, origin) as visit:
        await visit.page.goto(f"{origin}/docs/")
        yield visit


async def search(page: Page, words: str) -> None:
    await page.get_by_label("Search", exact=True).first.fill(words)
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Search finished")).to_be_visible()


async def test_the_search_finds_a_page_and_a_row(reader: Visit) -> None:
    """Offline: a word leads to the pages that have it, a name to its row."""
    await search(reader.page, "GATEWAY_STALE_IF_ERROR")
    await (
        reader.page.locator("#search-results")
        .get_by_role("link", name="GATEWAY_STALE_IF_ERROR", exact=True)
        .click()
    )
    await expect(reader.page).to_have_url(
        f"{reader.origin}/docs/settings.html#GATEWAY_STALE_IF_ERROR"
    )
    await search(reader.page, "disruption budget")
    await reader.page.locator("#search-results").get_by_role("link", name="Running it").click()
    await expect(reader.page).to_have_title("Running it - Call Insights")


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("packet loss", "Why a call sounded bad"),
        ("pagination", "Paging"),
        ("GATEWAY_STALE_IF_ERROR", "GATEWAY_STALE_IF_ERROR"),
    ],
)
async def test_the_search_lists_pages_before_rows_with_longer_names(
    reader: Visit, words: str, first: str
) -> None:
    """Words of a reader lead to what explains them; dozens of enum values hid the page (ours)."""
    await search(reader.page, words)
    links = reader.page.locator("#search-results li").get_by_role("link")
    titles = await links.all_inner_texts()
    rows = [place for place, title in enumerate(titles) if title.startswith("CallField.")]
    assert first in titles[: min(rows, default=5)]


async def test_a_query_of_a_page_runs_in_graphiql(reader: Visit) -> None:
    """It comes with its variables, as one tab more, and the reader is the one who runs it."""
    await reader.page.goto(f"{reader.origin}/docs/readme")
    async with reader.page.expect_response("**/graphql"):
        await reader.page.get_by_role("link", name="Open in GraphiQL").first.click()
    await reader.settle()
    assert reader.page.url == f"{reader.origin}/"
    await expect(reader.page.get_by_role("tab")).to_contain_text(["Why", *JOBS])
    request, answer = await reader.run()
    assert json.loads(request.post_data or "")["operationName"] == "Why"
    assert answer["data"]["call"]["diagnosis"]["headline"]
    await reader.arrive()
    await expect(reader.page.get_by_role("tab")).to_contain_text(["Why", *JOBS])
    await reader.page.goto(f"{reader.origin}/docs/errors")
    async with reader.page.expect_response("**/graphql"):
        await reader.page.get_by_role("link", name="Open in GraphiQL").first.click()
    await expect(reader.page.get_by_role("tab")).to_contain_text(["Why", *JOBS, "Wrong"])
    await expect(reader.page.get_by_role("tab", selected=True)).to_contain_text("Wrong")


async def test_graphiql_leads_to_the_reference(reader: Visit) -> None:
    """From a field in its explorer, and from an error code in its answer, to the row for it."""
    await reader.arrive()
    page = reader.page
    await page.get_by_role("button", name="Show Documentation Explorer").click()
    await page.get_by_role("link", name="Query", exact=True).click()
    await page.get_by_role("link", name="callLookup", exact=True).click()
    async with page.context.expect_page() as opened:
        await page.get_by_role("link", name="callLookup in the documentation").click()
    row = (await opened.value).locator("tr:target")
    await expect(row).to_contain_text("Query.callLookup")
    await reader.write('query TypedByHand { call(sid: "none") { sid } }')
    await reader.run()
    async with page.context.expect_page() as opened:
        await page.get_by_role("link", name="What to do about BAD_USER_INPUT").click()
    await expect((await opened.value).locator("tr:target")).to_contain_text("BAD_USER_INPUT")


async def test_the_way_back_leads_to_graphiql(reader: Visit) -> None:
    """From pages on every level."""
    for page in ("docs/", "docs/tutorial", "docs/operations/running.html"):
        await reader.page.goto(f"{reader.origin}/{page}")
        link = reader.page.get_by_role("link", name="GraphiQL", exact=True).first
        async with reader.page.expect_response("**/graphql"):
            await link.click()
        assert reader.page.url == f"{reader.origin}/"


async def test_a_block_is_copied_as_it_stands(reader: Visit) -> None:
    """The button copies the code and nothing of its label."""
    await reader.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await reader.page.goto(f"{reader.origin}/docs/readme")
    block = reader.page.locator(".highlight-graphql").first
    await block.hover()
    await block.get_by_role("button", name="Copy").click()
    copied = await reader.page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("query Why($sid: CallSid!) {\n  call(sid: $sid) {\n")


async def test_the_reader_chooses_light_or_dark(reader: Visit) -> None:
    """The choice holds on the next page: the inline script that the policy allows applies it."""
    body = reader.page.locator("body")
    background = "getComputedStyle(document.body).backgroundColor"
    shown = {await reader.page.evaluate(background)}
    for _ in range(2):
        await reader.page.get_by_role("button", name="Toggle Light / Dark").last.click()
        shown.add(await reader.page.evaluate(background))
    assert len(shown) == 2
    chosen = await body.get_attribute("data-theme")
    assert chosen in {"light", "dark"}
    await reader.page.goto(f"{reader.origin}/docs/tutorial")
    await expect(body).to_have_attribute("data-theme", chosen)


@pytest.mark.parametrize("width", [390, 1440])
async def test_no_page_is_wider_than_the_window(
    browser: Browser, origin: str, width: int, tmp_path: Path
) -> None:
    """On a telephone too: tables and code scroll by themselves."""
    async with visiting(browser, origin, width=width) as visit:
        for name in ("", "errors", "readme", "schema", "fields", "operations/running"):
            await visit.page.goto(f"{origin}/docs/{name}")
            too_wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
            assert not await visit.page.evaluate(too_wide), name
        assert await visit.page.screenshot(path=tmp_path / "page.png")
